/* Content addressed bytes. */
#include "store_env.h"

START_TEST(blob_put_can_be_read_and_is_there_once)
{
	ENV(e);
	struct digest d, again, want = digest_of("hello");
	auto_done(str) struct str text = { 0 };
	int64_t size = 0;

	OK(blob_put(&e.st, "hello", 5, &d, &err));
	ck_assert(digest_eq(&d, &want));
	OK(blob_put(&e.st, "hello", 5, &again, &err));
	ck_assert_int_eq(blob_find(&e.st, &d, &size, &err), 1);
	ck_assert_int_eq(size, 5);
	OK(blob_read(&e.st, &d, 100, &text, &err));
	ck_assert_str_eq(text.s, "hello");
}
END_TEST

START_TEST(blob_read_refuses_damaged_bytes_and_large_ones)
{
	ENV(e);
	struct digest d;
	auto_done(str) struct str text = { 0 };

	OK(blob_put(&e.st, "hello", 5, &d, &err));
	FAILS(blob_read(&e.st, &d, 4, &text, &err), ERR_LIMIT);
	OK(file_write(e.st.dirs[STORE_BLOBS], d.hex, "hellO", 5, 0600, false, &err));
	str_clear(&text);
	FAILS(blob_read(&e.st, &d, 100, &text, &err), ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(error_text(&err, line, sizeof(line)), "is damaged"));
}
END_TEST

START_TEST(blob_put_heals_one_that_was_cut_short)
{
	ENV(e);
	struct digest d;
	auto_done(str) struct str text = { 0 };

	OK(blob_put(&e.st, "hello", 5, &d, &err));
	OK(file_write(e.st.dirs[STORE_BLOBS], d.hex, "", 0, 0600, false, &err));
	OK(blob_put(&e.st, "hello", 5, &d, &err));
	OK(blob_read(&e.st, &d, 100, &text, &err));
}
END_TEST

START_TEST(blob_absent_is_not_found)
{
	ENV(e);
	struct digest d = digest_of("nothing");

	ck_assert_int_eq(blob_find(&e.st, &d, NULL, &err), 0);
	ck_assert_int_eq(blob_keep(&e.st, &d, &err), 0);
	FAILS(blob_open(&e.st, &d, &err), ERR_NOTFOUND);
}
END_TEST

static const struct {
	const char *expected; /* text whose digest is expected, or NULL */
	int64_t size;
	bool good;
} streams[] = {
	{ "abcdef", 6, true },	{ "abcdef", -1, true }, { NULL, -1, true },
	{ "abcdeX", 6, false }, { "abcdef", 7, false }, { NULL, 5, false },
};

START_TEST(blob_writer_publishes_only_what_was_expected)
{
	ENV(e);
	struct blob_writer w;
	struct digest want, d = { 0 }, real = digest_of("abcdef");
	auto_done(strv) struct strv names = { 0 };
	int r;

	if (streams[_i].expected)
		want = digest_of(streams[_i].expected);
	OK(blob_writer_begin(&e.st, &w, &err));
	OK(blob_writer_add(&w, "abc", 3, &err));
	OK(blob_writer_add(&w, "def", 3, &err));
	r = blob_writer_finish(&e.st, &w, streams[_i].expected ? &want : NULL, streams[_i].size, &d,
			       &err);
	OK(dir_list(e.st.dirs[STORE_BLOBS], &names, &err));
	if (streams[_i].good) {
		OK(r);
		ck_assert(digest_eq(&d, &real));
		ck_assert_uint_eq(names.n, 1);
	} else {
		ck_assert_int_eq(r, -1);
		ck_assert_int_eq(err.kind, ERR_INVALID);
		ck_assert_uint_eq(names.n, 0);
	}
	blob_writer_abort(&e.st, &w); /* harmless afterwards */
}
END_TEST

START_TEST(blob_writer_works_where_files_without_names_do_not)
{
	ENV(e);
	struct blob_writer w;
	struct digest d, want = digest_of("abc");

	/* as begin leaves it when the file system has no O_TMPFILE */
	OK(store_dir(&e.st, STORE_BLOBS, &err));
	w = (struct blob_writer){ .staging = STAGING_NONE };
	OK(staging_begin(&e.st, &w.staging, &err));
	w.fd = openat(w.staging.fd, "blob", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	sha256_init(&w.hash);
	OK(blob_writer_add(&w, "abc", 3, &err));
	OK(blob_writer_finish(&e.st, &w, &want, 3, &d, &err));
	ck_assert_int_eq(blob_find(&e.st, &want, NULL, &err), 1);
}
END_TEST

UNIT_MAIN("store/blob", TEST(blob_put_can_be_read_and_is_there_once),
	  TEST(blob_read_refuses_damaged_bytes_and_large_ones),
	  TEST(blob_put_heals_one_that_was_cut_short), TEST(blob_absent_is_not_found),
	  TEST_LOOP(blob_writer_publishes_only_what_was_expected, ARRAY_SIZE(streams)),
	  TEST(blob_writer_works_where_files_without_names_do_not))
