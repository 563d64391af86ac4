/*
 * archive_lib.h - private: libarchive, mapped at first use. Only what reads tar, and the xz and
 * bzip2 filters; nothing that writes or guesses at other formats.
 */
#ifndef ARCHIVE_LIB_H
#define ARCHIVE_LIB_H

#include "util/error.h"

#include <archive.h>
#include <archive_entry.h>

#define ARCHIVE_LIB_FUNCTIONS(X)                                                                   \
	X(archive_read_new)                                                                        \
	X(archive_read_free)                                                                       \
	X(archive_read_support_filter_xz)                                                          \
	X(archive_read_support_filter_bzip2)                                                       \
	X(archive_read_support_format_raw)                                                         \
	X(archive_read_support_format_tar)                                                         \
	X(archive_read_support_format_empty)                                                       \
	X(archive_read_set_options)                                                                \
	X(archive_read_open2)                                                                      \
	X(archive_read_next_header)                                                                \
	X(archive_read_data)                                                                       \
	X(archive_read_data_block)                                                                 \
	X(archive_set_error)                                                                       \
	X(archive_error_string)                                                                    \
	X(archive_filter_bytes)                                                                    \
	X(archive_entry_pathname)                                                                  \
	X(archive_entry_symlink)                                                                   \
	X(archive_entry_hardlink)                                                                  \
	X(archive_entry_filetype)                                                                  \
	X(archive_entry_perm)                                                                      \
	X(archive_entry_size)                                                                      \
	X(archive_entry_uid)                                                                       \
	X(archive_entry_gid)                                                                       \
	X(archive_entry_rdevmajor)                                                                 \
	X(archive_entry_rdevminor)                                                                 \
	X(archive_entry_mtime)                                                                     \
	X(archive_entry_mtime_nsec)                                                                \
	X(archive_entry_mtime_is_set)                                                              \
	X(archive_entry_sparse_count)                                                              \
	X(archive_entry_xattr_reset)                                                               \
	X(archive_entry_xattr_next)

struct archive_api {
#define ARCHIVE_LIB_MEMBER(fn) __typeof__(&fn) fn;
	ARCHIVE_LIB_FUNCTIONS(ARCHIVE_LIB_MEMBER)
#undef ARCHIVE_LIB_MEMBER
};
const struct archive_api *archive_lib(struct error *err); /* NULL when it is not installed */

#endif
