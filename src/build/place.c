/*
 * place.c - where files of a context come from.
 *
 * Never  leaves what was fetched: a subdirectory of a repository is looked up inside it.
 * Spec   FEATURES D1, D9; docker's "Build context".
 */
#include "place.h"
#include "git.h"
#include "image/layer_tar.h"
#include "secret.h"
#include "tar_probe.h"
#include "util/fd.h"
#include "util/http.h"
#include "util/path.h"

#include <errno.h>
#include <stdio.h>

#define ARCHIVE_MAX ((int64_t)1 << 40) /* bytes */

void place_done(struct place *p)
{
	auto_close_fd(&p->root);
	auto_close_fd(&p->file);
	*p = (struct place)PLACE_NONE;
}

bool place_is_remote(const char *text)
{
	struct git_source g;
	struct error wrong = { 0 }; /* it is told when it is opened */
	int r = git_source_parse(text, &g, &wrong);

	if (r == 1)
		git_source_done(&g);
	return r != 0 || http_is_url(text);
}

/* A file without a name, so that it can be looked at and then read. */
static int make_spool(struct staging *staging, struct error *err)
{
	auto_close int fd = openat(staging->fd, "spool", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 || unlinkat(staging->fd, "spool", 0) < 0)
		return error_sys(err, "make a file to receive into");
	return take_fd(&fd);
}

static int unpack(int fd, struct staging *staging, const char *name, int *root, struct error *err)
{
	struct layer_apply_options o = { .form = LAYER_PLAIN, .uid = 0, .gid = 0 };
	struct layer_stats stats = { 0 };
	struct stream *in;
	int r;

	*root = dir_make_open(staging->fd, name, 0755, err);
	if (*root < 0)
		return -1;
	in = stream_open(fd, ARCHIVE_MAX, err);
	if (!in)
		return -1;
	r = layer_apply(in, *root, &o, &stats, err);
	stream_close(in);
	return r;
}

/* What was received: an archive, or one file. */
static int take_spool(int spool, struct staging *staging, const char *name, struct place *p,
		      struct error *err)
{
	int tar;

	if (lseek(spool, 0, SEEK_SET) < 0)
		return error_sys(err, "rewind");
	tar = tar_probe(spool, err);
	if (tar < 0)
		return -1;
	if (tar)
		return unpack(spool, staging, name, &p->root, err);
	p->file = fcntl(spool, F_DUPFD_CLOEXEC, 3);
	return p->file < 0 ? error_sys(err, "keep a file") : 0;
}

static int open_stdin(struct staging *staging, const char *name, struct place *p, struct error *err)
{
	auto_close int spool = make_spool(staging, err);

	if (spool < 0)
		return -1;
	if (fd_copy(STDIN_FILENO, spool, -1, err) < 0 || take_spool(spool, staging, name, p, err) < 0)
		return error_add(err, "build context on standard input");
	return 0;
}

static int open_http(struct staging *staging, const char *url, const char *name, struct place *p,
		     struct error *err)
{
	auto_close int spool = make_spool(staging, err);
	struct http_got got;

	if (spool < 0 || http_get(url, NULL, spool, ARCHIVE_MAX, &got, err) < 0)
		return -1;
	http_got_done(&got);
	return take_spool(spool, staging, name, p, err) < 0 ? error_add(err, "%s", url) : 0;
}

static int open_git(struct store *st, const struct build_request *r, struct staging *staging,
		    const struct git_source *g, const char *name, struct place *p, struct error *err)
{
	auto_free char *path = xasprintf("%s/tmp/%s/%s", st->path, staging->name, name);
	auto_close int top = -1;
	struct str header = { 0 };
	char commit[GIT_COMMIT_MAX];
	int status = secret_git_authorization(r, g->url, &header, err);

	if (status >= 0)
		status = git_fetch(g, header.s, path, false, commit, err);
	secret_done(&header);
	if (status < 0)
		return -1;
	top = dir_open(staging->fd, name, err);
	if (top < 0)
		return -1;
	if (!g->subdir) {
		p->root = take_fd(&top);
		return 0;
	}
	p->root = rootfs_open(top, g->subdir, O_RDONLY | O_DIRECTORY, 0, err);
	return p->root < 0 ? error_add(err, "%s: subdirectory '%s'", g->url, g->subdir) : 0;
}

int place_open(struct store *st, const struct build_request *request, struct staging *staging,
	       const char *text, const char *name, bool file_ok, struct place *p, struct error *err)
{
	struct git_source g;
	int r = git_source_parse(text, &g, err);

	*p = (struct place)PLACE_NONE;
	if (r < 0)
		return -1;
	if (r == 1) {
		r = open_git(st, request, staging, &g, name, p, err);
		git_source_done(&g);
		return r;
	}
	if (strcmp(text, "-") == 0)
		return open_stdin(staging, name, p, err);
	if (http_is_url(text)) {
		if (open_http(staging, text, name, p, err) < 0)
			return -1;
		if (p->file >= 0 && !file_ok)
			return error_set(err, ERR_INVALID, "%s is no archive", text);
		return 0;
	}
	p->local = true;
	p->root = open(text, O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* path: the user's */
	if (p->root < 0 && errno == ENOTDIR)
		return error_set(err, ERR_INVALID, "%s is not a directory", text);
	return p->root < 0 ? error_sys(err, "build context %s", text) : 0;
}
