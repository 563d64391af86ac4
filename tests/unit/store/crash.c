/*
 * Death at any instant, and a full disk at any instant (SECURITY.md R1, R2): an operation is run
 * under ptrace and, for N from 1 on, killed before its Nth system call, or has that call fail with
 * ENOSPC, until it comes through. After each the store must be whole, and the same operation work.
 */
#include "store_env.h"

#include "store/volume.h"

#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>

#define X "docker.io/library/x:1"

/* ---- the operations; each starts from the same furnished store, and can be repeated ---- */

static int op_commit(struct env *e)
{
	struct digest layer = digest_of("b=two"), id;
	struct image_config c;
	struct image i;
	struct staging s = STAGING_NONE;
	struct layer_meta m;
	static const char *const names[] = { X };
	char text[DIGEST_TEXT_MAX];
	int r = -1, fd = -1;

	layer_meta_init(&m);
	m.size = 3;
	m.entries = 1;
	m.tar_size = 10240;
	image_config_init(&c);
	platform_host(&c.platform);
	strv_add(&c.config.cmd, "two");
	strv_add(&c.diff_ids, digest_format(&layer, text));
	if (staging_begin(&e->st, &s, &err) == 0 && mkdirat(s.fd, "diff", 0755) == 0 &&
	    (fd = dir_open(s.fd, "diff", &err)) >= 0 &&
	    file_write(fd, "b", "two", 3, 0644, false, &err) == 0 &&
	    layer_publish(&e->st, &s, &layer, &m, &err) == 0)
		r = image_commit(&e->st, &c, names, 1, &i, &err);
	if (fd >= 0)
		close(fd);
	staging_end(&e->st, &s);
	if (r == 0) {
		id = i.id;
		image_done(&i);
		r = digest_is_set(&id) ? 0 : -1;
	}
	image_config_done(&c);
	layer_meta_done(&m);
	return r;
}

static int op_untag_and_collect(struct env *e)
{
	struct gc_result g = { 0 };
	int r = image_name_remove(&e->st, X, &err);

	if (r < 0 && err.kind == ERR_NOTFOUND) /* the last try came that far */
		r = 0;
	if (r == 0)
		r = store_gc(&e->st, &g, &err);
	gc_result_done(&g);
	return r;
}

static int op_create(struct env *e)
{
	struct container c;
	int r;

	container_init(&c);
	r = container_make(&e->st, &c, "new", &err);
	if (r == 0)
		r = container_record_save(&e->st, &c, &err);
	if (r < 0 && err.kind == ERR_EXISTS) /* made whole by the last try */
		r = 0;
	container_done(&c);
	return r;
}

static int op_rename(struct env *e)
{
	struct container c;
	int r;

	container_init(&c);
	r = container_find(&e->st, "web", &c, &err);
	if (r == 1)
		r = container_rename(&e->st, &c, "other", &err);
	else if (r == 0)
		r = container_find(&e->st, "other", &c, &err) == 1 ? 0 : -1;
	container_done(&c);
	return r;
}

static int op_remove(struct env *e)
{
	struct container c;
	int r;

	container_init(&c);
	r = container_find(&e->st, "web", &c, &err);
	if (r == 0 && c.id[0] == '\0') { /* its name may be gone already: then it goes by its ID */
		containers l = { 0 };

		r = container_list(&e->st, &l, &err);
		if (r == 0 && l.n > 0)
			r = container_remove(&e->st, &l.v[0], &err);
		containers_done(&l);
	} else if (r == 1) {
		r = container_remove(&e->st, &c, &err);
	}
	container_done(&c);
	return r;
}

static int op_volumes(struct env *e)
{
	struct volume v;
	int r = volume_create(&e->st, "fresh", NULL, NULL, &v, &err);

	if (r == 0)
		volume_done(&v);
	else if (err.kind == ERR_EXISTS)
		r = 0;
	if (r == 0)
		r = volume_remove(&e->st, "data", &err);
	return r < 0 && err.kind == ERR_NOTFOUND ? 0 : r;
}

static const struct {
	const char *name;
	int (*run)(struct env *e);
} ops[] = {
	{ "commit", op_commit }, { "untag and collect", op_untag_and_collect },
	{ "create", op_create }, { "rename", op_rename },
	{ "remove", op_remove }, { "volumes", op_volumes },
};

