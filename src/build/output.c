/*
 * output.c - --output: where the result of a build goes.
 *
 * An archive or a tar is written beside its name and renamed when it is whole: a build that fails
 * late leaves the old one.
 */
#include "output.h"
#include "image/archive.h"
#include "publish.h"
#include "store/owner_stack.h"
#include "util/fd.h"
#include "util/path.h"
#include "store/event.h"

#include <errno.h>
#include <stdio.h>

bool output_wants_store(const struct build_request *r)
{
	vec_each (&r->outputs, o)
		if (o->type == BUILD_TO_STORE)
			return true;
	return r->outputs.n == 0;
}

bool output_wants_image(const struct build_request *r)
{
	vec_each (&r->outputs, o)
		if (o->type != BUILD_TO_LOCAL && o->type != BUILD_TO_TAR)
			return true;
	return r->outputs.n == 0;
}

/* ---- a file that appears when it is whole ---- */

struct whole_file {
	int fd;
	char *aside; /* NULL: it is stdout, a pipe or a device, written as it comes */
	const char *path;
};

static int whole_open(struct whole_file *f, const char *path, struct error *err)
{
	char suffix[17];
	struct stat st;

	*f = (struct whole_file){ .fd = -1, .path = path };
	if (strcmp(path, "-") == 0) {
		f->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
		return f->fd < 0 ? error_sys(err, "stdout") : 0;
	}
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		f->fd = open(path, O_WRONLY | O_CLOEXEC); /* path: the user's */
		return f->fd < 0 ? error_sys(err, "open %s", path) : 0;
	}
	random_hex(suffix, 16);
	f->aside = xasprintf("%s.%s", path, suffix);
	f->fd = open(f->aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	return f->fd < 0 ? error_sys(err, "create %s", path) : 0;
}

/* r: how the writing went. */
static int whole_close(struct whole_file *f, int r, struct error *err)
{
	if (f->aside && f->fd >= 0) {
		if (r == 0 && rename(f->aside, f->path) < 0)
			r = error_sys(err, "create %s", f->path);
		if (r < 0)
			unlink(f->aside); /* path: made above */
	}
	free(f->aside);
	auto_close_fd(&f->fd);
	return r;
}

/* ---- files ---- */

static int sink_write(void *arg, const void *bytes, size_t n, struct error *err)
{
	return fd_write_all(*(const int *)arg, bytes, n, err);
}

/* Whose the files are, where the file system cannot say. */
static int find_owners(struct builder *b, const struct strv *layers, int view,
		       struct owners *owners, struct error *err)
{
	auto_done(owner_stack) struct owner_stack below = { 0 };
	auto_close int tree = -1;

	if (!b->st->single)
		return 0;
	tree = openat(view, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (tree < 0)
		return error_sys(err, "open the result");
	if (owner_stack_open(b->st, layers, &below, err) < 0)
		return -1;
	return owners_collect(tree, view, b->staging.fd, &below, owners, err);
}

static int write_tar(struct builder *b, const struct strv *layers, int view, const char *dest,
		     struct error *err)
{
	auto_done(owners) struct owners owners = { 0 };
	struct whole_file f;
	struct layer_sink sink = { sink_write, &f.fd };
	int r = whole_open(&f, dest, err);

	if (r == 0)
		r = find_owners(b, layers, view, &owners, err);
	if (r == 0)
		r = tree_tar_write(view, owners.v.n ? &owners : NULL, &sink, err);
	return whole_close(&f, r, err);
}

static int write_local(struct builder *b, int view, const char *dest, bool several, struct error *err)
{
	/* as it was typed: arm64 is not arm64_v8 */
	auto_free char *platform = xstrdup(b->platform_text ? b->platform_text : "");
	auto_free char *path = NULL;
	auto_close int dir = -1;

	for (char *p = platform; *p; p++)
		if (*p == '/')
			*p = '_';
	path = several ? path_in(dest, platform) : xstrdup(dest);
	if (dir_make_all(path, 0755, err) < 0)
		return -1;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* path: the user's */
	if (dir < 0)
		return error_sys(err, "open %s", path);
	return files_write(view, dir, err) < 0 ? error_add(err, "write to %s", path) : 0;
}

int output_files(struct builder *b, bool several, struct error *err)
{
	struct stage_state *s = &b->states[b->stages.target];

	vec_each (&b->r->outputs, o) {
		int view, r;

		if (o->type != BUILD_TO_LOCAL && o->type != BUILD_TO_TAR)
			continue;
		if (o->type == BUILD_TO_TAR && several)
			return error_set(
				err, ERR_UNSUPPORTED,
				"a tar has no place for several platforms: use type=local");
		view = stage_view(b, s, err);
		if (view < 0)
			return -1;
		r = o->type == BUILD_TO_TAR ? write_tar(b, &s->layers, view, o->dest, err)
					    : write_local(b, view, o->dest, several, err);
		if (r < 0)
			return -1;
	}
	return 0;
}

/* ---- images ---- */

static int name_in_store(struct store *st, const struct descriptor *target,
			 const struct strv *names, struct error *err)
{
	auto_close int lock = store_lock(st, LOCK_SHARED, err);

	if (lock < 0)
		return -1;
	if (names->n == 0)
		return image_name_set_none(st, target, err);
	strv_each (names, i) {
		if (image_name_set(st, names->v[i], target, err) < 0)
			return -1;
		event_object(st, "image", "build", names->v[i], "name", names->v[i], EVENT_END);
	}
	return 0;
}

static int write_archive(struct store *st, const struct build_output *o,
			 const struct archive_image *image, const struct progress *p,
			 struct error *err)
{
	struct whole_file f;
	int r;

	if (o->type == BUILD_TO_OCI_DIR)
		return archive_save_target(st, image, ARCHIVE_OCI_DIR, -1, o->dest, o->compression,
					   p, err);
	r = whole_open(&f, o->dest, err);
	if (r == 0)
		r = archive_save_target(st, image,
					o->type == BUILD_TO_OCI ? ARCHIVE_OCI : ARCHIVE_DOCKER,
					f.fd, NULL, o->compression, p, err);
	return whole_close(&f, r, err);
}

static int output_one(struct store *st, const struct build_output *o,
		      const struct archive_image *image, const struct progress *p, struct error *err)
{
	if (o->type == BUILD_TO_LOCAL || o->type == BUILD_TO_TAR)
		return 0;
	if (o->type == BUILD_TO_STORE)
		return name_in_store(st, &image->target, &image->names, err);
	return write_archive(st, o, image, p, err);
}

int output_image(struct store *st, const struct build_request *r, const struct descriptor *target,
		 const struct strv *names, const struct progress *p, struct error *err)
{
	int status = 0;

	if (r->outputs.n == 0)
		return name_in_store(st, target, names, err);
	vec_each (&r->outputs, o) {
		struct archive_image image = { .target = *target };

		/* name= speaks of this output alone, instead of the tags */
		status = publish_names(&o->names, &image.names, err);
		if (o->names.n == 0)
			strv_copy(&image.names, names);
		if (status == 0)
			status = output_one(st, o, &image, p, err);
		strv_done(&image.names);
		if (status < 0)
			return -1;
	}
	return 0;
}
