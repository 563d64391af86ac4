/*
 * fd.c - descriptors and whole small files.
 *
 * Files are replaced beside their place and renamed; what a crash leaves is named ".tmp-...".
 */
#include "util/fd.h"

#include "util/compat.h"
#include "util/path.h"

#include <errno.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/sendfile.h>

#define COPY_CHUNK   ((size_t)256 << 10)
#define WRITE_BEHIND ((int64_t)8 << 20)

int fd_write_all(int fd, const void *bytes, size_t n, struct error *err)
{
	const char *p = bytes;
	ssize_t w;

	while (n > 0) {
		w = write(fd, p, n);
		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return error_sys(err, "write");
		p += w;
		n -= (size_t)w;
	}
	return 0;
}

ssize_t fd_read_full(int fd, void *buf, size_t n, struct error *err)
{
	size_t got = 0;
	ssize_t r;

	while (got < n) {
		r = read(fd, (char *)buf + got, n - got);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return error_sys(err, "read");
		if (r == 0)
			break;
		got += (size_t)r;
	}
	return (ssize_t)got;
}

int fd_read_all(int fd, struct str *out, size_t max, struct error *err)
{
	size_t start = out->len;
	int64_t size = fd_size(fd);
	ssize_t r;

	/* one byte more than expected shows the end without a second growth */
	str_reserve(out, size > 0 && (uint64_t)size <= max ? (size_t)size + 1 : 4096);
	for (;;) {
		size_t room;

		if (out->cap - out->len < 2)
			str_reserve(out, out->cap);
		room = out->cap - out->len - 1;
		r = read(fd, out->s + out->len, room);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return error_sys(err, "read");
		out->len += (size_t)r;
		out->s[out->len] = '\0';
		if (out->len - start > max)
			return error_set(err, ERR_LIMIT, "longer than the limit of %zu bytes", max);
		/* a file on disk gives less than was asked only at its end; /proc, of size 0, at will */
		if (r == 0 || (size > 0 && (size_t)r < room))
			return 0;
	}
}

int64_t fd_size(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? (int64_t)st.st_size : -1;
}

/* Can another way still work after this errno? */
static bool copy_unsupported(int sys)
{
	return sys == ENOSYS || sys == EXDEV || sys == EINVAL || sys == EOPNOTSUPP ||
	       sys == EPERM || sys == EBADF || sys == ETXTBSY;
}

static int copy_by_hand(int from, int to, uint64_t left, struct error *err)
{
	auto_free char *buf = xmalloc(COPY_CHUNK);
	ssize_t r;

	while (left > 0) {
		r = read(from, buf, MIN(left, (uint64_t)COPY_CHUNK));
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return error_sys(err, "read");
		if (r == 0)
			return 0;
		if (fd_write_all(to, buf, (size_t)r, err) < 0)
			return -1;
		left -= (uint64_t)r;
	}
	return 0;
}

int fd_copy(int from, int to, int64_t n, struct error *err)
{
	uint64_t left = n < 0 ? UINT64_MAX : (uint64_t)n, done = 0;
	bool by_range = true;
	ssize_t r;

	if (n < 0 && lseek(from, 0, SEEK_CUR) == 0 && lseek(to, 0, SEEK_CUR) == 0 &&
	    fd_size(to) == 0 && ioctl(to, FICLONE, from) == 0)
		return 0;
	while (left > 0) {
		size_t chunk = (size_t)MIN(left, (uint64_t)1 << 30);

		if (by_range)
			r = copy_file_range(from, NULL, to, NULL, chunk, 0);
		else
			r = sendfile(to, from, NULL, chunk);
		if (r < 0 && errno == EINTR)
			continue;
		/* files of /proc and /sys have size 0 and make copy_file_range see the end at once */
		if ((r < 0 && copy_unsupported(errno)) || (r == 0 && done == 0)) {
			if (!by_range)
				return copy_by_hand(from, to, left, err);
			by_range = false;
			continue;
		}
		if (r < 0)
			return error_sys(err, "copy");
		if (r == 0)
			return 0;
		left -= (uint64_t)r;
		done += (uint64_t)r;
	}
	return 0;
}

int fd_pipe(int fds[2], struct error *err)
{
	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_sys(err, "pipe");
	return 0;
}

int fd_nonblock(int fd, bool on, struct error *err)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK) < 0)
		return error_sys(err, "set flags of a descriptor");
	return 0;
}

int fd_devnull(int flags, struct error *err)
{
	int fd = open("/dev/null", flags | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return error_sys(err, "open /dev/null");
	return fd;
}

int fd_reopen(int fd, int flags, struct error *err)
{
	char link[32];
	int again;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	again = open(link, flags | O_CLOEXEC);
	if (again < 0)
		return error_sys(err, "reopen a descriptor");
	return again;
}

void fd_path(int fd, char *buf, size_t size)
{
	char link[32];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, buf, size - 1);
	if (n < 0)
		snprintf(buf, size, "(descriptor %d)", fd);
	else
		buf[n] = '\0';
}

