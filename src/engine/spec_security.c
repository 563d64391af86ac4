/*
 * spec_security.c - what the container may do: capabilities, system calls, namespaces, hidden paths.
 *
 * The defaults are those of SECURITY.md section 3; an option that widens them says so by name.
 */
#include "spec_parts.h"

#include "runtime/defaults.h"

void security_done(struct security *s)
{
	strv_done(&s->mask);
	strv_done(&s->unmask);
}

static int parse_unmask(struct security *s, const char *value)
{
	auto_done(strv) struct strv parts = { 0 };

	strv_split(&parts, value, ':');
	strv_each (&parts, i)
		if (strcmp(parts.v[i], "ALL") == 0 || strcmp(parts.v[i], "all") == 0)
			s->unmask_all = true;
		else
			strv_add(&s->unmask, parts.v[i]);
	return 0;
}

static int parse_one(struct security *s, const char *opt, struct error *err)
{
	static const char *const names[] = {
		"no-new-privileges", "seccomp", "apparmor", "label", "mask", "unmask", "systempaths"
	};
	size_t n = strcspn(opt, "=:");
	const char *value = opt[n] ? opt + n + 1 : NULL;
	auto_free char *key = xstrndup(opt, n);
	const char *near;

	if (strcmp(key, "no-new-privileges") == 0) {
		if (value && strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
			return error_set(err, ERR_USAGE, "no-new-privileges: must be true or false");
		s->no_new_privileges = !value || strcmp(value, "true") == 0;
	} else if (strcmp(key, "seccomp") == 0 && !str_empty(value)) {
		s->seccomp_unconfined = strcmp(value, "unconfined") == 0;
		s->seccomp_profile = s->seccomp_unconfined ? NULL : value;
	} else if (strcmp(key, "apparmor") == 0 && !str_empty(value)) {
		s->apparmor = value;
	} else if (strcmp(key, "label") == 0 && !str_empty(value)) {
		s->label = value;
	} else if (strcmp(key, "mask") == 0 && !str_empty(value)) {
		strv_split(&s->mask, value, ':');
	} else if (strcmp(key, "unmask") == 0 && !str_empty(value)) {
		return parse_unmask(s, value);
	} else if (strcmp(key, "systempaths") == 0 && mode_is(value, "unconfined")) {
		s->unmask_all = true;
	} else {
		near = str_nearest(key, names, ARRAY_SIZE(names));
		error_set(err, ERR_USAGE, "'%s' is not a security option", opt);
		if (near && strcmp(near, key) != 0)
			error_hint(err, "did you mean '%s'?", near);
		return -1;
	}
	return 0;
}

int security_parse(const struct strv *opts, struct security *s, struct error *err)
{
	memset(s, 0, sizeof(*s));
	strv_each (opts, i)
		if (parse_one(s, opts->v[i], err) < 0)
			return error_add(err, "--security-opt");
	return 0;
}

/* ---- capabilities ---- */

static bool is_all(const char *s)
{
	return strcasecmp(s, "ALL") == 0 || strcasecmp(s, "CAP_ALL") == 0;
}

static void add_list(struct strv *to, const char *const *names)
{
	for (; *names; names++)
		strv_add(to, *names);
}

/* Drop comes before add; ALL in either is every one. */
static int bounding_set(const struct run_request *r, struct strv *set, struct error *err)
{
	bool add_all = r->privileged, drop_all = false;

	strv_each (&r->cap_add, i)
		add_all |= is_all(r->cap_add.v[i]);
	strv_each (&r->cap_drop, i)
		drop_all |= is_all(r->cap_drop.v[i]);
	if (add_all)
		add_list(set, capability_all);
	else if (!drop_all)
		add_list(set, default_capabilities);
	strv_each (&r->cap_drop, i) {
		const char *name = r->cap_drop.v[i], *cap = capability_name(name);

		if (!cap && !is_all(name))
			return error_set(err, ERR_USAGE, "--cap-drop: '%s' is not a capability",
					 name);
		for (size_t k = 0; cap && k < set->n; k++)
			if (strcmp(set->v[k], cap) == 0)
				strv_remove(set, k--);
	}
	strv_each (&r->cap_add, i) {
		const char *name = r->cap_add.v[i], *cap = capability_name(name);

		if (!cap && !is_all(name))
			return error_set(err, ERR_USAGE, "--cap-add: '%s' is not a capability", name);
		if (cap && !strv_has(set, cap))
			strv_add(set, cap);
	}
	strv_sort(set);
	return 0;
}

/*
 * Root has its set effective; another user has it as a bound only, but what was added by name is
 * ambient, so that it survives the exec. Inheritable only as ambient requires: CVE-2022-24769.
 */
static int make_capabilities(const struct run_request *r, struct spec_process *p, struct error *err)
{
	struct spec_capabilities *c = xcalloc(1, sizeof(*c));

	p->capabilities = c;
	if (bounding_set(r, &c->bounding, err) < 0)
		return -1;
	if (p->user.uid == 0) {
		strv_copy(&c->effective, &c->bounding);
		strv_copy(&c->permitted, &c->bounding);
		return 0;
	}
	strv_each (&r->cap_add, i) {
		const char *cap = capability_name(r->cap_add.v[i]);

		if (!cap || strv_has(&c->ambient, cap))
			continue;
		strv_add(&c->ambient, cap);
		strv_add(&c->effective, cap);
		strv_add(&c->permitted, cap);
		strv_add(&c->inheritable, cap);
	}
	return 0;
}

static int make_seccomp(const struct spec_input *in, const struct security *s, struct spec *out,
			struct error *err)
{
	const struct strv *caps = &out->process->capabilities->bounding;

	if (s->seccomp_unconfined || (in->request->privileged && !s->seccomp_profile))
		return 0;
	if (s->seccomp_profile) {
		out->linux_.seccomp = seccomp_from_profile(s->seccomp_profile,
							   strlen(s->seccomp_profile), caps, err);
		return out->linux_.seccomp ? 0 : error_add(err, "--security-opt seccomp");
	}
	out->linux_.seccomp = seccomp_default(caps, &out->linux_.seccomp_shared);
	return 0;
}

static void make_paths(const struct spec_input *in, const struct security *s, struct spec *out)
{
	struct spec_linux *l = &out->linux_;

	if (!in->request->privileged && !s->unmask_all) {
		for (const char *const *p = default_masked_paths; *p; p++)
			if (!strv_has(&s->unmask, *p))
				strv_add(&l->masked_paths, *p);
		for (const char *const *p = default_readonly_paths; *p; p++)
			if (!strv_has(&s->unmask, *p))
				strv_add(&l->readonly_paths, *p);
	}
	strv_copy(&l->masked_paths, &s->mask);
}

/* A user namespace with the caller's id alone has no group 0. */
static bool maps_root_group(const struct spec_input *in, const struct spec *out)
{
	vec_each (&out->linux_.gid_mappings, m)
		if (m->container_id == 0)
			return true;
	return out->linux_.gid_mappings.n == 0 && userns_has_id(&in->facts->gids, 0);
}

/* Only in namespaces of the container's own; the runtime refuses the rest by its allow-list. */
static void make_sysctl(const struct spec_input *in, struct spec *out)
{
	bool own_network = !mode_is(in->request->network, "host") && !in->join_network;

	if (own_network) {
		if (maps_root_group(in, out))
			strmap_set(&out->linux_.sysctl, "net.ipv4.ping_group_range", "0 0");
		strmap_set(&out->linux_.sysctl, "net.ipv4.ip_unprivileged_port_start", "0");
	}
	strmap_copy(&out->linux_.sysctl, &in->request->sysctl);
}

int spec_security(const struct spec_input *in, struct spec *out, struct error *err)
{
	auto_done(security) struct security s = { 0 };
	struct spec_process *p = out->process;

	if (security_parse(&in->request->security_opt, &s, err) < 0 ||
	    make_capabilities(in->request, p, err) < 0)
		return -1;
	p->no_new_privileges = s.no_new_privileges;
	if (s.apparmor) {
		if (!in->facts->apparmor && strcmp(s.apparmor, "unconfined") != 0)
			return error_set(err, ERR_UNSUPPORTED,
					 "--security-opt apparmor=%s: AppArmor is not enabled on "
					 "this host",
					 s.apparmor);
		if (in->facts->apparmor && strcmp(s.apparmor, "unconfined") != 0)
			p->apparmor_profile = xstrdup(s.apparmor);
	}
	if (s.label && strcmp(s.label, "disable") != 0)
		return error_set(err, ERR_UNSUPPORTED,
				 "--security-opt label=%s: SELinux labels are not supported, only "
				 "label=disable",
				 s.label);
	if (make_seccomp(in, &s, out, err) < 0)
		return -1;
	make_paths(in, &s, out);
	make_sysctl(in, out);
	if (in->mounts)
		vec_each (&in->mounts->devices, d) {
			vec_push(&out->linux_.devices, *d);
			out->linux_.devices.v[out->linux_.devices.n - 1].type = xstrdup(d->type);
			out->linux_.devices.v[out->linux_.devices.n - 1].path = xstrdup(d->path);
		}
	return 0;
}

/* ---- namespaces ---- */

static void add_namespace(struct spec *out, const char *type, const char *path)
{
	struct spec_namespace *n = vec_add(&out->linux_.namespaces);

	n->type = xstrdup(type);
	n->path = xstrdup_or_null(path);
}

/*
 * container 0..keep-1 are our 1..keep; keep is our 0, the caller; the rest is itself. Fills up to
 * three maps and returns how many.
 */
static size_t map_ids(const id_maps *ours, uint32_t keep, struct spec_id_map maps[3])
{
	uint32_t total = 0;
	size_t n = 0;

	vec_each (ours, o)
		total = MAX(total, o->inside + o->count);
	if (keep > 0 && total > 1)
		maps[n++] = (struct spec_id_map){ 0, 1, MIN(keep, total - 1) };
	maps[n++] = (struct spec_id_map){ keep, 0, 1 };
	if (total > keep + 1)
		maps[n++] = (struct spec_id_map){ keep + 1, keep + 1, total - keep - 1 };
	return n;
}

static void add_user_namespace(const struct host_facts *f, struct spec *out)
{
	struct spec_id_map maps[3];
	size_t n;

	add_namespace(out, "user", NULL);
	n = map_ids(&f->uids, f->userns.caller_uid, maps);
	for (size_t i = 0; i < n; i++)
		vec_push(&out->linux_.uid_mappings, maps[i]);
	n = map_ids(&f->gids, f->userns.caller_gid, maps);
	for (size_t i = 0; i < n; i++)
		vec_push(&out->linux_.gid_mappings, maps[i]);
}

/*
 * keep-id: a second user namespace in which the caller keeps its number, so that what the container
 * writes to a bind mount is the caller's. Real root keeps its id as it is.
 * -u with the caller's own number means the same without root: nobody else's files are wanted.
 */
static bool wants_keep_id(const struct spec_input *in)
{
	const struct run_request *r = in->request;
	const struct userns *u = &in->facts->userns;

	if (userns_ids_are_hosts(u))
		return false;
	if (mode_is(r->userns, "keep-id"))
		return true;
	return !r->userns && in->user && in->user->uid == u->caller_uid && in->user->uid != 0 &&
	       !r->build_step;
}

int spec_namespaces(const struct spec_input *in, struct spec *out, struct error *err)
{
	const struct run_request *r = in->request;

	if (r->userns && !mode_is(r->userns, "host") && !mode_is(r->userns, "keep-id") && r->userns[0])
		return error_set(err, ERR_USAGE, "--userns '%s': must be host or keep-id", r->userns);
	add_namespace(out, "mount", NULL);
	if (!mode_is(r->pid, "host"))
		add_namespace(out, "pid", in->join_pid);
	if (!mode_is(r->ipc, "host"))
		add_namespace(out, "ipc", in->join_ipc);
	if (!mode_is(r->uts, "host"))
		add_namespace(out, "uts", in->join_uts);
	if (!mode_is(r->network, "host"))
		add_namespace(out, "network", in->join_network);
	if (!mode_is(r->cgroupns, "host"))
		add_namespace(out, "cgroup", NULL);
	if (wants_keep_id(in))
		add_user_namespace(in->facts, out);
	return 0;
}
