/* Unpacked layers. */
#include "store_env.h"

START_TEST(layer_publish_makes_it_whole_and_only_once)
{
	ENV(e);
	struct digest d = env_layer(&e, "file", "text"), same = env_layer(&e, "file", "text");
	auto_done(strv) struct strv hexes = { 0 }, tmp = { 0 };
	auto_close int diff = layer_open_diff(&e.st, &d, &err);
	auto_done(layer_meta) struct layer_meta m;

	ck_assert(digest_eq(&d, &same));
	OK(diff);
	ck_assert(file_exists(diff, "file"));
	ck_assert_int_eq(layer_find(&e.st, &d, &err), 1);
	OK(layer_meta_load(&e.st, &d, &m, &err));
	ck_assert_int_eq(m.size, 4);
	ck_assert_int_eq(m.tar_size, 10240);
	OK(layer_list(&e.st, &hexes, &err));
	ck_assert_uint_eq(hexes.n, 1);
	OK(dir_list(e.st.dirs[STORE_TMP], &tmp, &err));
	ck_assert_uint_eq(tmp.n, 1); /* the stamp of the sweep */
}
END_TEST

START_TEST(layer_absent_is_not_found)
{
	ENV(e);
	struct digest d = digest_of("x");
	struct layer_meta m;

	ck_assert_int_eq(layer_find(&e.st, &d, &err), 0);
	ck_assert_int_eq(layer_keep(&e.st, &d, &err), 0);
	FAILS(layer_open_diff(&e.st, &d, &err), ERR_NOTFOUND);
	FAILS(layer_meta_load(&e.st, &d, &m, &err), ERR_NOTFOUND);
}
END_TEST

START_TEST(layer_add_blob_remembers_each_form_once)
{
	ENV(e);
	struct digest d = env_layer(&e, "f", "x");
	char type[] = MEDIA_OCI_LAYER_GZIP, digest[] = "sha256:aa", other[] = "sha256:bb";
	struct layer_blob b = { type, digest, 77 }, c = { type, other, 78 };
	auto_done(layer_meta) struct layer_meta m;

	OK(layer_add_blob(&e.st, &d, &b, &err));
	OK(layer_add_blob(&e.st, &d, &b, &err));
	OK(layer_add_blob(&e.st, &d, &c, &err));
	OK(layer_meta_load(&e.st, &d, &m, &err));
	ck_assert_uint_eq(m.blobs.n, 2);
	ck_assert_str_eq(m.blobs.v[0].digest, "sha256:aa");
	ck_assert_int_eq(m.blobs.v[1].size, 78);
}
END_TEST

static const char *const damages[] = { "",
				       "{",
				       "[]",
				       "{\"size\":-1,\"entries\":1}",
				       "{\"size\":1}",
				       "{\"size\":\"1\",\"entries\":1}" };

START_TEST(layer_meta_that_is_damaged_is_invalid)
{
	ENV(e);
	struct digest d = env_layer(&e, "f", "x");
	auto_close int layer = layer_open(&e.st, &d, &err);
	struct layer_meta m;

	OK(file_write(layer, "meta.json", damages[_i], strlen(damages[_i]), 0600, false, &err));
	FAILS(layer_meta_load(&e.st, &d, &m, &err), ERR_INVALID);
	layer_meta_done(&m);
}
END_TEST

UNIT_MAIN("store/layer", TEST(layer_publish_makes_it_whole_and_only_once),
	  TEST(layer_absent_is_not_found), TEST(layer_add_blob_remembers_each_form_once),
	  TEST_LOOP(layer_meta_that_is_damaged_is_invalid, ARRAY_SIZE(damages)))
