/*
 * fd.h - descriptors and whole small files. Everything is O_CLOEXEC from birth.
 */
#ifndef UTIL_FD_H
#define UTIL_FD_H

#include "util/error.h"
#include "util/mem.h"
#include "util/str.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

/* Goes on after short writes and signals. */
int fd_write_all(int fd, const void *bytes, size_t n, struct error *err);
ssize_t fd_read_full(int fd, void *buf, size_t n, struct error *err); /* short only at the end */
/* Appends all that is left, ERR_LIMIT over max bytes. */
int fd_read_all(int fd, struct str *out, size_t max, struct error *err);
int64_t fd_size(int fd); /* of a regular file; -1 when it is none */
/* Copies n bytes (-1: all) by reflink, copy_file_range, sendfile or read, whichever works. */
int fd_copy(int from, int to, int64_t n, struct error *err);
int fd_pipe(int fds[2], struct error *err);
int fd_nonblock(int fd, bool on, struct error *err);
int fd_devnull(int flags, struct error *err);
/* Reopens an O_PATH descriptor through the trusted /proc/self/fd. */
int fd_reopen(int fd, int flags, struct error *err);
void fd_path(int fd, char *buf, size_t size); /* for messages only */

/* Closes all descriptors from 3 on but the n in keep (unsorted, may hold -1). */
void fd_close_others(const int *keep, size_t n);

/* Whole files. dirfd with name, as openat(2); missing files are ERR_NOTFOUND. */
int file_read(int dirfd, const char *name, struct str *out, size_t max, struct error *err);
/* Replaces atomically: temporary file beside it, fsync when sync, rename, fsync of dir when sync. */
int file_write(int dirfd, const char *name, const void *bytes, size_t n, mode_t mode, bool sync,
	       struct error *err);
/*
 * The same, 0600, for what is of no worth after a power cut: file systems that write a file out
 * when it is renamed over another (ext4) do not do so here. name is a single name.
 */
int file_write_fleeting(int dirfd, const char *name, const void *bytes, size_t n, struct error *err);
/*
 * A large file that will be synced is being written, up to `end` by now: what was written since
 * *begun, which moves, begins to go to the disk. Else nothing would before the sync, which then
 * waits for all of it. A hint: it never fails.
 */
void fd_write_behind(int fd, int64_t *begun, int64_t end);
bool file_exists(int dirfd, const char *name);

int dir_open(int dirfd, const char *name, struct error *err); /* O_DIRECTORY|O_NOFOLLOW */
int dir_make_open(int dirfd, const char *name, mode_t mode, struct error *err); /* made if absent */
int dir_make_all(const char *path, mode_t mode, struct error *err); /* mkdir -p, on the host */
/* Sorted names in a directory, without . and .. */
int dir_list(int dirfd, struct strv *names, struct error *err);
/* Removes name and all below it without following links, iteratively; absent is success. */
int tree_remove(int dirfd, const char *name, struct error *err);
/* Bytes and entries below name (hard links counted once). */
int tree_usage(int dirfd, const char *name, uint64_t *bytes, uint64_t *entries, struct error *err);

void random_hex(char *buf, size_t digits); /* digits characters and a NUL, from getrandom(2) */

#endif
