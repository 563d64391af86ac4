/*
 * toml.c - TOML: whatever comes, it is refused with a line, or is an object that JSON can be made of.
 */
#include "fuzz.h"

#include "util/mem.h"
#include "util/toml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *copy = xmalloc(size ? size : 1); /* a byte read behind it is seen */
	struct error err = { 0 };
	json_t *j;
	char *text;

	memcpy(copy, data, size);
	j = toml_parse(copy, size, &err);
	if (!j) {
		FUZZ_CHECK(err.kind == ERR_INVALID || err.kind == ERR_LIMIT);
		return 0;
	}
	text = json_dumps(j, 0);
	FUZZ_CHECK(text && json_is_object(j));
	free(text);
	json_decref(j);
	return 0;
}
