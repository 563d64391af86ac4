/*
 * layer_tar_write.c - the canonical tar of a tree: the same tree gives the same bytes everywhere.
 *
 * Theory of operation: an iterative walk, depth first, names sorted by their bytes. Of a directory
 * come: its entry, its opaque mark, the whiteouts in it, then everything else, each directory with
 * all that is below it. Sockets are left out. The root has an entry only where it is not what every
 * root is (0755, 0:0). Owners that the file system could not hold come from the sidecar.
 *
 * Never  follows a link; opens things by one name in the descriptor of their directory.
 * Spec   image-spec 1.1, layer.md, "Representing Changes".
 */
#include "image/layer_tar.h"

#include "inodes.h"
#include "layer_settle.h"
#include "tar_format.h"
#include "util/fd.h"
#include "util/path.h"
#include "util/vec.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/sysmacros.h>

#define OPEN_MAX_DIRS 128 /* directories held open at a time; higher ones are opened again */
#define READ_BLOCK    ((size_t)256 << 10)

struct item {
	char *name;
	struct stat st;
};
struct frame {
	int fd; /* -1: to be opened again */
	char *path;
	VEC(struct item) items;
	size_t next;
};
struct walk {
	int root;
	enum layer_form form;
	struct owners *owners;
	int64_t epoch;
	bool settle;		      /* times that are clamped are set in the tree, too */
	bool live;		      /* others may change the tree meanwhile */
	const struct tree_part *part; /* or NULL: all of it, as it is named */
	dev_t top;		      /* of part: where it is itself */
	const struct layer_sink *out;
	const struct layer_watch *watch; /* with hash; else NULL */
	struct hash_sink *hash;		 /* what out is, then */
	struct layer_stats stats;
	struct inodes inodes;
	VEC(struct frame) frames;
	char *buf;
};

static void frame_done(struct frame *f)
{
	vec_each (&f->items, i)
		free(i->name);
	vec_done(&f->items);
	free(f->path);
	auto_close_fd(&f->fd);
}

static void walk_done(struct walk *w)
{
	vec_each (&w->frames, f)
		frame_done(f);
	vec_done(&w->frames);
	inodes_done(&w->inodes);
	free(w->buf);
}

/* In a live tree: the call has failed because the entry has gone, or is of another type now. */
static bool has_gone(const struct walk *w)
{
	return w->live && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == EINVAL);
}

/* What the entry of a path in the tree is called. */
static char *entry_name(const struct walk *w, const char *path)
{
	if (!w->part)
		return xstrdup(*path ? path : ".");
	return *path ? xasprintf("%s/%s", w->part->as, path) : xstrdup(w->part->as);
}

/* Something of the system is mounted there, whose contents are no files to keep. */
static bool is_closed(const struct walk *w, const struct stat *st)
{
	if (!w->part || st->st_dev == w->top)
		return false;
	for (size_t i = 0; i < w->part->n_closed; i++)
		if (w->part->closed[i] == st->st_dev)
			return true;
	return false;
}

static bool is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

static bool is_newer(const struct timespec *t, int64_t epoch)
{
	return t->tv_sec > epoch || (t->tv_sec == epoch && t->tv_nsec);
}

static const struct owner *owner_of(const struct walk *w, const char *path)
{
	const char *at = w->part ? w->part->owners_at : "";
	auto_free char *whole = NULL;

	if (!w->owners)
		return NULL;
	whole = xasprintf("%s%s%s", at, *at && *path ? "/" : "", path);
	return owners_find(w->owners, *whole ? whole : ".");
}

/* What the entry says: from the sidecar where it has a note, else as it is stored. */
static void header_fill(struct walk *w, const char *path, const struct stat *st,
			struct tar_header *h, mode_t *type)
{
	const struct owner *o = owner_of(w, path);
	dev_t rdev = o ? o->rdev : st->st_rdev;
	mode_t mode = o ? o->mode : st->st_mode;

	*h = (struct tar_header){ .mode = mode & 07777,
				  .uid = o ? o->uid : st->st_uid,
				  .gid = o ? o->gid : st->st_gid,
				  .mtime = st->st_mtim };
	if (S_ISCHR(mode) || S_ISBLK(mode)) {
		h->major = major(rdev);
		h->minor = minor(rdev);
	}
	if (w->epoch >= 0 && is_newer(&h->mtime, w->epoch))
		h->mtime = (struct timespec){ .tv_sec = w->epoch };
	*type = mode & S_IFMT;
}

