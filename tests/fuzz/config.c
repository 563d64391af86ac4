/*
 * config.c - image configurations: reading what was written gives the same again.
 */
#include "fuzz.h"

#include "oci/image_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_done(str) struct str out = { 0 }, again = { 0 };
	struct image_config c, copy;
	struct error err = { 0 };

	if (image_config_parse((const char *)data, size, &c, &err) < 0)
		return 0;
	image_config_copy(&copy, &c);
	image_config_done(&c);
	image_config_format(&copy, &out);
	image_config_done(&copy);
	FUZZ_CHECK(image_config_parse(out.s, out.len, &c, &err) == 0);
	image_config_format(&c, &again);
	FUZZ_CHECK(strcmp(out.s, again.s) == 0);
	image_config_done(&c);
	return 0;
}
