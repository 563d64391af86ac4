/*
 * lock.c - OFD locks on whole files.
 *
 * Open file description locks (fcntl(2), F_OFD_*) belong to the open description, not the process:
 * closing another descriptor of the same file does not drop them, and a fork shares them.
 */
#include "util/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

static struct flock lock_whole(short type)
{
	return (struct flock){ .l_type = type, .l_whence = SEEK_SET };
}

static short lock_type(enum lock_mode mode)
{
	return mode == LOCK_SHARED ? F_RDLCK : F_WRLCK;
}

int lock_take(int fd, enum lock_mode mode, struct error *err)
{
	struct flock l = lock_whole(lock_type(mode));

	while (fcntl(fd, F_OFD_SETLKW, &l) < 0)
		if (errno != EINTR)
			return error_sys(err, "lock");
	return 0;
}

int lock_try(int fd, enum lock_mode mode, struct error *err)
{
	struct flock l = lock_whole(lock_type(mode));

	while (fcntl(fd, F_OFD_SETLK, &l) < 0) {
		if (errno == EAGAIN || errno == EACCES)
			return 0;
		if (errno != EINTR)
			return error_sys(err, "lock");
	}
	return 1;
}

int lock_held(int fd, struct error *err)
{
	struct flock l = lock_whole(F_WRLCK);

	if (fcntl(fd, F_OFD_GETLK, &l) < 0)
		return error_sys(err, "ask for the holder of a lock");
	return l.l_type != F_UNLCK;
}

void lock_drop(int fd)
{
	struct flock l = lock_whole(F_UNLCK);

	fcntl(fd, F_OFD_SETLK, &l);
}

int lock_dir_try(int fd, struct error *err)
{
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 1;
	return errno == EWOULDBLOCK ? 0 : error_sys(err, "lock a directory");
}
