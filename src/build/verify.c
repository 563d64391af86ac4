/*
 * verify.c - two builds of one thing, compared: which file of which step is not the same twice.
 */
#include "verify.h"
#include "store/layer.h"
#include "util/fd.h"

#include <limits.h>
#include <stdio.h>

void verify_side_done(struct verify_side *s)
{
	strv_done(&s->layers);
	strv_done(&s->made_by);
}

void verify_side_set(struct verify_side *s, const struct image_config *c)
{
	strv_each (&c->diff_ids, i)
		strv_add(&s->layers, c->diff_ids.v[i] + strlen("sha256:"));
	vec_each (&c->history, h)
		if (!h->empty_layer)
			strv_add(&s->made_by, h->created_by ? h->created_by : "");
}

struct finding {
	char path[PATH_MAX];
	const char *what;
};

static bool found(struct finding *f, const char *path, const char *what)
{
	snprintf(f->path, sizeof(f->path), "%s", path);
	f->what = what;
	return true;
}

static int same_content(int a, int b, const char *name, bool *same, struct error *err)
{
	auto_close int x = openat(a, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	auto_close int y = openat(b, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char hex[2][SHA256_HEX];
	int64_t size;

	if (x < 0 || y < 0)
		return error_sys(err, "open %s", name);
	if (sha256_fd(x, hex[0], &size, err) < 0 || sha256_fd(y, hex[1], &size, err) < 0)
		return -1;
	*same = strcmp(hex[0], hex[1]) == 0;
	return 0;
}

static bool same_link(int a, int b, const char *name)
{
	char x[PATH_MAX], y[PATH_MAX];
	ssize_t n = readlinkat(a, name, x, sizeof(x)), m = readlinkat(b, name, y, sizeof(y));

	return n >= 0 && n == m && memcmp(x, y, (size_t)n) == 0;
}

static int compare_dirs(int a, int b, const char *path, struct finding *f, struct error *err);

/* 1: something differs. */
static int compare_entry(int a, int b, const char *name, const char *path, struct finding *f,
			 struct error *err)
{
	struct stat x, y;
	bool same = true;

	if (fstatat(a, name, &x, AT_SYMLINK_NOFOLLOW) < 0)
		return found(f, path, "is there the second time only");
	if (fstatat(b, name, &y, AT_SYMLINK_NOFOLLOW) < 0)
		return found(f, path, "is there the first time only");
	if ((x.st_mode & S_IFMT) != (y.st_mode & S_IFMT))
		return found(f, path, "is of another kind");
	if (S_ISREG(x.st_mode) && x.st_size == y.st_size && same_content(a, b, name, &same, err) < 0)
		return -1;
	if (S_ISREG(x.st_mode) && (x.st_size != y.st_size || !same))
		return found(f, path, "has another content");
	if (S_ISLNK(x.st_mode) && !same_link(a, b, name))
		return found(f, path, "leads elsewhere");
	if (S_ISDIR(x.st_mode)) {
		auto_close int from = dir_open(a, name, err);
		auto_close int to = from < 0 ? -1 : dir_open(b, name, err);
		int r = to < 0 ? -1 : compare_dirs(from, to, path, f, err);

		if (r != 0)
			return r;
	}
	if (x.st_mode != y.st_mode)
		return found(f, path, "has another mode");
	if (x.st_uid != y.st_uid || x.st_gid != y.st_gid)
		return found(f, path, "has another owner");
	if (x.st_mtim.tv_sec != y.st_mtim.tv_sec || x.st_mtim.tv_nsec != y.st_mtim.tv_nsec)
		return found(f, path, "has another time");
	return 0;
}

static int compare_dirs(int a, int b, const char *path, struct finding *f, struct error *err)
{
	auto_done(strv) struct strv names = { 0 }, more = { 0 };

	if (dir_list(a, &names, err) < 0 || dir_list(b, &more, err) < 0)
		return -1;
	strv_each (&more, i)
		if (!strv_has(&names, more.v[i]))
			strv_add(&names, more.v[i]);
	strv_sort(&names);
	strv_each (&names, i) {
		auto_free char *below = xasprintf("%s/%s", path, names.v[i]);
		int r = compare_entry(a, b, names.v[i], below, f, err);

		if (r != 0)
			return r;
	}
	return 0;
}

static int compare_layers(struct store *st, const char *a, const char *b, struct finding *f,
			  struct error *err)
{
	auto_close int x = -1, y = -1;
	struct digest d;

	memcpy(d.hex, a, sizeof(d.hex));
	x = layer_open_diff(st, &d, err);
	memcpy(d.hex, b, sizeof(d.hex));
	y = x < 0 ? -1 : layer_open_diff(st, &d, err);
	return y < 0 ? -1 : compare_dirs(x, y, "", f, err);
}

int verify_compare(struct store *st, const struct verify_side *a, const struct verify_side *b,
		   struct error *err)
{
	struct finding f = { "/", "has other attributes" };

	for (size_t i = 0; i < a->layers.n && i < b->layers.n; i++) {
		const char *step = i < a->made_by.n ? a->made_by.v[i] : "";

		if (strcmp(a->layers.v[i], b->layers.v[i]) == 0)
			continue;
		if (compare_layers(st, a->layers.v[i], b->layers.v[i], &f, err) < 0)
			return -1;
		return error_set(err, ERR_FAILED, "not the same twice: %s %s (layer %zu, %.200s)",
				 f.path, f.what, i + 1, step);
	}
	if (a->layers.n != b->layers.n)
		return error_set(err, ERR_FAILED, "not the same twice: %zu layers, then %zu",
				 a->layers.n, b->layers.n);
	return 0;
}
