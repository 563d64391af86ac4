/*
 * owner_watch.c - see owner_watch.h.
 *
 * Never  allocates while it serves; never uses the process's root or working directory: those of
 *        the thread are its own (CLONE_FS undone), and what is ours is named below w->proc.
 */
#include "runtime/owner_watch.h"

#include "util/compat.h"
#include "util/fd.h"
#include "util/owner_mark.h"

#include <errno.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#define STACK_SIZE ((size_t)256 << 10)
#define KEEP	   UINT32_MAX /* chown's -1 */

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv)
#define NATIVE_ARCH AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__)
#define NATIVE_ARCH AUDIT_ARCH_PPC64LE
#elif defined(__s390x__)
#define NATIVE_ARCH AUDIT_ARCH_S390X
#else
#define NATIVE_ARCH 0 /* all calls are answered with success, and forgotten */
#endif

struct owner_watch {
	pthread_t thread;
	int listener, proc, notes;
	int stop;	/* an eventfd */
	uint64_t mount; /* of the rootfs; 0: not known, nothing is on it */
	bool lenient, noted;
	union { /* the kernel's may be larger than the one we were compiled with */
		struct seccomp_notif n;
		char room[512];
	} request;
	union {
		struct seccomp_notif_resp r;
		char room[512];
	} response;
};

/* ---- what was called ---- */

enum { NONE = -1 };
struct call {
	int nr;
	int dir, path, value, flags; /* which arguments; value: uid and gid, or mode and device */
	bool node, nofollow;
};
static const struct call calls[] = {
#ifdef SYS_chown
	{ SYS_chown, NONE, 0, 1, NONE, false, false },
	{ SYS_lchown, NONE, 0, 1, NONE, false, true },
#endif
	{ SYS_fchown, 0, NONE, 1, NONE, false, false },
	{ SYS_fchownat, 0, 1, 2, 4, false, false },
#ifdef SYS_mknod
	{ SYS_mknod, NONE, 0, 1, NONE, true, true },
#endif
	{ SYS_mknodat, 0, 1, 2, NONE, true, true },
};

static const struct call *call_find(const struct seccomp_data *d)
{
	for (size_t i = 0; d->arch == NATIVE_ARCH && i < ARRAY_SIZE(calls); i++)
		if (calls[i].nr == d->nr)
			return &calls[i];
	return NULL;
}

/* What becomes of a call: it is carried out by the kernel, or ends with an errno, 0 being success. */
enum { GO_ON = -1 };

static int elsewhere(const struct owner_watch *w)
{
	return w->lenient ? 0 : GO_ON;
}

/* ---- what is meant ---- */

struct target {
	pid_t pid;
	int dir; /* a number of the caller's, or AT_FDCWD */
	bool has_path, nofollow;
	char path[PATH_MAX];
};

static int proc_open(const struct owner_watch *w, pid_t pid, const char *what, int flags)
{
	char name[64];

	snprintf(name, sizeof(name), "%d/%s", (int)pid, what);
	return openat(w->proc, name, flags | O_CLOEXEC);
}

/* A string of the caller's memory, page by page: what comes after it need not be readable. */
static int text_read(int mem, uint64_t at, char *buf, size_t size)
{
	size_t used = 0;

	while (used < size) {
		size_t part = MIN(size - used, (size_t)(4096 - (at + used) % 4096));
		ssize_t n = pread(mem, buf + used, part, (off_t)(at + used));

		if (n <= 0) {
			errno = EFAULT;
			return -1;
		}
		if (memchr(buf + used, '\0', (size_t)n))
			return 0;
		used += (size_t)n;
	}
	errno = ENAMETOOLONG;
	return -1;
}

