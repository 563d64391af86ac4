/*
 * cgroup_stats.c - the figures of a cgroup.
 *
 * A figure that the kernel does not have, or whose controller the cgroup lacks, is unknown; nothing
 * is an error but a cgroup that is not there.
 */
#include "cgroup.h"

#include "util/fd.h"

#include <errno.h>
#include <stdio.h>

#define DEPTH_MAX 32 /* of cgroups in a container's */

static uint64_t number_of(const char *text)
{
	uint64_t v;

	if (str_eq(text, "max"))
		return CGROUP_NO_LIMIT;
	return str_u64(text, &v) ? v : CGROUP_UNKNOWN;
}

static uint64_t figure(int dir, const char *file)
{
	auto_free char *text = cgroup_get(dir, file);

	return number_of(text);
}

/* "KEY N" lines into the map. */
static void read_keyed(int dir, const char *file, struct strmap *out)
{
	auto_free char *text = cgroup_get(dir, file);
	char *save = NULL;

	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		char *blank = strchr(l, ' ');

		if (!blank)
			continue;
		*blank = '\0';
		strmap_set(out, l, blank + 1);
	}
}

static uint64_t keyed(const struct strmap *m, const char *key)
{
	const char *text = strmap_get(m, key);

	return text ? number_of(text) : CGROUP_UNKNOWN;
}

static void read_cpu(int dir, struct cgroup_stats *s)
{
	auto_done(strmap) struct strmap m = { 0 };

	read_keyed(dir, "cpu.stat", &m);
	s->cpu.usage_usec = keyed(&m, "usage_usec");
	s->cpu.user_usec = keyed(&m, "user_usec");
	s->cpu.system_usec = keyed(&m, "system_usec");
	s->cpu.periods = keyed(&m, "nr_periods");
	s->cpu.throttled_periods = keyed(&m, "nr_throttled");
	s->cpu.throttled_usec = keyed(&m, "throttled_usec");
}

static void read_memory(int dir, struct cgroup_stats *s)
{
	auto_done(strmap) struct strmap events = { 0 };

	s->memory.bytes = figure(dir, "memory.current");
	s->memory.peak = figure(dir, "memory.peak");
	s->memory.limit = figure(dir, "memory.max");
	s->memory.low = figure(dir, "memory.low");
	s->memory.high = figure(dir, "memory.high");
	s->memory.swap_bytes = figure(dir, "memory.swap.current");
	s->memory.swap_peak = figure(dir, "memory.swap.peak");
	s->memory.swap_limit = figure(dir, "memory.swap.max");
	read_keyed(dir, "memory.stat", &s->memory.stat);
	s->memory.cache = keyed(&s->memory.stat, "file");
	s->memory.inactive_file = keyed(&s->memory.stat, "inactive_file");
	read_keyed(dir, "memory.events", &events);
	s->memory.low_events = keyed(&events, "low");
	s->memory.high_events = keyed(&events, "high");
	s->memory.max_events = keyed(&events, "max");
	s->memory.oom_events = keyed(&events, "oom");
	s->memory.oom_kills = keyed(&events, "oom_kill");
}

static void read_pids(int dir, struct cgroup_stats *s)
{
	auto_done(strmap) struct strmap events = { 0 };

	s->pids.count = figure(dir, "pids.current");
	s->pids.peak = figure(dir, "pids.peak");
	s->pids.limit = figure(dir, "pids.max");
	read_keyed(dir, "pids.events", &events);
	s->pids.refused = keyed(&events, "max");
}

/* "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6" */
static void read_io(int dir, struct cgroup_stats *s)
{
	auto_free char *text = cgroup_get(dir, "io.stat");
	char *save = NULL;

	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		struct cgroup_io io = { 0 };
		unsigned long long v;
		int at = 0;

		if (sscanf(l, "%u:%u%n", &io.major, &io.minor, &at) < 2)
			continue;
		for (char *word = l + at; (word = strchr(word, ' ')) != NULL;) {
			word++;
			if (sscanf(word, "rbytes=%llu", &v) == 1)
				io.read_bytes = v;
			else if (sscanf(word, "wbytes=%llu", &v) == 1)
				io.write_bytes = v;
			else if (sscanf(word, "rios=%llu", &v) == 1)
				io.read_ios = v;
			else if (sscanf(word, "wios=%llu", &v) == 1)
				io.write_ios = v;
		}
		vec_push(&s->io, io);
	}
}

/* Each page size has its files; which there are, the directory tells. */
static void read_hugetlb(int dir, struct cgroup_stats *s)
{
	auto_done(strv) struct strv names = { 0 };
	struct error ignored = { 0 }; /* then there is nothing to tell */
	auto_free char *has = cgroup_get(dir, "cgroup.controllers");

	if (!cgroup_has_word(has, "hugetlb") || dir_list(dir, &names, &ignored) < 0)
		return;
	strv_each (&names, i) {
		const char *name = names.v[i], *size = name + strlen("hugetlb.");
		auto_done(strmap) struct strmap events = { 0 };
		auto_free char *max = NULL, *event = NULL;
		struct cgroup_hugetlb *h;

		if (!str_starts(name, "hugetlb.") || !str_ends(name, ".current") ||
		    str_ends(name, ".rsvd.current"))
			continue;
		h = vec_add(&s->hugetlb);
		h->page_size = xstrndup(size, strcspn(size, "."));
		h->bytes = figure(dir, name);
		max = xasprintf("hugetlb.%s.max", h->page_size);
		event = xasprintf("hugetlb.%s.events", h->page_size);
		h->limit = figure(dir, max);
		read_keyed(dir, event, &events);
		h->failures = keyed(&events, "max");
	}
}

int cgroup_stats_read(const char *cgroup, struct cgroup_stats *s, struct error *err)
{
	auto_close int dir = cgroup_open_at(cgroup);

	memset(s, 0, sizeof(*s));
	if (dir < 0)
		return error_sys(err, "cgroup %s", cgroup);
	read_cpu(dir, s);
	read_memory(dir, s);
	read_pids(dir, s);
	read_io(dir, s);
	read_hugetlb(dir, s);
	return 0;
}

void cgroup_stats_done(struct cgroup_stats *s)
{
	strmap_done(&s->memory.stat);
	vec_done(&s->io);
	vec_each (&s->hugetlb, h)
		free(h->page_size);
	vec_done(&s->hugetlb);
}

/* ---- processes ---- */

static int pids_below(int dir, unsigned depth, cgroup_pids *pids, struct error *err)
{
	auto_free char *text = cgroup_get(dir, "cgroup.procs");
	auto_done(strv) struct strv names = { 0 };
	char *save = NULL;

	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		int64_t pid;

		if (str_i64(l, &pid) && pid > 0)
			vec_push(pids, pid);
	}
	if (depth == 0)
		return 0;
	if (dir_list(dir, &names, err) < 0)
		return -1;
	strv_each (&names, i) {
		auto_close int below =
			openat(dir, names.v[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (below >= 0 && pids_below(below, depth - 1, pids, err) < 0)
			return -1;
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

int cgroup_pids_read(const char *cgroup, cgroup_pids *pids, struct error *err)
{
	auto_close int dir = cgroup_open_at(cgroup);

	if (dir < 0)
		return error_sys(err, "cgroup %s", cgroup);
	if (pids_below(dir, DEPTH_MAX, pids, err) < 0)
		return -1;
	if (pids->n)
		qsort(pids->v, pids->n, sizeof(*pids->v), compare);
	return 0;
}
