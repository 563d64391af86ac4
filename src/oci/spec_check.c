/*
 * spec_check.c - what config.json must hold beyond the types of its members.
 *
 * Owns   the rules that a reader can judge without the machine: ranges of numbers, known words,
 *        absolute paths, NULs and '=' where they matter.
 * Spec   runtime-spec 1.3, the MUSTs of config.md and config-linux.md.
 */
#include "spec_check.h"

#include "spec_devices.h"
#include "spec_resources.h"
#include "util/bits.h"

#define ID_MAX	  (UINT32_MAX - 1) /* the last number means "no change" to chown(2) */
#define VALUE_MAX INT32_MAX

/* value is UNSET or from 0 to max */
static int range_check(const char *name, int64_t value, int64_t max, struct error *err)
{
	if (value == UNSET || (value >= 0 && value <= max))
		return 0;
	error_set(err, ERR_INVALID, "%lld is not between 0 and %lld", (long long)value,
		  (long long)max);
	return error_add(err, "%s", name);
}

static int word_check(const char *name, const char *word, const char *const *words, size_t n,
		      struct error *err)
{
	const char *nearest;

	for (size_t i = 0; i < n; i++)
		if (strcmp(word, words[i]) == 0)
			return 0;
	nearest = str_nearest(word, words, n);
	error_set(err, ERR_INVALID, "'%.60s' is not known%s%s%s", word,
		  nearest ? ", did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
	return error_add(err, "%s", name);
}

/* ---- process ---- */

static int user_check(const struct spec_user *u, struct error *err)
{
	if (range_check("uid", u->uid, ID_MAX, err) < 0 ||
	    range_check("gid", u->gid, ID_MAX, err) < 0 ||
	    range_check("umask", u->umask, 0777, err) < 0)
		return -1;
	vec_each (&u->additional_gids, g)
		if (range_check("additionalGids", *g, ID_MAX, err) < 0)
			return -1;
	return 0;
}

static int rlimit_check(const struct spec_rlimit *l, struct error *err)
{
	uint64_t value;

	if (!str_starts(l->type, "RLIMIT_"))
		return error_set(err, ERR_INVALID, "type '%.60s' does not begin with RLIMIT_",
				 l->type);
	if (!str_u64(l->soft_text, &value) || !str_u64(l->hard_text, &value))
		return error_set(err, ERR_INVALID, "soft and hard must be integers");
	return 0;
}

static int size_check(const struct spec_console_size *size, struct error *err)
{
	if (range_check("height", size->height, UINT16_MAX, err) < 0 ||
	    range_check("width", size->width, UINT16_MAX, err) < 0)
		return error_add(err, "consoleSize");
	return 0;
}

static int number_check(const char *name, int64_t value, int64_t min, int64_t max, struct error *err)
{
	if (value == UNSET || (value >= min && value <= max))
		return 0;
	error_set(err, ERR_INVALID, "%lld is not between %lld and %lld", (long long)value,
		  (long long)min, (long long)max);
	return error_add(err, "%s", name);
}

static int scheduler_check(const struct spec_scheduler *s, struct error *err)
{
	static const char *const policies[] = { "SCHED_OTHER",	 "SCHED_FIFO", "SCHED_RR",
						"SCHED_BATCH",	 "SCHED_ISO",  "SCHED_IDLE",
						"SCHED_DEADLINE" };
	static const char *const flags[] = {
		"SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_RECLAIM",     "SCHED_FLAG_DL_OVERRUN",
		"SCHED_FLAG_KEEP_POLICY",   "SCHED_FLAG_KEEP_PARAMS", "SCHED_FLAG_UTIL_CLAMP_MIN",
		"SCHED_FLAG_UTIL_CLAMP_MAX"
	};

	if (word_check("policy", s->policy, policies, ARRAY_SIZE(policies), err) < 0 ||
	    number_check("nice", s->nice, -20, 19, err) < 0 ||
	    number_check("priority", s->priority, 0, 99, err) < 0 ||
	    number_check("runtime", s->runtime, 0, INT64_MAX, err) < 0 ||
	    number_check("deadline", s->deadline, 0, INT64_MAX, err) < 0 ||
	    number_check("period", s->period, 0, INT64_MAX, err) < 0)
		return -1;
	strv_each (&s->flags, i)
		if (word_check("flags", s->flags.v[i], flags, ARRAY_SIZE(flags), err) < 0)
			return -1;
	return 0;
}

static int io_priority_check(const struct spec_io_priority *p, struct error *err)
{
	static const char *const classes[] = { "IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE",
					       "IOPRIO_CLASS_IDLE" };

	if (word_check("class", p->class, classes, ARRAY_SIZE(classes), err) < 0)
		return -1;
	return number_check("priority", p->priority, 0, 7, err);
}

/* A list of processors or memory nodes; absent is as good as empty. */
static int list_check(const char *name, const char *list, struct error *err)
{
	struct bits ignored;

	if (!list || bits_parse(list, &ignored))
		return 0;
	return error_set(err, ERR_INVALID, "%s: '%.200s' is no list such as 0-3,7", name, list);
}

int spec_process_check(const struct spec_process *p, struct error *err)
{
	if (!p->args.n)
		return error_set(err, ERR_INVALID, "args: missing");
	if (p->cwd[0] != '/')
		return error_set(err, ERR_INVALID, "cwd: '%.200s' is not absolute", p->cwd);
	if (user_check(&p->user, err) < 0)
		return error_add(err, "user");
	if (p->console_size && size_check(p->console_size, err) < 0)
		return -1;
	vec_each (&p->rlimits, l)
		if (rlimit_check(l, err) < 0)
			return error_add(err, "rlimits: [%zu]", (size_t)(l - p->rlimits.v));
	vec_each (&p->rlimits, l)
		for (size_t i = 0; &p->rlimits.v[i] != l; i++)
			if (strcmp(p->rlimits.v[i].type, l->type) == 0)
				return error_set(err, ERR_INVALID, "rlimits: two of type %.60s",
						 l->type);
	if (p->scheduler && scheduler_check(p->scheduler, err) < 0)
		return error_add(err, "scheduler");
	if (p->io_priority && io_priority_check(p->io_priority, err) < 0)
		return error_add(err, "ioPriority");
	if (p->exec_affinity && (list_check("initial", p->exec_affinity->initial, err) < 0 ||
				 list_check("final", p->exec_affinity->final, err) < 0))
		return error_add(err, "execCPUAffinity");
	if (p->oom_score_adj != UNSET && (p->oom_score_adj < -1000 || p->oom_score_adj > 1000))
		return error_set(err, ERR_INVALID, "oomScoreAdj: %lld is not between -1000 and 1000",
				 (long long)p->oom_score_adj);
	return 0;
}

/* ---- hooks ---- */

static int hooks_check(const spec_hooks_list *hooks, const char *name, struct error *err)
{
	vec_each (hooks, h) {
		size_t i = (size_t)(h - hooks->v);

		if (h->path[0] != '/') {
			error_set(err, ERR_INVALID, "path: '%.200s' is not absolute", h->path);
			return error_add(err, "hooks: %s: [%zu]", name, i);
		}
		if (h->timeout != UNSET && (h->timeout <= 0 || h->timeout > VALUE_MAX)) {
			error_set(err, ERR_INVALID, "timeout: must be more than zero");
			return error_add(err, "hooks: %s: [%zu]", name, i);
		}
	}
	return 0;
}

static int all_hooks_check(const struct spec_hooks *h, struct error *err)
{
	const struct {
		const spec_hooks_list *list;
		const char *name;
	} all[] = {
		{ &h->prestart, "prestart" },
		{ &h->create_runtime, "createRuntime" },
		{ &h->create_container, "createContainer" },
		{ &h->start_container, "startContainer" },
		{ &h->poststart, "poststart" },
		{ &h->poststop, "poststop" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (hooks_check(all[i].list, all[i].name, err) < 0)
			return -1;
	return 0;
}

/* ---- linux ---- */

static int namespaces_check(const struct spec_linux *l, struct error *err)
{
	static const char *const types[] = { "pid", "network", "mount",	 "ipc",
					     "uts", "user",    "cgroup", "time" };

	vec_each (&l->namespaces, n) {
		size_t at = (size_t)(n - l->namespaces.v);

		if (word_check("type", n->type, types, ARRAY_SIZE(types), err) < 0)
			return error_add(err, "namespaces: [%zu]", at);
		for (size_t i = 0; i < at; i++)
			if (strcmp(l->namespaces.v[i].type, n->type) == 0)
				return error_set(err, ERR_INVALID, "namespaces: two of type %s",
						 n->type);
		if (n->path && n->path[0] && n->path[0] != '/') {
			error_set(err, ERR_INVALID, "path: '%.200s' is not absolute", n->path);
			return error_add(err, "namespaces: [%zu]", at);
		}
	}
	return 0;
}

static int id_map_check(const struct spec_id_map *m, struct error *err)
{
	if (range_check("containerID", m->container_id, ID_MAX, err) < 0 ||
	    range_check("hostID", m->host_id, ID_MAX, err) < 0 ||
	    range_check("size", m->size, UINT32_MAX, err) < 0)
		return -1;
	if (!m->size || m->container_id + m->size > UINT32_MAX || m->host_id + m->size > UINT32_MAX)
		return error_set(err, ERR_INVALID, "size: the range is empty or ends beyond 2^32");
	return 0;
}

static int devices_check(const struct spec_linux *l, struct error *err)
{
	static const char *const types[] = { "c", "b", "u", "p" };

	vec_each (&l->devices, d)
		if (word_check("type", d->type, types, ARRAY_SIZE(types), err) < 0 ||
		    range_check("major", d->major, VALUE_MAX, err) < 0 ||
		    range_check("minor", d->minor, VALUE_MAX, err) < 0 ||
		    range_check("fileMode", d->file_mode, 0177777, err) < 0 ||
		    range_check("uid", d->uid, ID_MAX, err) < 0 ||
		    range_check("gid", d->gid, ID_MAX, err) < 0)
			return error_add(err, "devices: [%zu]", (size_t)(d - l->devices.v));
	return 0;
}

static int personality_check(const struct spec_personality *p, struct error *err)
{
	static const char *const domains[] = { "LINUX", "LINUX32" };

	if (p->flags.n)
		return error_set(err, ERR_INVALID, "flags: '%.60s' is not known", p->flags.v[0]);
	return word_check("domain", p->domain, domains, ARRAY_SIZE(domains), err);
}

static int time_offsets_check(const struct spec_linux *l, struct error *err)
{
	const struct spec_time_offset *all[] = { l->time_offsets->monotonic,
						 l->time_offsets->boottime };
	bool given = false, is_new = false;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		given |= all[i] != NULL;
		if (all[i] && number_check("nanosecs", all[i]->nanosecs, 0, 999999999, err) < 0)
			return error_add(err, i ? "boottime" : "monotonic");
	}
	vec_each (&l->namespaces, n)
		is_new |= strcmp(n->type, "time") == 0 && str_empty(n->path);
	if (given && !is_new)
		return error_set(err, ERR_INVALID, "there is no new time namespace to set them in");
	return 0;
}

const char *const spec_memory_modes[] = {
	"MPOL_DEFAULT",	  "MPOL_BIND",		 "MPOL_INTERLEAVE", "MPOL_WEIGHTED_INTERLEAVE",
	"MPOL_PREFERRED", "MPOL_PREFERRED_MANY", "MPOL_LOCAL",	    NULL,
};
const char *const spec_memory_flags[] = {
	"MPOL_F_NUMA_BALANCING",
	"MPOL_F_RELATIVE_NODES",
	"MPOL_F_STATIC_NODES",
	NULL,
};

static size_t count(const char *const *words)
{
	size_t n = 0;

	while (words[n])
		n++;
	return n;
}

static int memory_policy_check(const struct spec_memory_policy *m, struct error *err)
{
	if (word_check("mode", m->mode, spec_memory_modes, count(spec_memory_modes), err) < 0)
		return -1;
	strv_each (&m->flags, i)
		if (word_check("flags", m->flags.v[i], spec_memory_flags, count(spec_memory_flags),
			       err) < 0)
			return -1;
	return list_check("nodes", m->nodes, err);
}

/* A cgroup stays below where it is to be: its path may not climb. */
static int cgroups_path_check(const char *path, struct error *err)
{
	for (const char *c = path ? path : ""; *c; c += strspn(c, "/")) {
		size_t n = strcspn(c, "/");

		if (n == 2 && c[0] == '.' && c[1] == '.')
			return error_set(err, ERR_INVALID, "cgroupsPath: '%.200s' has a '..'", path);
		c += n;
	}
	return 0;
}

static int linux_check(const struct spec_linux *l, struct error *err)
{
	static const char *const propagations[] = { "private",	"slave",  "shared",  "unbindable",
						    "rprivate", "rslave", "rshared", "runbindable" };

	if (namespaces_check(l, err) < 0 || devices_check(l, err) < 0 ||
	    cgroups_path_check(l->cgroups_path, err) < 0)
		return -1;
	vec_each (&l->uid_mappings, m)
		if (id_map_check(m, err) < 0)
			return error_add(err, "uidMappings");
	vec_each (&l->gid_mappings, m)
		if (id_map_check(m, err) < 0)
			return error_add(err, "gidMappings");
	if (l->personality && personality_check(l->personality, err) < 0)
		return error_add(err, "personality");
	if (l->time_offsets && time_offsets_check(l, err) < 0)
		return error_add(err, "timeOffsets");
	if (l->memory_policy && memory_policy_check(l->memory_policy, err) < 0)
		return error_add(err, "memoryPolicy");
	if (l->intel_rdt && spec_intel_rdt_check(l->intel_rdt, err) < 0)
		return error_add(err, "intelRdt");
	if (spec_net_devices_check(l, err) < 0)
		return -1;
	if (l->resources && spec_resources_check(l->resources, err) < 0)
		return -1;
	if (!str_empty(l->rootfs_propagation))
		return word_check("rootfsPropagation", l->rootfs_propagation, propagations,
				  ARRAY_SIZE(propagations), err);
	return 0;
}

static int mount_check(const struct spec_mount *m, struct error *err)
{
	if (!m->destination[0])
		return error_set(err, ERR_INVALID, "destination: empty");
	if ((m->uid_mappings.n != 0) != (m->gid_mappings.n != 0))
		return error_set(err, ERR_INVALID, "%s: missing, as the other is there",
				 m->uid_mappings.n ? "gidMappings" : "uidMappings");
	vec_each (&m->uid_mappings, map)
		if (id_map_check(map, err) < 0)
			return error_add(err, "uidMappings");
	vec_each (&m->gid_mappings, map)
		if (id_map_check(map, err) < 0)
			return error_add(err, "gidMappings");
	return 0;
}

int spec_check(const struct spec *s, struct error *err)
{
	if (!str_starts(s->oci_version, "1."))
		return error_set(err, ERR_INVALID, "ociVersion: '%.40s' is not 1.x", s->oci_version);
	if (!s->root.path[0])
		return error_set(err, ERR_INVALID, "root: path: empty");
	if (s->process && spec_process_check(s->process, err) < 0)
		return error_add(err, "process");
	vec_each (&s->mounts, m)
		if (mount_check(m, err) < 0)
			return error_add(err, "mounts: [%zu]", (size_t)(m - s->mounts.v));
	if (s->hooks && all_hooks_check(s->hooks, err) < 0)
		return -1;
	if (linux_check(&s->linux_, err) < 0)
		return error_add(err, "linux");
	return 0;
}
