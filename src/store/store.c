/*
 * store.c - where the store is, its folders and its lock.
 *
 * Owns   the root directory, `format` and `lock`. `format` is a symbolic link whose text is the
 *        number of the layout: one readlink tells that this is a store and that we know it.
 * Never  changes a directory that it cannot tell to be a store or empty.
 */
#include "store/store.h"

#include "store_private.h"
#include "util/fd.h"
#include "util/path.h"

#include <errno.h>
#include <linux/fs.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/ioctl.h>

#define STORE_FORMAT 1

static const char *const dir_names[STORE_DIRS] = {
	[STORE_BLOBS] = "blobs/sha256",	   [STORE_LAYERS] = "layers", [STORE_IMAGES] = "images",
	[STORE_CONTAINERS] = "containers", [STORE_NAMES] = "names",   [STORE_VOLUMES] = "volumes",
	[STORE_NETWORKS] = "networks",	   [STORE_CACHE] = "cache",   [STORE_TMP] = "tmp",
};
const struct fields_limits store_limits = { .max_bytes = RECORD_MAX, .max_depth = 32 };

/* The home directory in /etc/passwd, else wherever else the machine keeps its users. */
static char *home_of(uid_t uid)
{
	FILE *f = fopen("/etc/passwd", "re");
	struct passwd *pw = NULL;
	char *home = NULL;

	while (f && (pw = fgetpwent(f)))
		if (pw->pw_uid == uid)
			break;
	if (!pw)
		pw = getpwuid(uid);
	if (pw && pw->pw_dir[0] == '/')
		home = xstrdup(pw->pw_dir);
	if (f)
		fclose(f);
	return home;
}

char *store_default_path(uid_t caller, struct error *err)
{
	const char *env = getenv("HOME");
	auto_free char *home = NULL;

	if (caller == 0)
		return xstrdup("/var/lib/hod");
	home = env && env[0] == '/' ? xstrdup(env) : home_of(caller);
	if (!home) {
		error_set(err, ERR_NOTFOUND, "no home directory for user %u", (unsigned)caller);
		error_hint(err, "say where the store is with --root or HOD_ROOT");
		return NULL;
	}
	return xasprintf("%s/.local/share/hod", home);
}

/* 1 it is ours to use, 0 it has no format, -1 */
static int format_check(const struct store *st, struct error *err)
{
	char text[16];
	ssize_t n = readlinkat(st->root, "format", text, sizeof(text) - 1);
	uint64_t format;

	if (n < 0 && errno == ENOENT)
		return 0;
	if (n < 0 && errno != EINVAL)
		return error_sys(err, "read the format of the store %s", st->path);
	text[n < 0 ? 0 : n] = '\0';
	if (!str_u64(text, &format) || format == 0)
		return error_set(err, ERR_INVALID, "%s is not a store of hod: its 'format' is '%s'",
				 st->path, text);
	if (format > STORE_FORMAT)
		return error_set(err, ERR_UNSUPPORTED,
				 "the store %s has format %s, this version knows up to %d",
				 st->path, text, STORE_FORMAT);
	return 1;
}

/* A directory without format: only an empty one may become a store. */
static int format_make(const struct store *st, unsigned flags, struct error *err)
{
	auto_done(strv) struct strv names = { 0 };
	int r;

	if (dir_list(st->root, &names, err) < 0)
		return error_add(err, "store %s", st->path);
	for (size_t i = names.n; i-- > 0;)
		if (strcmp(names.v[i], "lost+found") == 0)
			strv_remove(&names, i);
	if (names.n > 0) {
		/* another process may have made it since we looked */
		r = format_check(st, err);
		if (r != 0)
			return r;
		return error_set(err, ERR_INVALID, "%s is not a store of hod, and not empty",
				 st->path);
	}
	if (!(flags & STORE_CREATE))
		return 0;
	if (fchmod(st->root, 0700) < 0)
		return error_sys(err, "set the mode of %s", st->path);
	if (symlinkat("1", st->root, "format") < 0 && errno != EEXIST)
		return error_sys(err, "make the store %s", st->path);
	return format_check(st, err);
}

