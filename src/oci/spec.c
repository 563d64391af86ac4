/*
 * spec.c - config.json as a struct and back.
 *
 * Owns   which members of the runtime-spec we know, and which we refuse by name.
 * Never  looks at the machine: whether a namespace or a path exists is the runtime's question.
 * Spec   runtime-spec 1.3, config.md and config-linux.md.
 */
#include "oci/spec.h"

#include "json_cut.h"
#include "spec_check.h"
#include "spec_resources.h"

#define SPEC_DEPTH 64

/* ---- process ---- */

static const struct field user_fields[] = {
	F_INT(struct spec_user, uid, "uid"),
	F_INT(struct spec_user, gid, "gid"),
	F_INT(struct spec_user, umask, "umask"),
	F_INTS(struct spec_user, additional_gids, "additionalGids"),
	F_STR(struct spec_user, username, "username"),
	F_END,
};
static const struct field capabilities_fields[] = {
	F_STRV(struct spec_capabilities, bounding, "bounding"),
	F_STRV(struct spec_capabilities, effective, "effective"),
	F_STRV(struct spec_capabilities, inheritable, "inheritable"),
	F_STRV(struct spec_capabilities, permitted, "permitted"),
	F_STRV(struct spec_capabilities, ambient, "ambient"),
	F_END,
};
static const struct field rlimit_fields[] = {
	F_STR_(struct spec_rlimit, type, "type", FIELD_REQUIRED),
	F_RAW_(struct spec_rlimit, hard_text, "hard", FIELD_REQUIRED | FIELD_UNSIGNED),
	F_RAW_(struct spec_rlimit, soft_text, "soft", FIELD_REQUIRED | FIELD_UNSIGNED),
	F_END,
};
static const struct field scheduler_fields[] = {
	F_STR_(struct spec_scheduler, policy, "policy", FIELD_REQUIRED),
	F_INT(struct spec_scheduler, nice, "nice"),
	F_INT(struct spec_scheduler, priority, "priority"),
	F_STRV(struct spec_scheduler, flags, "flags"),
	F_INT(struct spec_scheduler, runtime, "runtime"),
	F_INT(struct spec_scheduler, deadline, "deadline"),
	F_INT(struct spec_scheduler, period, "period"),
	F_END,
};
static const struct field io_priority_fields[] = {
	F_STR_(struct spec_io_priority, class, "class", FIELD_REQUIRED),
	F_INT(struct spec_io_priority, priority, "priority"),
	F_END,
};
static const struct field console_size_fields[] = {
	F_INT_(struct spec_console_size, height, "height", FIELD_REQUIRED),
	F_INT_(struct spec_console_size, width, "width", FIELD_REQUIRED),
	F_END,
};
static const struct field affinity_fields[] = {
	F_STR(struct spec_affinity, initial, "initial"),
	F_STR(struct spec_affinity, final, "final"),
	F_END,
};
static const struct field process_fields[] = {
	F_BOOL(struct spec_process, terminal, "terminal"),
	F_PTR(struct spec_process, console_size, "consoleSize", console_size_fields),
	F_OBJ(struct spec_process, user, "user", user_fields),
	F_STRV(struct spec_process, args, "args"),
	F_STRV(struct spec_process, env, "env"),
	F_STR_(struct spec_process, cwd, "cwd", FIELD_REQUIRED),
	F_PTR(struct spec_process, capabilities, "capabilities", capabilities_fields),
	F_VEC(struct spec_process, rlimits, "rlimits", rlimit_fields),
	F_BOOL(struct spec_process, no_new_privileges, "noNewPrivileges"),
	F_STR(struct spec_process, apparmor_profile, "apparmorProfile"),
	F_INT(struct spec_process, oom_score_adj, "oomScoreAdj"),
	F_STR(struct spec_process, selinux_label, "selinuxLabel"),
	F_PTR(struct spec_process, scheduler, "scheduler", scheduler_fields),
	F_PTR(struct spec_process, io_priority, "ioPriority", io_priority_fields),
	F_PTR(struct spec_process, exec_affinity, "execCPUAffinity", affinity_fields),
	F_REFUSED("commandLine"),
	F_END,
};

/* ---- root, mounts, hooks ---- */