static int target_read(const struct owner_watch *w, const struct call *c, struct target *t)
{
	const struct seccomp_notif *n = &w->request.n;
	uint64_t flags = c->flags == NONE ? 0 : n->data.args[c->flags];
	auto_close int mem = -1;

	t->pid = (pid_t)n->pid;
	t->dir = c->dir == NONE ? AT_FDCWD : (int)n->data.args[c->dir];
	t->has_path = c->path != NONE;
	t->nofollow = c->nofollow || flags & AT_SYMLINK_NOFOLLOW;
	t->path[0] = '\0';
	if (!t->has_path)
		return 0;
	mem = proc_open(w, t->pid, "mem", O_RDONLY);
	if (mem < 0 || text_read(mem, n->data.args[c->path], t->path, sizeof(t->path)) < 0)
		return -1;
	if (!t->path[0] && !(flags & AT_EMPTY_PATH)) {
		errno = ENOENT;
		return -1;
	}
	return 0;
}

static int base_open(const struct owner_watch *w, const struct target *t)
{
	char name[32];

	if (t->path[0] == '/')
		return proc_open(w, t->pid, "root", O_PATH | O_DIRECTORY);
	if (t->dir == AT_FDCWD)
		return proc_open(w, t->pid, "cwd", O_PATH | O_DIRECTORY);
	snprintf(name, sizeof(name), "fd/%d", t->dir);
	return proc_open(w, t->pid, name, O_PATH);
}

/* From here on the caller's root is ours: absolute paths, links and ".." mean what it means. */
static int enter_root(const struct owner_watch *w, pid_t pid)
{
	auto_close int root = proc_open(w, pid, "root", O_PATH | O_DIRECTORY);

	/* path: the directory that we are in */
	return root < 0 || fchdir(root) < 0 || chroot(".") < 0 ? -1 : 0;
}

/* O_PATH. When the caller is still the one that asked, its root and directory were what we used. */
static int target_open(const struct owner_watch *w, const struct target *t)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC | (t->nofollow ? O_NOFOLLOW : 0U),
				.resolve = RESOLVE_NO_MAGICLINKS };
	auto_close int base = base_open(w, t), fd = -1;

	if (base < 0 || !t->path[0])
		return take_fd(&base);
	if (enter_root(w, t->pid) < 0)
		return -1;
	fd = sys_openat2(base, t->path, &how, sizeof(how));
	return take_fd(&fd);
}

