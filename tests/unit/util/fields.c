/*
 * fields.c - tests of util/fields: one table reads, writes and frees.
 */
#include "unit.h"

#include "util/fields.h"
#include "util/fields_scan.h"

struct inner {
	int64_t uid;
	char *name;
};
static const struct field inner_fields[] = {
	F_INT(struct inner, uid, "uid"),
	F_STR_(struct inner, name, "name", FIELD_REQUIRED),
	F_END,
};
struct outer {
	char *text;
	bool on;
	int tri;
	int64_t number, wide;
	struct strv list;
	VEC(int64_t) ints;
	struct strmap map;
	struct inner obj;
	struct inner *ptr;
	VEC(struct inner) vec;
	char *raw;
	char *raw_number;
	struct strv set;
};
static const struct field optional_fields[] = { F_INT(struct inner, uid, "uid"), F_END };
static const struct field outer_fields[] = {
	F_STR(struct outer, text, "text"),
	F_BOOL(struct outer, on, "on"),
	F_TRI(struct outer, tri, "tri"),
	F_INT(struct outer, number, "number"),
	F_INT_(struct outer, wide, "wide", FIELD_UNSIGNED),
	F_STRV(struct outer, list, "list"),
	F_INTS(struct outer, ints, "ints"),
	F_MAP(struct outer, map, "map"),
	F_OBJ(struct outer, obj, "obj", optional_fields),
	F_PTR(struct outer, ptr, "ptr", inner_fields),
	F_VEC(struct outer, vec, "vec", inner_fields),
	F_RAW(struct outer, raw, "raw"),
	F_RAW_(struct outer, raw_number, "rawNumber", FIELD_UNSIGNED),
	F_SET(struct outer, set, "set"),
	F_END,
};
static const struct fields_limits limits = { .max_bytes = 1000, .max_depth = 4 };

static int parse(const char *text, enum fields_mode mode, struct outer *o, struct error *err)
{
	fields_init(outer_fields, o);
	return fields_parse(outer_fields, text, strlen(text), &limits, mode, o, err);
}

START_TEST(fields_read_every_type)
{
	struct outer o;
	struct error err = { 0 };

	ck_assert_int_eq(parse("{\"text\":\"a\",\"on\":true,\"tri\":false,\"number\":-5,"
			       "\"list\":[\"x\",\"y\"],\"ints\":[1,-2],\"map\":{\"k\":\"v\"},"
			       "\"obj\":{\"uid\":3},\"ptr\":{\"name\":\"n\"},"
			       "\"vec\":[{\"name\":\"p\"},{\"name\":\"q\",\"uid\":7}],"
			       "\"raw\":{\"z\":[1,null]},\"set\":{\"80/tcp\":{}}}",
			       FIELDS_STRICT, &o, &err),
			 0);
	ck_assert_str_eq(o.text, "a");
	ck_assert(o.on);
	ck_assert_int_eq(o.tri, 0);
	ck_assert_int_eq(o.number, -5);
	ck_assert(o.wide == UNSET);
	ck_assert_uint_eq(o.list.n, 2);
	ck_assert_str_eq(o.list.v[1], "y");
	ck_assert_uint_eq(o.ints.n, 2);
	ck_assert_int_eq(o.ints.v[1], -2);
	ck_assert_str_eq(strmap_get(&o.map, "k"), "v");
	ck_assert_int_eq(o.obj.uid, 3);
	ck_assert_str_eq(o.ptr->name, "n");
	ck_assert(o.ptr->uid == UNSET);
	ck_assert_uint_eq(o.vec.n, 2);
	ck_assert_int_eq(o.vec.v[1].uid, 7);
	ck_assert_str_eq(o.raw, "{\"z\":[1,null]}");
	ck_assert_str_eq(o.set.v[0], "80/tcp");
	fields_done(outer_fields, &o);
	ck_assert_ptr_null(o.text);
	ck_assert_int_eq(o.tri, -1);
}
END_TEST

START_TEST(fields_leave_unset_what_is_absent_or_null)
{
	struct outer o;
	struct error err = { 0 };

	ck_assert_int_eq(parse("{\"text\":null,\"tri\":null,\"ptr\":null,\"vec\":null}",
			       FIELDS_STRICT, &o, &err),
			 0);
	ck_assert_ptr_null(o.text);
	ck_assert_int_eq(o.tri, -1);
	ck_assert(o.number == UNSET);
	ck_assert_ptr_null(o.ptr);
	ck_assert_uint_eq(o.vec.n, 0);
	fields_done(outer_fields, &o);
}
END_TEST

