/*
 * stat_cache.c - content digests by what stat(2) says.
 *
 * Owns   cache/stat-*. The file is for this machine alone: native byte order, checked by its header.
 */
#include "stat_cache.h"
#include "util/fd.h"
#include "util/log.h"
#include "util/sha256.h"
#include "util/text.h"

#include <sys/mman.h>

#define MAGIC	       "hodstat1"
#define RECORDS_MAX    (1 << 20)
#define RACY_NS	       (50 * 1000000LL)	  /* the kernel's clock for files goes in ticks */
#define RACY_COARSE_NS (2 * NSEC_PER_SEC) /* file systems that store seconds, or two of them */

struct header {
	char magic[8];
	uint64_t record_size, n;
};

static int compare(const void *a, const void *b)
{
	const struct stat_record *x = a, *y = b;

	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	return x->ino < y->ino ? -1 : x->ino > y->ino;
}

static int64_t ns_of(const struct timespec *ts)
{
	return (int64_t)ts->tv_sec * NSEC_PER_SEC + ts->tv_nsec;
}

static bool map_records(struct stat_cache *c, int fd)
{
	int64_t size = fd_size(fd);
	const struct header *h;

	if (size < (int64_t)sizeof(*h))
		return false;
	c->map_size = (size_t)size;
	c->map = mmap(NULL, c->map_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (c->map == MAP_FAILED) {
		c->map = NULL;
		return false;
	}
	h = c->map;
	if (memcmp(h->magic, MAGIC, 8) != 0 || h->record_size != sizeof(struct stat_record) ||
	    h->n > RECORDS_MAX || c->map_size != sizeof(*h) + h->n * sizeof(struct stat_record))
		return false;
	c->old = (const struct stat_record *)(h + 1);
	c->n_old = h->n;
	return true;
}

int stat_cache_open(struct store *st, int dir, struct stat_cache *c, struct error *err)
{
	char path[4200], hex[SHA256_HEX];
	struct stat s;
	int cache = store_dir(st, STORE_CACHE, err);
	auto_close int fd = -1;

	*c = (struct stat_cache){ 0 };
	if (cache < 0)
		return -1;
	if (fstat(dir, &s) < 0)
		return error_sys(err, "look at the context");
	fd_path(dir, path, sizeof(path));
	sha256_bytes(path, strlen(path), hex);
	hex[32] = '\0';
	c->name = xasprintf("stat-%s", hex);
	fd = openat(cache, c->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0 && !map_records(c, fd)) {
		log_debug("build: %s is damaged", c->name);
		c->old = NULL;
		c->n_old = 0;
	}
	return 0;
}

void stat_cache_done(struct stat_cache *c)
{
	if (c->map)
		munmap(c->map, c->map_size);
	vec_done(&c->added);
	free(c->name);
	*c = (struct stat_cache){ 0 };
}

bool stat_cache_find(struct stat_cache *c, const struct stat *st, unsigned char digest[32])
{
	struct stat_record key = { .dev = st->st_dev, .ino = st->st_ino };
	const struct stat_record *r;

	if (!c->n_old)
		return false;
	r = bsearch(&key, c->old, c->n_old, sizeof(key), compare);
	if (!r || r->size != (uint64_t)st->st_size || r->mtime_ns != ns_of(&st->st_mtim) ||
	    r->ctime_ns != ns_of(&st->st_ctim))
		return false;
	memcpy(digest, r->digest, 32);
	c->n_found++;
	return true;
}

void stat_cache_add(struct stat_cache *c, const struct stat *st, int64_t read_ns,
		    const unsigned char digest[32])
{
	int64_t mtime = ns_of(&st->st_mtim), ctime = ns_of(&st->st_ctim), margin = RACY_NS;
	struct stat_record *r;

	if (!c->name)
		return;
	if (st->st_mtim.tv_nsec == 0 && st->st_ctim.tv_nsec == 0)
		margin = RACY_COARSE_NS;
	if (mtime > read_ns - margin || ctime > read_ns - margin)
		return;
	r = vec_add(&c->added);
	*r = (struct stat_record){ st->st_dev, st->st_ino, (uint64_t)st->st_size,
				   mtime,      ctime,	   { 0 } };
	memcpy(r->digest, digest, 32);
}

/* The old records and the added ones, which win; both sorted. */
static size_t merge(const struct stat_cache *c, struct stat_record *out)
{
	size_t i = 0, k = 0, n = 0;

	while (i < c->n_old || k < c->added.n) {
		int order = i >= c->n_old     ? 1
			    : k >= c->added.n ? -1
					      : compare(&c->old[i], &c->added.v[k]);

		if (order < 0) {
			out[n++] = c->old[i++];
			continue;
		}
		if (n && k && compare(&out[n - 1], &c->added.v[k]) == 0)
			n--; /* the same file was added twice */
		out[n++] = c->added.v[k++];
		i += order == 0;
	}
	return n;
}

int stat_cache_save(struct store *st, struct stat_cache *c, struct error *err)
{
	int cache = store_dir(st, STORE_CACHE, err), r;
	size_t room = c->n_old + c->added.n;
	struct header *h;

	if (cache < 0)
		return -1;
	if (!c->added.n)
		return 0;
	if (room > RECORDS_MAX)
		c->n_old = 0, room = c->added.n;
	qsort(c->added.v, c->added.n, sizeof(*c->added.v), compare);
	h = xcalloc(1, sizeof(*h) + room * sizeof(struct stat_record));
	memcpy(h->magic, MAGIC, 8);
	h->record_size = sizeof(struct stat_record);
	h->n = merge(c, (struct stat_record *)(h + 1));
	r = file_write(cache, c->name, h, sizeof(*h) + h->n * sizeof(struct stat_record), 0600,
		       false, err);
	free(h);
	return r;
}
