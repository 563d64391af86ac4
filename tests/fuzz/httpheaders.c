/*
 * httpheaders.c - Location, Link, Retry-After, Content-Range, Range: numbers stay in their limits,
 * and an address that is accepted could not end a line, leave http, or name a user.
 */
#include "fuzz.h"

#include "registry/client.h"

#include <strings.h>

static void check_location(const char *text)
{
	struct url base = { 0 }, to = { 0 };
	struct error err = { 0 };
	auto_free char *whole = NULL, *again = NULL;

	FUZZ_CHECK(url_parse("https://base.example/v2/a/blobs/b", &base, &err) == 0);
	whole = url_resolve(&base, text, &err);
	url_done(&base);
	if (!whole)
		return;
	FUZZ_CHECK(strncasecmp(whole, "http://", 7) == 0 || strncasecmp(whole, "https://", 8) == 0);
	for (const char *c = whole; *c; c++)
		FUZZ_CHECK((unsigned char)*c > ' ' && (unsigned char)*c < 0x7f);
	FUZZ_CHECK(url_parse(whole, &to, &err) == 0);
	FUZZ_CHECK(to.host[0] && !strchr(to.host, '@') && to.path[0] == '/' && to.port);
	again = url_format(&to);
	url_done(&to);
	FUZZ_CHECK(url_parse(again, &to, &err) == 0);
	url_done(&to);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = xstrndup((const char *)data, size);
	auto_free char *next = link_next(text);
	int64_t first, last, total, after = retry_after_parse(text, 1700000000);

	FUZZ_CHECK(after >= -1);
	FUZZ_CHECK(upload_range_parse(text) >= -1);
	if (content_range_parse(text, &first, &last, &total))
		FUZZ_CHECK(first >= 0 && last >= first && (total == -1 || total > last));
	if (next)
		check_location(next);
	check_location(text);
	return 0;
}
