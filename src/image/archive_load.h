/*
 * archive_load.h - private: one loading of an archive, shared by its formats.
 */
#ifndef ARCHIVE_LOAD_H
#define ARCHIVE_LOAD_H

#include "archive_source.h"
#include "image/archive.h"

struct loading {
	struct store *st;
	struct archive_source *source;
	const char *want;
	const struct progress *progress;
	struct archive_loaded *result;
	struct strv seen; /* names that the archive has, to tell when want is not among them */
};
/* A layer that an image needs. */
struct layer_job {
	char *file;		   /* in the archive */
	int64_t size;		   /* as the manifest has it; -1: not stated */
	const struct digest *blob; /* NULL: any */
	struct digest diff_id;
	struct layer_imported imported;
};
typedef VEC(struct layer_job) layer_jobs;
void layer_jobs_done(layer_jobs *l);
/* Imports all, several at a time. */
int layer_jobs_run(struct loading *l, layer_jobs *jobs, struct error *err);

/* A file whose digest and size are known: reads and verifies. */
int load_blob_text(struct loading *l, const struct descriptor *d, size_t max, struct str *out,
		   struct error *err);
/* Names that point to target, or "<none>"; result is filled. id: of the image. */
int load_names(struct loading *l, const struct descriptor *target, const struct digest *id,
	       const struct strv *names, struct error *err);
/* Is this what was asked for? Notes the names for the message when nothing is. */
bool load_wanted(struct loading *l, const struct strv *names, const char *ref);

int load_oci(struct loading *l, struct error *err);
int load_docker(struct loading *l, struct error *err);

#endif
