/*
 * fsck.c - is the store whole: every reference, leftovers, and with FSCK_DEEP every byte.
 *
 * What depends on others is looked at after them, so that one pass of repair is enough: blobs,
 * layers, names of images, volumes, containers. Repair removes what is damaged
 * and can be had again (a blob, a layer, a name), and mends what can be worked out anew. It never
 * removes a container or a volume: those are the user's only copy.
 */
#include "store/store.h"

#include "store/blob.h"
#include "store/container.h"
#include "store/image.h"
#include "store/layer.h"
#include "store/volume.h"
#include "store_private.h"
#include "util/fd.h"

#include <errno.h>

struct fsck {
	struct store *st;
	bool deep, repair;
	layer_check_fn *check;
	fsck_findings *found;
};

__attribute__((format(printf, 3, 4))) static void finding(struct fsck *f, bool repaired,
							  const char *fmt, ...)
{
	struct fsck_finding *x = vec_add(f->found);
	va_list ap;

	va_start(ap, fmt);
	x->what = xvasprintf(fmt, ap);
	va_end(ap);
	x->repaired = repaired;
}

void fsck_findings_done(fsck_findings *l)
{
	vec_each (l, x)
		free(x->what);
	vec_done(l);
}

static int fsck_names_in(struct fsck *f, enum store_dir which, struct strv *names, int *dir,
			 struct error *err)
{
	int r = store_dir_find(f->st, which, dir, err);

	return r <= 0 ? r : dir_list(*dir, names, err) < 0 ? -1 : 1;
}

static int fsck_blobs(struct fsck *f, struct error *err)
{
	auto_done(strv) struct strv names = { 0 };
	char hex[SHA256_HEX];
	int dir, r = fsck_names_in(f, STORE_BLOBS, &names, &dir, err);

	strv_each (&names, i) {
		const char *name = names.v[i];
		auto_close int fd = -1;

		if (!digest_is_hex(name)) {
			finding(f, f->repair && tree_remove(dir, name, err) == 0,
				"blobs: '%s' is no blob", name);
			continue;
		}
		if (!f->deep)
			continue;
		fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0)
			return error_sys(err, "open blob sha256:%s", name);
		if (sha256_fd(fd, hex, NULL, err) == 0 && strcmp(hex, name) == 0)
			continue;
		finding(f, f->repair && unlinkat(dir, name, 0) == 0, "blob sha256:%s is damaged",
			name);
	}
	return r < 0 ? -1 : 0;
}

/* Its meta file, made anew when that is what is damaged. */
static void fsck_layer_meta(struct fsck *f, int layer, const struct digest *d, struct layer_meta *m,
			    const char *why)
{
	struct error ignored = { 0 }; /* not repaired, says the finding */
	uint64_t bytes, entries;
	bool repaired = false;

	layer_meta_init(m);
	if (f->repair && tree_usage(layer, "diff", &bytes, &entries, &ignored) == 0) {
		m->size = (int64_t)bytes;
		m->entries = (int64_t)entries;
		repaired = layer_meta_save(f->st, d, m, &ignored) == 0;
	}
	finding(f, repaired, "%s", why);
}

static int fsck_layer(struct fsck *f, const char *hex, struct error *err)
{
	struct digest d;
	auto_close int layer = -1, diff = -1;
	struct error why = { 0 };
	char line[ERROR_LINE_MAX];
	struct layer_meta m;
	uint64_t bytes = 0, entries;
	bool damaged;
	int whole = 1;

	memcpy(d.hex, hex, sizeof(d.hex));
	layer = layer_open(f->st, &d, &why);
	if (layer < 0)
		return why.kind == ERR_NOTFOUND ? 0 : (*err = why, -1);
	diff = layer_open_diff(f->st, &d, &why);
	damaged = diff < 0;
	if (layer_meta_load(f->st, &d, &m, &why) < 0 && !damaged)
		fsck_layer_meta(f, layer, &d, &m, error_text(&why, line, sizeof(line)));
	if (!damaged && f->deep && tree_usage(layer, "diff", &bytes, &entries, &why) < 0)
		return (*err = why, -1);
	if (!damaged && f->deep && (int64_t)bytes != m.size)
		damaged = true;
	if (!damaged && f->deep && m.canonical && f->check)
		whole = f->check(f->st, &d, &why);
	damaged |= whole == 0;
	if (damaged)
		finding(f, f->repair && store_trash(f->st, f->st->dirs[STORE_LAYERS], hex, &why) == 0,
			diff < 0 ? "layer sha256:%s has no diff directory"
				 : "layer sha256:%s: its files are not those that were unpacked",
			hex);
	layer_meta_done(&m);
	return whole < 0 ? (*err = why, -1) : 0;
}

static int fsck_layers(struct fsck *f, struct error *err)
{
	auto_done(strv) struct strv names = { 0 };
	int dir, r = fsck_names_in(f, STORE_LAYERS, &names, &dir, err);

	strv_each (&names, i) {
		if (!digest_is_hex(names.v[i]))
			finding(f, f->repair && tree_remove(dir, names.v[i], err) == 0,
				"layers: '%s' is no layer", names.v[i]);
		else if (fsck_layer(f, names.v[i], err) < 0)
			return -1;
	}
	return r < 0 ? -1 : 0;
}

