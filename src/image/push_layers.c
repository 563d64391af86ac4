/*
 * push_layers.c - the layers of one image sent, several at a time, each compressed at most once.
 *
 * A layer that is held compressed is what its manifest says and goes byte for byte. One that is
 * only a tree becomes a compressed blob first, which is then held like any other.
 */
#include "push_private.h"

#include "layer_blob.h"
#include "store/blob.h"
#include "store/layer.h"
#include "util/fd.h"
#include "util/text.h"

#include <pthread.h>
#include <semaphore.h>

#define PARALLEL     4
#define PARALLEL_MAX 16
#define COMPRESSING  2 /* layers at a time: each has all cores, and memory for each of them */
#define REPORT_NS    (50 * 1000000LL)

struct crew {
	struct pushing *p;
	struct image *i;
	pthread_mutex_t lock; /* next, failed, changed, err, and the receiver of progress */
	sem_t compressing;
	size_t next;
	bool failed, changed;
	struct error err;
};
struct told {
	struct crew *c;
	char id[13];
	int64_t total, at_ns, since_ns;
};

static void tell(struct told *t, enum progress_event event, const char *text, int64_t now)
{
	int64_t ns = time_monotonic_ns();
	struct progress_report r = { .event = event,
				     .id = t->id,
				     .text = text,
				     .now = (uint64_t)now,
				     .total = (uint64_t)t->total,
				     .elapsed_ms = (uint64_t)(ns - t->since_ns) / 1000000 };

	pthread_mutex_lock(&t->c->lock);
	progress_report(t->c->p->progress, &r);
	pthread_mutex_unlock(&t->c->lock);
}

static void on_sent(void *arg, int64_t bytes)
{
	struct told *t = arg;
	int64_t ns = time_monotonic_ns();

	if (ns - t->at_ns < REPORT_NS)
		return;
	t->at_ns = ns;
	tell(t, PROGRESS_UPDATE, "", bytes);
}

int push_blob(struct pushing *p, struct connection *c, const struct descriptor *d,
	      void (*sent)(void *arg, int64_t bytes), void *arg, const char **how, struct error *err)
{
	const char *from = strmap_get(&p->mounts, d->digest.hex);
	struct blob_upload u = {
		.size = d->size, .digest = d->digest, .chunk = p->o->chunk, .progress = sent, .arg = arg
	};
	char *session = NULL;
	int r = blob_head(c, p->repository, &d->digest, err);

	*how = "already there";
	if (r)
		return r < 0 ? -1 : 0;
	r = blob_mount(c, p->repository, &d->digest, from, &session, err);
	*how = "mounted";
	if (r)
		return r < 0 ? -1 : 0;
	*how = "done";
	u.fd = blob_open(p->st, &d->digest, err);
	if (u.fd < 0) {
		free(session);
		return -1;
	}
	r = blob_upload(c, p->repository, session, &u, err);
	auto_close_fd(&u.fd);
	return r;
}

/* 1 the form that the manifest names is held, or the registry has it; 0 it must be made; -1 */
static int is_held(struct pushing *p, struct connection *c, const struct digest *diff_id,
		   const struct descriptor *d, struct error *err)
{
	const char *from = strmap_get(&p->mounts, d->digest.hex);
	auto_free char *session = NULL;
	int r;

	if (digest_eq(&d->digest, diff_id))
		return 0;
	r = blob_keep(p->st, &d->digest, err);
	if (r == 0)
		r = blob_head(c, p->repository, &d->digest, err);
	if (r == 0 && from)
		r = blob_mount(c, p->repository, &d->digest, from, &session, err);
	return r;
}

static int compress_layer(struct crew *c, size_t n, struct error *err)
{
	struct pushing *p = c->p;
	struct manifest *m = &c->i->manifest;
	struct descriptor made = { 0 };
	int lock;

	if (p->o->compression == COMPRESSION_ZSTD && str_eq(m->config.media_type, MEDIA_DOCKER_CONFIG))
		return error_set(
			err, ERR_UNSUPPORTED,
			"an image of docker's format has no zstd layers: build it anew, or "
			"use gzip");
	lock = store_lock(p->st, LOCK_SHARED, err);
	if (lock < 0)
		return -1;
	if (layer_blob_compress(p->st, &c->i->diff_ids.v[n], p->o->compression, &made, err) < 0) {
		auto_close_fd(&lock);
		return error_add(err, "compress");
	}
	auto_close_fd(&lock);
	if (str_eq(m->config.media_type, MEDIA_DOCKER_CONFIG)) {
		free(made.media_type);
		made.media_type = xstrdup(MEDIA_DOCKER_LAYER_GZIP);
	}
	pthread_mutex_lock(&c->lock);
	descriptor_done(&m->layers.v[n]);
	m->layers.v[n] = made;
	c->changed = true;
	pthread_mutex_unlock(&c->lock);
	return 0;
}