static int write_header(struct walk *w, const struct tar_header *h, struct error *err)
{
	w->stats.entries++;
	return tar_write_header(w->out, h, err);
}

/* ".wh.name" or the opaque mark, in the directory dir */
static int write_whiteout(struct walk *w, const char *dir, const char *name, struct error *err)
{
	auto_free char *path = xasprintf("%s%s.wh.%s", dir, *dir ? "/" : "", name);
	struct tar_header h = { .path = path, .type = '0', .mode = 0600 };

	return write_header(w, &h, err);
}

/* One pass for both, the tar and the file. */
static int put_data(struct walk *w, struct sha256 *file, size_t n, struct error *err)
{
	if (!w->watch)
		return w->out->write(w->out->arg, w->buf, n, err);
	sha256_add_both(&w->hash->hash, file, w->buf, n);
	w->hash->size += (int64_t)n;
	return 0;
}

static int write_data(struct walk *w, int fd, const struct stat *st, struct error *err)
{
	int64_t size = st->st_size, left = size;
	char hex[SHA256_HEX];
	struct sha256 file;

	if (w->watch)
		sha256_init(&file);
	while (left) {
		ssize_t n = fd_read_full(fd, w->buf, (size_t)MIN(left, (int64_t)READ_BLOCK), err);

		if (n < 0)
			return -1;
		if (n == 0 && !w->live)
			return error_set(err, ERR_BUSY, "the file became shorter while it was read");
		if (n == 0) { /* its size is told already: zeros, as tar(1) does */
			n = (ssize_t)MIN(left, (int64_t)READ_BLOCK);
			memset(w->buf, 0, (size_t)n);
		}
		if (put_data(w, &file, (size_t)n, err) < 0)
			return -1;
		left -= n;
	}
	if (w->watch) {
		sha256_hex(&file, hex);
		w->watch->file(w->watch->arg, st, hex);
	}
	w->stats.bytes += size;
	return tar_write_padding(w->out, size, err);
}

static int write_file(struct walk *w, const struct frame *f, const struct item *i,
		      struct tar_header *h, struct error *err)
{
	auto_close int fd = -1;
	auto_done(xattrs) struct xattrs x = { 0 };
	const char *first = NULL;
	struct tar_header own;
	struct stat st;

	fd = openat(f->fd, i->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return has_gone(w) ? 0 : error_sys(err, "open");
	if (fstat(fd, &st) < 0)
		return error_sys(err, "look at it");
	if (w->live && !S_ISREG(st.st_mode))
		return 0;
	if (st.st_nlink > 1)
		first = inodes_first(&w->inodes, st.st_dev, st.st_ino, h->path);
	if (first) {
		h->type = '1';
		h->link = first;
		return write_header(w, h, err);
	}
	if (xattrs_read(fd, &x, NULL, err) < 0)
		return -1;
	own = *h;
	own.type = '0';
	own.size = st.st_size;
	own.xattrs = &x;
	if (write_header(w, &own, err) < 0)
		return -1;
	return write_data(w, fd, &st, err);
}

static int write_symlink(struct walk *w, const struct frame *f, const struct item *i,
			 struct tar_header *h, struct error *err)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(f->fd, i->name, target, sizeof(target) - 1);

	if (n < 0)
		return has_gone(w) ? 0 : error_sys(err, "read link");
	target[n] = '\0';
	h->type = '2';
	h->link = target;
	h->mode = 0777;
	return write_header(w, h, err);
}

static int item_order(const void *a, const void *b)
{
	return strcmp(((const struct item *)a)->name, ((const struct item *)b)->name);
}