/* Everything behind one name; -1 with the reason. */
static int fsck_image(struct fsck *f, const char *file, char **name, struct error *err)
{
	struct image_name n, found;
	auto_done(str) struct str text = { 0 };
	struct image i;
	int r;

	image_name_init(&found);
	if (file_read(f->st->dirs[STORE_IMAGES], file, &text, META_MAX, err) < 0 ||
	    image_name_parse(text.s, text.len, &n, err) < 0)
		return -1;
	r = image_name_find(f->st, n.name, &found, err); /* by its own name, so that both agree */
	if (r == 0)
		r = error_set(err, ERR_INVALID, "it is the file of another name");
	*name = take_ptr(&n.name);
	image_name_done(&n);
	if (r < 0)
		return -1;
	r = image_load(f->st, &found.target, NULL, &i, err);
	if (r < 0 && err->kind == ERR_NOTFOUND && !digest_is_set(&found.id))
		r = blob_find(f->st, &found.target.digest, NULL, err) == 1 ? 0 : -1;
	else if (r == 0)
		vec_each (&i.diff_ids, d) {
			int here = r < 0 ? 1 : layer_find(f->st, d, err);

			if (here == 0)
				r = error_set(err, ERR_INVALID, "layer sha256:%s is missing", d->hex);
			else if (here < 0)
				r = -1;
		}
	image_done(&i);
	image_name_done(&found);
	return r;
}

static int fsck_images(struct fsck *f, struct error *err)
{
	auto_done(strv) struct strv names = { 0 };
	int dir, r = fsck_names_in(f, STORE_IMAGES, &names, &dir, err);
	char line[ERROR_LINE_MAX];

	strv_each (&names, i) {
		struct error why = { 0 };
		auto_free char *name = NULL;

		if (!digest_is_hex(names.v[i])) { /* a write that was cut short */
			unlinkat(dir, names.v[i], 0);
			continue;
		}
		if (fsck_image(f, names.v[i], &name, &why) == 0)
			continue;
		if (error_may_pass(&why))
			return (*err = why, -1);
		if (!file_exists(dir, names.v[i])) /* untagged meanwhile, which takes no lock */
			continue;
		finding(f, f->repair && unlinkat(dir, names.v[i], 0) == 0, "image %s: %s",
			name ? name : names.v[i], error_text(&why, line, sizeof(line)));
	}
	return r < 0 ? -1 : 0;
}

static int fsck_volumes(struct fsck *f, struct error *err)
{
	auto_done(strv) struct strv names = { 0 };
	int dir, r = fsck_names_in(f, STORE_VOLUMES, &names, &dir, err);
	char line[ERROR_LINE_MAX];

	strv_each (&names, i) {
		struct error why = { 0 };
		struct volume v;
		auto_close int data = -1;
		int found = volume_find(f->st, names.v[i], &v, &why);

		if (found == 1)
			data = volume_open_data(f->st, names.v[i], &why);
		/* volumes are removed without a lock on the store: gone meanwhile is no damage */
		if ((found < 0 || (found == 1 && data < 0)) && file_exists(dir, names.v[i]))
			finding(f, false, "%s", error_text(&why, line, sizeof(line)));
		if (found == 1)
			volume_done(&v);
	}
	return r < 0 ? -1 : 0;
}

static int fsck_containers(struct fsck *f, struct error *err)
{
	containers l = { 0 };
	int r = container_list(f->st, &l, err);

	vec_each (&l, c) {
		if (c->status == CONTAINER_CORRUPT)
			finding(f, false, "container %.12s: %s", c->id, c->why);
		for (size_t i = 0; i < c->record.layers.n; i++) {
			struct digest d = { 0 };
			struct error ignored = { 0 };

			if (digest_is_hex(c->record.layers.v[i]))
				memcpy(d.hex, c->record.layers.v[i], sizeof(d.hex));
			if (!digest_is_set(&d) || layer_find(f->st, &d, &ignored) != 1)
				finding(f, false, "container %.12s: layer sha256:%s is missing",
					c->id, c->record.layers.v[i]);
		}
	}
	containers_done(&l);
	return r;
}

static int fsck_leftovers(struct fsck *f, struct error *err)
{
	/* what the dead left is no damage: it is swept by whoever comes by, and that is us */
	return staging_sweep(f->st, true, err) < 0 ? -1 : names_sweep(f->st, true, err);
}

int store_fsck(struct store *st, unsigned flags, layer_check_fn *check, fsck_findings *found,
	       struct error *err)
{
	static int (*const parts[])(struct fsck *, struct error *) = {
		fsck_leftovers, fsck_blobs, fsck_layers, fsck_images, fsck_volumes, fsck_containers,
	};
	struct fsck f = { st, flags & FSCK_DEEP, flags & FSCK_REPAIR, check, found };
	auto_close int lock = -1;

	if (st->root < 0)
		return 0;
	/* shared is enough to look; what is repaired must not be named by another meanwhile */
	lock = store_lock(st, f.repair ? LOCK_EXCLUSIVE : LOCK_SHARED, err);
	if (lock < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (parts[i](&f, err) < 0)
			return error_add(err, "fsck");
	return 0;
}
