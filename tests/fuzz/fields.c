/*
 * fields.c - the quick way from JSON to a struct accepts nothing that the careful way refuses, and
 * gives the same result.
 */
#include "fuzz.h"

#include "util/fields_scan.h"

struct inner {
	char *name;
	int64_t n;
};
struct outer {
	char *text, *raw, *number;
	bool on;
	int tri;
	int64_t n, wide;
	struct strv list, set;
	VEC(int64_t) ints;
	struct strmap map;
	struct inner obj, *ptr;
	VEC(struct inner) vec;
};
static const struct field inner_fields[] = {
	F_STR_(struct inner, name, "name", FIELD_REQUIRED),
	F_INT(struct inner, n, "n"),
	F_END,
};
static const struct field obj_fields[] = { F_INT(struct inner, n, "n"), F_END };
static const struct field outer_fields[] = {
	F_STR(struct outer, text, "text"),
	F_BOOL(struct outer, on, "on"),
	F_TRI(struct outer, tri, "tri"),
	F_INT(struct outer, n, "n"),
	F_INT_(struct outer, wide, "wide", FIELD_UNSIGNED),
	F_STRV(struct outer, list, "list"),
	F_INTS(struct outer, ints, "ints"),
	F_MAP(struct outer, map, "map"),
	F_SET(struct outer, set, "set"),
	F_OBJ(struct outer, obj, "obj", obj_fields),
	F_PTR(struct outer, ptr, "ptr", inner_fields),
	F_VEC(struct outer, vec, "vec", inner_fields),
	F_RAW(struct outer, raw, "raw"),
	F_RAW_(struct outer, number, "number", FIELD_UNSIGNED),
	F_END,
};

static void compare(const char *text, size_t n, enum fields_mode mode)
{
	static const struct fields_limits limits = { 1 << 20, 8 };
	auto_done(str) struct str a = { 0 }, b = { 0 };
	auto_done(json) json_t *j = NULL;
	struct error err = { 0 };
	struct outer quick, careful;

	fields_init(outer_fields, &quick);
	if (!fields_scan(outer_fields, text, n, limits.max_depth, mode, &quick))
		return;
	fields_init(outer_fields, &careful);
	j = json_parse(text, n, &limits, &err);
	FUZZ_CHECK(j != NULL);
	FUZZ_CHECK(fields_load(outer_fields, j, &careful, mode, &err) == 0);
	fields_format(outer_fields, &quick, false, &a);
	fields_format(outer_fields, &careful, false, &b);
	FUZZ_CHECK(strcmp(str_get(&a), str_get(&b)) == 0);
	FUZZ_CHECK(quick.list.n == careful.list.n && quick.ints.n == careful.ints.n &&
		   quick.vec.n == careful.vec.n && (!quick.ptr) == (!careful.ptr));
	fields_done(outer_fields, &quick);
	fields_done(outer_fields, &careful);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	compare((const char *)data, size, FIELDS_LENIENT);
	compare((const char *)data, size, FIELDS_STRICT);
	return 0;
}