static const struct field root_fields[] = {
	F_STR_(struct spec_root, path, "path", FIELD_REQUIRED),
	F_BOOL(struct spec_root, readonly, "readonly"),
	F_END,
};
static const struct field id_map_fields[] = {
	F_INT_(struct spec_id_map, container_id, "containerID", FIELD_REQUIRED),
	F_INT_(struct spec_id_map, host_id, "hostID", FIELD_REQUIRED),
	F_INT_(struct spec_id_map, size, "size", FIELD_REQUIRED),
	F_END,
};
static const struct field mount_fields[] = {
	F_STR_(struct spec_mount, destination, "destination", FIELD_REQUIRED),
	F_STR(struct spec_mount, type, "type"),
	F_STR(struct spec_mount, source, "source"),
	F_STRV(struct spec_mount, options, "options"),
	F_VEC(struct spec_mount, uid_mappings, "uidMappings", id_map_fields),
	F_VEC(struct spec_mount, gid_mappings, "gidMappings", id_map_fields),
	F_END,
};
static const struct field hook_fields[] = {
	F_STR_(struct spec_hook, path, "path", FIELD_REQUIRED),
	F_STRV(struct spec_hook, args, "args"),
	F_STRV(struct spec_hook, env, "env"),
	F_INT(struct spec_hook, timeout, "timeout"),
	F_END,
};
static const struct field hooks_fields[] = {
	F_VEC(struct spec_hooks, prestart, "prestart", hook_fields),
	F_VEC(struct spec_hooks, create_runtime, "createRuntime", hook_fields),
	F_VEC(struct spec_hooks, create_container, "createContainer", hook_fields),
	F_VEC(struct spec_hooks, start_container, "startContainer", hook_fields),
	F_VEC(struct spec_hooks, poststart, "poststart", hook_fields),
	F_VEC(struct spec_hooks, poststop, "poststop", hook_fields),
	F_END,
};

/* ---- linux ---- */

static const struct field namespace_fields[] = {
	F_STR_(struct spec_namespace, type, "type", FIELD_REQUIRED),
	F_STR(struct spec_namespace, path, "path"),
	F_END,
};
static const struct field device_fields[] = {
	F_STR_(struct spec_device, path, "path", FIELD_REQUIRED),
	F_STR_(struct spec_device, type, "type", FIELD_REQUIRED),
	F_INT(struct spec_device, major, "major"),
	F_INT(struct spec_device, minor, "minor"),
	F_INT(struct spec_device, file_mode, "fileMode"),
	F_INT(struct spec_device, uid, "uid"),
	F_INT(struct spec_device, gid, "gid"),
	F_END,
};
static const struct field personality_fields[] = {
	F_STR_(struct spec_personality, domain, "domain", FIELD_REQUIRED),
	F_STRV(struct spec_personality, flags, "flags"),
	F_END,
};
static const struct field time_offset_fields[] = {
	F_INT(struct spec_time_offset, secs, "secs"),
	F_INT(struct spec_time_offset, nanosecs, "nanosecs"),
	F_END,
};
static const struct field time_offsets_fields[] = {
	F_PTR(struct spec_time_offsets, monotonic, "monotonic", time_offset_fields),
	F_PTR(struct spec_time_offsets, boottime, "boottime", time_offset_fields),
	F_END,
};
static const struct field memory_policy_fields[] = {
	F_STR_(struct spec_memory_policy, mode, "mode", FIELD_REQUIRED),
	F_STR(struct spec_memory_policy, nodes, "nodes"),
	F_STRV(struct spec_memory_policy, flags, "flags"),
	F_END,
};
static const struct field intel_rdt_fields[] = {
	F_STR(struct spec_intel_rdt, clos_id, "closID"),
	F_STRV(struct spec_intel_rdt, schemata, "schemata"),
	F_STR(struct spec_intel_rdt, l3_cache_schema, "l3CacheSchema"),
	F_STR(struct spec_intel_rdt, mem_bw_schema, "memBwSchema"),
	F_BOOL(struct spec_intel_rdt, enable_monitoring, "enableMonitoring"),
	F_REFUSED("enableCMT"), /* figures for "events", which tells none of these */
	F_REFUSED("enableMBM"),
	F_END,
};
static const struct field linux_fields[] = {
	F_VEC(struct spec_linux, namespaces, "namespaces", namespace_fields),
	F_VEC(struct spec_linux, uid_mappings, "uidMappings", id_map_fields),
	F_VEC(struct spec_linux, gid_mappings, "gidMappings", id_map_fields),
	F_VEC(struct spec_linux, devices, "devices", device_fields),
	F_STR(struct spec_linux, cgroups_path, "cgroupsPath"),
	F_PTR(struct spec_linux, resources, "resources", spec_resources_fields),
	F_STR(struct spec_linux, rootfs_propagation, "rootfsPropagation"),
	F_MAP(struct spec_linux, sysctl, "sysctl"),
	F_STRV(struct spec_linux, masked_paths, "maskedPaths"),
	F_STRV(struct spec_linux, readonly_paths, "readonlyPaths"),
	F_STR(struct spec_linux, mount_label, "mountLabel"),
	F_PTR(struct spec_linux, personality, "personality", personality_fields),
	F_PTR(struct spec_linux, time_offsets, "timeOffsets", time_offsets_fields),
	F_RAW(struct spec_linux, seccomp, "seccomp"),
	F_PTR(struct spec_linux, memory_policy, "memoryPolicy", memory_policy_fields),
	F_PTR(struct spec_linux, intel_rdt, "intelRdt", intel_rdt_fields),
	F_RAW(struct spec_linux, net_devices, "netDevices"),
	F_END,
};

