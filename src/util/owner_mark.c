/*
 * owner_mark.c - see owner_mark.h.
 *
 * Never  allocates: a monitor serves chown(2) with it while its container runs.
 */
#include "util/owner_mark.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define MARK_MAX 64

bool owner_mark_is(const char *xattr)
{
	return strncmp(xattr, "user.hod.", 9) == 0;
}

static bool mark_parse(const char *text, struct owner_mark *m)
{
	unsigned uid, gid, type = 0;
	unsigned long long rdev = 0;
	char end;
	int n = sscanf(text, "%u:%u:%o:%llu%c", &uid, &gid, &type, &rdev, &end);

	if ((n != 2 && n != 4) || (n == 2 && strspn(text, "0123456789:") != strlen(text)))
		return false;
	if (n == 4 && type != S_IFCHR && type != S_IFBLK)
		return false;
	*m = (struct owner_mark){ uid, gid, type, rdev };
	return true;
}

static int mark_read(ssize_t (*get)(const char *, const char *, void *, size_t), const char *path,
		     struct owner_mark *m)
{
	char text[MARK_MAX];
	ssize_t n = get(path, OWNER_MARK, text, sizeof(text) - 1);

	if (n < 0)
		return 0;
	text[n] = '\0';
	return mark_parse(text, m);
}

static int mark_write(int (*set)(const char *, const char *, const void *, size_t, int),
		      int (*unset)(const char *, const char *), const char *path,
		      const struct owner_mark *m)
{
	char text[MARK_MAX];
	int n = m->type ? snprintf(text, sizeof(text), "%u:%u:%o:%llu", m->uid, m->gid, m->type,
				   (unsigned long long)m->rdev)
			: snprintf(text, sizeof(text), "%u:%u", m->uid, m->gid);

	if (!m->uid && !m->gid && !m->type)
		n = unset(path, OWNER_MARK) < 0 && errno != ENODATA ? -1 : 0;
	else
		n = set(path, OWNER_MARK, text, (size_t)n, 0);
	/* of a kind that may have none; or there is no room for one more */
	if (n < 0 && (errno == EPERM || errno == ENOSPC))
		errno = ENOTSUP;
	return n;
}

/* The link of /proc leads to the very file, also when that is a symbolic link itself. */
static int fd_name(int proc, int fd, char buf[static 48])
{
	snprintf(buf, 48, "%sself/fd/%d", proc < 0 ? "/proc/" : "", fd);
	return proc < 0 ? 0 : fchdir(proc);
}

int owner_mark_get(int proc, int fd, struct owner_mark *m)
{
	char name[48];

	return fd_name(proc, fd, name) < 0 ? 0 : mark_read(getxattr, name, m);
}

int owner_mark_set(int proc, int fd, const struct owner_mark *m)
{
	char name[48];

	return fd_name(proc, fd, name) < 0 ? -1 : mark_write(setxattr, removexattr, name, m);
}

int owner_mark_read(int fd, struct owner_mark *m)
{
	char text[MARK_MAX];
	ssize_t n = fgetxattr(fd, OWNER_MARK, text, sizeof(text) - 1);

	if (n < 0)
		return 0;
	text[n] = '\0';
	return mark_parse(text, m);
}

int owner_mark_get_at(int dirfd, const char *name, struct owner_mark *m)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dirfd, name);
	return mark_read(lgetxattr, path, m);
}

int owner_mark_set_at(int dirfd, const char *name, const struct owner_mark *m)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dirfd, name);
	return mark_write(lsetxattr, lremovexattr, path, m);
}

int owner_key_of(int fd, struct owner_key *key, uint64_t *mount)
{
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC,
		  STATX_INO | STATX_BTIME | STATX_MNT_ID, &st) < 0)
		return -1;
	*key = (struct owner_key){ .ino = st.stx_ino };
	if (st.stx_mask & STATX_BTIME) {
		key->born_s = st.stx_btime.tv_sec;
		key->born_ns = st.stx_btime.tv_nsec;
	}
	if (mount)
		*mount = st.stx_mask & STATX_MNT_ID ? st.stx_mnt_id : 0;
	return 0;
}

struct owner_key owner_key_by_path(const char *path, const struct owner_key *key)
{
	uint64_t hash = 0xcbf29ce484222325; /* FNV-1a */

	for (; *path; path++)
		hash = (hash ^ (unsigned char)*path) * 0x100000001b3;
	/* no inode has the highest bit of its number set */
	return (struct owner_key){ hash | 1ULL << 63, key->born_s, key->born_ns };
}

int owner_note_add(int notes, const struct owner_note *n)
{
	ssize_t w = write(notes, n, sizeof(*n));

	if (w >= 0 && w != (ssize_t)sizeof(*n))
		errno = ENOSPC;
	return w == (ssize_t)sizeof(*n) ? 0 : -1;
}

static bool key_equal(const struct owner_key *a, const struct owner_key *b)
{
	return a->ino == b->ino && a->born_s == b->born_s && a->born_ns == b->born_ns;
}

int owner_note_find(int notes, const struct owner_key *key, struct owner_mark *m)
{
	struct owner_note block[64];
	off_t end = lseek(notes, 0, SEEK_END);

	while (end >= (off_t)sizeof(*block)) {
		off_t start = end > (off_t)sizeof(block) ? end - (off_t)sizeof(block) : 0;
		ssize_t n = pread(notes, block, (size_t)(end - start), start);

		if (n != end - start)
			return 0;
		for (size_t i = (size_t)n / sizeof(*block); i-- > 0;)
			if (key_equal(&block[i].key, key)) {
				*m = block[i].mark;
				return 1;
			}
		end = start;
	}
	return 0;
}
