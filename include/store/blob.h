/*
 * blob.h - content addressed bytes: manifests, indexes, configs, compressed layers.
 */
#ifndef STORE_BLOB_H
#define STORE_BLOB_H

#include "oci/digest.h"
#include "store/store.h"

int blob_open(struct store *st, const struct digest *d, struct error *err); /* a descriptor */
int blob_find(struct store *st, const struct digest *d, int64_t *size,
	      struct error *err); /* 1 0 -1 */
/* Finds it and marks it as in use from now on, for who will name it later (see struct staging). */
int blob_keep(struct store *st, const struct digest *d, struct error *err); /* 1 0 -1 */
/* Reads a whole small blob and verifies its digest: ERR_INVALID when damaged. */
int blob_read(struct store *st, const struct digest *d, size_t max, struct str *out,
	      struct error *err);
int blob_put(struct store *st, const void *bytes, size_t n, struct digest *d, struct error *err);
/*
 * Streams: begin, write to w.fd through blob_writer_add, then finish. With an expected digest (or
 * size >= 0) a mismatch is ERR_INVALID and nothing is published.
 */
struct blob_writer {
	struct staging staging;
	int fd;
	int64_t size;
	int64_t begun; /* so many bytes of it are on their way to the disk */
	struct sha256 hash;
};
int blob_writer_begin(struct store *st, struct blob_writer *w, struct error *err);
int blob_writer_add(struct blob_writer *w, const void *bytes, size_t n, struct error *err);
int blob_writer_finish(struct store *st, struct blob_writer *w, const struct digest *expected,
		       int64_t expected_size, struct digest *d, struct error *err);
void blob_writer_abort(struct store *st, struct blob_writer *w);

#endif
