/*
 * layer_fetch.c - one layer from a registry: unpacked while it comes, kept while it comes.
 *
 * Theory of operation: a thread receives. What it receives goes into the blob's partial file, which
 * the next pull takes up when this one is cut short, and into a pipe. At the other end of the pipe
 * the layer is hashed, inflated and unpacked. When both digests are right the layer is published
 * and the file becomes the blob. When they are not, nothing of it is trusted: it is fetched once
 * more from its first byte.
 */
#include "pull_private.h"

#include "store/blob.h"
#include "store/partial.h"
#include "util/fd.h"
#include "util/log.h"

#include <errno.h>
#include <pthread.h>

#define PIPE_SIZE  (1 << 20)
#define LARGE	   (16 << 20) /* bytes of a layer for which no other one waits to be published */
#define COPY_BLOCK ((size_t)256 << 10)

struct receiver {
	struct layer_fetch *f;
	struct partial partial;
	int pipe; /* the end that is written to */
	_Atomic bool stop;
	int64_t received;
	struct staging staged; /* a layer that is new */
	int result;
	struct error err;
};

static int feed(struct receiver *r, const void *bytes, size_t n, struct error *err)
{
	if (r->stop)
		return error_set(err, ERR_INTERRUPTED, "the layer is given up");
	return fd_write_all(r->pipe, bytes, n, err);
}

static int on_bytes(void *arg, const void *bytes, size_t n, struct error *err)
{
	struct receiver *r = arg;

	if (partial_add(&r->partial, bytes, n, err) < 0 || feed(r, bytes, n, err) < 0)
		return -1;
	r->f->report(r->f->arg, PROGRESS_UPDATE, "", r->partial.size);
	return 0;
}

/* What an earlier pull has received. */
static int feed_partial(struct receiver *r, struct error *err)
{
	auto_free char *buf = xmalloc(COPY_BLOCK);
	int64_t at = 0;

	while (at < r->partial.size) {
		ssize_t n = pread(r->partial.fd, buf, COPY_BLOCK, at);

		if (n <= 0)
			return n < 0 ? error_sys(err, "read what was received")
				     : error_set(err, ERR_INVALID, "what was received is cut short");
		if (feed(r, buf, (size_t)n, err) < 0)
			return -1;
		at += n;
	}
	r->f->report(r->f->arg, PROGRESS_UPDATE, "", at);
	return 0;
}

static void *receiver_main(void *arg)
{
	struct receiver *r = arg;
	struct layer_fetch *f = r->f;
	struct blob_sink sink = { on_bytes, r };

	r->result = feed_partial(r, &r->err);
	if (r->result == 0)
		r->result = blob_get(f->c, f->repository, f->d, r->partial.size, &sink,
				     &r->received, &r->err);
	auto_close_fd(&r->pipe);
	return NULL;
}

/* Receives and unpacks at the same time. On failure *network tells whose failure it is. */
static int fetch_once(struct layer_fetch *f, struct receiver *r, struct layer_imported *done,
		      bool *network, struct error *err)
{
	struct layer_import_options o = {
		.blob = &f->d->digest, .diff_id = &f->diff_id, .fed = true, .later = &r->staged
	};
	auto_close int in = -1;
	pthread_t thread;
	int fds[2], status;

	*network = false;
	if (fd_pipe(fds, err) < 0)
		return -1;
	in = fds[0];
	r->pipe = fds[1];
	fcntl(r->pipe, F_SETPIPE_SZ, PIPE_SIZE); /* more is better, and not needed */
	errno = pthread_create(&thread, NULL, receiver_main, r);
	if (errno) {
		auto_close_fd(&r->pipe);
		return error_sys(err, "start a thread");
	}
	status = layer_import(f->st, in, f->d->size, &o, done, err);
	r->stop = status < 0;
	auto_close_fd(&in);
	pthread_join(thread, NULL);
	if (status == 0)
		return 0;
	/* when less came than should have, that is why it could not be unpacked */
	*network = r->result < 0 && r->err.kind != ERR_INTERRUPTED && r->err.sys != EPIPE;
	if (*network)
		*err = r->err;
	return -1;
}

/* The layer was there, or is published. */
static int publish_blob(struct layer_fetch *f, struct receiver *r,
			const struct layer_imported *done, struct error *err)
{
	auto_close int lock = store_lock(f->st, LOCK_SHARED, err);
	char text[DIGEST_TEXT_MAX], type[80];
	struct layer_blob b = { type, text, f->d->size };
	auto_done(layer_meta) struct layer_meta m = { 0 };

	if (lock < 0 || (r->partial.fd >= 0 && partial_publish(f->st, &r->partial, err) < 0))
		return -1;
	snprintf(type, sizeof(type), "%s", done->media_type ? done->media_type : MEDIA_OCI_LAYER);
	digest_format(&f->d->digest, text);
	layer_meta_init(&m);
	if (layer_meta_load(f->st, &f->diff_id, &m, err) < 0)
		return -1;
	vec_each (&m.blobs, known)
		if (strcmp(known->digest, text) == 0)
			return 0;
	return layer_add_blob(f->st, &f->diff_id, &b, err);
}