static const struct {
	const char *json, *message;
	enum error_kind kind;
} refusals[] = {
	{ "{\"number\":\"5\"}", "number: expected an integer", ERR_INVALID },
	{ "{\"number\":1.5}", "number: expected an integer", ERR_INVALID },
	{ "{\"on\":1}", "on: expected true or false", ERR_INVALID },
	{ "{\"obj\":{\"uid\":\"x\"}}", "obj: uid: expected an integer", ERR_INVALID },
	{ "{\"list\":[\"a\",2]}", "list: [1]: expected a string", ERR_INVALID },
	{ "{\"ints\":[1,\"a\"]}", "ints: [1]: expected an integer", ERR_INVALID },
	{ "{\"map\":{\"k\":1}}", "map: k: expected a string", ERR_INVALID },
	{ "{\"vec\":[{\"name\":\"a\"},{}]}", "vec: [1]: name: missing", ERR_INVALID },
	{ "{\"vec\":{}}", "vec: expected a list of objects", ERR_INVALID },
	{ "{\"ptr\":[]}", "ptr: expected an object", ERR_INVALID },
	{ "{\"numbr\":1}", "unknown member 'numbr', did you mean 'number'?", ERR_INVALID },
	{ "{\"obj\":{\"zzzzzz\":1}}", "obj: unknown member 'zzzzzz'", ERR_INVALID },
	{ "{\"text\":\"a\",\"text\":\"b\"}", NULL, ERR_INVALID },
	{ "{\"text\":\"a\\u0000b\"}", NULL, ERR_INVALID },
	{ "{\"text\":\"\xff\"}", NULL, ERR_INVALID },
	{ "{} x", NULL, ERR_INVALID },
	{ "", NULL, ERR_INVALID },
	{ "[]", "expected an object", ERR_INVALID },
	{ "{\"wide\":18446744073709551616}", NULL, ERR_INVALID },
	{ "{\"raw\":[[[[0]]]]}", "JSON nested more than 4 deep", ERR_LIMIT },
};

START_TEST(fields_refuse_with_the_path)
{
	struct outer o;
	struct error err = { 0 };
	char line[ERROR_LINE_MAX];

	ck_assert_int_eq(parse(refusals[_i].json, FIELDS_STRICT, &o, &err), -1);
	ck_assert_int_eq(err.kind, refusals[_i].kind);
	if (refusals[_i].message)
		ck_assert_str_eq(error_text(&err, line, sizeof(line)), refusals[_i].message);
	/* nothing is left behind: LeakSanitizer looks, too */
	ck_assert_ptr_null(o.text);
	ck_assert_uint_eq(o.vec.n, 0);
}
END_TEST

START_TEST(fields_ignore_unknown_members_when_lenient)
{
	struct outer o;
	struct error err = { 0 };

	ck_assert_int_eq(parse("{\"new\":{\"a\":[]},\"number\":1}", FIELDS_LENIENT, &o, &err), 0);
	ck_assert_int_eq(o.number, 1);
	fields_done(outer_fields, &o);
}
END_TEST

