/*
 * tar_format.h - private: tar headers as we write them: ustar, with PAX records only where needed.
 *
 * These bytes decide digests: a change here makes other layers out of the same trees. Therefore our
 * own and not a library's.
 */
#ifndef TAR_FORMAT_H
#define TAR_FORMAT_H

#include "image/stream.h"
#include "xattrs.h"

#include <sys/types.h>
#include <time.h>

struct tar_header {
	const char *path; /* a directory's ends in '/' */
	const char *link; /* of '1' and '2' */
	char type; /* '0' file, '1' hard link, '2' symbolic link, '3' '4' devices, '5', '6' */
	mode_t mode;
	uid_t uid;
	gid_t gid;
	int64_t size;
	struct timespec mtime;
	unsigned major, minor;
	const struct xattrs *xattrs; /* sorted; NULL: none */
};
int tar_write_header(const struct layer_sink *out, const struct tar_header *h, struct error *err);
int tar_write_padding(const struct layer_sink *out, int64_t size, struct error *err);
int tar_write_end(const struct layer_sink *out, struct error *err);
/* A whole small file of 1970, owned by root: the parts of an archive. */
int tar_write_file(const struct layer_sink *out, const char *path, const void *bytes, size_t n,
		   struct error *err);

#endif
