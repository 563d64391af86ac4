/*
 * profile.c - system call profiles of users: docker's and OCI's JSON, compiled by libseccomp.
 *
 * Never  weakens a profile silently: unknown system call names are skipped, as every runtime does
 *        (they cannot be called), but unknown actions and operators are errors.
 * Spec   runtime-spec config-linux.md, "Seccomp"; docker's default.json for its extensions.
 */
#include "profile.h"
#include "runtime/defaults.h"
#include "seccomp_plan.h"
#include "util/fd.h"
#include "util/fields.h"
#include "util/lazy.h"

#include <linux/bpf_common.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

struct profile_arg {
	int64_t index, value, value_two;
	char *op;
};
struct profile_condition {
	struct strv caps, arches;
	char *min_kernel;
};
struct profile_rule {
	char *name, *action;
	struct strv names;
	int64_t errno_ret;
	VEC(struct profile_arg) args;
	struct profile_condition includes, excludes;
};
struct profile_arch {
	char *architecture;
	struct strv sub;
};
struct profile {
	char *default_action, *listener_path, *listener_metadata;
	int64_t default_errno_ret;
	struct strv architectures, flags;
	VEC(struct profile_arch) arch_map;
	VEC(struct profile_rule) rules;
};
static const struct field arg_fields[] = {
	F_INT_(struct profile_arg, index, "index", FIELD_REQUIRED | FIELD_KEEP),
	F_INT_(struct profile_arg, value, "value", FIELD_REQUIRED | FIELD_KEEP),
	F_INT(struct profile_arg, value_two, "valueTwo"),
	F_STR_(struct profile_arg, op, "op", FIELD_REQUIRED),
	F_END,
};
static const struct field condition_fields[] = {
	F_STRV(struct profile_condition, caps, "caps"),
	F_STRV(struct profile_condition, arches, "arches"),
	F_STR(struct profile_condition, min_kernel, "minKernel"),
	F_END,
};
static const struct field rule_fields[] = {
	F_STR(struct profile_rule, name, "name"),
	F_STRV(struct profile_rule, names, "names"),
	F_STR_(struct profile_rule, action, "action", FIELD_REQUIRED),
	F_INT(struct profile_rule, errno_ret, "errnoRet"),
	F_VEC(struct profile_rule, args, "args", arg_fields),
	F_OBJ(struct profile_rule, includes, "includes", condition_fields),
	F_OBJ(struct profile_rule, excludes, "excludes", condition_fields),
	F_END,
};
static const struct field arch_fields[] = {
	F_STR(struct profile_arch, architecture, "architecture"),
	F_STRV(struct profile_arch, sub, "subArchitectures"),
	F_END,
};
static const struct field profile_fields[] = {
	F_STR_(struct profile, default_action, "defaultAction", FIELD_REQUIRED),
	F_INT(struct profile, default_errno_ret, "defaultErrnoRet"),
	F_STRV(struct profile, architectures, "architectures"),
	F_STRV(struct profile, flags, "flags"),
	F_STR(struct profile, listener_path, "listenerPath"),
	F_STR(struct profile, listener_metadata, "listenerMetadata"),
	F_VEC(struct profile, arch_map, "archMap", arch_fields),
	F_VEC(struct profile, rules, "syscalls", rule_fields),
	F_END,
};
static const struct fields_limits profile_limits = { .max_bytes = 4 << 20, .max_depth = 16 };

static void profile_done(struct profile *p)
{
	fields_done(profile_fields, p);
}

static int profile_parse(const char *json, size_t n, struct profile *p, struct error *err)
{
	fields_init(profile_fields, p);
	/* docker's files have comments and members for other programs */
	if (fields_parse(profile_fields, json, n, &profile_limits, FIELDS_LENIENT, p, err) < 0)
		return error_add(err, "seccomp");
	return 0;
}