/* 1 opened, 0 not there, -1 */
static int root_open(struct store *st, unsigned flags, struct error *err)
{
	struct stat s;
	int r;

	st->root = open(st->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (st->root < 0 && errno == ENOENT && flags & STORE_CREATE) {
		if (dir_make_all(st->path, 0700, err) < 0)
			return error_add(err, "store");
		st->root = open(st->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (st->root < 0 && errno == ENOENT)
		return 0;
	if (st->root < 0)
		return error_sys(err, "open the store %s", st->path);
	if (fstat(st->root, &s) < 0)
		return error_sys(err, "stat the store %s", st->path);
	if (s.st_uid != geteuid()) {
		error_set(err, ERR_DENIED, "the store %s belongs to user %u, not to you", st->path,
			  (unsigned)s.st_uid);
		return error_hint(err, "each user has a store of their own; see --root");
	}
	r = format_check(st, err);
	if (r == 0)
		r = format_make(st, flags, err);
	if (r <= 0)
		return r;
	/* images hold setuid programs and other people's secrets: nobody else may look in */
	if (s.st_mode & 077 && fchmod(st->root, 0700) < 0)
		return error_sys(err, "set the mode of %s", st->path);
	return 1;
}

int store_open(const char *path, unsigned flags, struct store *st, struct error *err)
{
	auto_free char *cwd = path[0] == '/' ? NULL : getcwd(NULL, 0);
	const char *sync = getenv("HOD_SYNC");
	int r;

	*st = (struct store){ .root = -1, .durable = !sync || strcmp(sync, "no") != 0 };
	for (int i = 0; i < STORE_DIRS; i++)
		st->dirs[i] = -1;
	if (path[0] != '/' && !cwd)
		return error_sys(err, "find the current directory");
	st->path = cwd ? path_join(cwd, path) : path_clean(path);
	r = root_open(st, flags, err);
	if (r < 0)
		store_close(st);
	else if (r == 0)
		auto_close_fd(&st->root);
	return r < 0 ? -1 : 0;
}

void store_close(struct store *st)
{
	for (int i = 0; i < STORE_DIRS; i++)
		auto_close_fd(&st->dirs[i]);
	auto_close_fd(&st->root);
	free(st->path);
	st->path = NULL;
}

int store_dir_find(struct store *st, enum store_dir which, int *fd, struct error *err)
{
	if (st->dirs[which] < 0) {
		if (st->root < 0)
			return 0;
		st->dirs[which] = openat(st->root, dir_names[which],
					 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (st->dirs[which] < 0 && errno == ENOENT)
			return 0;
		if (st->dirs[which] < 0)
			return error_sys(err, "open %s/%s", st->path, dir_names[which]);
	}
	*fd = st->dirs[which];
	return 1;
}

/*
 * What is in it is not related: ext4 is to spread it over the disk (chattr +T). Else all containers
 * would be of one block group, and there each new inode is searched for among those that were
 * removed within the last minutes, which ext4 does not use again so soon: after 200 containers half
 * of a start's time.
 */
static void spread(int dir)
{
	int flags;

	if (ioctl(dir, FS_IOC_GETFLAGS, &flags) == 0) {
		flags |= FS_TOPDIR_FL;
		ioctl(dir, FS_IOC_SETFLAGS, &flags); /* others than ext4 know nothing of it */
	}
}

int store_dir(struct store *st, enum store_dir which, struct error *err)
{
	const char *name = dir_names[which], *slash = strchr(name, '/');
	auto_free char *parent = slash ? xstrndup(name, (size_t)(slash - name)) : NULL;
	int fd, r = store_dir_find(st, which, &fd, err);

	if (r < 0)
		return -1;
	if (r == 1)
		return fd;
	if (st->root < 0)
		return error_set(err, ERR_NOTFOUND, "there is no store at %s", st->path);
	if ((parent && mkdirat(st->root, parent, 0700) < 0 && errno != EEXIST) ||
	    (mkdirat(st->root, name, 0700) < 0 && errno != EEXIST))
		return error_sys(err, "make %s/%s", st->path, name);
	r = store_dir_find(st, which, &fd, err);
	if (r == 0)
		return error_set(err, ERR_BUSY, "%s/%s was removed", st->path, name);
	if (r == 1 && which == STORE_CONTAINERS)
		spread(fd);
	return r < 0 ? -1 : fd;
}

int store_lock(struct store *st, enum lock_mode mode, struct error *err)
{
	auto_close int fd = -1;

	if (st->root < 0)
		return error_set(err, ERR_NOTFOUND, "there is no store at %s", st->path);
	fd = openat(st->root, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_sys(err, "open the lock of the store %s", st->path);
	if (lock_take(fd, mode, err) < 0)
		return error_add(err, "store %s", st->path);
	return take_fd(&fd);
}

int store_sync(const struct store *st, int fd, struct error *err)
{
	if (st->durable && fsync(fd) < 0)
		return error_sys(err, "sync");
	return 0;
}

int store_sync_fs(const struct store *st, int fd, struct error *err)
{
	if (st->durable && syncfs(fd) < 0)
		return error_sys(err, "sync the file system of the store");
	return 0;
}

bool error_may_pass(const struct error *err)
{
	return err->kind == ERR_SYSTEM || err->kind == ERR_DENIED;
}

int store_trash(struct store *st, int dirfd, const char *name, struct error *err)
{
	char trash[] = "trash-0123456789abcdef";
	int tmp = store_dir(st, STORE_TMP, err);

	if (tmp < 0)
		return -1;
	random_hex(trash + 6, 16);
	if (renameat(dirfd, name, tmp, trash) < 0) {
		if (errno == ENOENT)
			return 0;
		return error_sys(err, "remove %s", name);
	}
	return tree_remove(tmp, trash, err);
}

int small_read(int dirfd, const char *name, char *buf, size_t size, size_t *n, struct error *err)
{
	auto_close int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t r;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return error_sys(err, "open %s", name);
	do
		r = read(fd, buf, size - 1);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return error_sys(err, "read %s", name);
	if ((size_t)r == size - 1)
		return error_set(err, ERR_LIMIT, "%s: longer than %zu bytes", name, size - 2);
	buf[r] = '\0';
	*n = (size_t)r;
	return 1;
}
