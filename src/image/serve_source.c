/*
 * serve_source.c - the names and bytes behind a served registry.
 *
 * Never  opens a path that a client named: names are compared, blobs are opened by their digest.
 */
#include "serve_source.h"

#include "layer_blob.h"
#include "store/blob.h"
#include "util/fd.h"

#include <errno.h>

#define ANNOTATION_NAME "io.containerd.image.name"
#define ANNOTATION_REF	"org.opencontainers.image.ref.name"

int serve_source_open(struct store *st, const char *dir, struct serve_source *s, struct error *err)
{
	static const enum store_dir folders[] = { STORE_BLOBS, STORE_LAYERS, STORE_IMAGES };
	auto_done(str) struct str text = { 0 };
	auto_close int root = -1;
	int fd;

	*s = (struct serve_source){ .blobs = -1 };
	if (!dir) {
		s->st = st;
		for (size_t i = 0; i < ARRAY_SIZE(folders); i++) /* before there are threads */
			if (store_dir_find(st, folders[i], &fd, err) < 0)
				return -1;
		return 0;
	}
	/* path: the one that the user named */
	root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return error_sys(err, "open '%s'", dir);
	if (file_read(root, "index.json", &text, MANIFEST_MAX, err) < 0 ||
	    manifest_parse(str_get(&text), text.len, MEDIA_OCI_INDEX, &s->index, err) < 0)
		return error_add(err, "'%s' is no OCI layout", dir);
	s->blobs = openat(root, "blobs/sha256", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->blobs < 0)
		return error_sys(err, "open '%s/blobs/sha256'", dir);
	return 0;
}

void serve_source_close(struct serve_source *s)
{
	auto_close_fd(&s->blobs);
	manifest_done(&s->index);
}

/* ---- names ---- */

/* Does a canonical name, "host/path", answer to repository? */
static bool answers_to(const char *host, const char *path, const char *repository)
{
	size_t n = strlen(host);

	if (strcmp(path, repository) == 0)
		return true;
	if (strcmp(host, "docker.io") == 0 && str_starts(path, "library/") &&
	    strcmp(path + strlen("library/"), repository) == 0)
		return true;
	return strncmp(host, repository, n) == 0 && repository[n] == '/' &&
	       strcmp(repository + n + 1, path) == 0;
}

struct entry {
	const struct descriptor *target;
	struct reference name; /* host NULL: a bare tag of a layout, of any repository */
};
/* Calls fn for each name: 0 go on, else its result. */
static int each_name(struct serve_source *s, const image_names *all,
		     int (*fn)(const struct entry *e, void *arg), void *arg)
{
	int r = 0;

	vec_each (all, n) {
		struct entry e = { .target = &n->target };
		struct error no_name = { 0 }; /* "<none>" */

		if (r == 0 && reference_parse(n->name, &e.name, &no_name) == 0)
			r = fn(&e, arg);
		reference_done(&e.name);
	}
	vec_each (&s->index.manifests, d) {
		const char *full = strmap_get(&d->annotations, ANNOTATION_NAME);
		const char *ref = strmap_get(&d->annotations, ANNOTATION_REF);
		struct entry e = { .target = d };
		struct error no_name = { 0 };

		if (r != 0)
			break;
		if (!full && ref && strpbrk(ref, "/:"))
			full = ref;
		if (full ? reference_parse(full, &e.name, &no_name) == 0 : ref != NULL) {
			if (!full)
				e.name.tag = xstrdup(ref);
			r = fn(&e, arg);
		}
		reference_done(&e.name);
	}
	return r;
}

static int names_load(struct serve_source *s, image_names *all, struct error *err)
{
	*all = (image_names){ 0 };
	return s->st ? image_name_list(s->st, all, err) : 0;
}

static bool is_of(const struct entry *e, const char *repository)
{
	return !e->name.host || answers_to(e->name.host, e->name.repository, repository);
}

struct finding {
	const char *repository, *reference;
	struct descriptor *d;
};

static int find_one(const struct entry *e, void *arg)
{
	const struct finding *f = arg;
	const char *tag = e->name.tag ? e->name.tag : "latest";

	if (!is_of(e, f->repository))
		return 0;
	if (strchr(f->reference, ':') ? strcmp(f->reference + 7, e->target->digest.hex) != 0
				      : strcmp(f->reference, tag) != 0)
		return 0;
	descriptor_copy(f->d, e->target);
	return 1;
}

