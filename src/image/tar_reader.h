/*
 * tar_reader.h - private: the entries of a tar, read by libarchive behind tar_check.
 */
#ifndef TAR_READER_H
#define TAR_READER_H

#include "archive_lib.h"
#include "image/stream.h"
#include "tar_check.h"

#include <sys/stat.h>
#include <time.h>

struct tar_entry {
	const char *path;	/* as it came: may be absolute, hold "..", ...; the reader's */
	const char *hardlink;	/* not NULL: another name of that entry; path as it came */
	const char *symlink;	/* of S_IFLNK */
	mode_t type;		/* S_IFMT bits; 0 with hardlink */
	mode_t mode;		/* 07777 */
	int64_t size, uid, gid; /* as they came */
	int64_t major, minor;
	struct timespec mtime;
	bool sparse;
};
struct tar_reader {
	struct stream *in;
	const struct archive_api *lib;
	struct archive *a;
	struct archive_entry *entry;
	struct tar_check check;
	struct error failure; /* inside libarchive's callback */
};
int tar_reader_open(struct tar_reader *r, struct stream *in, struct error *err); /* in: borrowed */
void tar_reader_close(struct tar_reader *r);
int tar_reader_next(struct tar_reader *r, struct tar_entry *e, struct error *err); /* 1 0 -1 */
/*
 * A name as it came without slashes at either end, empty parts and dots: "" for the root. ".." is
 * ERR_INVALID; 4,095 bytes, and 255 for a part, are the limits. *clean is yours.
 */
int tar_name_clean(const char *raw, char **clean, struct error *err);
/* The next piece of the entry's data: 1, 0 at its end, -1. Holes are what lies between pieces. */
int tar_reader_data(struct tar_reader *r, const void **bytes, size_t *n, int64_t *offset,
		    struct error *err);
/* Where the entry's data begin in the tar. */
int64_t tar_reader_offset(struct tar_reader *r);
/* 1 and the next extended attribute, 0 after the last */
int tar_reader_xattr(struct tar_reader *r, bool first, const char **name, const void **value,
		     size_t *n);
/* Reads on to the end of the stream; what follows the end mark must be zeros. */
int tar_reader_finish(struct tar_reader *r, struct error *err);

#endif
