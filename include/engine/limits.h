/*
 * limits.h - the resource limits of `run`, `create` and `update`, as data.
 *
 * Not given is UNSET or NULL; 0 and -1 are what docker means by them. Where a limit names a device
 * it does so by path; the numbers are found when the container starts.
 */
#ifndef ENGINE_LIMITS_H
#define ENGINE_LIMITS_H

#include "oci/spec.h"
#include "util/error.h"
#include "util/fields.h"
#include "util/str.h"

struct request_limits {
	int64_t memory, memory_reservation; /* bytes; -1 unlimited */
	int64_t memory_swap;		    /* memory and swap together; -1 unlimited */
	int64_t nano_cpus;		    /* --cpus, in billionths of a processor */
	int64_t cpu_shares, cpu_quota, cpu_period, cpu_burst; /* period: microseconds */
	char *cpuset_cpus, *cpuset_mems;
	int64_t pids_limit;		 /* -1 unlimited */
	int64_t blkio_weight;		 /* 10..1000 */
	struct strv blkio_weight_device; /* "PATH:WEIGHT" */
	struct strv device_read_bps, device_write_bps, device_read_iops, device_write_iops;
	struct strmap cgroup_conf; /* "memory.high" -> "1g": as they are */
};
extern const struct field request_limits_fields[];
/* What contradicts itself: ERR_USAGE in docker's words. */
int request_limits_check(const struct request_limits *l, struct error *err);
/* Members of `more` that are given replace those of l: `update`. */
void request_limits_merge(struct request_limits *l, const struct request_limits *more);
bool request_limits_any(const struct request_limits *l);
/* "1.5" -> 1500000000; ERR_USAGE with the reason only. */
int nano_cpus_parse(const char *text, int64_t *nano, struct error *err);

/*
 * Device paths looked up: those of io limits -> *out, yours (NULL: there are none). ERR_NOTFOUND,
 * ERR_INVALID for what is no block device, ERR_USAGE for a form.
 */
int limits_resolve_io(const struct request_limits *l, struct spec_block_io **out, struct error *err);
void spec_block_io_free(struct spec_block_io *io);
/* limits (and io, which may be NULL) -> linux.resources. Pure. *swap_is_default: see spec_limits.c */
void limits_to_resources(const struct request_limits *l, const struct spec_block_io *io,
			 struct spec_resources *r, bool *swap_is_default);

#endif
