/*
 * tar_check.h - private: what every tar must satisfy before libarchive sees it.
 *
 * Two readers that understand one archive differently let a scanner see another image than the one
 * that runs. So what is ambiguous is refused (ERR_INVALID): PAX sizes that contradict the header,
 * extension records that do not parse or stand where readers disagree, sizes on entries without
 * data, unknown types, bad checksums, anything but zeros behind the end. Limits: ERR_LIMIT.
 */
#ifndef TAR_CHECK_H
#define TAR_CHECK_H

#include "util/error.h"
#include "util/str.h"

#define TAR_BLOCK	  512
#define TAR_EXTENSION_MAX (1 << 20) /* bytes of one PAX header or GNU long name */
#define TAR_ENTRIES_MAX	  (4 << 20)

enum tar_check_state {
	TAR_CHECK_HEADER,
	TAR_CHECK_DATA,
	TAR_CHECK_EXTENSION, /* the body of x, g, L or K */
	TAR_CHECK_SPARSE,    /* old GNU sparse: further blocks of the map */
	TAR_CHECK_END,
};
struct tar_check {
	enum tar_check_state state;
	unsigned char block[TAR_BLOCK];
	size_t have;	/* of block */
	uint64_t left;	/* bytes of data or extension until its end, without padding */
	uint64_t pad;	/* and the padding behind it */
	char type;	/* of the extension */
	struct str ext; /* its body */
	bool seen_x, seen_long;
	bool pax_sized;
	uint64_t pax_size;
	uint64_t data_after; /* old GNU sparse: what follows the map */
	uint64_t entries;
};
void tar_check_done(struct tar_check *c);
int tar_check_feed(struct tar_check *c, const void *bytes, size_t n, struct error *err);
int tar_check_finish(struct tar_check *c, struct error *err); /* the bytes have ended here */

#endif
