/*
 * spec.c - config.json: reading what was written gives the same again. A profile of system calls is
 * passed through as text; where it is no JSON itself the result cannot be read again.
 */
#include "fuzz.h"

#include "oci/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct fields_limits limits = { SPEC_MAX, 64 };
	auto_done(str) struct str out = { 0 }, again = { 0 };
	auto_done(json) json_t *profile = NULL;
	struct spec s;
	struct error err = { 0 };
	const char *seccomp;

	if (spec_parse((const char *)data, size, &s, &err) < 0)
		return 0;
	seccomp = s.linux_.seccomp;
	if (seccomp)
		profile = json_parse(seccomp, strlen(seccomp), &limits, &err);
	spec_format(&s, &out);
	spec_done(&s);
	if (seccomp && !profile)
		return 0;
	FUZZ_CHECK(spec_parse(out.s, out.len, &s, &err) == 0);
	spec_format(&s, &again);
	FUZZ_CHECK(strcmp(out.s, again.s) == 0);
	spec_done(&s);
	return 0;
}
