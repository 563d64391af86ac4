/*
 * share.c - the cache of steps carried elsewhere.
 *
 * Never  trusts what it reads: a layer must have the digest that its entry says, and what is broken
 *        or missing is a miss with a warning, not a failure.
 * Spec   FEATURES D5.
 */
#include "share.h"
#include "builder.h"
#include "image/layer_tar.h"
#include "store/layer.h"
#include "util/fd.h"
#include "util/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#define LINE_MAX_BYTES 512
#define VERSION_TEXT   "1\n"

void share_done(struct share *s)
{
	vec_done(&s->notes);
	vec_each (&s->known, k) {
		free(k->key);
		free(k->line);
	}
	vec_done(&s->known);
}

void share_note(struct builder *b, const char *key, const struct digest *layer, int64_t created)
{
	struct share_note *n;

	if (!b->r || !b->r->cache_to.n)
		return;
	n = vec_add(&b->share.notes);
	memcpy(n->key, key, sizeof(n->key));
	n->has_layer = layer != NULL;
	n->created = created;
	if (layer)
		n->layer = *layer;
}

/* ---- to a directory ---- */

static int copy_sink(void *arg, const void *bytes, size_t n, struct error *err)
{
	int *fd = arg;

	return fd_write_all(*fd, bytes, n, err);
}

/* 1; 0: its tar is not the one it was named after, so that it cannot be carried elsewhere. */
static int write_layer(struct builder *b, int layers, const struct digest *layer, int64_t *size,
		       struct error *err)
{
	auto_done(owners) struct owners owners = { 0 };
	auto_close int dir = layer_open(b->st, layer, err), diff = -1, fd = -1;
	struct layer_stats stats = { 0 };
	struct layer_sink sink = { copy_sink, &fd };
	char hex[SHA256_HEX], aside[32] = "new-";
	int r;

	if (dir < 0 || owners_load(dir, &owners, err) < 0)
		return -1;
	diff = dir_open(dir, "diff", err);
	random_hex(aside + 4, 16);
	fd = diff < 0 ? -1 : openat(layers, aside, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return diff < 0 ? -1 : error_sys(err, "make a file");
	r = layer_tar_write(diff, &owners, -1, &sink, &stats, err);
	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = error_sys(err, "rewind");
	if (r == 0)
		r = sha256_fd(fd, hex, size, err);
	if (r == 0 && strcmp(hex, layer->hex) == 0)
		return renameat(layers, aside, layers, layer->hex) < 0
			       ? error_sys(err, "keep layer %s", layer->hex)
			       : 1;
	unlinkat(layers, aside, 0);
	return r;
}

static int find_layer(struct builder *b, int layers, const struct digest *layer, int64_t *size,
		      struct error *err)
{
	struct stat st;

