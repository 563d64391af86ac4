/*
 * reference.c - image names: a name that is accepted has a full form that means the same, and
 * nothing in it could leave a directory.
 */
#include "fuzz.h"

#include "oci/reference.h"
#include "util/mem.h"
#include "util/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = xstrndup((const char *)data, size);
	auto_free char *name = NULL, *again = NULL, *familiar = NULL, *repository = NULL, *tag = NULL;
	struct reference r;
	struct error err = { 0 };

	if (reference_parse(text, &r, &err) < 0) {
		FUZZ_CHECK(err.kind == ERR_INVALID || err.kind == ERR_LIMIT);
		return 0;
	}
	name = reference_name(&r);
	if (r.transport == TRANSPORT_NONE) {
		FUZZ_CHECK(!strstr(r.repository, "..") && r.repository[0] != '/');
		reference_done(&r);
		FUZZ_CHECK(reference_parse(name, &r, &err) == 0);
		again = reference_name(&r);
		FUZZ_CHECK(strcmp(name, again) == 0);
		familiar = reference_familiar(name);
		repository = reference_familiar_repository(name);
		tag = reference_tag(name);
		FUZZ_CHECK(str_starts(familiar, repository));
		FUZZ_CHECK(strcmp(tag, r.tag ? r.tag : "<none>") == 0);
	}
	reference_done(&r);
	return 0;
}
