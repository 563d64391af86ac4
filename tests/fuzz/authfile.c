/*
 * authfile.c - auth files, the answers of helpers and of token servers: no error quotes them, and a
 * token that is accepted cannot end a header.
 *
 * Every byte of the input could be a secret; the texts of errors are fixed but for our own names.
 */
#include "fuzz.h"

#include "registry/client.h"

#define MARK "MARKofASECRET"

static void no_secret(const struct error *err)
{
	FUZZ_CHECK(!strstr(err->text, MARK) && !strstr(err->hint, MARK));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *helper = NULL, *token = NULL;
	struct credential c = { 0 }, h = { 0 };
	struct error err = { 0 }, e2 = { 0 }, e3 = { 0 };
	int64_t seconds = 0;

	if (authfile_find((const char *)data, size, "registry.example", "team/app", &c, &helper,
			  &err) < 0)
		no_secret(&err);
	if (helper_parse((const char *)data, size, &h, &e2) < 0)
		no_secret(&e2);
	else
		FUZZ_CHECK(h.secret && (h.identity || h.user));
	if (token_parse((const char *)data, size, &token, &seconds, &e3) < 0)
		no_secret(&e3);
	else
		FUZZ_CHECK(token_is_valid(token) && seconds > 0);
	credential_done(&c);
	credential_done(&h);
	return 0;
}
