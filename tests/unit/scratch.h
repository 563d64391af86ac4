/*
 * scratch.h - a directory of its own for a test, removed at the end of the scope.
 */
#ifndef SCRATCH_H
#define SCRATCH_H

#include "unit.h"

#include "util/fd.h"

#include <stdio.h>
#include <unistd.h>

struct scratch {
	char path[256];
	int fd;
};
static inline struct scratch scratch_make(void)
{
	struct scratch s;
	const char *tmp = getenv("TMPDIR");

	snprintf(s.path, sizeof(s.path), "%s/hod-test-XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(s.path));
	s.fd = open(s.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(s.fd, 0);
	return s;
}
static inline void scratch_done(struct scratch *s)
{
	struct error ignored = { 0 }; /* a test's left-overs are not its verdict */

	close(s->fd);
	tree_remove(AT_FDCWD, s->path, &ignored);
}
#define SCRATCH(name) __attribute__((cleanup(scratch_done))) struct scratch name = scratch_make()

/* A file with text in it, at a path below the scratch directory. */
static inline void scratch_file(const struct scratch *s, const char *path, const char *text)
{
	int fd = openat(s->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	ck_assert_msg(fd >= 0, "create %s", path);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}
static inline void scratch_dir(const struct scratch *s, const char *path)
{
	ck_assert_msg(mkdirat(s->fd, path, 0755) == 0, "mkdir %s", path);
}
static inline void scratch_link(const struct scratch *s, const char *target, const char *path)
{
	ck_assert_msg(symlinkat(target, s->fd, path) == 0, "symlink %s", path);
}

#endif
