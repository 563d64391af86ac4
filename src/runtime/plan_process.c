/*
 * plan_process.c - process of the spec -> numbers, masks and the paths to try.
 *
 * Spec   runtime-spec 1.2 config.md "Process" and config-linux.md.
 */
#include "plan.h"

#include "caps.h"
#include "runtime/defaults.h"
#include "util/compat.h"
#include "util/fd.h"
#include "util/log.h"
#include "util/path.h"

#include <linux/capability.h>
#include <linux/seccomp.h>
#include <stdio.h>

static const struct {
	const char *name;
	int resource;
} limits[] = {
	{ "RLIMIT_AS", RLIMIT_AS },
	{ "RLIMIT_CORE", RLIMIT_CORE },
	{ "RLIMIT_CPU", RLIMIT_CPU },
	{ "RLIMIT_DATA", RLIMIT_DATA },
	{ "RLIMIT_FSIZE", RLIMIT_FSIZE },
	{ "RLIMIT_LOCKS", RLIMIT_LOCKS },
	{ "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK },
	{ "RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE },
	{ "RLIMIT_NICE", RLIMIT_NICE },
	{ "RLIMIT_NOFILE", RLIMIT_NOFILE },
	{ "RLIMIT_NPROC", RLIMIT_NPROC },
	{ "RLIMIT_RSS", RLIMIT_RSS },
	{ "RLIMIT_RTPRIO", RLIMIT_RTPRIO },
	{ "RLIMIT_RTTIME", RLIMIT_RTTIME },
	{ "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING },
	{ "RLIMIT_STACK", RLIMIT_STACK },
};

/*
 * Only who has CAP_SYS_RESOURCE on the host can raise a hard limit, which no bit of ours tells for
 * sure. So it is tried, and put back: what cannot be had is lowered later, but never silently.
 */
static void warn_of_lowering(int resource, const struct spec_rlimit *r, uint64_t hard)
{
	struct rlimit now, tried;

	if (getrlimit((__rlimit_resource_t)resource, &now) < 0 || hard <= now.rlim_max)
		return;
	tried = (struct rlimit){ now.rlim_cur, hard };
	if (setrlimit((__rlimit_resource_t)resource, &tried) == 0)
		setrlimit((__rlimit_resource_t)resource, &now);
	else
		log_warn("process.rlimits: %s: %s is more than we may give: it is lowered to %llu",
			 r->type, r->hard_text, (unsigned long long)now.rlim_max);
}

static int plan_limit(const struct spec_rlimit *r, struct plan_process *p, struct error *err)
{
	uint64_t soft, hard;

	if (!r->soft_text || !str_u64(r->soft_text, &soft) || !r->hard_text ||
	    !str_u64(r->hard_text, &hard))
		return error_set(err, ERR_INVALID, "process.rlimits: %s: soft or hard", r->type);
	if (soft > hard)
		return error_set(err, ERR_INVALID, "process.rlimits: %s: soft is above hard",
				 r->type);
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		if (str_eq(limits[i].name, r->type)) {
			warn_of_lowering(limits[i].resource, r, hard);
			vec_push(&p->limits,
				 ((struct plan_limit){ limits[i].resource, { soft, hard } }));
			return 0;
		}
	return error_set(err, ERR_INVALID, "process.rlimits: unknown type '%s'", r->type);
}

static int plan_user(const struct spec_user *u, struct plan_process *p, struct error *err)
{
	if (u->uid < 0 || u->uid >= UINT32_MAX || u->gid < 0 || u->gid >= UINT32_MAX)
		return error_set(err, ERR_INVALID, "process.user: uid or gid out of range");
	p->uid = (uid_t)u->uid;
	p->gid = (gid_t)u->gid;
	p->umask = u->umask == UNSET ? 022 : (mode_t)u->umask & 0777;
	vec_each (&u->additional_gids, g) {
		if (*g < 0 || *g >= UINT32_MAX)
			return error_set(err, ERR_INVALID, "process.user.additionalGids: %lld",
					 (long long)*g);
		vec_push(&p->groups, (gid_t)*g);
	}
	return 0;
}

/* What nobody knows cannot be granted: the spec wants a warning, not a failure. */
static uint64_t plan_mask(const struct strv *names, const char *set)
{
	strv_each (names, i)
		if (capability_number(names->v[i]) < 0)
			log_warn("process.capabilities.%s: unknown '%s'", set, names->v[i]);
	return capability_mask(names);
}

/* None given is none held. Ambient ones that are not permitted and inheritable too cannot be. */
static void plan_capabilities(const struct spec_capabilities *c, struct plan_process *p)
{
	if (!c)
		return;
	p->bounding = plan_mask(&c->bounding, "bounding");
	p->effective = plan_mask(&c->effective, "effective");
	p->permitted = plan_mask(&c->permitted, "permitted");
	p->inheritable = plan_mask(&c->inheritable, "inheritable");
	p->ambient = plan_mask(&c->ambient, "ambient");
	/* root gets what is permitted from exec itself: runc's example has such sets */
	if (p->uid && p->ambient & ~(p->permitted & p->inheritable))
		log_warn("process.capabilities.ambient: what is not permitted and inheritable too "
			 "cannot be granted");
	p->ambient &= p->permitted & p->inheritable;
}

static void plan_commands(struct plan_process *p)
{
	const char *name = p->argv[0], *path = NULL;
	auto_done(strv) struct strv dirs = { 0 };

	if (strchr(name, '/')) {
		strv_add(&p->commands, name);
		return;
	}
	for (char *const *e = p->envp; *e; e++)
		if (str_starts(*e, "PATH="))
			path = *e + 5;
	p->searched = true;
	strv_split(&dirs,
		   path ? path : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", ':');
	strv_each (&dirs, i) {
		const char *dir = dirs.v[i];
		size_t n = strlen(dir);

		if (dir[0] == '/') /* a relative one would mean the container's cwd: too odd */
			strv_addf(&p->commands, "%s%s%s", dir, n && dir[n - 1] == '/' ? "" : "/",
				  name);
	}
}

static bool apparmor_is_on(void)
{
	auto_done(str) struct str text = { 0 };
	struct error ignored = { 0 }; /* a kernel without it has no such file */

	return file_read(AT_FDCWD, "/sys/module/apparmor/parameters/enabled", &text, 16, &ignored) ==
		       0 &&
	       str_starts(str_get(&text), "Y");
}

/* AppArmor and SELinux: what was asked for and cannot be had is no confinement, so it is refused. */
static int plan_label(const struct spec_process *sp, struct plan_process *p, struct error *err)
{
	bool profile =
		!str_empty(sp->apparmor_profile) && !str_eq(sp->apparmor_profile, "unconfined");

	p->label = NULL;
	if (profile && !apparmor_is_on())
		return error_set(err, ERR_UNSUPPORTED,
				 "process.apparmorProfile: this kernel has no AppArmor, or it is "
				 "off: '%.80s' cannot be applied",
				 sp->apparmor_profile);
	if (!str_empty(sp->selinux_label) && !file_exists(AT_FDCWD, "/sys/fs/selinux/enforce"))
		return error_set(err, ERR_UNSUPPORTED,
				 "process.selinuxLabel: this kernel has no SELinux, or it is off: "
				 "'%.80s' cannot be applied",
				 sp->selinux_label);
	if (profile) {
		p->label = sp->apparmor_profile;
		p->label_file = "attr/apparmor/exec";
	} else if (!str_empty(sp->selinux_label)) {
		p->label = sp->selinux_label;
		p->label_file = "attr/exec";
	}
	return 0;
}

/* A created container tells the listener when it is started, any other process at once. */
static int plan_listener(const char *json, struct plan_process *p, struct error *err)
{
	if (!(p->filter.flags & SECCOMP_FILTER_FLAG_NEW_LISTENER))
		return 0;
	p->listener = xcalloc(1, sizeof(*p->listener));
	p->listener->sock = -1;
	return listener_prepare(json, &p->state, "created", p->listener, err);
}

static int plan_filters(const struct spec *spec, const struct runtime_options *o,
			struct plan_process *p, struct error *err)
{
	const struct spec_linux *l = &spec->linux_;
	const char *json = l->seccomp_shared ? l->seccomp_shared : l->seccomp;
	const char *fake = strmap_get(&spec->annotations, ANNOTATION_FAKE_OWNERS);

	if (!str_empty(json) && !str_eq(json, "null") &&
	    seccomp_compile(json, o->cache, &p->filter, err) < 0)
		return error_add(err, "linux");
	if (plan_listener(json, p, err) < 0)
		return error_add(err, "linux");
	/* who may not change owners gets the kernel's own answer */
	if (o->owners && fake && str_eq(fake, "1") && p->effective & 1ULL << CAP_CHOWN)
		seccomp_fake_owners(&p->fakes);
	return 0;
}

int plan_process(const struct spec *spec, const struct spec_process *sp,
		 const struct runtime_options *o, struct plan_process *p, struct error *err)
{
	static char *const no_environment[] = { NULL };

	*p = (struct plan_process){ .spec = sp,
				    .console = -1,
				    .owners = -1,
				    .trampoline = -1,
				    .trampoline_error = -1,
				    .parent = -1,
				    .oom_score_adj = sp->oom_score_adj,
				    .no_new_privs = sp->no_new_privileges,
				    .terminal = sp->terminal,
				    .preserve = o->preserve,
				    .n_preserve = o->n_preserve,
				    .new_keyring = !o->no_new_keyring,
				    .die_with_parent = o->die_with_parent };
	if (sp->args.n == 0 || !sp->args.v[0][0])
		return error_set(err, ERR_INVALID, "process.args is empty");
	if (str_empty(sp->cwd) || sp->cwd[0] != '/')
		return error_set(err, ERR_INVALID, "process.cwd: '%s' is not absolute",
				 sp->cwd ? sp->cwd : "");
	if (sp->oom_score_adj != UNSET && (sp->oom_score_adj < -1000 || sp->oom_score_adj > 1000))
		return error_set(err, ERR_INVALID, "process.oomScoreAdj: %lld",
				 (long long)sp->oom_score_adj);
	p->cwd = sp->cwd;
	p->argv = sp->args.v;
	p->envp = sp->env.v ? sp->env.v : no_environment;
	for (int i = 0; i < 3; i++)
		p->stdio[i] = o->stdio[i];
	if (sp->console_size) {
		p->rows = (unsigned short)sp->console_size->height;
		p->columns = (unsigned short)sp->console_size->width;
	}
	vec_each (&sp->rlimits, r)
		if (plan_limit(r, p, err) < 0)
			return -1;
	p->state = (struct hook_state){ o->id, o->path, 0, &spec->annotations };
	if (plan_user(&sp->user, p, err) < 0)
		return -1;
	plan_capabilities(sp->capabilities, p);
	if (plan_filters(spec, o, p, err) < 0)
		return -1;
	schedule_plan(sp, &spec->linux_, &p->schedule);
	if (plan_label(sp, p, err) < 0)
		return -1;
	plan_commands(p);
	if (p->commands.n == 0)
		return error_set(err, ERR_NOCOMMAND,
				 "exec: \"%s\": executable file not found in $PATH", p->argv[0]);
	if (p->die_with_parent) {
		p->parent = sys_pidfd_open(getpid(), 0);
		if (p->parent < 0)
			return error_sys(err, "pidfd_open");
	}
	return 0;
}

void plan_process_done(struct plan_process *p)
{
	strv_done(&p->commands);
	vec_done(&p->groups);
	vec_done(&p->limits);
	seccomp_filter_done(&p->filter);
	auto_close_fd(&p->parent);
	auto_close_fd(&p->console);
	auto_close_fd(&p->owners);
	auto_close_fd(&p->trampoline);
	auto_close_fd(&p->trampoline_error);
	if (p->listener)
		listener_done(p->listener);
	free(p->listener);
	free(p->trampoline_argv);
}
