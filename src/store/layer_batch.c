/*
 * layer_batch.c - received layers published together.
 *
 * Never  names a layer or a blob before what it holds is on disk.
 */
#include "store/layer_batch.h"

#include "store_private.h"
#include "util/text.h"

void layer_batch_init(struct layer_batch *b, struct store *st)
{
	*b = (struct layer_batch){ .st = st };
	pthread_mutex_init(&b->lock, NULL);
}

static void pending_drop(struct layer_batch *b)
{
	vec_each (&b->pending, p) {
		staging_end(b->st, &p->staging);
		partial_leave(&p->partial);
	}
	vec_done(&b->pending);
	b->bytes = 0;
}

void layer_batch_done(struct layer_batch *b)
{
	pending_drop(b);
	pthread_mutex_destroy(&b->lock);
}

static int publish_one(struct layer_batch *b, struct layer_pending *p, struct error *err)
{
	if (layer_publish_synced(b->st, &p->staging, &p->diff_id, err) < 0)
		return -1;
	return p->partial.fd >= 0 ? partial_publish_synced(b->st, &p->partial, err) : 0;
}

/* b->lock is held. What could not be published is dropped. */
static int publish(struct layer_batch *b, struct error *err)
{
	int layers = store_dir(b->st, STORE_LAYERS, err), lock = -1, r = -1;

	if (b->pending.n == 0)
		return 0;
	if (layers >= 0)
		lock = store_lock(b->st, LOCK_SHARED, err);
	if (lock >= 0)
		r = store_sync_fs(b->st, layers, err);
	for (size_t i = 0; r == 0 && i < b->pending.n; i++)
		r = publish_one(b, &b->pending.v[i], err);
	if (r == 0)
		r = store_sync(b->st, layers, err);
	auto_close_fd(&lock);
	pending_drop(b);
	return r < 0 ? error_add(err, "publish layers") : 0;
}

int layer_batch_publish(struct layer_batch *b, struct error *err)
{
	int r;

	pthread_mutex_lock(&b->lock);
	r = publish(b, err);
	pthread_mutex_unlock(&b->lock);
	return r;
}

int layer_batch_add(struct layer_batch *b, struct staging *s, struct partial *p,
		    const struct digest *diff_id, int64_t bytes, struct error *err)
{
	struct layer_pending *new;
	int64_t now = time_monotonic_ns();
	int r = 0;

	pthread_mutex_lock(&b->lock);
	if (b->pending.n == 0)
		b->since_ns = now;
	new = vec_add(&b->pending);
	*new = (struct layer_pending){ *s, *p, *diff_id };
	*s = (struct staging)STAGING_NONE;
	p->fd = -1;
	b->bytes += bytes;
	if (b->waiting || b->pending.n >= LAYER_BATCH_MAX || b->bytes >= LAYER_BATCH_BYTES ||
	    now - b->since_ns >= LAYER_BATCH_NS)
		r = publish(b, err);
	pthread_mutex_unlock(&b->lock);
	return r;
}

int layer_batch_wait(struct layer_batch *b, struct error *err)
{
	int r;

	pthread_mutex_lock(&b->lock);
	b->waiting++;
	r = publish(b, err);
	pthread_mutex_unlock(&b->lock);
	return r;
}

void layer_batch_go_on(struct layer_batch *b)
{
	pthread_mutex_lock(&b->lock);
	b->waiting--;
	pthread_mutex_unlock(&b->lock);
}
