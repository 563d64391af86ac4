/*
 * layer_jobs.c - the layers of one image imported side by side: they do not depend on each other.
 */
#include "archive_load.h"

#include "util/text.h"

#include <pthread.h>
#include <unistd.h>

#define WORKERS_MAX 4

struct crew {
	struct loading *l;
	layer_jobs *jobs;
	pthread_mutex_t lock; /* next, failed, err, and the receiver of progress */
	size_t next;
	bool failed;
	struct error err;
};

void layer_jobs_done(layer_jobs *l)
{
	vec_each (l, j)
		free(j->file);
	vec_done(l);
}

static void tell(struct crew *c, const struct layer_job *j, enum progress_event event, uint64_t since)
{
	char id[] = "layer 0123456789ab";
	struct progress_report r = { .event = event, .id = id };

	memcpy(id + 6, j->diff_id.hex, 12);
	r.text = event == PROGRESS_BEGIN ? "loading layer" : event == PROGRESS_END ? "done" : "";
	r.total = j->size > 0 ? (uint64_t)j->size : 0;
	r.elapsed_ms = event == PROGRESS_END ? (uint64_t)time_monotonic_ns() / 1000000 - since : 0;
	pthread_mutex_lock(&c->lock);
	progress_report(c->l->progress, &r);
	pthread_mutex_unlock(&c->lock);
}

static int job_run(struct crew *c, struct layer_job *j, struct error *err)
{
	struct layer_import_options o = { .blob = j->blob, .diff_id = &j->diff_id, .keep = true };
	uint64_t since = (uint64_t)time_monotonic_ns() / 1000000;
	auto_close int fd = -1;
	int64_t size;

	fd = archive_source_file(c->l->source, j->file, &size, err);
	if (fd < 0)
		return -1;
	if (j->size >= 0 && size != j->size)
		return error_set(err, ERR_INVALID, "'%.200s' has %lld bytes, expected %lld",
				 j->file, (long long)size, (long long)j->size);
	tell(c, j, PROGRESS_BEGIN, since);
	if (layer_import(c->l->st, fd, size, &o, &j->imported, err) < 0)
		return error_add(err, "layer sha256:%s", j->diff_id.hex);
	tell(c, j, PROGRESS_END, since);
	return 0;
}

static void *worker_main(void *arg)
{
	struct crew *c = arg;
	struct error err = { 0 };
	struct layer_job *j;
	int r = 0;

	while (r == 0) {
		pthread_mutex_lock(&c->lock);
		j = !c->failed && c->next < c->jobs->n ? &c->jobs->v[c->next++] : NULL;
		pthread_mutex_unlock(&c->lock);
		if (!j)
			return NULL;
		r = job_run(c, j, &err);
	}
	pthread_mutex_lock(&c->lock);
	if (!c->failed)
		c->err = err;
	c->failed = true;
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

int layer_jobs_run(struct loading *l, layer_jobs *jobs, struct error *err)
{
	static const enum store_dir folders[] = { STORE_BLOBS, STORE_LAYERS, STORE_TMP };
	struct crew c = { .l = l, .jobs = jobs, .lock = PTHREAD_MUTEX_INITIALIZER };
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	size_t want = MIN((size_t)(cores > 0 ? cores : 1), MIN(jobs->n, (size_t)WORKERS_MAX));
	pthread_t threads[WORKERS_MAX];
	size_t n = 0;

	/* opened by the first who needs them: not by several threads at once */
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		if (store_dir(l->st, folders[i], err) < 0)
			return -1;
	while (n + 1 < want && pthread_create(&threads[n], NULL, worker_main, &c) == 0)
		n++;
	worker_main(&c);
	while (n)
		pthread_join(threads[--n], NULL);
	if (!c.failed)
		return 0;
	*err = c.err;
	return -1;
}