static bool still_asking(const struct owner_watch *w)
{
	uint64_t id = w->request.n.id;

	return ioctl(w->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

/* ---- marks ---- */

/* In the order of what is cheap: an attribute, else a note. None at all is 0:0. */
static void mark_find(const struct owner_watch *w, int fd, const struct owner_key *key,
		      struct owner_mark *m)
{
	*m = (struct owner_mark){ 0 };
	if (owner_mark_get(w->proc, fd, m) == 0 && w->noted)
		owner_note_find(w->notes, key, m);
}

/* Where it is below the root that we have taken over. */
static bool path_of(const struct owner_watch *w, int fd, char path[static PATH_MAX])
{
	char name[48];
	ssize_t n;

	snprintf(name, sizeof(name), "self/fd/%d", fd);
	n = readlinkat(w->proc, name, path, PATH_MAX - 1);
	path[n > 0 ? n : 0] = '\0';
	return n > 1 && path[0] == '/';
}

static int note_add(const struct owner_watch *w, int fd, const struct owner_key *key, bool copied,
		    const struct owner_mark *m)
{
	struct owner_note note = { *key, *m };
	char path[PATH_MAX];

	if (owner_note_add(w->notes, &note) < 0)
		return errno;
	if (!copied || !path_of(w, fd, path))
		return 0;
	note.key = owner_key_by_path(path + 1, key);
	return owner_note_add(w->notes, &note) < 0 ? errno : 0;
}

/* copied: this call brought it up from a layer below */
static int mark_keep(struct owner_watch *w, int fd, const struct owner_key *key, bool copied,
		     const struct owner_mark *m)
{

	if (owner_mark_set(w->proc, fd, m) == 0)
		return 0;
	if (errno != ENOTSUP)
		return errno;
	/* one that was never noted, and need not be */
	if (!w->noted && !m->uid && !m->gid && !m->type)
		return 0;
	w->noted = true;
	return note_add(w, fd, key, copied, m);
}

/* ---- chown ---- */

static int chown_perform(struct owner_watch *w, const struct call *c, int fd)
{
	const __u64 *args = w->request.n.data.args;
	uid_t uid = (uid_t)args[c->value];
	gid_t gid = (gid_t)args[c->value + 1];
	struct owner_key key, now;
	struct owner_mark m;
	bool copied;

	if (owner_key_of(fd, &key, NULL) < 0)
		return errno;
	mark_find(w, fd, &key, &m);
	/* what changing the owner does besides: it is copied up from the layer below, set-user-ID
	 * goes, ctime moves; and where nothing may be written it fails */
	if (fchownat(fd, "", 0, 0, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0)
		return errno;
	if (uid != KEEP)
		m.uid = uid;
	if (gid != KEEP)
		m.gid = gid;
	if (owner_key_of(fd, &now, NULL) < 0)
		return errno;
	copied = now.born_s != key.born_s || now.born_ns != key.born_ns;
	return mark_keep(w, fd, &now, copied, &m);
}

static int chown_serve(struct owner_watch *w, const struct call *c, const struct target *t)
{
	auto_close int fd = target_open(w, t);
	struct owner_key key;
	uint64_t mount;

	if (!still_asking(w))
		return 0; /* nobody hears it */
	if (fd < 0)	  /* the kernel finds what is wrong; a magic link leads out of the tree */
		return errno == ELOOP ? elsewhere(w) : GO_ON;
	if (owner_key_of(fd, &key, &mount) < 0 || !mount || mount != w->mount)
		return elsewhere(w);
	return chown_perform(w, c, fd);
}

/* ---- mknod ---- */

static mode_t umask_of(const struct owner_watch *w, pid_t pid)
{
	auto_close int fd = proc_open(w, pid, "status", O_RDONLY);
	char text[1024];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	const char *at;
	unsigned mask = 022;

	text[n > 0 ? n : 0] = '\0';
	at = strstr(text, "\nUmask:");
	if (!at || sscanf(at + 7, "%o", &mask) != 1)
		return 022;
	return mask;
}

static int node_make(struct owner_watch *w, const struct call *c, int dir, const char *name)
{
	const __u64 *args = w->request.n.data.args;
	mode_t mode = (mode_t)args[c->value], mask = umask_of(w, (pid_t)w->request.n.pid);
	uint32_t dev = (uint32_t)args[c->value + 1];
	struct owner_mark m = { .type = mode & S_IFMT,
				/* as the kernel packs it */
				.rdev = makedev(dev >> 8 & 0xfff,
						(dev & 0xff) | (dev >> 12 & 0xfff00)) };
	struct owner_key key;
	auto_close int fd = -1;
	int r;

	umask(0);
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    mode & 07777 & ~mask);
	if (fd < 0 || owner_key_of(fd, &key, NULL) < 0)
		return errno;
	r = mark_keep(w, fd, &key, false, &m);
	if (r)
		unlinkat(dir, name, 0);
	return r;
}

static int node_serve(struct owner_watch *w, const struct call *c, struct target *t)
{
	char name[NAME_MAX + 1];
	char *slash = strrchr(t->path, '/');
	const char *base = slash ? slash + 1 : t->path;
	auto_close int dir = -1;
	struct owner_key key;
	uint64_t mount;

	/* char 0:0 anyone may make: it is overlayfs's whiteout */
	if (!*base || strlen(base) > NAME_MAX || strcmp(base, ".") == 0 ||
	    strcmp(base, "..") == 0 || w->request.n.data.args[c->value + 1] == 0)
		return GO_ON;
	snprintf(name, sizeof(name), "%s", base);
	if (slash)
		slash[slash == t->path] = '\0';
	else
		snprintf(t->path, sizeof(t->path), ".");
	t->nofollow = false;
	dir = target_open(w, t);
	if (!still_asking(w))
		return 0;
	if (dir < 0)
		return errno == ELOOP ? elsewhere(w) : GO_ON;
	if (owner_key_of(dir, &key, &mount) < 0 || !mount || mount != w->mount)
		return elsewhere(w);
	return node_make(w, c, dir, name);
}

/* ---- serving ---- */

static int serve_call(struct owner_watch *w)
{
	const struct call *c = call_find(&w->request.n.data);
	struct target t;

	if (!c) /* setgroups, or another architecture's */
		return 0;
	if (target_read(w, c, &t) < 0)
		return GO_ON;
	return c->node ? node_serve(w, c, &t) : chown_serve(w, c, &t);
}

static void serve_one(struct owner_watch *w)
{
	int r;

	memset(&w->request, 0, sizeof(w->request));
	memset(&w->response, 0, sizeof(w->response));
	if (ioctl(w->listener, SECCOMP_IOCTL_NOTIF_RECV, &w->request) < 0)
		return; /* the caller was killed meanwhile */
	r = serve_call(w);
	w->response.r.id = w->request.n.id;
	w->response.r.error = r == GO_ON ? 0 : -r;
	w->response.r.flags = r == GO_ON ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0;
	ioctl(w->listener, SECCOMP_IOCTL_NOTIF_SEND, &w->response);
}

static void *watch_run(void *arg)
{
	struct owner_watch *w = arg;
	struct pollfd p[] = { { w->listener, POLLIN, 0 }, { w->stop, POLLIN, 0 } };

	if (unshare(CLONE_FS) < 0) /* the process's root is not to be moved */
		return NULL;
	for (;;) {
		if (poll(p, ARRAY_SIZE(p), -1) < 0 && errno != EINTR)
			return NULL;
		if (p[1].revents || p[0].revents & (POLLHUP | POLLERR | POLLNVAL))
			return NULL;
		if (p[0].revents & POLLIN)
			serve_one(w);
	}
}

static void watch_free(struct owner_watch *w)
{
	auto_close_fd(&w->listener);
	auto_close_fd(&w->proc);
	auto_close_fd(&w->notes);
	auto_close_fd(&w->stop);
	free(w);
}

/* Which mount the container's root is; 0 when its init has ended. */
static uint64_t mount_of(const struct owner_watch *w, pid_t init)
{
	auto_close int root = proc_open(w, init, "root", O_PATH | O_DIRECTORY);
	struct owner_key key;
	uint64_t mount;

	return root < 0 || owner_key_of(root, &key, &mount) < 0 ? 0 : mount;
}

static int watch_open(struct owner_watch *w, const struct owner_watch_options *o, struct error *err)
{
	w->proc = openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (w->proc < 0)
		return error_sys(err, "open /proc");
	w->stop = eventfd(0, EFD_CLOEXEC);
	if (w->stop < 0)
		return error_sys(err, "eventfd");
	w->notes = openat(o->dir, OWNER_NOTES, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (w->notes < 0)
		return error_sys(err, "create %s", OWNER_NOTES);
	w->noted = fd_size(w->notes) > 0;
	w->mount = mount_of(w, o->init);
	return 0;
}

static int watch_begin(struct owner_watch *w, struct error *err)
{
	pthread_attr_t attr;
	sigset_t all, before;
	int sys;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	/* signals are for the thread that waits for them */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	sys = pthread_create(&w->thread, &attr, watch_run, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	errno = sys;
	return sys ? error_sys(err, "start a thread for the owners of files") : 0;
}

int owner_watch_start(const struct owner_watch_options *o, struct owner_watch **out, struct error *err)
{
	struct owner_watch *w;

	*out = NULL;
	if (o->listener < 0)
		return 0;
	w = xcalloc(1, sizeof(*w));
	w->listener = o->listener;
	w->lenient = o->lenient;
	w->proc = w->notes = w->stop = -1;
	if (watch_open(w, o, err) < 0 || watch_begin(w, err) < 0) {
		watch_free(w);
		return -1;
	}
	*out = w;
	return 0;
}

void owner_watch_stop(struct owner_watch *w)
{
	const uint64_t one = 1;

	if (!w)
		return;
	/* cannot block, nor fail: it is the first write */
	if (write(w->stop, &one, sizeof(one)) == (ssize_t)sizeof(one))
		pthread_join(w->thread, NULL);
	watch_free(w);
}
