/*
 * cgroup.h - limits and figures of a container's cgroup (v2): changed and read while it runs.
 *
 * A cgroup is named by its path below the v2 mount, as runtime_process.cgroup and the "0::" line
 * of /proc/PID/cgroup have it.
 *
 * Spec   Documentation/admin-guide/cgroup-v2.rst; runtime-spec 1.2 config-linux.md.
 */
#ifndef RUNTIME_CGROUP_PUBLIC_H
#define RUNTIME_CGROUP_PUBLIC_H

#include "oci/spec.h"
#include "util/error.h"
#include "util/str.h"
#include "util/vec.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The annotation that lists limits which are defaults, by the names of their files ("pids.max
 * memory.swap.max"): where they cannot be set they are left out. All others are asked for, and what
 * cannot be set is an error.
 */
#define ANNOTATION_DEFAULT_LIMITS "hod.default-limits"

/*
 * Sets what r has, and leaves alone what is unset in it: `update`. Devices, when given, replace the
 * rules that were there. ERR_UNSUPPORTED names the controller that is missing and who holds it;
 * ERR_INVALID a value that the kernel does not take; ERR_NOTFOUND: the cgroup is gone. What stood
 * before the failing one in the order of the writes has been set then.
 */
int cgroup_update(const char *cgroup, const struct spec_resources *r, struct error *err);
/* The same; defaults: files as in ANNOTATION_DEFAULT_LIMITS, or NULL. */
int cgroup_update_defaults(const char *cgroup, const struct spec_resources *r, const char *defaults,
			   struct error *err);

#define CGROUP_NO_LIMIT UINT64_MAX	 /* "max" */
#define CGROUP_UNKNOWN	(UINT64_MAX - 1) /* the kernel or the cgroup has no such figure */

struct cgroup_io { /* of one block device */
	unsigned major, minor;
	uint64_t read_bytes, write_bytes, read_ios, write_ios;
};
struct cgroup_hugetlb {
	char *page_size; /* "2MB" */
	uint64_t bytes, limit, failures;
};
/* Each number may be CGROUP_UNKNOWN. Bytes, counts and microseconds. */
struct cgroup_stats {
	struct {
		uint64_t usage_usec, user_usec, system_usec;
		uint64_t periods, throttled_periods, throttled_usec;
	} cpu;
	struct {
		uint64_t bytes, peak, limit, low, high;
		uint64_t swap_bytes, swap_peak, swap_limit;
		uint64_t cache,
			inactive_file; /* of bytes: page cache, and what of it is easily had */
		uint64_t low_events, high_events, max_events, oom_events, oom_kills;
		struct strmap stat; /* memory.stat as it is */
	} memory;
	struct {
		uint64_t count, peak, limit, refused; /* refused: forks that failed by the limit */
	} pids;
	VEC(struct cgroup_io) io;
	VEC(struct cgroup_hugetlb) hugetlb;
};
/* ERR_NOTFOUND: there is no such cgroup. What was there before in *s is not freed. */
int cgroup_stats_read(const char *cgroup, struct cgroup_stats *s, struct error *err);
void cgroup_stats_done(struct cgroup_stats *s);
/* The processes in it and below, sorted: `ps`, `top`. */
typedef VEC(int64_t) cgroup_pids;
int cgroup_pids_read(const char *cgroup, cgroup_pids *pids, struct error *err);

/* Where containers with limits have their cgroups here, and by what right. */
struct cgroup_description {
	const char *version; /* "2"; "1": its controllers are v1's; "": there is none */
	const char *driver;  /* as docker names them: "cgroupfs" "systemd" "none" */
	char *place;	     /* path that they are made below; with systemd: its own; NULL: none */
	char *why;	     /* a sentence */
	struct strv controllers; /* what can be limited */
};
void cgroup_describe(struct cgroup_description *d);
void cgroup_description_done(struct cgroup_description *d);

#endif
