/*
 * spec.h - config.json of a bundle: the only thing that is handed to the runtime.
 *
 * Spec   runtime-spec 1.3, config.md and config-linux.md. Members have the spec's names in C case.
 *        Unknown members are errors that name their path (ERR_INVALID); members of the format
 *        that we cannot honour may be there while they ask for nothing, else ERR_UNSUPPORTED.
 *
 * Optional integers are UNSET when absent and tri-states -1. Who makes a struct with such members
 * himself (memory, cpu, device, hook, ...) sets all of them: zero is a value and is written.
 */
#ifndef OCI_SPEC_H
#define OCI_SPEC_H

#include "util/fields.h"
#include "util/str.h"
#include "util/vec.h"

#define SPEC_MAX	 (16 << 20) /* bytes of a config.json */
#define SPEC_VERSION	 "1.2.0"    /* of what we write: nothing that is newer is in it */
#define SPEC_VERSION_MAX "1.3.0"    /* of what we read */

struct spec_user {
	int64_t uid, gid, umask; /* umask UNSET: 0022 */
	VEC(int64_t) additional_gids;
	char *username;
};
struct spec_capabilities {
	struct strv bounding, effective, inheritable, permitted, ambient; /* "CAP_CHOWN" */
};
struct spec_rlimit {
	char *type;		     /* "RLIMIT_NOFILE" */
	char *soft_text, *hard_text; /* raw JSON numbers: they are unsigned 64-bit */
};
struct spec_scheduler {
	char *policy;
	int64_t nice, priority, runtime, deadline, period;
	struct strv flags;
};
struct spec_io_priority {
	char *class;
	int64_t priority;
};
struct spec_affinity { /* lists such as "0-3,7"; of exec alone */
	char *initial, *final;
};
struct spec_console_size {
	int64_t height, width;
};
struct spec_process {
	bool terminal;
	struct spec_console_size *console_size;
	struct spec_user user;
	struct strv args, env;
	char *cwd;
	struct spec_capabilities *capabilities; /* NULL: as the runtime has them */
	VEC(struct spec_rlimit) rlimits;
	bool no_new_privileges;
	char *apparmor_profile, *selinux_label;
	int64_t oom_score_adj; /* UNSET: inherit */
	struct spec_scheduler *scheduler;
	struct spec_io_priority *io_priority;
	struct spec_affinity *exec_affinity;
};
struct spec_id_map {
	int64_t container_id, host_id, size;
};
struct spec_mount {
	char *destination, *type, *source;
	struct strv options;
	VEC(struct spec_id_map) uid_mappings, gid_mappings;
};
struct spec_hook {
	char *path;
	struct strv args, env;
	int64_t timeout; /* seconds; UNSET */
};
typedef VEC(struct spec_hook) spec_hooks_list;
struct spec_hooks {
	spec_hooks_list prestart, create_runtime, create_container, start_container, poststart,
		poststop;
};
struct spec_namespace {
	char *type; /* pid network mount ipc uts user cgroup time */
	char *path; /* NULL: a new one */
};
struct spec_device {
	char *type, *path; /* "c" "b" "u" "p" */
	int64_t major, minor, file_mode, uid, gid;
};
struct spec_device_rule {
	bool allow;
	char *type, *access;  /* "a" "b" "c", NULL: a; of "rwm", NULL: all */
	int64_t major, minor; /* UNSET or -1: any */
};
struct spec_memory {
	int64_t limit, reservation, swap, swappiness;
	int disable_oom_killer, check_before_update;
};
struct spec_cpu {
	int64_t shares, quota, period, burst, idle;
	char *cpus, *mems;
};
struct spec_pids {
	int64_t limit;
};
struct spec_weight_device {
	int64_t major, minor, weight;
};
struct spec_throttle {
	int64_t major, minor, rate; /* bytes or operations each second */
};
typedef VEC(struct spec_throttle) spec_throttles;
struct spec_block_io {
	int64_t weight; /* 10..1000, as in v1 */
	VEC(struct spec_weight_device) weight_device;
	spec_throttles read_bps, write_bps, read_iops, write_iops;
};
struct spec_hugepage {
	char *page_size; /* "2MB" */
	int64_t limit;
};
struct spec_resources {
	VEC(struct spec_device_rule) devices;
	struct spec_memory *memory;
	struct spec_cpu *cpu;
	struct spec_pids *pids;
	struct spec_block_io *block_io;
	VEC(struct spec_hugepage) hugepages;
	char *rdma; /* raw JSON: {"DEVICE": {"hcaHandles": N, "hcaObjects": N}} */
	struct strmap unified;
};
struct spec_personality {
	char *domain; /* "LINUX" "LINUX32" */
	struct strv flags;
};
struct spec_time_offset {
	int64_t secs, nanosecs;
};
struct spec_time_offsets { /* NULL: none */
	struct spec_time_offset *monotonic, *boottime;
};
struct spec_memory_policy {
	char *mode, *nodes; /* "MPOL_BIND", "0-3,7" */
	struct strv flags;
};
struct spec_intel_rdt {
	char *clos_id; /* NULL: of the container's id */
	struct strv schemata;
	char *l3_cache_schema, *mem_bw_schema;
	bool enable_monitoring;
};
struct spec_linux {
	VEC(struct spec_namespace) namespaces;
	VEC(struct spec_id_map) uid_mappings, gid_mappings;
	VEC(struct spec_device) devices;
	char *cgroups_path;
	struct spec_resources *resources;
	char *rootfs_propagation;
	/*
	 * The JSON of linux.seccomp as text. The embedded default profiles are recognised by their
	 * text (runtime/seccomp.h), so that it is neither parsed nor compiled on the hot path.
	 */
	char *seccomp;
	const char *seccomp_shared; /* the same, borrowed from the program's own constants */
	struct strmap sysctl;
	struct strv masked_paths, readonly_paths;
	char *mount_label;
	struct spec_personality *personality;
	struct spec_time_offsets *time_offsets;
	struct spec_memory_policy *memory_policy;
	struct spec_intel_rdt *intel_rdt;
	char *net_devices; /* raw JSON, see spec_net_devices */
};
struct spec_root {
	char *path; /* absolute, or relative to the bundle */
	bool readonly;
};
struct spec {
	char *oci_version, *hostname, *domainname;
	struct spec_process *process; /* NULL: create only */
	struct spec_root root;
	VEC(struct spec_mount) mounts;
	struct spec_hooks *hooks;
	struct strmap annotations;
	struct spec_linux linux_; /* `linux` is a macro of the compiler */
};
void spec_init(struct spec *s);
void spec_done(struct spec *s);
int spec_parse(const char *text, size_t n, struct spec *s, struct error *err);
void spec_format(const struct spec *s, struct str *out);
/* `exec --process FILE`, and exec in general: one process object. */
void spec_process_init(struct spec_process *p);
void spec_process_done(struct spec_process *p);
int spec_process_parse(const char *text, size_t n, struct spec_process *p, struct error *err);
/* linux.resources alone: `update --resources FILE`. */
void spec_resources_init(struct spec_resources *r);
void spec_resources_done(struct spec_resources *r);
int spec_resources_parse(const char *text, size_t n, struct spec_resources *r, struct error *err);
/* linux.netDevices: name on the host -> name in the container. ERR_INVALID. */
int spec_net_devices(const struct spec_linux *l, struct strmap *devices, struct error *err);
extern const char *const spec_memory_modes[], *const spec_memory_flags[]; /* each to a NULL */
/* The namespace of the type, or NULL when the container shares the caller's. */
const struct spec_namespace *spec_namespace_find(const struct spec *s, const char *type);

#endif
