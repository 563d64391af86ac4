/*
 * archive_out.h - private: files written into an archive or a directory, one after the other.
 */
#ifndef ARCHIVE_OUT_H
#define ARCHIVE_OUT_H

#include "image/stream.h"

struct archive_out {
	int dir;  /* a directory, or -1 */
	int fd;	  /* the archive (borrowed), or -1 */
	int file; /* in a directory: the file that is being written */
	char *buf;
	size_t used;
	int64_t left; /* of the file in the archive: what was announced and has not come */
};
int archive_out_open(struct archive_out *o, int fd, const char *path, struct error *err);
int archive_out_folder(struct archive_out *o, const char *name, struct error *err);
int archive_out_text(struct archive_out *o, const char *name, const void *bytes, size_t n,
		     struct error *err);
/* A file of size bytes: begin, write to the sink, end. */
int archive_out_begin(struct archive_out *o, const char *name, int64_t size, struct error *err);
struct layer_sink archive_out_sink(struct archive_out *o);
int archive_out_end(struct archive_out *o, int64_t size, struct error *err);
int archive_out_finish(struct archive_out *o, struct error *err);
void archive_out_done(struct archive_out *o);

#endif
