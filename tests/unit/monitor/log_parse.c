/* Lines of json-file and k8s-file logs, read. */
#include "unit.h"

#include "monitor/log_parse.h"
#include "util/mem.h"

/* How the text of a log member comes out; NULL: not a line of this format. RFC 8259, section 7. */
static const struct {
	const char *json, *bytes;
} strings[] = {
	{ "a\\n", "a\n" },
	{ "\\\"\\\\\\/\\b\\f\\r\\t", "\"\\/\b\f\r\t" },
	{ "\\u0041\\u00e9\\u2262", "A\xc3\xa9\xe2\x89\xa2" },
	{ "\\ud834\\udd1e", "\xf0\x9d\x84\x9e" },
	{ "\\ud834!", "\xef\xbf\xbd!" },      /* half a pair */
	{ "\\udd1e", "\xef\xbf\xbd" },	      /* the other half */
	{ "\\ud834\\u0041", "\xef\xbf\xbd" }, /* a pair that is none */
	{ "\\u00zz", NULL },
	{ "\\ud834\\uzzzz", NULL },
	{ "\\x41", NULL },
	{ "\\", NULL },
};

START_TEST(json_line_is_decoded_or_refused)
{
	char line[256];
	int n = snprintf(
		line, sizeof(line),
		"{\"log\":\"%s\",\"stream\":\"stderr\",\"time\":\"1970-01-01T00:00:01.5Z\"}",
		strings[_i].json);
	struct log_piece p;

	if (!strings[_i].bytes) {
		ck_assert(!log_parse_json(line, (size_t)n, &p));
		return;
	}
	ck_assert(log_parse_json(line, (size_t)n, &p));
	ck_assert_int_eq(p.time_ns, 1500000000);
	ck_assert_int_eq(p.stream, 2);
	ck_assert_uint_eq(p.n, strlen(strings[_i].bytes));
	ck_assert_mem_eq(p.bytes, strings[_i].bytes, p.n);
}
END_TEST

UNIT_MAIN("monitor/log_parse", TEST_LOOP(json_line_is_decoded_or_refused, ARRAY_SIZE(strings)))
