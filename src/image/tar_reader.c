/*
 * tar_reader.c - the entries of a tar, by libarchive, each byte checked before it arrives there.
 *
 * Names: libarchive converts PAX names from UTF-8 to the locale's set and gives the raw bytes when
 * that fails. We never call setlocale(3), so the set is ASCII, and all names arrive as they were.
 */
#include "tar_reader.h"

#include <errno.h>
#include <limits.h>

static la_ssize_t reader_more(struct archive *a, void *arg, const void **bytes)
{
	struct tar_reader *r = arg;
	size_t n = 0;
	int got = stream_next(r->in, bytes, &n, &r->failure);

	if (got > 0 && tar_check_feed(&r->check, *bytes, n, &r->failure) < 0)
		got = -1;
	if (got < 0) {
		r->lib->archive_set_error(a, EIO, "cannot read");
		return -1;
	}
	return got ? (la_ssize_t)n : 0;
}

static int reader_fail(struct tar_reader *r, struct error *err)
{
	const char *why = r->lib->archive_error_string(r->a);

	if (r->failure.kind) {
		*err = r->failure;
		return -1;
	}
	return error_set(err, ERR_INVALID, "tar: %s", why ? why : "damaged");
}

int tar_reader_open(struct tar_reader *r, struct stream *in, struct error *err)
{
	*r = (struct tar_reader){ .in = in, .lib = archive_lib(err) };
	if (!r->lib)
		return -1;
	r->a = r->lib->archive_read_new();
	if (!r->a)
		return error_set(err, ERR_BUG, "libarchive: no memory");
	r->lib->archive_read_support_format_tar(r->a);
	r->lib->archive_read_support_format_empty(r->a);
	if (r->lib->archive_read_open2(r->a, r, NULL, reader_more, NULL, NULL) != ARCHIVE_OK)
		return reader_fail(r, err);
	return 0;
}

void tar_reader_close(struct tar_reader *r)
{
	if (r->a)
		r->lib->archive_read_free(r->a);
	r->a = NULL;
	tar_check_done(&r->check);
}

int tar_reader_next(struct tar_reader *r, struct tar_entry *e, struct error *err)
{
	const struct archive_api *lib = r->lib;
	int got = lib->archive_read_next_header(r->a, &r->entry);

	if (got == ARCHIVE_EOF)
		return 0;
	if (got != ARCHIVE_OK && got != ARCHIVE_WARN)
		return reader_fail(r, err);
	*e = (struct tar_entry){
		.path = lib->archive_entry_pathname(r->entry),
		.hardlink = lib->archive_entry_hardlink(r->entry),
		.symlink = lib->archive_entry_symlink(r->entry),
		.type = lib->archive_entry_filetype(r->entry),
		.mode = lib->archive_entry_perm(r->entry) & 07777,
		.size = lib->archive_entry_size(r->entry),
		.uid = lib->archive_entry_uid(r->entry),
		.gid = lib->archive_entry_gid(r->entry),
		.major = (int64_t)lib->archive_entry_rdevmajor(r->entry),
		.minor = (int64_t)lib->archive_entry_rdevminor(r->entry),
		.mtime = { lib->archive_entry_mtime(r->entry),
			   lib->archive_entry_mtime_nsec(r->entry) },
		.sparse = lib->archive_entry_sparse_count(r->entry) > 0,
	};
	if (!e->path)
		return error_set(err, ERR_INVALID, "tar entry %llu has no name",
				 (unsigned long long)r->check.entries);
	return 1;
}

int tar_name_clean(const char *raw, char **clean, struct error *err)
{
	struct str s = { 0 };

	if (strlen(raw) >= PATH_MAX)
		return error_set(err, ERR_LIMIT, "a name of more than %d bytes", PATH_MAX - 1);
	while (*raw) {
		size_t n = strcspn(raw, "/");

		if (n == 2 && memcmp(raw, "..", 2) == 0) {
			str_done(&s);
			return error_set(err, ERR_INVALID, "a name with '..'");
		}
		if (n > NAME_MAX) {
			str_done(&s);
			return error_set(err, ERR_LIMIT, "a part of a name of more than %d bytes",
					 NAME_MAX);
		}
		if (n && !(n == 1 && *raw == '.')) {
			if (s.len)
				str_addc(&s, '/');
			str_addn(&s, raw, n);
		}
		raw += n;
		raw += strspn(raw, "/");
	}
	*clean = str_take(&s);
	return 0;
}

int tar_reader_data(struct tar_reader *r, const void **bytes, size_t *n, int64_t *offset,
		    struct error *err)
{
	la_int64_t at;
	int got = r->lib->archive_read_data_block(r->a, bytes, n, &at);

	*offset = at;
	if (got == ARCHIVE_EOF)
		return 0;
	return got == ARCHIVE_OK ? 1 : reader_fail(r, err);
}

int64_t tar_reader_offset(struct tar_reader *r)
{
	return r->lib->archive_filter_bytes(r->a, 0);
}

int tar_reader_xattr(struct tar_reader *r, bool first, const char **name, const void **value,
		     size_t *n)
{
	if (!r->entry)
		return 0;
	if (first && r->lib->archive_entry_xattr_reset(r->entry) == 0)
		return 0;
	return r->lib->archive_entry_xattr_next(r->entry, name, value, n) == ARCHIVE_OK;
}

int tar_reader_finish(struct tar_reader *r, struct error *err)
{
	const void *bytes;
	size_t n;
	int got;

	while ((got = stream_next(r->in, &bytes, &n, err)) > 0)
		if (tar_check_feed(&r->check, bytes, n, err) < 0)
			return -1;
	return got < 0 ? -1 : tar_check_finish(&r->check, err);
}
