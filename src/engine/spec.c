/*
 * spec.c - request + image + facts -> struct spec, and the process in it.
 *
 * Theory of operation: every default of a container is applied in this file and its spec_*.c
 * neighbours, and nowhere else. They are pure: what needs the host (users, mounts, joined
 * namespaces) was resolved before and comes in as plain values, so that all of it is tested by
 * golden files without root.
 *
 * Spec   runtime-spec 1.2 config.md; image-spec 1.1 conversion.md.
 */
#include "spec_parts.h"

#include "runtime/defaults.h"
#include "util/log.h"

#define NOFILE_HARD_MAX 1048576 /* SECURITY.md 3e */
#define INIT_PATH	"/run/hod-init"

bool mode_is(const char *mode, const char *what)
{
	return mode && strcmp(mode, what) == 0;
}

/* The rules of docker: an entrypoint that was given drops the image's command. */
int spec_command(const struct run_request *r, const struct image_settings *image, struct strv *args,
		 struct error *err)
{
	if (r->has_entrypoint)
		strv_copy(args, &r->entrypoint);
	else if (image)
		strv_copy(args, &image->entrypoint);
	if (r->args.n)
		strv_copy(args, &r->args);
	else if (image && !r->has_entrypoint)
		strv_copy(args, &image->cmd);
	if (args->n == 0) {
		error_set(err, ERR_INVALID, "no command was given and the image has none");
		return error_hint(err, "name a command after the image");
	}
	if (!args->v[0][0])
		return error_set(err, ERR_INVALID, "the command is an empty string");
	return 0;
}

/*
 * K=V of the image or of the request. What has no value is never looked up on the host
 * (CVE-2026-57231): from the image it is dropped, in the request it takes the image's away, as
 * `-e K` does when the caller has no K.
 */
static void set_all(struct strv *env, const struct strv *from, bool may_unset)
{
	strv_each (from, i) {
		const char *entry = from->v[i], *eq = strchr(entry, '=');
		auto_free char *key = eq ? xstrndup(entry, (size_t)(eq - entry)) : xstrdup(entry);

		if (eq && eq != entry)
			strv_env_set(env, key, eq + 1);
		else if (may_unset && *key)
			strv_env_unset(env, key);
		else
			log_warn("the image's environment entry '%s' has no value and is left out",
				 entry);
	}
}

/* Built from nothing; what comes later wins. */
static void make_env(const struct spec_input *in, struct strv *env)
{
	const struct run_request *r = in->request;

	strv_env_set(env, "PATH", DEFAULT_PATH);
	strv_env_set(env, "HOSTNAME", in->hostname);
	strv_env_set(env, "container", "hod");
	if (r->tty)
		strv_env_set(env, "TERM", "xterm");
	if (in->image)
		set_all(env, &in->image->env, false);
	set_all(env, &r->env, true);
	if (!strv_env_get(env, "HOME"))
		strv_env_set(env, "HOME", in->user && in->user->home ? in->user->home : "/");
}

static void add_rlimit(struct spec_process *p, const char *name, uint64_t soft, uint64_t hard)
{
	struct spec_rlimit *l = vec_add(&p->rlimits);

	l->type = xasprintf("RLIMIT_%s", name);
	for (char *c = l->type; *c; c++)
		if (*c >= 'a' && *c <= 'z')
			*c -= 'a' - 'A';
	l->soft_text = xasprintf("%llu", (unsigned long long)soft);
	l->hard_text = xasprintf("%llu", (unsigned long long)hard);
}

static uint64_t limit_value(int64_t v)
{
	return v < 0 ? UINT64_MAX : (uint64_t)v;
}

static void make_rlimits(const struct spec_input *in, struct spec_process *p)
{
	const struct host_facts *f = in->facts;
	bool nofile = false, core = false;

	vec_each (&in->request->ulimits, u) {
		add_rlimit(p, u->name, limit_value(u->soft), limit_value(u->hard));
		nofile |= strcmp(u->name, "nofile") == 0;
		core |= strcmp(u->name, "core") == 0;
	}
	if (!nofile && f->max_nofile_known) {
		uint64_t hard = MIN(f->nofile_hard, (uint64_t)NOFILE_HARD_MAX);

		add_rlimit(p, "nofile", MIN(f->nofile_soft, hard), hard);
	}
	if (!core && in->request->build_step)
		add_rlimit(p, "core", 0, 0); /* no core dumps into images */
}

static int make_process(const struct spec_input *in, struct spec *out, struct error *err)
{
	const struct run_request *r = in->request;
	struct spec_process *p = xcalloc(1, sizeof(*p));

	spec_process_init(p);
	out->process = p;
	p->terminal = r->tty;
	p->user.uid = in->user ? in->user->uid : 0;
	p->user.gid = in->user ? in->user->gid : 0;
	p->user.umask = r->umask ? strtol(r->umask, NULL, 8) : 022;
	if (in->user)
		vec_each (&in->user->groups, g)
			vec_push(&p->user.additional_gids, *g);
	if (r->init)
		strv_add(&p->args, INIT_PATH);
	if (spec_command(r, in->image, &p->args, err) < 0)
		return -1;
	make_env(in, &p->env);
	if (r->workdir)
		p->cwd = xstrdup(r->workdir);
	else if (in->image && !str_empty(in->image->working_dir))
		p->cwd = xstrdup(in->image->working_dir);
	else
		p->cwd = xstrdup("/");
	make_rlimits(in, p);
	p->oom_score_adj = r->oom_score_adj;
	return 0;
}

static void make_root(const struct spec_input *in, struct spec *out)
{
	out->root.path = xstrdup(in->rootfs);
	out->root.readonly = in->request->read_only;
	out->linux_.rootfs_propagation = xstrdup("rprivate");
}

int spec_make(const struct spec_input *in, struct spec *out, struct error *err)
{
	const struct run_request *r = in->request;

	spec_init(out);
	out->oci_version = xstrdup(SPEC_VERSION);
	if (!mode_is(r->uts, "host"))
		out->hostname = xstrdup(in->hostname);
	if (r->domainname)
		out->domainname = xstrdup(r->domainname);
	strmap_copy(&out->annotations, &r->annotations);
	if (!r->rootfs && !userns_may_chown(&in->facts->userns))
		strmap_set(&out->annotations, ANNOTATION_FAKE_OWNERS, "1");
	make_root(in, out);
	if (make_process(in, out, err) < 0 || spec_namespaces(in, out, err) < 0 ||
	    spec_mounts(in, out, err) < 0 || spec_security(in, out, err) < 0)
		return -1;
	spec_limits(in, out);
	return 0;
}