void fd_close_others(const int *keep, size_t n)
{
	unsigned first = 3;

	for (;;) {
		unsigned next = UINT_MAX;

		for (size_t i = 0; i < n; i++)
			if (keep[i] >= (int)first && (unsigned)keep[i] < next)
				next = (unsigned)keep[i];
		if (next == UINT_MAX)
			break;
		if (next > first)
			sys_close_range(first, next - 1, 0);
		first = next + 1;
	}
	sys_close_range(first, UINT_MAX, 0);
}

int file_read(int dirfd, const char *name, struct str *out, size_t max, struct error *err)
{
	auto_close int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return error_sys(err, "open %s", name);
	if (fd_read_all(fd, out, max, err) < 0)
		return error_add(err, "%s", name);
	return 0;
}

/* Opens the directory that name is in; *base is the rest. dirfd itself may be O_PATH. */
static int parent_open(int dirfd, const char *name, const char **base)
{
	const char *slash = strrchr(name, '/');
	auto_free char *dir = NULL;

	*base = slash ? slash + 1 : name;
	if (!slash)
		return openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = xstrndup(name, slash == name ? 1 : (size_t)(slash - name));
	return openat(dirfd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int file_fill(int dir, const char *temp, const void *bytes, size_t n, mode_t mode, bool sync,
		     struct error *err)
{
	auto_close int fd = openat(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return error_sys(err, "create");
	if (fd_write_all(fd, bytes, n, err) < 0)
		return -1;
	if (mode != 0600 && fchmod(fd, mode) < 0)
		return error_sys(err, "set the mode");
	if (sync && fsync(fd) < 0)
		return error_sys(err, "sync");
	return 0;
}

int file_write(int dirfd, const char *name, const void *bytes, size_t n, mode_t mode, bool sync,
	       struct error *err)
{
	char temp[] = ".tmp-0123456789abcdef";
	const char *base;
	auto_close int parent = -1;
	int dir = dirfd;

	base = name;
	if (sync || strchr(name, '/')) { /* else nothing needs the directory itself */
		dir = parent = parent_open(dirfd, name, &base);
		if (dir < 0)
			return error_sys(err, "open the directory of %s", name);
	}
	random_hex(temp + 5, 16);
	if (file_fill(dir, temp, bytes, n, mode, sync, err) < 0) {
		unlinkat(dir, temp, 0);
		return error_add(err, "write %s", name);
	}
	if (renameat(dir, temp, dir, base) < 0) {
		error_sys(err, "write %s", name);
		unlinkat(dir, temp, 0);
		return -1;
	}
	if (sync && fsync(dir) < 0)
		return error_sys(err, "sync the directory of %s", name);
	return 0;
}

int file_write_fleeting(int dirfd, const char *name, const void *bytes, size_t n, struct error *err)
{
	char temp[] = ".tmp-0123456789abcdef";
	int r;

	random_hex(temp + 5, 16);
	if (file_fill(dirfd, temp, bytes, n, 0600, false, err) < 0) {
		unlinkat(dirfd, temp, 0);
		return error_add(err, "write %s", name);
	}
	/* the old one is still there, under the temporary name */
	r = renameat2(dirfd, temp, dirfd, name, RENAME_EXCHANGE);
	if (r == 0)
		unlinkat(dirfd, temp, 0);
	else if (renameat(dirfd, temp, dirfd, name) < 0) { /* none is there, or no exchange */
		error_sys(err, "write %s", name);
		unlinkat(dirfd, temp, 0);
		return -1;
	}
	return 0;
}

void fd_write_behind(int fd, int64_t *begun, int64_t end)
{
	if (end - *begun < WRITE_BEHIND)
		return;
	sync_file_range(fd, *begun, end - *begun, SYNC_FILE_RANGE_WRITE);
	*begun = end;
}

bool file_exists(int dirfd, const char *name)
{
	return faccessat(dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int dir_open(int dirfd, const char *name, struct error *err)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return error_sys(err, "open directory %s", name);
	return fd;
}

int dir_make_open(int dirfd, const char *name, mode_t mode, struct error *err)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	if (errno != ENOENT)
		return error_sys(err, "open directory %s", name);
	if (mkdirat(dirfd, name, mode) < 0 && errno != EEXIST)
		return error_sys(err, "make directory %s", name);
	return dir_open(dirfd, name, err);
}

int dir_make_all(const char *path, mode_t mode, struct error *err)
{
	auto_free char *clean = path_clean(path);

	for (char *p = clean + 1;; p++) {
		char saved = *p;

		if (saved != '/' && saved != '\0')
			continue;
		*p = '\0';
		if (mkdir(clean, mode) < 0 && errno != EEXIST)
			return error_sys(err, "make directory %s", clean);
		if (saved == '\0')
			break;
		*p = saved;
	}
	return 0;
}

void random_hex(char *buf, size_t digits)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char bytes[32];

	for (size_t i = 0; i < digits; i++) {
		size_t k = i % (2 * sizeof(bytes));

		/* cannot fail for so few bytes once the pool is ready, for which it waits */
		while (k == 0 && getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
			;
		buf[i] = hex[k % 2 ? bytes[k / 2] & 15 : bytes[k / 2] >> 4];
	}
	buf[digits] = '\0';
}