	if (fstatat(layers, layer->hex, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return write_layer(b, layers, layer, size, err);
	*size = st.st_size;
	return 1;
}

static int export_note(struct builder *b, const struct share_note *n, int keys, int layers,
		       struct error *err)
{
	auto_free char *line = NULL;
	char text[CACHE_TEXT_MAX];
	int64_t size;
	int r;

	if (file_exists(keys, n->key))
		return 0;
	if (n->has_layer) {
		r = find_layer(b, layers, &n->layer, &size, err);
		if (r <= 0)
			return r;
		line = xasprintf("layer %s %" PRId64 " %" PRId64 "\n", n->layer.hex, n->created,
				 size);
	} else {
		r = cache_find_text(b->st, n->key, text, sizeof(text), err);
		if (r <= 0)
			return r;
		line = xasprintf("text %s\n", text);
	}
	return file_write(keys, n->key, line, strlen(line), 0644, false, err);
}

static int export_to(struct builder *b, const char *path, struct error *err)
{
	auto_close int dir = -1, keys = -1, layers = -1;

	if (dir_make_all(path, 0755, err) < 0)
		return -1;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* path: the user's */
	if (dir < 0)
		return error_sys(err, "open %s", path);
	keys = dir_make_open(dir, "keys", 0755, err);
	layers = keys < 0 ? -1 : dir_make_open(dir, "layers", 0755, err);
	if (layers < 0 ||
	    file_write(dir, "hod-cache", VERSION_TEXT, strlen(VERSION_TEXT), 0644, false, err) < 0)
		return -1;
	vec_each (&b->share.notes, n)
		if (export_note(b, n, keys, layers, err) < 0)
			return -1;
	return 0;
}

int share_export(struct builder *b, struct error *err)
{
	vec_each (&b->r->cache_to, c)
		if (c->type == BUILD_CACHE_LOCAL && export_to(b, c->place, err) < 0)
			return error_add(err, "--cache-to %s", c->place);
	return 0;
}

bool share_wants_image(const struct build_request *r)
{
	vec_each (&r->cache_to, c)
		if (c->type == BUILD_CACHE_IMAGE)
			return true;
	return false;
}

/* ---- inside an image ---- */

char *share_inline(struct builder *b)
{
	const struct strv *layers = &b->states[b->stages.target].layers;
	struct str text = { 0 };
	bool wanted = false;

	vec_each (&b->r->cache_to, c)
		wanted = wanted || c->type == BUILD_CACHE_INLINE;
	if (!wanted)
		return NULL;
	vec_each (&b->share.notes, n)
		for (size_t i = 0; n->has_layer && i < layers->n; i++)
			if (strcmp(layers->v[i], n->layer.hex) == 0) {
				str_addf(&text, "%s%s %zu %" PRId64, text.len ? ";" : "", n->key, i,
					 n->created);
				break;
			}
	return str_take(&text);
}

static void read_annotation(struct share *s, const char *text, const struct image *i)
{
	auto_done(strv) struct strv entries = { 0 };

	strv_split(&entries, text, ';');
	strv_each (&entries, k) {
		char key[SHA256_HEX];
		int64_t created;
		size_t layer;
		struct share_image *known;

		if (sscanf(entries.v[k], "%64[0-9a-f] %zu %" SCNd64, key, &layer, &created) != 3 ||
		    !digest_is_hex(key) || layer >= i->diff_ids.n)
			continue;
		known = vec_add(&s->known);
		known->key = xstrdup(key);
		known->line = xasprintf("%s %" PRId64, i->diff_ids.v[layer].hex, created);
	}
}

static void read_image(struct builder *b, const char *name)
{
	struct error why = { 0 };
	char line[ERROR_LINE_MAX];
	const char *text;
	struct image i;

	image_init(&i);
	if (image_resolve(b->st, name, &b->platform, b->r->pull, &b->e->progress, &i, &why) < 0) {
		progress_note(&b->e->progress, "--cache-from %s: %s", name,
			      error_text(&why, line, sizeof(line)));
		return;
	}
	text = strmap_get(&i.manifest.annotations, SHARE_ANNOTATION);
	if (text)
		read_annotation(&b->share, text, &i);
	else
		progress_note(&b->e->progress, "--cache-from %s: no cache in this image", name);
	image_done(&i);
}

/* ---- from them ---- */

static int take_layer(struct builder *b, const char *hex, int64_t created, const char *key,
		      struct error *err)
{
	struct cache_entry e = { .has_layer = true, .created = created };

	memcpy(e.layer.hex, hex, sizeof(e.layer.hex));
	return cache_put(b->st, key, &e, err) < 0 ? -1 : 1;
}

static int import_layer(struct builder *b, int dir, const char *hex, int64_t size, struct error *err)
{
	auto_free char *name = xasprintf("layers/%s", hex);
	struct layer_import_options o = { 0 };
	struct layer_imported got;
	struct digest wanted;
	auto_close int fd = -1, lock = -1;

	memcpy(wanted.hex, hex, sizeof(wanted.hex));
	o.diff_id = &wanted;
	fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return error_sys(err, "open %s", name);
	lock = store_lock(b->st, LOCK_SHARED, err);
	return lock < 0 ? -1 : layer_import(b->st, fd, size, &o, &got, err);
}

static int fetch_line(struct builder *b, int dir, const char *key, const char *line, struct error *err)
{
	char hex[SHA256_HEX], text[CACHE_TEXT_MAX];
	int64_t created, size;

	if (sscanf(line, "text %255[^\n]", text) == 1)
		return cache_put_text(b->st, key, text, err) < 0 ? -1 : 1;
	if (sscanf(line, "layer %64[0-9a-f] %" SCNd64 " %" SCNd64, hex, &created, &size) != 3 ||
	    !digest_is_hex(hex))
		return error_set(err, ERR_INVALID, "keys/%s is not readable", key);
	if (import_layer(b, dir, hex, size, err) < 0)
		return -1;
	return take_layer(b, hex, created, key, err);
}

static int fetch_from(struct builder *b, const char *path, const char *key, struct error *err)
{
	auto_free char *name = xasprintf("keys/%s", key);
	auto_close int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* path: the user's */
	auto_done(str) struct str line = { 0 };
	int r = -1;

	if (dir < 0)
		return errno == ENOENT ? 0 : error_sys(err, "open %s", path);
	if (!file_exists(dir, name))
		return 0;
	if (file_read(dir, name, &line, LINE_MAX_BYTES, err) == 0)
		r = fetch_line(b, dir, key, str_get(&line), err);
	if (r < 0 && err->kind != ERR_INTERRUPTED) { /* a damaged cache is a smaller one */
		char text[ERROR_LINE_MAX];

		progress_note(&b->e->progress, "--cache-from %s: %s", path,
			      error_text(err, text, sizeof(text)));
		error_clear(err);
		r = 0;
	}
	return r;
}

static void open_all(struct builder *b)
{
	struct error ignored = { 0 };

	b->share.opened = true;
	vec_each (&b->r->cache_from, c) {
		auto_close int dir = -1;

		if (c->type == BUILD_CACHE_IMAGE) {
			read_image(b, c->place);
			continue;
		}
		dir = dir_open(AT_FDCWD, c->place, &ignored);
		if (dir < 0 || !file_exists(dir, "hod-cache"))
			progress_note(&b->e->progress, "--cache-from %s: there is no cache",
				      c->place);
	}
}

int share_fetch(struct builder *b, const char *key, struct error *err)
{
	int r = 0;

	if (!b->r || !b->r->cache_from.n)
		return 0;
	if (!b->share.opened)
		open_all(b);
	vec_each (&b->share.known, k) {
		char hex[SHA256_HEX];
		int64_t created;

		if (strcmp(k->key, key) == 0 &&
		    sscanf(k->line, "%64[0-9a-f] %" SCNd64, hex, &created) == 2)
			return take_layer(b, hex, created, key, err);
	}
	vec_each (&b->r->cache_from, c)
		if (r == 0 && c->type == BUILD_CACHE_LOCAL)
			r = fetch_from(b, c->place, key, err);
	return r;
}
