/*
 * files.c - the files of an image as files of the user: --output type=local.
 *
 * Never  follows a link, neither of the image nor one that lies in the destination; never makes
 *        devices or files of another owner, nor set-id ones: they would be the user's own.
 */
#include "output.h"
#include "util/fd.h"

#include <errno.h>
#include <limits.h>

struct first_name { /* of a file with several */
	ino_t ino;
	dev_t dev;
	int dir;
	char *name;
};
struct writing {
	VEC(struct first_name) links;
};

static int clear_way(int dir, const char *name, bool directory, struct error *err)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : error_sys(err, "look at %s", name);
	if (S_ISDIR(st.st_mode) && directory)
		return 1;
	return tree_remove(dir, name, err);
}

static int write_link(int from, int to, const char *name, struct error *err)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from, name, target, sizeof(target) - 1);

	if (n < 0)
		return error_sys(err, "read link %s", name);
	target[n] = '\0';
	return symlinkat(target, to, name) < 0 ? error_sys(err, "make link %s", name) : 0;
}

/* 1: it was linked to its first name. */
static int link_again(struct writing *w, const struct stat *st, int to, const char *name,
		      struct error *err)
{
	if (st->st_nlink < 2)
		return 0;
	vec_each (&w->links, l)
		if (l->ino == st->st_ino && l->dev == st->st_dev)
			return linkat(l->dir, l->name, to, name, 0) < 0
				       ? error_sys(err, "link %s", name)
				       : 1;
	*vec_add(&w->links) = (struct first_name){ st->st_ino, st->st_dev,
						   fcntl(to, F_DUPFD_CLOEXEC, 3), xstrdup(name) };
	return 0;
}

static int write_file(struct writing *w, int from, int to, const char *name, const struct stat *st,
		      struct error *err)
{
	auto_close int in = -1, out = -1;
	struct timespec times[2] = { st->st_mtim, st->st_mtim };
	int r = link_again(w, st, to, name, err);

	if (r != 0)
		return r < 0 ? -1 : 0;
	in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (in < 0)
		return error_sys(err, "open %s", name);
	out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		return error_sys(err, "make %s", name);
	if (fd_copy(in, out, -1, err) < 0)
		return error_add(err, "copy %s", name);
	if (fchmod(out, st->st_mode & 01777) < 0 || futimens(out, times) < 0)
		return error_sys(err, "set mode and time of %s", name);
	return 0;
}

static int write_entry(struct writing *w, int from, int to, const char *name, struct error *err);

static int write_directory(struct writing *w, int from, int to, const char *name,
			   const struct stat *st, bool there, struct error *err)
{
	struct timespec times[2] = { st->st_mtim, st->st_mtim };
	auto_done(strv) struct strv names = { 0 };
	auto_close int in = dir_open(from, name, err), out = -1;

	if (in < 0 || dir_list(in, &names, err) < 0)
		return -1;
	if (!there && mkdirat(to, name, 0700) < 0)
		return error_sys(err, "make directory %s", name);
	out = dir_open(to, name, err);
	if (out < 0)
		return -1;
	strv_each (&names, i)
		if (write_entry(w, in, out, names.v[i], err) < 0)
			return error_add(err, "%s", name);
	if (!there && (fchmod(out, st->st_mode & 01777) < 0 || futimens(out, times) < 0))
		return error_sys(err, "set mode and time of %s", name);
	return 0;
}

static int write_entry(struct writing *w, int from, int to, const char *name, struct error *err)
{
	struct stat st;
	int there;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(err, "look at %s", name);
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
		return 0;
	there = clear_way(to, name, S_ISDIR(st.st_mode), err);
	if (there < 0)
		return -1;
	if (S_ISDIR(st.st_mode))
		return write_directory(w, from, to, name, &st, there == 1, err);
	return S_ISLNK(st.st_mode) ? write_link(from, to, name, err)
				   : write_file(w, from, to, name, &st, err);
}

int files_write(int from, int to, struct error *err)
{
	auto_done(strv) struct strv names = { 0 };
	struct writing w = { 0 };
	int r = dir_list(from, &names, err);

	for (size_t i = 0; r == 0 && i < names.n; i++)
		r = write_entry(&w, from, to, names.v[i], err);
	vec_each (&w.links, l) {
		auto_close_fd(&l->dir);
		free(l->name);
	}
	vec_done(&w.links);
	return r;
}
