/*
 * usage.c - what a container has used: figures of its cgroup, and of its process.
 *
 * Read once, at the end; a cgroup beside v1 has no controllers, so that there is only time to tell.
 */
#include "cgroup.h"

#include "runtime/runtime.h"
#include "util/fd.h"

#include <stdio.h>
#include <sys/resource.h>

static uint64_t usec(const struct timeval *t)
{
	return (uint64_t)t->tv_sec * 1000000 + (uint64_t)t->tv_usec;
}

static void add(struct str *out, const char *name, uint64_t value)
{
	str_addf(out, "%s\"%s\":%llu", out->len > 1 ? "," : "", name, (unsigned long long)value);
}

/* Lines of "KEY N": those keys that have a name here. */
struct keyed {
	const char *key, *name;
};

static bool add_keyed(struct str *out, int dir, const char *file, const struct keyed *keys)
{
	auto_free char *text = cgroup_get(dir, file);
	char *save = NULL;
	uint64_t value;

	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		char *blank = strchr(l, ' ');

		if (!blank)
			continue;
		*blank = '\0';
		for (const struct keyed *k = keys; k->key; k++)
			if (strcmp(l, k->key) == 0 && str_u64(blank + 1, &value))
				add(out, k->name, value);
	}
	return *text != '\0';
}

static bool add_number(struct str *out, int dir, const char *file, const char *name)
{
	auto_free char *text = cgroup_get(dir, file);
	uint64_t value;

	if (!str_u64(text, &value))
		return false;
	add(out, name, value);
	return true;
}

/* All devices together. */
static void add_io(struct str *out, int dir)
{
	static const char *const keys[] = { " rbytes=", " wbytes=", " rios=", " wios=" };
	static const char *const names[] = { "io_read_bytes", "io_write_bytes", "io_reads",
					     "io_writes" };
	auto_free char *text = cgroup_get(dir, "io.stat");
	uint64_t sum[ARRAY_SIZE(keys)] = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		for (const char *at = text; (at = strstr(at, keys[i])) != NULL;) {
			at += strlen(keys[i]);
			sum[i] += strtoull(at, NULL, 10);
		}
		if (*text)
			add(out, names[i], sum[i]);
	}
}

static void add_controllers(struct str *out, int dir)
{
	static const struct keyed memory[] = { { "oom_kill", "oom_kills" }, { NULL, NULL } };
	static const struct keyed pids[] = { { "max", "pids_refused" }, { NULL, NULL } };

	if (add_keyed(out, dir, "memory.events", memory)) {
		/* before Linux 5.19 there is no peak */
		if (!add_number(out, dir, "memory.peak", "memory_peak_bytes"))
			add_number(out, dir, "memory.current", "memory_bytes");
		add_number(out, dir, "memory.swap.peak", "swap_peak_bytes");
	}
	if (add_keyed(out, dir, "pids.events", pids))
		add_number(out, dir, "pids.peak", "pids_peak");
	add_io(out, dir);
}

/* It is counted where the killed process was: below our own it is as much ours. */
static bool oom_killed(int dir)
{
	auto_free char *text = cgroup_get(dir, "memory.events");
	const char *at = strstr(text, "oom_kill ");

	return at && strtoull(at + strlen("oom_kill "), NULL, 10) > 0;
}

char *runtime_usage(const char *cgroup, const void *rusage, bool *oom)
{
	static const struct keyed cpu[] = {
		{ "usage_usec", "cpu_usec" },		{ "user_usec", "cpu_user_usec" },
		{ "system_usec", "cpu_system_usec" },	{ "nr_throttled", "throttled_periods" },
		{ "throttled_usec", "throttled_usec" }, { NULL, NULL }
	};
	enum cgroup_tree tree = CGROUP_TREE_NONE;
	auto_close int mount = cgroup ? cgroup_mount_open(&tree) : -1;
	auto_close int dir = -1;
	const struct rusage *r = rusage;
	struct str out = { 0 };

	*oom = false;
	str_addc(&out, '{');
	if (mount >= 0)
		dir = openat(mount, cgroup[1] ? cgroup + 1 : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir >= 0) {
		*oom = oom_killed(dir);
		add_keyed(&out, dir, "cpu.stat", cpu);
	}
	if (dir >= 0 && tree == CGROUP_TREE_PURE)
		add_controllers(&out, dir);
	if (r) {
		add(&out, "rusage_user_usec", usec(&r->ru_utime));
		add(&out, "rusage_system_usec", usec(&r->ru_stime));
		add(&out, "max_rss_bytes", (uint64_t)r->ru_maxrss * 1024);
	}
	str_addc(&out, '}');
	return str_take(&out);
}
