/*
 * diff.c - `hod diff`: what a container changed in the files of its image.
 *
 * The upper directory is compared with the layers below it: what is only above is added, a whiteout
 * is a removal, the rest is changed. Of a directory that hides what was below, all that is gone is
 * told, too.
 */
#include "commands.h"

#include "image/layer_tar.h"
#include "operands.h"
#include "output.h"
#include "store/rootfs.h"
#include "util/fd.h"
#include "util/path.h"

#include <errno.h>
#include <sys/xattr.h>

struct diff_args {
	char *format;
};
static const struct opt opts[] = {
	OPT_ENUM(0, "format", diff_args, format, "text|json", "how it is printed (default text)"),
	OPT_END,
};

struct difference {
	struct strv added, changed, deleted;
	struct str text; /* "A /path\n": escaped where need be when it is written */
};

static void difference_done(struct difference *d)
{
	strv_done(&d->added);
	strv_done(&d->changed);
	strv_done(&d->deleted);
	str_done(&d->text);
}

static void note(struct difference *d, char what, const char *path)
{
	struct strv *list = what == 'A' ? &d->added : what == 'C' ? &d->changed : &d->deleted;

	strv_add(list, path);
	str_addf(&d->text, "%c %s\n", what, path);
}

static bool is_opaque(int dir)
{
	char value;

	return fgetxattr(dir, LAYER_XATTR_OPAQUE, &value, 1) == 1 && value == 'y';
}

static int compare(struct difference *d, int upper, int lower, const char *path, struct error *err);

static int compare_entry(struct difference *d, int upper, int lower, const char *name,
			 const char *path, struct error *err)
{
	auto_close int from = -1, below = -1;
	struct stat u, l;
	bool was;

	if (fstatat(upper, name, &u, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : error_sys(err, "look at %s", path);
	was = lower >= 0 && fstatat(lower, name, &l, AT_SYMLINK_NOFOLLOW) == 0;
	if (S_ISCHR(u.st_mode) && u.st_rdev == 0) {
		if (was)
			note(d, 'D', path);
		return 0;
	}
	note(d, was ? 'C' : 'A', path);
	if (!S_ISDIR(u.st_mode))
		return 0;
	from = dir_open(upper, name, err);
	if (from < 0)
		return -1;
	if (was && S_ISDIR(l.st_mode)) {
		below = dir_open(lower, name, err);
		if (below < 0)
			return -1;
	}
	return compare(d, from, below, path, err);
}

static int compare(struct difference *d, int upper, int lower, const char *path, struct error *err)
{
	auto_done(strv) struct strv names = { 0 }, old = { 0 };

	if (dir_list(upper, &names, err) < 0)
		return -1;
	if (lower >= 0 && is_opaque(upper) && dir_list(lower, &old, err) < 0)
		return -1;
	strv_each (&old, i)
		if (!strv_has(&names, old.v[i])) {
			auto_free char *below = path_in(path, old.v[i]);

			note(d, 'D', below);
		}
	strv_each (&names, i) {
		auto_free char *below = path_in(path, names.v[i]);

		if (compare_entry(d, upper, lower, names.v[i], below, err) < 0)
			return -1;
	}
	return 0;
}

static void add_list(struct str *out, const char *key, const struct strv *l, bool *first)
{
	if (!l->n)
		return;
	str_addf(out, "%s\"%s\":[", *first ? "" : ",", key);
	*first = false;
	strv_each (l, i) {
		str_add(out, i ? "," : "");
		str_add_json(out, l->v[i]);
	}
	str_addc(out, ']');
}

static int print(const struct diff_args *args, struct difference *d, struct error *err)
{
	auto_done(str) struct str out = { 0 };
	bool first = true;

	if (!str_eq(args->format, "json"))
		return output_text(&d->text, err);
	str_addc(&out, '{');
	add_list(&out, "changed", &d->changed, &first);
	add_list(&out, "added", &d->added, &first);
	add_list(&out, "deleted", &d->deleted, &first);
	str_add(&out, "}\n");
	return output_text(&out, err);
}

static int diff_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	auto_done(container) struct container c;
	const struct strv *layers = &c.record.layers;
	auto_close int upper = -1, lower = -1;
	struct difference d = { 0 };
	int r;

	container_init(&c);
	if (need_container(app, operands->v[0], &c, err) < 0)
		return -1;
	upper = openat(c.fd, "upper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (upper < 0 && errno == ENOENT)
		return 0; /* it was never started */
	if (upper < 0)
		return error_sys(err, "open the container's files");
	lower = rootfs_mount(&app->store, (const char *const *)layers->v, layers->n, -1,
			     ROOTFS_NODEV, err);
	r = lower < 0 ? -1 : compare(&d, upper, lower, "/", err);
	if (r == 0)
		r = print(arg, &d, err);
	difference_done(&d);
	return r;
}

const struct command cmd_diff = {
	.name = "diff",
	.operands = "CONTAINER",
	.summary = "show what a container changed in its files",
	.description =
		"A: added, C: changed, D: deleted. Volumes and other mounts are not part of it.",
	.opts = opts,
	.args_size = sizeof(struct diff_args),
	.needs = NEED_STORE_READ | NEED_NAMESPACE,
	.min = 1,
	.max = 1,
	.run = diff_run,
	.failure = 1,
};
