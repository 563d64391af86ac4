/*
 * context.c - the build context and named ones: what place.h gives, less what is ignored.
 *
 * Never  leaves the context's directory for what is in it: links are resolved inside. The user may
 *        name a Dockerfile anywhere.
 * Spec   FEATURES D1, D2.
 */
#include "context.h"
#include "dockerfile.h"
#include "place.h"
#include "util/fd.h"
#include "util/path.h"

#include <errno.h>
#include <stdio.h>

/* A regular file of limited size; FIFOs and the like do not block. */
static int read_file(int fd, const char *name, struct str *out, size_t max, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_sys(err, "look at %s", name);
	if (!S_ISREG(st.st_mode))
		return error_set(err, ERR_INVALID, "%s is not a regular file", name);
	return fd_read_all(fd, out, max, err) < 0 ? error_add(err, "%s", name) : 0;
}

/* From the context: 1, 0 when absent. */
static int read_inside(struct context *c, const char *name, struct str *out, size_t max,
		       struct error *err)
{
	struct error local = { 0 };
	auto_close int fd = rootfs_open(c->root, name, O_RDONLY | O_NONBLOCK, 0, &local);

	if (fd < 0) {
		if (local.kind == ERR_NOTFOUND || local.sys == ENOTDIR)
			return 0;
		*err = local;
		return error_add(err, "%s", name);
	}
	return read_file(fd, name, out, max, err) < 0 ? -1 : 1;
}

static int read_default(struct context *c, struct error *err)
{
	static const char *const names[] = { "Dockerfile", "Containerfile" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		int r = read_inside(c, names[i], &c->text, DOCKERFILE_MAX, err);

		if (r < 0)
			return -1;
		if (r == 1) {
			c->file = xstrdup(names[i]);
			return 0;
		}
	}
	error_set(err, ERR_NOTFOUND, "no Dockerfile in the build context");
	return error_hint(err, "name one with -f");
}

/* -f NAME: from where the user stands, else from the context. */
static int read_named(struct context *c, const char *name, bool inside_only, struct error *err)
{
	auto_close int fd = -1;
	int r;

	c->file = xstrdup(name);
	if (!inside_only) {
		fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (fd >= 0)
			return read_file(fd, name, &c->text, DOCKERFILE_MAX, err);
		if (errno != ENOENT && errno != ENOTDIR)
			return error_sys(err, "open %s", name);
	}
	r = c->root < 0 ? 0 : read_inside(c, name, &c->text, DOCKERFILE_MAX, err);
	if (r < 0)
		return -1;
	return r == 1 ? 0 : error_set(err, ERR_NOTFOUND, "no Dockerfile '%s'", name);
}

static int read_stdin(struct context *c, struct error *err)
{
	c->file = xstrdup("-");
	if (fd_read_all(STDIN_FILENO, &c->text, DOCKERFILE_MAX, err) < 0)
		return error_add(err, "Dockerfile on standard input");
	return 0;
}

static int read_ignore(struct context *c, const char *name, bool outside, bool *found,
		       struct error *err)
{
	auto_done(str) struct str text = { 0 };
	auto_close int fd = -1;
	int r = 1;

	if (outside) {
		fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		r = fd >= 0;
		if (r && read_file(fd, name, &text, IGNORE_MAX, err) < 0)
			return -1;
	} else {
		r = read_inside(c, name, &text, IGNORE_MAX, err);
	}
	if (r <= 0)
		return r;
	*found = true;
	if (ignore_parse(str_get(&text), text.len, &c->ignore, err) < 0)
		return error_add(err, "%s", name);
	return 0;
}

static int find_ignore(struct context *c, bool file_outside, struct error *err)
{
	auto_free char *own = xasprintf("%s.dockerignore", c->file);
	bool found = false;

	if (c->root < 0)
		return 0;
	if (strcmp(c->file, "-") != 0 &&
	    (read_ignore(c, own, file_outside, &found, err) < 0 ||
	     (!found && file_outside && read_ignore(c, own, false, &found, err) < 0)))
		return -1;
	if (!found && read_ignore(c, ".containerignore", false, &found, err) < 0)
		return -1;
	return found ? 0 : read_ignore(c, ".dockerignore", false, &found, err);
}