static int compress(struct crew *c, size_t n, struct error *err)
{
	int r;

	while (sem_wait(&c->compressing) < 0) /* interrupted */
		;
	r = compress_layer(c, n, err);
	sem_post(&c->compressing);
	return r;
}

static int send_layer(struct crew *c, struct connection *conn, size_t n, struct error *err)
{
	struct descriptor *d = &c->i->manifest.layers.v[n];
	const struct digest *diff_id = &c->i->diff_ids.v[n];
	struct told told = { .c = c, .since_ns = time_monotonic_ns() };
	const char *how;
	int held = is_held(c->p, conn, diff_id, d, err);

	snprintf(told.id, sizeof(told.id), "%.12s", diff_id->hex);
	if (held < 0)
		return -1;
	told.total = d->size;
	if (!held) {
		tell(&told, PROGRESS_BEGIN, "compressing", 0);
		if (compress(c, n, err) < 0)
			return error_add(err, "layer sha256:%s", told.id);
		d = &c->i->manifest.layers.v[n];
		told.total = d->size;
	} else {
		tell(&told, PROGRESS_BEGIN, "pushing", 0);
	}
	if (push_blob(c->p, conn, d, on_sent, &told, &how, err) < 0)
		return error_add(err, "layer sha256:%s", told.id);
	tell(&told, PROGRESS_END, how, d->size);
	return 0;
}

static int work(struct crew *c, struct connection *conn, struct error *err)
{
	for (;;) {
		size_t n;
		bool more;

		pthread_mutex_lock(&c->lock);
		more = !c->failed && c->next < c->i->manifest.layers.n;
		n = more ? c->next++ : 0;
		pthread_mutex_unlock(&c->lock);
		if (!more)
			return 0;
		if (send_layer(c, conn, n, err) < 0)
			return -1;
	}
}

static void fail(struct crew *c, const struct error *err)
{
	pthread_mutex_lock(&c->lock);
	if (!c->failed)
		c->err = *err;
	c->failed = true;
	pthread_mutex_unlock(&c->lock);
}

static void *worker_main(void *arg)
{
	struct crew *c = arg;
	struct error err = { 0 };
	struct connection *conn = connection_open(c->p->registry, &err);

	if (!conn || work(c, conn, &err) < 0)
		fail(c, &err);
	connection_close(conn);
	return NULL;
}

int push_layers(struct pushing *p, struct image *i, bool *changed, struct error *err)
{
	static const enum store_dir folders[] = { STORE_BLOBS, STORE_LAYERS, STORE_TMP };
	struct crew c = { .p = p, .i = i, .lock = PTHREAD_MUTEX_INITIALIZER };
	int64_t parallel = p->o->parallel == UNSET ? PARALLEL : p->o->parallel;
	size_t want = MIN((size_t)MIN(MAX(parallel, 1), PARALLEL_MAX), i->manifest.layers.n), n = 0;
	pthread_t threads[PARALLEL_MAX];

	/* opened by the first who needs them: not by several threads at once */
	for (size_t k = 0; k < ARRAY_SIZE(folders); k++)
		if (store_dir(p->st, folders[k], err) < 0)
			return -1;
	sem_init(&c.compressing, 0, COMPRESSING);
	while (n + 1 < want && pthread_create(&threads[n], NULL, worker_main, &c) == 0)
		n++;
	if (work(&c, p->c, err) < 0)
		fail(&c, err);
	while (n)
		pthread_join(threads[--n], NULL);
	sem_destroy(&c.compressing);
	*changed = c.changed;
	if (!c.failed)
		return 0;
	*err = c.err;
	return -1;
}
