/*
 * key.c - tests of src/build/key.c: whatever differs in a record gives another key.
 */
#include "unit.h"

#include "build/key.h"

/* One record of several fields; `change` alters exactly one thing of it. */
static void record(int change, char hex[SHA256_HEX])
{
	struct strv list = { 0 };
	struct key k;

	strv_add(&list, "one");
	strv_add(&list, change == 1 ? "" : "two");
	if (change == 2)
		strv_add(&list, "");
	key_begin(&k, change == 3 ? "COPY" : "RUN");
	key_add(&k, change == 4 ? "texu" : "text", change == 5 ? NULL : change == 6 ? "" : "value");
	key_list(&k, "list", &list);
	key_int(&k, "number", change == 7 ? 0 : -1);
	key_addn(&k, "bytes", "\0\0", change == 8 ? 1 : 2);
	if (change == 9)
		key_add(&k, "", "");
	if (change == 10)
		key_int(&k, "number", -1);
	if (change == 11)
		key_add(&k, "more", NULL);
	key_end(&k, hex);
	strv_done(&list);
}

START_TEST(any_change_of_a_record_changes_its_key)
{
	char keys[12][SHA256_HEX];

	for (int i = 0; i < 12; i++)
		record(i, keys[i]);
	for (int i = 0; i < 12; i++)
		for (int j = 0; j < i; j++)
			ck_assert_msg(strcmp(keys[i], keys[j]) != 0, "%d and %d", i, j);
}
END_TEST

START_TEST(equal_records_have_equal_keys)
{
	char a[SHA256_HEX], b[SHA256_HEX];

	record(0, a);
	record(0, b);
	ck_assert_str_eq(a, b);
}
END_TEST

START_TEST(where_one_text_ends_and_the_next_begins_counts)
{
	static const char *const splits[][3] = {
		{ "ab", "c", "" }, { "a", "bc", "" }, { "abc", "", "" },
		{ "", "abc", "" }, { "", "ab", "c" },
	};
	char keys[5][SHA256_HEX];

	for (size_t i = 0; i < 5; i++) {
		struct strv l = { 0 };
		struct key k;

		for (int j = 0; j < 3; j++)
			strv_add(&l, splits[i][j]);
		key_begin(&k, "X");
		key_list(&k, "l", &l);
		key_end(&k, keys[i]);
		strv_done(&l);
		for (size_t j = 0; j < i; j++)
			ck_assert_str_ne(keys[i], keys[j]);
	}
}
END_TEST

UNIT_MAIN("build/key", TEST(any_change_of_a_record_changes_its_key),
	  TEST(equal_records_have_equal_keys), TEST(where_one_text_ends_and_the_next_begins_counts))
