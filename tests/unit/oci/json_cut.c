/*
 * json_cut.c - tests of src/oci/json_cut.c: the bytes of one value in a JSON text.
 */
#include "unit.h"

#include "oci/json_cut.h"
#include "util/mem.h"

static const char *const path[] = { "linux", "seccomp", NULL };

static const struct {
	const char *text, *value; /* NULL: not found */
} texts[] = {
	{ "{\"linux\":{\"seccomp\":{}}}", "{}" },
	{ "{\"linux\":{\"seccomp\":{\"a\":[1,{\"b\":\"}]\\\"\"}]}}}",
	  "{\"a\":[1,{\"b\":\"}]\\\"\"}]}" },
	{ " { \"x\" : [ {\"linux\":1} ] ,\n\"linux\" : {\t\"y\":-1.5e3 , \"seccomp\" : null } } ",
	  "null" },
	{ "{\"linux\":{\"seccomp\":12}}", "12" },
	{ "{\"linux\":{\"seccomp\":true,\"z\":0}}", "true" },
	{ "{\"linux\":{\"seccomp\":\"a,}\"}}", "\"a,}\"" },
	/* the name elsewhere: as a value, at another depth, with another beginning */
	{ "{\"a\":\"seccomp\",\"seccomp\":1,\"linux\":{\"b\":{\"seccomp\":2},\"seccomp\":3}}", "3" },
	{ "{\"linux\":{\"seccompx\":1,\"xseccomp\":2}}", NULL },
	{ "{\"linux\":[{\"seccomp\":1}]}", NULL },
	{ "{\"linux\":{}}", NULL },
	{ "{}", NULL },
	{ "[]", NULL },
	{ "", NULL },
	{ "{", NULL },
	{ "{\"linux", NULL },
	{ "{\"linux\\", NULL },
	{ "{\"linux\":", NULL },
	{ "{\"linux\":{\"seccomp\":", NULL },
	{ "{\"linux\":{\"seccomp\":{\"a\":1", NULL },
	{ "{\"linux\":{\"seccomp\":{\"a\":\"x", NULL },
	{ "{\"linux\":{\"seccomp\":}}", NULL },
	{ "{\"linux\":{\"a\" \"seccomp\":1}}", NULL },
};

START_TEST(json_cut_finds_the_value_or_nothing)
{
	/* a block of its own size, so that the sanitizer sees a read behind it */
	size_t n = strlen(texts[_i].text), from, to;
	char *text = memcpy(xmalloc(n + !n), texts[_i].text, n);
	bool found = json_cut_find(text, n, path, &from, &to);

	ck_assert_msg(found == (texts[_i].value != NULL), "%s", texts[_i].text);
	if (found) {
		ck_assert_uint_eq(to - from, strlen(texts[_i].value));
		ck_assert(memcmp(text + from, texts[_i].value, to - from) == 0);
	}
	free(text);
}
END_TEST

UNIT_MAIN("oci/json_cut", TEST_LOOP(json_cut_finds_the_value_or_nothing, ARRAY_SIZE(texts)))