/* The members that OCI has, of the tables above. */
static const struct field oci_rule_fields[] = {
	F_STRV_(struct profile_rule, names, "names", FIELD_REQUIRED),
	F_STR_(struct profile_rule, action, "action", FIELD_REQUIRED),
	F_INT(struct profile_rule, errno_ret, "errnoRet"),
	F_VEC(struct profile_rule, args, "args", arg_fields),
	F_END,
};
static const struct field oci_fields[] = {
	F_STR_(struct profile, default_action, "defaultAction", FIELD_REQUIRED),
	F_INT(struct profile, default_errno_ret, "defaultErrnoRet"),
	F_STRV(struct profile, architectures, "architectures"),
	F_STRV(struct profile, flags, "flags"),
	F_STR(struct profile, listener_path, "listenerPath"),
	F_STR(struct profile, listener_metadata, "listenerMetadata"),
	F_VEC(struct profile, rules, "syscalls", oci_rule_fields),
	F_END,
};

/* linux.seccomp: what is not known here is a mistake. */
static int oci_parse(const char *json, struct profile *p, struct error *err)
{
	fields_init(profile_fields, p);
	if (fields_parse(oci_fields, json, strlen(json), &profile_limits, FIELDS_STRICT, p, err) < 0)
		return error_add(err, "seccomp");
	return 0;
}

struct api {
	const char *(*seccomp_syscall_resolve_num_arch)(uint32_t, int);
	scmp_filter_ctx (*seccomp_init)(uint32_t);
	void (*seccomp_release)(scmp_filter_ctx);
	int (*seccomp_arch_add)(scmp_filter_ctx, uint32_t);
	int (*seccomp_arch_remove)(scmp_filter_ctx, uint32_t);
	uint32_t (*seccomp_arch_native)(void);
	uint32_t (*seccomp_arch_resolve_name)(const char *);
	int (*seccomp_attr_set)(scmp_filter_ctx, enum scmp_filter_attr, uint32_t);
	int (*seccomp_syscall_resolve_name)(const char *);
	int (*seccomp_rule_add_array)(scmp_filter_ctx, uint32_t, int, unsigned,
				      const struct scmp_arg_cmp *);
	int (*seccomp_export_bpf)(scmp_filter_ctx, int);
};
static struct api api;
static const struct lazy_symbol api_symbols[] = {
	LAZY_SYMBOL(struct api, seccomp_syscall_resolve_num_arch),
	LAZY_SYMBOL(struct api, seccomp_init),
	LAZY_SYMBOL(struct api, seccomp_release),
	LAZY_SYMBOL(struct api, seccomp_arch_add),
	LAZY_SYMBOL(struct api, seccomp_arch_remove),
	LAZY_SYMBOL(struct api, seccomp_arch_native),
	LAZY_SYMBOL(struct api, seccomp_arch_resolve_name),
	LAZY_SYMBOL(struct api, seccomp_attr_set),
	LAZY_SYMBOL(struct api, seccomp_syscall_resolve_name),
	LAZY_SYMBOL(struct api, seccomp_rule_add_array),
	LAZY_SYMBOL(struct api, seccomp_export_bpf),
	LAZY_END,
};
static struct lazy lazy_seccomp = LAZY("seccomp", "libseccomp.so.2", &api, api_symbols);
LAZY_NOTE(seccomp, "libseccomp.so.2", "custom system call profiles", "recommended");