/* A manifest below an index: its bytes tell its type. */
static int find_child(struct serve_source *s, const char *reference, struct descriptor *d,
		      struct error *err)
{
	auto_done(str) struct str text = { 0 };
	auto_done(manifest) struct manifest m = { 0 };
	struct error no_manifest = { 0 }; /* a blob of another kind */
	auto_close int fd = -1;
	struct digest digest;
	int64_t size;
	int r = digest_parse(reference, &digest, &no_manifest) < 0
			? 0
			: serve_blob(s, &digest, &fd, &size, err);

	if (r <= 0 || size > MANIFEST_MAX)
		return r < 0 ? -1 : 0;
	if (fd_read_all(fd, &text, MANIFEST_MAX, err) < 0)
		return -1;
	if (manifest_parse(str_get(&text), text.len, NULL, &m, &no_manifest) < 0)
		return 0;
	descriptor_set(d,
		       m.media_type ? m.media_type
		       : m.is_index ? MEDIA_OCI_INDEX
				    : MEDIA_OCI_MANIFEST,
		       &digest, size);
	return 1;
}

int serve_find(struct serve_source *s, const char *repository, const char *reference,
	       struct descriptor *d, struct error *err)
{
	struct finding f = { repository, reference, d };
	image_names all;
	int r = names_load(s, &all, err);

	if (r == 0)
		r = each_name(s, &all, find_one, &f);
	image_names_done(&all);
	return r == 0 && strchr(reference, ':') ? find_child(s, reference, d, err) : r;
}

struct collecting {
	const char *repository; /* NULL: repositories are collected */
	struct strv *found;
	bool any;
};

static int collect_one(const struct entry *e, void *arg)
{
	struct collecting *c = arg;
	const char *what;

	if (c->repository) {
		if (!is_of(e, c->repository))
			return 0;
		c->any = true;
		what = e->name.tag;
	} else {
		what = e->name.repository;
	}
	if (what && !strv_has(c->found, what))
		strv_add(c->found, what);
	return 0;
}

static int collect(struct serve_source *s, struct collecting *c, struct error *err)
{
	image_names all;
	int r = names_load(s, &all, err);

	if (r == 0)
		r = each_name(s, &all, collect_one, c);
	image_names_done(&all);
	strv_sort(c->found);
	return r;
}

int serve_tags(struct serve_source *s, const char *repository, struct strv *tags, struct error *err)
{
	struct collecting c = { repository, tags, false };

	return collect(s, &c, err) < 0 ? -1 : c.any;
}

int serve_catalog(struct serve_source *s, struct strv *repositories, struct error *err)
{
	struct collecting c = { NULL, repositories, false };

	return collect(s, &c, err);
}

/* ---- blobs ---- */

static int tmp_write(void *arg, const void *bytes, size_t n, struct error *err)
{
	return fd_write_all(*(const int *)arg, bytes, n, err);
}

/* A layer that is in the store as a tree only, packed into a file without a name. */
static int packed_layer(struct serve_source *s, const struct digest *d, int *fd, struct error *err)
{
	auto_done(descriptor) struct descriptor wanted = { 0 };
	struct layer_sink sink = { tmp_write, fd };
	struct layer_meta m;
	const char *tmp = getenv("TMPDIR");
	int r = layer_find(s->st, d, err);

	if (r <= 0)
		return r;
	layer_meta_init(&m);
	if (layer_meta_load(s->st, d, &m, err) < 0)
		return -1;
	descriptor_set(&wanted, MEDIA_OCI_LAYER, d, m.tar_size);
	layer_meta_done(&m);
	/* path: a folder for temporary files, of the user's choice */
	*fd = open(str_empty(tmp) ? "/var/tmp" : tmp, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (*fd < 0)
		return error_sys(err, "make a temporary file");
	if (layer_blob_write(s->st, d, &wanted, &sink, err) < 0) {
		auto_close_fd(fd);
		return -1;
	}
	return 1;
}

int serve_blob(struct serve_source *s, const struct digest *d, int *fd, int64_t *size,
	       struct error *err)
{
	int r = 1;

	*fd = -1;
	if (s->st) {
		r = blob_find(s->st, d, size, err);
		if (r > 0)
			*fd = blob_open(s->st, d, err);
		else if (r == 0)
			r = packed_layer(s, d, fd, err);
		if (r > 0 && *fd < 0)
			r = -1;
	} else {
		*fd = openat(s->blobs, d->hex, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (*fd < 0)
			r = errno == ENOENT ? 0 : error_sys(err, "open blob sha256:%s", d->hex);
	}
	if (r > 0)
		*size = fd_size(*fd);
	if (r > 0 && *size < 0) {
		auto_close_fd(fd);
		r = 0;
	}
	return r;
}