/* One file that is no archive is a Dockerfile without a context. */
static int read_single(const struct build_request *r, int fd, struct context *c, struct error *err)
{
	if (r->file)
		return error_set(err, ERR_INVALID, "%s holds no tar, so -f has no context to be in",
				 strcmp(r->context, "-") == 0 ? "standard input" : r->context);
	c->file = xstrdup("-");
	return fd_read_all(fd, &c->text, DOCKERFILE_MAX, err);
}

static int read_dockerfile(const struct build_request *r, const struct place *p, struct context *c,
			   struct error *err)
{
	if (p->file >= 0)
		return read_single(r, p->file, c, err);
	if (!r->file)
		return read_default(c, err);
	if (strcmp(r->file, "-") == 0)
		return read_stdin(c, err);
	return read_named(c, r->file, !p->local, err);
}

static int open_place(struct store *st, const struct build_request *r, struct staging *staging,
		      struct context *c, struct error *err)
{
	struct place p = PLACE_NONE;
	int status = place_open(st, r, staging, r->context, "context", true, &p, err);

	if (status == 0) {
		c->root = take_fd(&p.root);
		c->cached = p.local;
		status = read_dockerfile(r, &p, c, err);
	}
	place_done(&p);
	return status;
}

/* The tree behind c->root. */
static int open_tree(struct store *st, struct context *c, const char *name, struct error *err)
{
	tree_init(&c->tree, c->root, name);
	c->tree.ignore = &c->ignore;
	if (!c->cached)
		return 0;
	if (stat_cache_open(st, c->root, &c->stats, err) < 0)
		return -1;
	c->tree.stats = &c->stats;
	return 0;
}

int context_open(struct store *st, const struct build_request *r, struct staging *staging,
		 struct context *c, struct error *err)
{
	bool from_stdin = strcmp(r->context, "-") == 0;

	*c = (struct context)CONTEXT_NONE;
	if (from_stdin && r->file && strcmp(r->file, "-") == 0)
		return error_set(err, ERR_INVALID,
				 "standard input cannot be both context and Dockerfile");
	if (open_place(st, r, staging, c, err) < 0 || find_ignore(c, r->file && c->cached, err) < 0)
		return -1;
	return c->root < 0 ? 0 : open_tree(st, c, "the build context", err);
}

int context_open_named(struct store *st, const struct build_request *request, const char *source,
		       const char *dir, struct staging *staging, struct context *c, struct error *err)
{
	struct place p = PLACE_NONE;
	int r = place_open(st, request, staging, source, dir, false, &p, err);

	*c = (struct context)CONTEXT_NONE;
	if (r == 0) {
		c->root = take_fd(&p.root);
		c->cached = p.local;
		c->file = xstrdup("-");
		r = find_ignore(c, false, err);
	}
	if (r == 0)
		r = open_tree(st, c, "the named context", err);
	place_done(&p);
	return r;
}

int context_save(struct store *st, struct context *c, struct error *err)
{
	return c->cached ? stat_cache_save(st, &c->stats, err) : 0;
}

void context_move(struct context *from, struct context *to)
{
	*to = *from;
	*from = (struct context)CONTEXT_NONE;
	if (to->tree.ignore)
		to->tree.ignore = &to->ignore;
	if (to->tree.stats)
		to->tree.stats = &to->stats;
}

void context_done(struct context *c)
{
	tree_done(&c->tree);
	stat_cache_done(&c->stats);
	ignore_done(&c->ignore);
	str_done(&c->text);
	free(c->file);
	auto_close_fd(&c->root);
	*c = (struct context)CONTEXT_NONE;
}
