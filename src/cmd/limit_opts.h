/*
 * limit_opts.h - the options of resource limits, as rows for the tables of run, create and update.
 */
#ifndef CMD_LIMIT_OPTS_H
#define CMD_LIMIT_OPTS_H

#include "engine/limits.h"
#include "util/opt.h"

extern const struct opt_type opt_nano_cpus;  /* "1.5" -> int64_t, billionths */
extern const struct opt_type opt_impossible; /* refused; its help is why */

/* s: the struct of the arguments, m: its member of type struct request_limits */
#define LIMIT_ROWS(s, m)                                                                             \
	OPT_INT(0, "blkio-weight", s, m.blkio_weight, "weight of its input and output, 10 to 1000"), \
		OPT_INT(0, "cpu-period", s, m.cpu_period,                                            \
			"microseconds of the period that --cpu-quota is a part of"),                 \
		OPT_INT(0, "cpu-quota", s, m.cpu_quota,                                              \
			"microseconds of processor time in each period; -1: no limit"),              \
		OPT_INT('c', "cpu-shares", s, m.cpu_shares,                                          \
			"weight of its processor time (default 1024)"),                              \
		{ OPT_(0, "cpus", &opt_nano_cpus, s, m.nano_cpus, int64_t,                           \
		       "how many processors it may keep busy, such as 1.5"),                         \
		  .value = "NUMBER" },                                                               \
		OPT_STRING(0, "cpuset-cpus", s, m.cpuset_cpus, "LIST",                               \
			   "processors it may run on, such as 0-3,7"),                               \
		OPT_STRING(0, "cpuset-mems", s, m.cpuset_mems, "LIST",                               \
			   "memory nodes it may use, such as 0,1"),                                  \
		OPT_BYTES('m', "memory", s, m.memory, "memory it may use; -1: no limit"),            \
		OPT_BYTES(0, "memory-reservation", s, m.memory_reservation,                          \
			  "memory that is left to it while others are short"),                       \
		OPT_BYTES(0, "memory-swap", s, m.memory_swap,                                        \
			  "memory and swap together; -1: any swap (default: twice --memory)"),       \
		OPT_INT(0, "pids-limit", s, m.pids_limit,                                            \
			"processes and threads it may have; -1: no limit (default 2048)"),           \
		IMPOSSIBLE(s, m, "memory-swappiness", "cgroup v2 has none for a single cgroup"),     \
		IMPOSSIBLE(s, m, "kernel-memory",                                                    \
			   "cgroup v2 counts the kernel's memory with the rest: use --memory"),      \
		IMPOSSIBLE(s, m, "cpu-rt-period",                                                    \
			   "cgroup v2 has no limits of real-time scheduling"),                       \
		IMPOSSIBLE(s, m, "cpu-rt-runtime", "cgroup v2 has no limits of real-time scheduling")
#define IMPOSSIBLE(s, m, n, why)                                                                   \
	{                                                                                          \
		OPT_(0, n, &opt_impossible, s, m, struct request_limits, why), .flags = OPT_HIDDEN \
	}

#endif
