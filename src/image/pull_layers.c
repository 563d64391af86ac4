/*
 * pull_layers.c - the layers of one image, several at a time: they do not depend on each other.
 *
 * Each worker has a connection of its own, so that one slow answer holds up nothing else.
 */
#include "pull_private.h"

#include "util/text.h"

#include <errno.h>
#include <pthread.h>

#define PARALLEL       4
#define PARALLEL_SMALL 8 /* where most of the time is waiting for answers */
#define PARALLEL_MAX   16
#define SMALL	       ((int64_t)1 << 20) /* bytes of a layer, on the average */
#define REPORT_NS      (50 * 1000000LL)	  /* no more often, for one layer */

struct crew {
	struct pulling *p;
	const struct manifest *m;
	const struct strv *diff_ids;
	struct layer_batch batch;
	pthread_mutex_t lock; /* next, failed, err, and the receiver of progress */
	size_t next;
	bool failed;
	struct error err;
};

struct told { /* what a layer said last */
	struct crew *c;
	const struct descriptor *d;
	int64_t at_ns, since_ns;
};

static void on_report(void *arg, enum progress_event event, const char *text, int64_t now)
{
	struct told *t = arg;
	int64_t ns = time_monotonic_ns();
	char id[13];
	struct progress_report r = {
		.event = event,
		.id = id,
		.text = text,
		.now = (uint64_t)now,
		.total = (uint64_t)t->d->size,
		.elapsed_ms = (uint64_t)(ns - t->since_ns) / 1000000,
	};

	if (event == PROGRESS_UPDATE && ns - t->at_ns < REPORT_NS)
		return;
	t->at_ns = ns;
	snprintf(id, sizeof(id), "%.12s", t->d->digest.hex);
	pthread_mutex_lock(&t->c->lock);
	progress_report(t->c->p->progress, &r);
	pthread_mutex_unlock(&t->c->lock);
}

static int fetch(struct crew *c, struct connection *conn, size_t i, struct error *err)
{
	struct told told = { .c = c, .d = &c->m->layers.v[i], .since_ns = time_monotonic_ns() };
	struct layer_fetch f = { .st = c->p->st,
				 .c = conn,
				 .repository = c->p->repository,
				 .d = told.d,
				 .batch = &c->batch,
				 .report = on_report,
				 .arg = &told };

	if (digest_parse(c->diff_ids->v[i], &f.diff_id, err) < 0)
		return -1;
	return layer_fetch(&f, err);
}

/* The same blob is not fetched by two threads of ours: one would wait for what the other holds. */
static bool is_repeated(const struct manifest *m, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (digest_eq(&m->layers.v[k].digest, &m->layers.v[i].digest))
			return true;
	return false;
}

static int work(struct crew *c, struct connection *conn, struct error *err)
{
	for (;;) {
		size_t i;
		bool more;

		pthread_mutex_lock(&c->lock);
		while (c->next < c->m->layers.n && is_repeated(c->m, c->next))
			c->next++;
		more = !c->failed && c->next < c->m->layers.n;
		i = more ? c->next++ : 0;
		pthread_mutex_unlock(&c->lock);
		if (!more)
			return 0;
		if (fetch(c, conn, i, err) < 0)
			return -1;
	}
}

static void *worker_main(void *arg)
{
	struct crew *c = arg;
	struct error err = { 0 };
	struct connection *conn = connection_open(c->p->registry, &err);

	if (conn && work(c, conn, &err) == 0) {
		connection_close(conn);
		return NULL;
	}
	connection_close(conn);
	pthread_mutex_lock(&c->lock);
	if (!c->failed)
		c->err = err;
	c->failed = true;
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

static size_t parallel_of(const struct pulling *p, const struct manifest *m)
{
	int64_t bytes = 0, n = p->o->parallel;

	vec_each (&m->layers, d)
		bytes = d->size > INT64_MAX - bytes ? INT64_MAX : bytes + d->size;
	if (n == UNSET)
		n = bytes / SMALL < (int64_t)m->layers.n ? PARALLEL_SMALL : PARALLEL;
	return MIN((size_t)MIN(MAX(n, 1), PARALLEL_MAX), m->layers.n);
}

int pull_layers(struct pulling *p, const struct manifest *m, const struct strv *diff_ids,
		struct error *err)
{
	static const enum store_dir folders[] = { STORE_BLOBS, STORE_LAYERS, STORE_TMP };
	struct crew c = { .p = p, .m = m, .diff_ids = diff_ids, .lock = PTHREAD_MUTEX_INITIALIZER };
	size_t want = parallel_of(p, m), n = 0;
	pthread_t threads[PARALLEL_MAX];
	struct error ignored = { 0 }; /* of the two failures the first is told */
	int r;

	/* opened by the first who needs them: not by several threads at once */
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		if (store_dir(p->st, folders[i], err) < 0)
			return -1;
	layer_batch_init(&c.batch, p->st);
	while (n + 1 < want && pthread_create(&threads[n], NULL, worker_main, &c) == 0)
		n++;
	r = work(&c, p->c, err); /* ours is the connection that the manifest came on */
	if (r < 0) {
		pthread_mutex_lock(&c.lock);
		if (!c.failed)
			c.err = *err;
		c.failed = true;
		pthread_mutex_unlock(&c.lock);
	}
	while (n)
		pthread_join(threads[--n], NULL);
	/* what is whole stays, also when another layer could not be had */
	r = layer_batch_publish(&c.batch, c.failed ? &ignored : err);
	layer_batch_done(&c.batch);
	if (!c.failed)
		return r;
	*err = c.err;
	return -1;
}
