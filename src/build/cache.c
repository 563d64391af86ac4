/*
 * cache.c - what a step gave the last time.
 *
 * Owns   the files cache/KEY. Layers are the store's.
 */
#include "cache.h"

#include "store/layer.h"
#include "util/fd.h"
#include "util/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#define CACHE_ENTRY_MAX 256

/* The line under a key: 1, 0 absent or unreadable, -1 the store itself cannot be used. */
static int read_line(struct store *st, const char *key, struct str *line, struct error *err)
{
	int dir = store_dir(st, STORE_CACHE, err);
	struct error ignored = { 0 }; /* a broken entry is a miss */

	if (dir < 0)
		return err->kind == ERR_NOTFOUND ? (error_clear(err), 0) : -1;
	if (file_read(dir, key, line, CACHE_ENTRY_MAX, &ignored) < 0)
		return 0;
	if (!line->len || line->s[line->len - 1] != '\n')
		return 0;
	line->s[--line->len] = '\0';
	return 1;
}

/* Under the store's lock, so that no collection is between looking and removing. */
static int keep(struct store *st, const struct digest *layer, struct error *err)
{
	auto_close int lock = store_lock(st, LOCK_SHARED, err);

	return lock < 0 ? -1 : layer_keep(st, layer, err);
}

int cache_keep_layers(struct store *st, const struct strv *hexes, struct error *err)
{
	auto_close int lock = store_lock(st, LOCK_SHARED, err);
	struct digest d;

	if (lock < 0)
		return -1;
	strv_each (hexes, i) {
		int r;

		memcpy(d.hex, hexes->v[i], sizeof(d.hex));
		r = layer_keep(st, &d, err);
		if (r <= 0)
			return r < 0 ? -1
				     : error_set(err, ERR_NOTFOUND, "layer sha256:%s is missing",
						 d.hex);
	}
	return 0;
}

static int parse_line(const char *key, const char *line, struct cache_entry *e)
{
	char hex[SHA256_HEX] = "";

	*e = (struct cache_entry){ 0 };
	if (sscanf(line, "none %" SCNd64, &e->created) == 1)
		return 1;
	if (sscanf(line, "layer %64[0-9a-f] %" SCNd64, hex, &e->created) != 2 || !digest_is_hex(hex)) {
		log_debug("build: cache entry %s is not readable", key);
		return 0;
	}
	memcpy(e->layer.hex, hex, sizeof(hex));
	e->has_layer = true;
	return 1;
}

int cache_peek(struct store *st, const char *key, struct cache_entry *e)
{
	auto_done(str) struct str line = { 0 };
	struct error ignored = { 0 }; /* then it is as good as absent */

	return read_line(st, key, &line, &ignored) == 1 ? parse_line(key, line.s, e) : 0;
}

int cache_find(struct store *st, const char *key, struct cache_entry *e, struct error *err)
{
	auto_done(str) struct str line = { 0 };
	int r = read_line(st, key, &line, err);

	if (r <= 0 || !parse_line(key, line.s, e))
		return r < 0 ? -1 : 0;
	/* the time tells `builder prune` when it was used last */
	utimensat(st->dirs[STORE_CACHE], key, NULL, 0);
	return e->has_layer ? keep(st, &e->layer, err) : 1;
}

/* Is the file behind fd still the one of this name? Its last holder may have removed it. */
static bool still_there(int dir, const char *name, int fd)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && fstatat(dir, name, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
	       a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

int cache_lock(struct store *st, const char *key, bool wait, int *out, struct error *err)
{
	auto_free char *name = xasprintf("%s.lock", key);
	int dir = store_dir(st, STORE_CACHE, err), r;

	if (dir < 0)
		return -1;
	for (;;) {
		auto_close int fd =
			openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

		if (fd < 0)
			return error_sys(err, "lock step %s", key);
		r = wait ? lock_take(fd, LOCK_EXCLUSIVE, err) : lock_try(fd, LOCK_EXCLUSIVE, err);
		if (r < 0 || (!wait && r == 0))
			return r;
		if (still_there(dir, name, fd)) {
			*out = take_fd(&fd);
			return 1;
		}
	}
}

void cache_unlock(struct store *st, const char *key, int *fd)
{
	auto_free char *name = xasprintf("%s.lock", key);
	struct error ignored = { 0 }; /* an empty file stays behind, for the next holder */
	int dir;

	if (*fd < 0)
		return;
	dir = store_dir(st, STORE_CACHE, &ignored);
	if (dir >= 0)
		unlinkat(dir, name, 0);
	auto_close_fd(fd);
	*fd = -1;
}

static int write_line(struct store *st, const char *key, const char *line, struct error *err)
{
	int dir = store_dir(st, STORE_CACHE, err);

	if (dir < 0)
		return -1;
	return file_write(dir, key, line, strlen(line), 0600, false, err);
}

int cache_put(struct store *st, const char *key, const struct cache_entry *e, struct error *err)
{
	auto_free char *line =
		e->has_layer ? xasprintf("layer %s %" PRId64 "\n", e->layer.hex, e->created)
			     : xasprintf("none %" PRId64 "\n", e->created);

	return write_line(st, key, line, err);
}

int cache_find_text(struct store *st, const char *key, char *text, size_t size, struct error *err)
{
	auto_done(str) struct str line = { 0 };
	int r = read_line(st, key, &line, err);

	if (r <= 0)
		return r;
	if (!str_starts(line.s, "text ") || line.len - 5 >= size)
		return 0;
	memcpy(text, line.s + 5, line.len - 5 + 1);
	return 1;
}

int cache_put_text(struct store *st, const char *key, const char *text, struct error *err)
{
	auto_free char *line = xasprintf("text %s\n", text);

	return write_line(st, key, line, err);
}