static int action_of(const char *text, int64_t errno_ret, uint32_t *action, struct error *err)
{
	static const struct {
		const char *name;
		uint32_t action;
	} actions[] = {
		{ "SCMP_ACT_ALLOW", SCMP_ACT_ALLOW },
		{ "SCMP_ACT_LOG", SCMP_ACT_LOG },
		{ "SCMP_ACT_TRAP", SCMP_ACT_TRAP },
		{ "SCMP_ACT_KILL", SCMP_ACT_KILL_THREAD },
		{ "SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD },
		{ "SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS },
		{ "SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(0) },
		{ "SCMP_ACT_TRACE", SCMP_ACT_TRACE(0) },
		{ "SCMP_ACT_NOTIFY", SCMP_ACT_NOTIFY },
	};

	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		if (!str_eq(text, actions[i].name))
			continue;
		*action = actions[i].action;
		if (*action == SCMP_ACT_ERRNO(0) || *action == SCMP_ACT_TRACE(0)) {
			int64_t e = errno_ret == UNSET ? EPERM : errno_ret;

			if (e < 0 || e > 0xffff)
				return error_set(err, ERR_INVALID, "seccomp: errnoRet %lld",
						 (long long)e);
			*action |= (uint32_t)e;
		}
		return 0;
	}
	return error_set(err, ERR_INVALID, "seccomp: unknown action '%s'", text);
}

static int condition_of(const struct profile_arg *a, struct scmp_arg_cmp *c, struct error *err)
{
	static const struct {
		const char *name;
		enum scmp_compare op;
	} ops[] = {
		{ "SCMP_CMP_NE", SCMP_CMP_NE },
		{ "SCMP_CMP_LT", SCMP_CMP_LT },
		{ "SCMP_CMP_LE", SCMP_CMP_LE },
		{ "SCMP_CMP_EQ", SCMP_CMP_EQ },
		{ "SCMP_CMP_GE", SCMP_CMP_GE },
		{ "SCMP_CMP_GT", SCMP_CMP_GT },
		{ "SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ },
	};

	if (a->index < 0 || a->index > 5)
		return error_set(err, ERR_INVALID, "seccomp: args: index %lld is not 0 to 5",
				 (long long)a->index);
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
		if (str_eq(a->op, ops[i].name)) {
			c->arg = (unsigned)a->index;
			c->op = ops[i].op;
			c->datum_a = (scmp_datum_t)a->value;
			c->datum_b = a->value_two == UNSET ? 0 : (scmp_datum_t)a->value_two;
			return 0;
		}
	return error_set(err, ERR_INVALID, "seccomp: args: unknown operator '%s'", a->op);
}

static int rule_add_name(scmp_filter_ctx ctx, const char *name, uint32_t action, unsigned n,
			 const struct scmp_arg_cmp *when, bool alternatives, struct error *err)
{
	int nr = api.seccomp_syscall_resolve_name(name), rc;

	if (nr == __NR_SCMP_ERROR) { /* newer than libseccomp? */
		for (size_t i = 0; i < ARRAY_SIZE(seccomp_numbers); i++)
			if (str_eq(seccomp_numbers[i].name, name))
				nr = seccomp_numbers[i].number;
		if (nr == __NR_SCMP_ERROR)
			return 0;
	}
	for (unsigned i = 0; i < (alternatives ? n : 1); i++) {
		rc = api.seccomp_rule_add_array(ctx, action, nr, alternatives ? 1 : n,
						alternatives ? when + i : when);
		/* another architecture has no such call, or one that is denied as a whole */
		if (rc < 0 && rc != -EFAULT && rc != -EEXIST && rc != -EDOM) {
			errno = -rc;
			return error_sys(err, "seccomp: rule for %s", name);
		}
	}
	return 0;
}

static int rule_add(scmp_filter_ctx ctx, const struct profile_rule *r, uint32_t default_action,
		    struct error *err)
{
	struct scmp_arg_cmp when[64];
	unsigned seen = 0, n = 0;
	bool alternatives = false; /* several conditions on one argument: any of them */
	uint32_t action;

	if (action_of(r->action, r->errno_ret, &action, err) < 0)
		return -1;
	if (r->args.n > ARRAY_SIZE(when))
		return error_set(err, ERR_LIMIT, "seccomp: more than %zu args", ARRAY_SIZE(when));
	vec_each (&r->args, a) {
		if (condition_of(a, &when[n], err) < 0)
			return -1;
		alternatives |= (seen & (1u << when[n].arg)) != 0;
		seen |= 1u << when[n++].arg;
	}
	if (action == default_action)
		return 0;
	strv_each (&r->names, i)
		if (rule_add_name(ctx, r->names.v[i], action, n, when, alternatives, err) < 0)
			return -1;
	return 0;
}

static int architectures_set(scmp_filter_ctx ctx, const struct strv *names, struct error *err)
{
	strv_each (names, i) {
		char lower[32];
		uint32_t token;
		size_t k;
		int rc;

		/* "SCMP_ARCH_X86_64" is "x86_64" there */
		if (!str_starts(names->v[i], "SCMP_ARCH_"))
			return error_set(err, ERR_INVALID, "seccomp: architecture '%s'", names->v[i]);
		for (k = 0; names->v[i][10 + k] && k < sizeof(lower) - 1; k++)
			lower[k] = (char)(names->v[i][10 + k] |
					  ((names->v[i][10 + k] >= 'A' && names->v[i][10 + k] <= 'Z')
						   ? 0x20
						   : 0));
		lower[k] = 0;
		token = api.seccomp_arch_resolve_name(lower);
		if (token == 0)
			return error_set(err, ERR_INVALID, "seccomp: unknown architecture '%s'",
					 names->v[i]);
		rc = api.seccomp_arch_add(ctx, token);
		if (rc < 0 && rc != -EEXIST) {
			errno = -rc;
			return error_sys(err, "seccomp: architecture %s", names->v[i]);
		}
	}
	return 0;
}

static int profile_export(const struct profile *p, scmp_filter_ctx ctx, uint32_t default_action,
			  struct str *bpf, struct error *err)
{
	auto_close int fd = -1;
	int rc;

	api.seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
	api.seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* absent before 2.5: slower */
	if (architectures_set(ctx, &p->architectures, err) < 0)
		return -1;
	vec_each (&p->rules, r)
		if (rule_add(ctx, r, default_action, err) < 0)
			return -1;
	fd = memfd_create("seccomp", MFD_CLOEXEC);
	if (fd < 0)
		return error_sys(err, "seccomp: memfd_create");
	rc = api.seccomp_export_bpf(ctx, fd);
	if (rc < 0) {
		errno = -rc;
		return error_sys(err, "seccomp: compile the profile");
	}
	if (lseek(fd, 0, SEEK_SET) < 0)
		return error_sys(err, "seccomp: rewind");
	return fd_read_all(fd, bpf, BPF_MAXINSNS * sizeof(struct sock_filter), err);
}

/* Who is asked about a call must have been told where: nothing that we need for it may wait. */
static int profile_notifies(const struct profile *p, unsigned *flags, struct error *err)
{
	if (str_eq(p->default_action, "SCMP_ACT_NOTIFY"))
		return error_set(err, ERR_UNSUPPORTED,
				 "seccomp: defaultAction: SCMP_ACT_NOTIFY cannot be the default");
	vec_each (&p->rules, r) {
		if (!str_eq(r->action, "SCMP_ACT_NOTIFY"))
			continue;
		*flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
		if (strv_has(&r->names, "sendmsg"))
			return error_set(err, ERR_UNSUPPORTED,
					 "seccomp: SCMP_ACT_NOTIFY cannot be used for sendmsg");
	}
	if (p->listener_metadata && !p->listener_path)
		return error_set(err, ERR_INVALID, "seccomp: listenerMetadata without listenerPath");
	return 0;
}

static int profile_flags(const struct profile *p, unsigned *flags, struct error *err)
{
	static const struct {
		const char *name;
		unsigned flag;
	} known[] = {
		{ "SECCOMP_FILTER_FLAG_TSYNC", 0 }, /* there is one thread */
		{ "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
		{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
		{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV },
	};

	*flags = 0;
	strv_each (&p->flags, i) {
		size_t k;

		for (k = 0; k < ARRAY_SIZE(known) && !str_eq(known[k].name, p->flags.v[i]); k++)
			;
		if (k == ARRAY_SIZE(known))
			return error_set(err, ERR_UNSUPPORTED, "seccomp: flags: '%s' is not known",
					 p->flags.v[i]);
		*flags |= known[k].flag;
	}
	return profile_notifies(p, flags, err);
}

int profile_compile(const char *json, struct str *out, struct error *err)
{
	auto_done(profile) struct profile p;
	uint32_t action;
	unsigned flags;
	scmp_filter_ctx ctx;
	int rc;

	if (oci_parse(json, &p, err) < 0 || profile_flags(&p, &flags, err) < 0)
		return -1;
	if (action_of(p.default_action, p.default_errno_ret, &action, err) < 0 ||
	    lazy_load(&lazy_seccomp, err) < 0)
		return -1;
	ctx = api.seccomp_init(action);
	if (!ctx)
		return error_set(err, ERR_SYSTEM, "seccomp: libseccomp does not start");
	str_addn(out, (const char *)&flags, sizeof(flags));
	rc = profile_export(&p, ctx, action, out, err);
	api.seccomp_release(ctx);
	return rc;
}

int profile_listener(const char *json, char **path, char **metadata, struct error *err)
{
	auto_done(profile) struct profile p;

	if (oci_parse(json, &p, err) < 0)
		return -1;
	*path = take_ptr(&p.listener_path);
	*metadata = take_ptr(&p.listener_metadata);
	return 0;
}

/* ---- docker's form of a profile ---- */

#if defined(__x86_64__)
#define ARCH_DOCKER "amd64"
#define ARCH_SCMP   "SCMP_ARCH_X86_64"
#elif defined(__aarch64__)
#define ARCH_DOCKER "arm64"
#define ARCH_SCMP   "SCMP_ARCH_AARCH64"
#else
#define ARCH_DOCKER "riscv64"
#define ARCH_SCMP   "SCMP_ARCH_RISCV64"
#endif

/* includes and excludes: every list that is given counts; a rule stays if all includes hold... */
static bool condition_includes(const struct profile_condition *c, const struct strv *caps)
{
	strv_each (&c->caps, i)
		if (!strv_has(caps, c->caps.v[i]))
			return false;
	return c->arches.n == 0 || strv_has(&c->arches, ARCH_DOCKER);
	/* minKernel is older than any kernel that has what we need */
}

/* ... and no exclude does. */
static bool condition_excludes(const struct profile_condition *c, const struct strv *caps)
{
	strv_each (&c->caps, i)
		if (strv_has(caps, c->caps.v[i]))
			return true;
	return strv_has(&c->arches, ARCH_DOCKER);
}

static bool profile_is_plain(const struct profile *p)
{
	if (p->arch_map.n)
		return false;
	vec_each (&p->rules, r)
		if (r->name || r->includes.caps.n || r->includes.arches.n || r->includes.min_kernel ||
		    r->excludes.caps.n || r->excludes.arches.n || r->excludes.min_kernel)
			return false;
	return true;
}

static void profile_resolve(struct profile *p, const struct strv *capabilities)
{
	size_t kept = 0;

	vec_each (&p->arch_map, a)
		if (str_eq(a->architecture, ARCH_SCMP) && p->architectures.n == 0) {
			strv_add(&p->architectures, a->architecture);
			strv_copy(&p->architectures, &a->sub);
		}
	for (size_t i = 0; i < p->rules.n; i++) {
		struct profile_rule *r = &p->rules.v[i];

		if (!condition_includes(&r->includes, capabilities) ||
		    condition_excludes(&r->excludes, capabilities)) {
			fields_done(rule_fields, r);
			continue;
		}
		if (r->name)
			strv_add(&r->names, r->name);
		p->rules.v[kept++] = *r;
	}
	p->rules.n = kept;
}

char *seccomp_from_profile(const char *json, size_t n, const struct strv *capabilities,
			   struct error *err)
{
	auto_done(profile) struct profile p;
	struct str out = { 0 };
	uint32_t action;

	if (profile_parse(json, n, &p, err) < 0 ||
	    action_of(p.default_action, p.default_errno_ret, &action, err) < 0)
		return NULL;
	vec_each (&p.rules, r)
		if (action_of(r->action, r->errno_ret, &action, err) < 0)
			return NULL;
	if (!profile_is_plain(&p))
		profile_resolve(&p, capabilities);
	fields_format(oci_fields, &p, false, &out);
	return str_take(&out);
}
