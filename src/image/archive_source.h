/*
 * archive_source.h - private: the files of an image archive or OCI layout directory, by name.
 */
#ifndef ARCHIVE_SOURCE_H
#define ARCHIVE_SOURCE_H

#include "store/store.h"

#define ARCHIVE_MEMBERS_MAX 65536
#define ARCHIVE_HOPS_MAX    8 /* from link to link */

struct archive_member {
	char *name; /* clean */
	char *link; /* of a link: the clean name of another member; NULL: a file */
	int64_t at, size;
};
struct archive_source {
	int dir; /* an OCI layout directory; -1: an archive */
	int fd;	 /* the tar, not compressed: the file itself, or a copy in the store's tmp/ */
	VEC(struct archive_member) members;
};
void archive_source_init(struct archive_source *a);
void archive_source_done(struct archive_source *a);
/*
 * path "-" is fd 0. A compressed archive, or one that cannot be read twice, is copied to s first.
 * Takes no lock and needs none: it may wait for a user or a network.
 */
int archive_source_open(const char *path, struct staging *s, struct archive_source *a,
			struct error *err);
bool archive_source_has(const struct archive_source *a, const char *name);
/* A descriptor of its own that stands at the first byte, and the size. ERR_NOTFOUND. */
int archive_source_file(const struct archive_source *a, const char *name, int64_t *size,
			struct error *err);
/* All of a small file. ERR_LIMIT over max bytes. */
int archive_source_text(const struct archive_source *a, const char *name, size_t max,
			struct str *out, struct error *err);

#endif