/* Lists a directory into a new frame. */
static int frame_push(struct walk *w, int dirfd, char *path, struct error *err)
{
	auto_done(strv) struct strv names = { 0 };
	struct frame *f = vec_add(&w->frames);

	*f = (struct frame){ .fd = dirfd, .path = path };
	if (w->frames.n > OPEN_MAX_DIRS)
		auto_close_fd(&w->frames.v[w->frames.n - 1 - OPEN_MAX_DIRS].fd);
	if (dir_list(f->fd, &names, err) < 0)
		return -1;
	strv_each (&names, n) {
		struct item *i;
		struct stat st;

		if (fstatat(f->fd, names.v[n], &st, AT_SYMLINK_NOFOLLOW) < 0) {
			if (has_gone(w))
				continue;
			return error_sys(err, "look at '%s'", names.v[n]);
		}
		i = vec_add(&f->items);
		*i = (struct item){ .name = xstrdup(names.v[n]), .st = st };
	}
	if (f->items.n > 1)
		qsort(f->items.v, f->items.n, sizeof(*f->items.v), item_order);
	return 0;
}

/* The directory's own entry, its marks, and a frame for what is in it. fd is taken. */
static int write_directory(struct walk *w, int fd, const char *path, const struct stat *st,
			   struct error *err)
{
	auto_free char *name = entry_name(w, path), *slashed = xasprintf("%s/", name);
	auto_done(xattrs) struct xattrs x = { 0 };
	auto_close int mine = fd;
	bool opaque = false, silent = false;
	struct tar_header h;
	mode_t type;

	if (xattrs_read(fd, &x, &opaque, err) < 0)
		return -1;
	header_fill(w, path, st, &h, &type);
	h.path = slashed;
	h.type = '5';
	h.xattrs = &x;
	if (!*path && w->part) {
		silent = w->part->bare;
	} else if (!*path) {
		/* the time of a root says nothing, and differs from one unpacking to the next */
		h.mtime = (struct timespec){ 0 };
		silent = h.mode == 0755 && !h.uid && !h.gid && !x.v.n;
	}
	if (!silent && write_header(w, &h, err) < 0)
		return -1;
	if (is_closed(w, st))
		return 0;
	if (frame_push(w, take_fd(&mine), xstrdup(path), err) < 0)
		return -1;
	if (w->form != LAYER_OVERLAY)
		return 0;
	if (opaque && write_whiteout(w, path, ".wh..opq", err) < 0)
		return -1;
	vec_each (&w->frames.v[w->frames.n - 1].items, i)
		if (is_whiteout(&i->st) && write_whiteout(w, path, i->name, err) < 0)
			return -1;
	return 0;
}

static int write_item(struct walk *w, const struct frame *f, const struct item *i, const char *path,
		      struct error *err)
{
	auto_free char *called = entry_name(w, path);
	struct tar_header h;
	mode_t type;
	int fd;