START_TEST(fields_refuse_more_bytes_than_the_limit)
{
	char text[1100];
	struct outer o;
	struct error err = { 0 };

	memset(text, ' ', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	memcpy(text, "{}", 2);
	ck_assert_int_eq(parse(text, FIELDS_STRICT, &o, &err), -1);
	ck_assert_int_eq(err.kind, ERR_LIMIT);
}
END_TEST

START_TEST(fields_keep_unsigned_64_bit_numbers)
{
	/* an escaped quote and digits in strings must not confuse the second reading */
	const char *text = "{\"text\":\"\\\"18446744073709551615\",\"number\":-3,"
			   "\"wide\":18446744073709551615,\"rawNumber\":9223372036854775808}";
	struct outer o;
	struct error err = { 0 };
	struct str out = { 0 };

	ck_assert_int_eq(parse(text, FIELDS_STRICT, &o, &err), 0);
	ck_assert_str_eq(o.text, "\"18446744073709551615");
	ck_assert(o.wide == -1);
	ck_assert_str_eq(o.raw_number, "9223372036854775808");
	fields_format(outer_fields, &o, false, &out);
	ck_assert_str_eq(out.s, text);
	str_done(&out);
	fields_done(outer_fields, &o);
}
END_TEST

START_TEST(fields_write_only_what_is_set)
{
	struct outer o;
	struct str out = { 0 };

	fields_init(outer_fields, &o);
	fields_format(outer_fields, &o, false, &out);
	ck_assert_str_eq(out.s, "{}");
	str_clear(&out);
	o.text = xstrdup("");
	o.tri = 0;
	o.number = 0;
	fields_format(outer_fields, &o, false, &out);
	ck_assert_str_eq(out.s, "{\"text\":\"\",\"tri\":false,\"number\":0}");
	str_done(&out);
	fields_done(outer_fields, &o);
}
END_TEST

START_TEST(fields_write_what_they_read)
{
	const char *text =
		"{\"text\":\"a\\\"\\\\\\n\xc3\xa9\",\"on\":true,\"number\":-9223372036854775807,"
		"\"list\":[\"x\"],\"ints\":[-1,0,10],\"map\":{\"a\":\"1\",\"b\":\"2\"},"
		"\"obj\":{\"uid\":0},\"ptr\":{\"name\":\"n\"},\"vec\":[{\"name\":\"p\"}],"
		"\"raw\":[1,{\"x\":\"y\"}],\"set\":{\"80/tcp\":{}}}";
	struct outer o;
	struct error err = { 0 };
	struct str out = { 0 };
	json_t *stored, *direct;

	ck_assert_int_eq(parse(text, FIELDS_STRICT, &o, &err), 0);
	fields_format(outer_fields, &o, false, &out);
	ck_assert_str_eq(out.s, text);
	stored = fields_store(outer_fields, &o);
	direct = json_loads(text, 0, NULL);
	ck_assert(json_equal(stored, direct));
	json_decref(stored);
	json_decref(direct);
	str_done(&out);
	fields_done(outer_fields, &o);
}
END_TEST

START_TEST(fields_indent_as_go_does)
{
	struct outer o;
	struct error err = { 0 };
	struct str out = { 0 };

	ck_assert_int_eq(
		parse("{\"text\":\"a:{,\\\"}\",\"list\":[\"x\",\"y\"],\"raw\":{\"e\":[],\"o\":{}}}",
		      FIELDS_STRICT, &o, &err),
		0);
	fields_format(outer_fields, &o, true, &out);
	ck_assert_str_eq(out.s, "{\n"
				"    \"text\": \"a:{,\\\"}\",\n"
				"    \"list\": [\n"
				"        \"x\",\n"
				"        \"y\"\n"
				"    ],\n"
				"    \"raw\": {\n"
				"        \"e\": [],\n"
				"        \"o\": {}\n"
				"    }\n"
				"}");
	str_done(&out);
	fields_done(outer_fields, &o);
}
END_TEST

/* Texts that the quick way takes, and such that it must leave to the careful one. */
static const struct {
	const char *text;
	bool quick;
} scans[] = {
	{ "{}", true },
	{ " { \"text\" : \"a\\n\\\\\" , \"list\" : [ \"x\" ] } \n", true },
	{ "{\"raw\":{\"a\":[1, true ,null]},\"set\":{\"k\":{}},\"map\":{\"k\":null}}", true },
	{ "{\"ptr\":{\"name\":\"x\"},\"vec\":[{\"name\":\"y\",\"uid\":-3}],\"ints\":[]}", true },
	{ "{\"unknown\":{\"deep\":[0]}}", true },
	{ "{\"number\":1.0}", false },
	{ "{\"number\":01}", false },
	{ "{\"number\":9223372036854775808}", false },
	{ "{\"number\":\"1\"}", false },
	{ "{\"number\":1,\"number\":2}", false },
	{ "{\"number\":null,\"number\":2}", false },
	{ "{\"unknown\":1,\"unknown\":2}", false },
	{ "{\"raw\":{\"a\":1,\"a\":2}}", false },
	{ "{\"raw\":1e3}", false },
	{ "{\"text\":\"\\u0041\"}", false },
	{ "{\"text\":\"\xff\"}", false },
	{ "{\"te\\nxt\":1}", false },
	{ "{\"ptr\":{}}", false }, /* a member is missing */
	{ "{\"text\":\"x\"", false },
	{ "{} x", false },
	{ "[]", false },
	{ "", false },
	{ "{\"raw\":[[[[1]]]]}", false }, /* five levels, four are allowed */
	{ "{,}", false },
	{ "{\"on\":true,}", false },
	{ "{\"on\":truex}", false },
};

START_TEST(fields_scan_agrees_with_the_careful_way_or_keeps_out)
{
	const char *text = scans[_i].text;
	struct outer quick, careful;
	auto_done(str) struct str a = { 0 }, b = { 0 };
	auto_done(json) json_t *j = NULL;
	struct error err = { 0 };

	fields_init(outer_fields, &quick);
	ck_assert_int_eq(fields_scan(outer_fields, text, strlen(text), 4, FIELDS_LENIENT, &quick),
			 scans[_i].quick);
	if (scans[_i].quick) {
		j = json_parse(text, strlen(text), NULL, &err);
		ck_assert_ptr_nonnull(j);
		fields_init(outer_fields, &careful);
		ck_assert_int_eq(fields_load(outer_fields, j, &careful, FIELDS_LENIENT, &err), 0);
		fields_format(outer_fields, &careful, false, &b);
		fields_done(outer_fields, &careful);
	} else {
		str_add(&b, "{}"); /* left as it was */
	}
	fields_format(outer_fields, &quick, false, &a);
	ck_assert_str_eq(str_get(&a), str_get(&b));
	fields_done(outer_fields, &quick);
}
END_TEST

UNIT_MAIN("util/fields", TEST(fields_read_every_type),
	  TEST(fields_leave_unset_what_is_absent_or_null),
	  TEST_LOOP(fields_refuse_with_the_path, sizeof(refusals) / sizeof(refusals[0])),
	  TEST(fields_ignore_unknown_members_when_lenient),
	  TEST(fields_refuse_more_bytes_than_the_limit), TEST(fields_keep_unsigned_64_bit_numbers),
	  TEST(fields_write_only_what_is_set), TEST(fields_write_what_they_read),
	  TEST(fields_indent_as_go_does),
	  TEST_LOOP(fields_scan_agrees_with_the_careful_way_or_keeps_out, ARRAY_SIZE(scans)))
