/*
 * serve_source.h - private: what a served registry has: of a store, or of an OCI layout.
 */
#ifndef SERVE_SOURCE_H
#define SERVE_SOURCE_H

#include "store/image.h"

struct serve_source {
	struct store *st;      /* or */
	int blobs;	       /* DIR/blobs/sha256, -1: a store */
	struct manifest index; /* DIR/index.json */
};
int serve_source_open(struct store *st, const char *dir, struct serve_source *s, struct error *err);
void serve_source_close(struct serve_source *s);
/* reference: a tag or a digest. 1 and *d, 0, -1 */
int serve_find(struct serve_source *s, const char *repository, const char *reference,
	       struct descriptor *d, struct error *err);
/* 1 and an open file, 0, -1 */
int serve_blob(struct serve_source *s, const struct digest *d, int *fd, int64_t *size,
	       struct error *err);
/* Sorted. 1 there is such a repository, 0, -1 */
int serve_tags(struct serve_source *s, const char *repository, struct strv *tags, struct error *err);
int serve_catalog(struct serve_source *s, struct strv *repositories, struct error *err);

#endif