static const struct field spec_fields[] = {
	F_STR_(struct spec, oci_version, "ociVersion", FIELD_REQUIRED),
	F_PTR(struct spec, process, "process", process_fields),
	F_OBJ_(struct spec, root, "root", root_fields, FIELD_REQUIRED),
	F_STR(struct spec, hostname, "hostname"),
	F_STR(struct spec, domainname, "domainname"),
	F_VEC(struct spec, mounts, "mounts", mount_fields),
	F_PTR(struct spec, hooks, "hooks", hooks_fields),
	F_MAP(struct spec, annotations, "annotations"),
	F_OBJ(struct spec, linux_, "linux", linux_fields),
	F_REFUSED("freebsd"),
	F_REFUSED("solaris"),
	F_REFUSED("vm"),
	F_REFUSED("windows"),
	F_REFUSED("zos"),
	F_END,
};

static const struct fields_limits limits = { SPEC_MAX, SPEC_DEPTH };

void spec_init(struct spec *s)
{
	*s = (struct spec){ 0 };
	fields_init(spec_fields, s);
}

void spec_done(struct spec *s)
{
	fields_done(spec_fields, s);
	s->linux_.seccomp_shared = NULL;
}

void spec_process_init(struct spec_process *p)
{
	*p = (struct spec_process){ 0 };
	fields_init(process_fields, p);
}

void spec_process_done(struct spec_process *p)
{
	fields_done(process_fields, p);
}

/* ---- text ---- */

/* Takes linux.seccomp out of the text and leaves null; what remains is in rest. */
static char *seccomp_cut(const char *text, size_t n, struct str *rest)
{
	static const char *const path[] = { "linux", "seccomp", NULL };
	size_t from, to;

	if (!json_cut_find(text, n, path, &from, &to) || text[from] != '{')
		return NULL;
	str_reserve(rest, n);
	str_addn(rest, text, from);
	str_add(rest, "null");
	str_addn(rest, text + to, n - to);
	return xstrndup(text + from, to - from);
}

/* The ids are required, but root is what everybody means who leaves them out. */
static void user_complete(struct spec_user *u)
{
	if (u->uid == UNSET)
		u->uid = 0;
	if (u->gid == UNSET)
		u->gid = 0;
}

int spec_parse(const char *text, size_t n, struct spec *s, struct error *err)
{
	auto_done(str) struct str rest = { 0 };
	auto_free char *seccomp = NULL;
	int status;

	spec_init(s);
	if (n > SPEC_MAX)
		return error_set(err, ERR_LIMIT, "config.json: %zu bytes, the limit is %d", n,
				 SPEC_MAX);
	seccomp = seccomp_cut(text, n, &rest);
	if (seccomp)
		status = fields_parse(spec_fields, rest.s, rest.len, &limits, FIELDS_STRICT, s, err);
	else
		status = fields_parse(spec_fields, text, n, &limits, FIELDS_STRICT, s, err);
	if (status == 0 && seccomp) {
		free(s->linux_.seccomp); /* NULL but for a text that names it twice */
		s->linux_.seccomp = take_ptr(&seccomp);
	}
	if (status == 0)
		status = spec_check(s, err);
	if (status < 0) {
		spec_done(s);
		return error_add(err, "config.json");
	}
	if (s->process)
		user_complete(&s->process->user);
	return 0;
}

void spec_format(const struct spec *s, struct str *out)
{
	struct spec copy = *s;
	char version[] = SPEC_VERSION;

	if (!copy.oci_version)
		copy.oci_version = version;
	/* the pointer is only read, as all of the copy */
	if (!copy.linux_.seccomp && copy.linux_.seccomp_shared)
		memcpy(&copy.linux_.seccomp, &s->linux_.seccomp_shared, sizeof(char *));
	fields_format(spec_fields, &copy, false, out);
}

int spec_process_parse(const char *text, size_t n, struct spec_process *p, struct error *err)
{
	spec_process_init(p);
	if (fields_parse(process_fields, text, n, &limits, FIELDS_STRICT, p, err) < 0)
		return error_add(err, "process");
	if (spec_process_check(p, err) < 0) {
		spec_process_done(p);
		return error_add(err, "process");
	}
	user_complete(&p->user);
	return 0;
}

const struct spec_namespace *spec_namespace_find(const struct spec *s, const char *type)
{
	vec_each (&s->linux_.namespaces, n)
		if (strcmp(n->type, type) == 0)
			return n;
	return NULL;
}