static void furnish(struct env *e)
{
	struct digest layer = env_layer(e, "a", "1");
	struct container c;
	struct volume v;

	env_image(e, X, "one", &layer, 1);
	env_container(e, "web", &c);
	OK(container_state_save(&e->st, &c, false, &err));
	container_done(&c);
	OK(volume_create(&e->st, "data", NULL, NULL, &v, &err));
	volume_done(&v);
	/* the stamp of the sweep goes, so that the operation sweeps too */
	OK(unlinkat(e->st.dirs[STORE_TMP], "swept", 0));
}

/* ---- the tracer ---- */

enum fault { KILL, NOSPACE };

#ifdef __x86_64__
/* Calls that a full disk can make fail. */
static bool can_fail(long nr)
{
	static const long calls[] = { SYS_openat,    SYS_write,	 SYS_mkdirat,	SYS_renameat,
				      SYS_renameat2, SYS_linkat, SYS_symlinkat, SYS_unlinkat,
				      SYS_fsync,     SYS_syncfs, SYS_fchmod,	SYS_utimensat };

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (calls[i] == nr)
			return true;
	return false;
}

/* At the entry of a call: it is not made, and says ENOSPC. False when this one cannot fail so. */
static bool make_fail(pid_t pid)
{
	struct user_regs_struct regs;

	ck_assert_int_eq(ptrace(PTRACE_GETREGS, pid, NULL, &regs), 0);
	if (!can_fail((long)regs.orig_rax))
		return false;
	regs.orig_rax = (unsigned long long)-1;
	ck_assert_int_eq(ptrace(PTRACE_SETREGS, pid, NULL, &regs), 0);
	ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(ptrace(PTRACE_GETREGS, pid, NULL, &regs), 0);
	regs.rax = (unsigned long long)-ENOSPC;
	ck_assert_int_eq(ptrace(PTRACE_SETREGS, pid, NULL, &regs), 0);
	return true;
}
#else
static bool make_fail(pid_t pid)
{
	return false;
}
#endif

/*
 * Runs the operation with the fault at its nth system call. Returns its exit status, -1 when it was
 * killed; *done when it came through without meeting the fault.
 */
static int run_with_fault(struct env *e, int (*run)(struct env *), enum fault fault, int n, bool *done)
{
	int status, count = 0;
	pid_t pid = fork();

	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(run(e) < 0 ? 1 : 0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_EXITKILL);
	*done = false;
	for (bool entry = true;; entry = !entry) {
		ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			*done = true;
			break;
		}
		if (!entry || ++count < n)
			continue;
		if (fault == KILL)
			kill(pid, SIGKILL);
		else if (!make_fail(pid))
			continue; /* the next that can */
		ptrace(fault == KILL ? PTRACE_CONT : PTRACE_DETACH, pid, NULL, NULL);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		break;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void must_be_whole(struct env *e, const char *op, const char *when, int n)
{
	fsck_findings found = { 0 };
	auto_free char *path = xstrdup(e->st.path);

	store_close(&e->st);
	OK(store_open(path, 0, &e->st, &err));
	OK(store_fsck(&e->st, FSCK_DEEP, NULL, &found, &err));
	ck_assert_msg(found.n == 0, "%s, call %d, %s: %s", op, n, when, found.v[0].what);
}

/* _i: operation and fault */
START_TEST(store_is_whole_after_a_fault_at_any_system_call)
{
	enum fault fault = _i % 2 ? NOSPACE : KILL;
	bool done = false;
	int n;

#ifndef __x86_64__
	if (fault == NOSPACE)
		return;
#endif
	for (n = 1; !done; n++) {
		ENV(e);
		const char *op = ops[_i / 2].name;
		int status;

		furnish(&e);
		status = run_with_fault(&e, ops[_i / 2].run, fault, n, &done);
		if (done)
			ck_assert_int_eq(status, 0);
		must_be_whole(&e, op, fault == KILL ? "killed" : "no space", n);
		/* a failure left nothing behind that had to be swept first: all at once again */
		ck_assert_msg(ops[_i / 2].run(&e) == 0, "%s, call %d, again: %s", op, n,
			      error_text(&err, line, sizeof(line)));
		must_be_whole(&e, op, "again", n);
	}
	ck_assert_int_gt(n, 10);
}
END_TEST

UNIT_MAIN("store/crash",
	  TEST_LOOP(store_is_whole_after_a_fault_at_any_system_call, 2 * ARRAY_SIZE(ops)))