	if (strlen(called) >= PATH_MAX)
		return error_set(err, ERR_LIMIT, "a path of more than %d bytes", PATH_MAX - 1);
	if (w->form == LAYER_OVERLAY && is_whiteout(&i->st))
		return 0; /* written with its directory */
	if (w->form == LAYER_OVERLAY && str_starts(i->name, ".wh."))
		return error_set(err, ERR_INVALID,
				 "a name that begins with .wh. means a removal in a layer");
	if (S_ISDIR(i->st.st_mode)) {
		fd = openat(f->fd, i->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			return has_gone(w) ? 0 : error_sys(err, "open directory");
		return write_directory(w, fd, path, &i->st, err);
	}
	header_fill(w, path, &i->st, &h, &type);
	h.path = called;
	switch (type) {
	case S_IFREG:
		return write_file(w, f, i, &h, err);
	case S_IFLNK:
		return write_symlink(w, f, i, &h, err);
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
		h.type = type == S_IFCHR ? '3' : type == S_IFBLK ? '4' : '6';
		return write_header(w, &h, err);
	}
	return 0; /* a socket */
}

/* Also in the tree, so that it and its tar agree. */
static int settle_time(struct walk *w, const struct frame *f, struct item *i, struct error *err)
{
	struct timespec times[2] = { { .tv_sec = w->epoch }, { .tv_sec = w->epoch } };

	if (!is_newer(&i->st.st_mtim, w->epoch) || is_whiteout(&i->st))
		return 0;
	if (utimensat(f->fd, i->name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(err, "set time");
	i->st.st_mtim = times[0];
	return 0;
}

static int walk_step(struct walk *w, struct error *err)
{
	struct frame *f = &w->frames.v[w->frames.n - 1];
	auto_free char *path = NULL;
	struct item *i;

	if (f->next == f->items.n) {
		frame_done(f);
		w->frames.n--;
		return 0;
	}
	if (f->fd < 0) {
		f->fd = rootfs_open(w->root, f->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, err);
		if (f->fd < 0 && has_gone(w)) {
			error_clear(err);
			f->next = f->items.n;
			return 0;
		}
		if (f->fd < 0)
			return -1;
	}
	i = &f->items.v[f->next++];
	path = *f->path ? xasprintf("%s/%s", f->path, i->name) : xstrdup(i->name);
	if (w->settle && settle_time(w, f, i, err) < 0)
		return error_add(err, "'%.512s'", path);
	/* the frame may move when another is pushed: f and i are used no more behind that */
	if (write_item(w, f, i, path, err) < 0)
		return error_add(err, "'%.512s'", path);
	return 0;
}

static int walk_write(struct walk *w, struct error *err)
{
	auto_close int fd = openat(w->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_sys(err, "open the root of the tree");
	w->buf = xmalloc(READ_BLOCK);
	if (write_directory(w, take_fd(&fd), "", &st, err) < 0)
		return -1;
	while (w->frames.n)
		if (walk_step(w, err) < 0)
			return -1;
	return tar_write_end(w->out, err);
}

int layer_tar_write(int root, struct owners *owners, int64_t epoch, const struct layer_sink *sink,
		    struct layer_stats *stats, struct error *err)
{
	auto_done(walk) struct walk w = {
		.root = root, .form = LAYER_OVERLAY, .owners = owners, .epoch = epoch, .out = sink
	};

	if (walk_write(&w, err) < 0)
		return -1;
	if (stats)
		*stats = w.stats;
	return 0;
}

int layer_tar_settle(int root, struct owners *owners, int64_t epoch, struct hash_sink *h,
		     const struct layer_watch *watch, struct layer_stats *stats, struct error *err)
{
	struct layer_sink sink = hash_sink(h);
	auto_done(walk) struct walk w = { .root = root,
					  .form = LAYER_OVERLAY,
					  .owners = owners,
					  .epoch = epoch,
					  .settle = epoch >= 0,
					  .out = &sink,
					  .watch = watch,
					  .hash = h };

	if (walk_write(&w, err) < 0)
		return -1;
	*stats = w.stats;
	return 0;
}

int tree_tar_write(int root, struct owners *owners, const struct layer_sink *sink, struct error *err)
{
	auto_done(walk) struct walk w = {
		.root = root, .form = LAYER_PLAIN, .owners = owners, .epoch = -1, .live = true, .out = sink
	};

	return walk_write(&w, err);
}

static int part_top(struct walk *w, struct error *err)
{
	const struct tree_part *p = w->part;
	auto_free char *name = NULL;
	struct frame f = { .fd = p->dir };
	struct item i;

	if (!p->name)
		return walk_write(w, err);
	name = xstrdup(p->name);
	i = (struct item){ .name = name };
	if (fstatat(p->dir, p->name, &i.st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(err, "look at it");
	if (S_ISDIR(i.st.st_mode))
		return error_set(err, ERR_BUSY, "it was replaced by a directory meanwhile");
	w->buf = xmalloc(READ_BLOCK);
	if (write_item(w, &f, &i, "", err) < 0)
		return -1;
	if (!w->stats.entries && !S_ISSOCK(i.st.st_mode))
		return error_set(err, ERR_NOTFOUND, "it has gone meanwhile");
	return tar_write_end(w->out, err);
}

int tree_tar_write_part(const struct tree_part *part, const struct layer_sink *sink,
			struct layer_stats *stats, struct error *err)
{
	auto_done(walk) struct walk w = { .root = part->dir,
					  .form = LAYER_PLAIN,
					  .owners = part->owners,
					  .epoch = -1,
					  .live = true,
					  .part = part,
					  .out = sink };
	struct stat st;

	if (fstat(part->dir, &st) < 0)
		return error_sys(err, "look at it");
	w.top = st.st_dev;
	if (part_top(&w, err) < 0)
		return -1;
	*stats = w.stats;
	return 0;
}
