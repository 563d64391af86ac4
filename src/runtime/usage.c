/*
 * usage.c - what a container has used: figures of its cgroup, or of its process when it has none.
 */
#include "cgroup.h"

#include "runtime/runtime.h"
#include "util/fd.h"

#include <stdio.h>
#include <sys/resource.h>

#define FIGURES_MAX (64 << 10) /* bytes of one file */

/* "key N" lines, or one bare number when key is NULL. */
static bool figure(int dir, const char *file, const char *key, uint64_t *value)
{
	auto_done(str) struct str text = { 0 };
	struct error ignored = { 0 }; /* a figure that is not there is left out */
	char *save = NULL;

	if (dir < 0 || file_read(dir, file, &text, FIGURES_MAX, &ignored) < 0 || !text.s)
		return false;
	for (char *l = strtok_r(text.s, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		size_t n = key ? strlen(key) : 0;

		if (!key)
			return str_u64(l, value);
		if (strncmp(l, key, n) == 0 && l[n] == ' ')
			return str_u64(l + n + 1, value);
	}
	return false;
}

static uint64_t usec(const struct timeval *t)
{
	return (uint64_t)t->tv_sec * 1000000 + (uint64_t)t->tv_usec;
}

static void add(struct str *out, const char *name, uint64_t value)
{
	str_addf(out, "%s\"%s\":%llu", out->len > 1 ? "," : "", name, (unsigned long long)value);
}

char *runtime_usage(const char *cgroup, const void *rusage)
{
	static const struct {
		const char *name, *file, *key;
	} figures[] = {
		{ "cpu_usec", "cpu.stat", "usage_usec" },
		{ "cpu_user_usec", "cpu.stat", "user_usec" },
		{ "cpu_system_usec", "cpu.stat", "system_usec" },
		{ "memory_peak_bytes", "memory.peak", NULL },
		{ "memory_bytes", "memory.current", NULL },
		{ "pids_peak", "pids.peak", NULL },
		{ "pids", "pids.current", NULL },
		{ "oom_kills", "memory.events", "oom_kill" },
	};
	auto_close int dir = cgroup ? cgroup_open_at(cgroup) : -1;
	const struct rusage *r = rusage;
	struct str out = { 0 };
	uint64_t value;

	str_addc(&out, '{');
	for (size_t i = 0; i < ARRAY_SIZE(figures); i++)
		if (figure(dir, figures[i].file, figures[i].key, &value))
			add(&out, figures[i].name, value);
	if (r) {
		add(&out, "rusage_user_usec", usec(&r->ru_utime));
		add(&out, "rusage_system_usec", usec(&r->ru_stime));
		add(&out, "max_rss_bytes", (uint64_t)r->ru_maxrss * 1024);
	}
	str_addc(&out, '}');
	return str_take(&out);
}

bool runtime_cgroup_oom(const char *cgroup)
{
	auto_close int dir = cgroup ? cgroup_open_at(cgroup) : -1;
	uint64_t kills = 0;

	return figure(dir, "memory.events", "oom_kill", &kills) && kills > 0;
}
