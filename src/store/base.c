/*
 * base.c - the lowest layer of every writable rootfs: the places a container is mounted upon.
 *
 * Images need not have /proc, /dev, /sys or the three files of /etc. Were they made in the writable
 * layer, each start would cost inodes, and every RUN would commit them. One directory in the store,
 * the same for all, holds them instead; whatever an image has at these places hides it.
 */
#include "store_private.h"
#include "util/fd.h"

#include <errno.h>
#include <unistd.h>

static const char base_name[] = "base";
static const char *const dirs[] = { "dev", "etc", "proc", "sys" };
static const char *const files[] = { "etc/hostname", "etc/hosts", "etc/resolv.conf" };

static int fill(int base, struct error *err)
{
	/* the umask is the caller's, so modes are set */
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (mkdirat(base, dirs[i], 0755) < 0 || fchmodat(base, dirs[i], 0755, 0) < 0)
			return error_sys(err, "make base/%s", dirs[i]);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		auto_close int fd = openat(base, files[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

		if (fd < 0 || fchmod(fd, 0644) < 0)
			return error_sys(err, "make base/%s", files[i]);
	}
	return fchmod(base, 0755) < 0 ? error_sys(err, "set the mode of base") : 0;
}

static int make(struct store *st, struct error *err)
{
	auto_close int base = -1;
	struct staging s;
	int status = -1;

	if (staging_begin(st, &s, err) < 0)
		return -1;
	base = dir_make_open(s.fd, base_name, 0755, err);
	if (base >= 0 && fill(base, err) == 0) {
		status = renameat(s.fd, base_name, st->root, base_name);
		if (status < 0 && (errno == EEXIST || errno == ENOTEMPTY))
			status = 0; /* another hod was faster */
		else if (status < 0)
			error_sys(err, "publish base");
	}
	staging_end(st, &s);
	return status;
}

int base_open(struct store *st, struct error *err)
{
	int fd = openat(st->root, base_name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT) {
		if (make(st, err) < 0)
			return -1;
		fd = openat(st->root, base_name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	}
	return fd < 0 ? error_sys(err, "open %s/%s", st->path, base_name) : fd;
}