static int publish(struct layer_fetch *f, struct receiver *r, const struct layer_imported *done,
		   struct error *err)
{
	if (r->staged.fd < 0)
		return publish_blob(f, r, done, err);
	return layer_batch_add(f->batch, &r->staged, &r->partial, &f->diff_id, f->d->size, err);
}

/* Waits until nobody else receives it; meanwhile we hold nothing that another one waits for. */
static int take_partial(struct layer_fetch *f, struct receiver *r, struct error *err)
{
	int status = partial_try(f->st, &f->d->digest, &r->partial, err);

	if (status)
		return status < 0 ? -1 : 0;
	status = layer_batch_wait(f->batch, err);
	if (status == 0)
		status = partial_take(f->st, &f->d->digest, &r->partial, err);
	layer_batch_go_on(f->batch);
	return status;
}

/* The blob is held, and its layer is not unpacked. */
static int unpack_held(struct layer_fetch *f, struct error *err)
{
	struct layer_import_options o = { .blob = &f->d->digest, .diff_id = &f->diff_id };
	struct receiver none = { .partial = PARTIAL_NONE, .staged = STAGING_NONE };
	auto_close int fd = blob_open(f->st, &f->d->digest, err);
	struct layer_imported done;
	int lock, status;

	if (fd < 0)
		return -1;
	lock = store_lock(f->st, LOCK_SHARED, err);
	if (lock < 0)
		return -1;
	status = layer_import(f->st, fd, f->d->size, &o, &done, err);
	auto_close_fd(&lock);
	return status < 0 ? -1 : publish_blob(f, &none, &done, err);
}

/* Is there nothing to do, now that nobody else is at it? 1, 0, -1 */
static int already_here(struct layer_fetch *f, struct error *err)
{
	struct layer_import_options o = { .blob = &f->d->digest, .diff_id = &f->diff_id, .fed = true };
	struct layer_imported known;

	return layer_import_known(f->st, &o, &known, err);
}

static int blob_is_held(struct layer_fetch *f, struct error *err)
{
	auto_close int lock = store_lock(f->st, LOCK_SHARED, err);
	int64_t size;
	int r = lock < 0 ? -1 : blob_find(f->st, &f->d->digest, &size, err);

	if (r <= 0)
		return r;
	return size == f->d->size ? blob_keep(f->st, &f->d->digest, err) : 0;
}

static int fetch_locked(struct layer_fetch *f, struct receiver *r, struct error *err)
{
	struct layer_imported done;
	bool network;
	int status = already_here(f, err);

	if (status)
		return status < 0 ? -1 : 0;
	if (blob_is_held(f, err) == 1) {
		struct error damaged = { 0 }; /* then it is fetched again, and replaced */

		if (unpack_held(f, &damaged) == 0)
			return 0;
		if (damaged.kind != ERR_INVALID) {
			*err = damaged;
			return -1;
		}
	}
	for (int n = 1;; n++) {
		if (r->partial.size > f->d->size) {
			partial_drop(f->st, &r->partial);
			if (take_partial(f, r, err) < 0)
				return -1;
		}
		status = fetch_once(f, r, &done, &network, err);
		if (status == 0)
			return publish(f, r, &done, err);
		if (network || (err->kind != ERR_INVALID && err->kind != ERR_LIMIT))
			return -1;
		/* what came cannot be right: it is not for the next pull to take up */
		partial_drop(f->st, &r->partial);
		if (n == 2)
			return -1;
		log_debug("registry: layer sha256:%.12s came damaged, it is fetched again",
			  f->d->digest.hex);
		error_clear(err);
		r->stop = false;
		if (take_partial(f, r, err) < 0)
			return -1;
	}
}

int layer_fetch(struct layer_fetch *f, struct error *err)
{
	struct receiver r = { .f = f, .partial = PARTIAL_NONE, .staged = STAGING_NONE, .pipe = -1 };
	int status = already_here(f, err);

	if (status > 0)
		f->report(f->arg, PROGRESS_END, "already here", f->d->size);
	if (status)
		return status < 0 ? -1 : 0;
	f->report(f->arg, PROGRESS_BEGIN, "pulling", 0);
	/* another process may be at it: we wait for it */
	status = take_partial(f, &r, err);
	if (status == 0 && f->d->size > LARGE) /* it will take its time */
		status = layer_batch_publish(f->batch, err);
	if (status == 0)
		status = fetch_locked(f, &r, err);
	if (status == 0 && r.partial.fd >= 0)
		partial_drop(f->st, &r.partial); /* another one brought it */
	partial_leave(&r.partial);
	staging_end(f->st, &r.staged);
	if (status < 0)
		return error_add(err, "layer sha256:%.12s", f->d->digest.hex);
	f->report(f->arg, PROGRESS_END, "done", f->d->size);
	return 0;
}
