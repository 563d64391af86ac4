/*
 * text.c - tests of util/text. Expectations follow from FEATURES 5.3 and from the rules of
 * go-units, Go's time package and RFC 3339, not from our output.
 */
#include "unit.h"

#include "util/text.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	int64_t bytes;
	const char *text;
} sizes[] = {
	{ 0, "0B" },
	{ 1, "1B" },
	{ 999, "999B" },
	{ 1000, "1kB" },
	{ 1005, "1kB" }, /* 1.005 in binary is just below */
	{ 1550, "1.55kB" },
	{ 35600, "35.6kB" },
	{ 1000000, "1MB" },
	{ 7830000, "7.83MB" },
	{ 7834999, "7.83MB" },
	{ 109000000, "109MB" },
	{ 999999, "1MB" }, /* never 1e+03kB */
	{ 1234567890, "1.23GB" },
	{ 2500000000000, "2.5TB" },
	{ 1000000000000000, "1PB" },
	{ INT64_MAX, "9.22EB" },
	{ -1500, "-1.5kB" },
};

START_TEST(size_is_three_digits_in_powers_of_1000)
{
	char buf[32];

	ck_assert_str_eq(text_size(sizes[_i].bytes, buf, sizeof(buf)), sizes[_i].text);
}
END_TEST

static const struct {
	int64_t bytes;
	const char *text;
} binary_sizes[] = {
	{ 0, "0B" },	       { 1023, "1023B" },	   { 1024, "1KiB" },
	{ 1536, "1.5KiB" },    { 2095944040, "1.952GiB" }, /* 1.952 * 2^30 */
	{ 67108864, "64MiB" }, { 16106127360, "15GiB" },
};

START_TEST(binary_size_is_four_digits_in_powers_of_1024)
{
	char buf[32];

	ck_assert_str_eq(text_size_binary(binary_sizes[_i].bytes, buf, sizeof(buf)),
			 binary_sizes[_i].text);
}
END_TEST

#define MINUTE 60
#define HOUR   3600
#define DAY    (24 * HOUR)

static const struct {
	int64_t seconds;
	const char *text;
} spans[] = {
	{ 0, "Less than a second" },
	{ -5, "Less than a second" },
	{ 1, "1 second" },
	{ 2, "2 seconds" },
	{ 59, "59 seconds" },
	{ 60, "About a minute" },
	{ 119, "About a minute" },
	{ 120, "2 minutes" },
	{ 59 * MINUTE + 59, "59 minutes" },
	{ HOUR, "About an hour" },
	{ HOUR + 29 * MINUTE, "About an hour" },
	{ HOUR + 30 * MINUTE, "2 hours" }, /* hours are rounded */
	{ 47 * HOUR, "47 hours" },
	{ 48 * HOUR, "2 days" },
	{ 13 * DAY, "13 days" },
	{ 14 * DAY, "2 weeks" },
	{ 59 * DAY, "8 weeks" },
	{ 60 * DAY, "2 months" },
	{ 365 * DAY, "12 months" },
	{ 2 * 365 * DAY - DAY, "24 months" },
	{ 2 * 365 * DAY, "2 years" },
	{ (int64_t)10 * 365 * DAY, "10 years" },
};

START_TEST(ago_uses_the_words_of_docker)
{
	char buf[32];

	ck_assert_str_eq(text_ago(spans[_i].seconds, buf, sizeof(buf)), spans[_i].text);
}
END_TEST

static const struct {
	const char *text;
	int64_t bytes; /* -1: refused */
} byte_texts[] = {
	{ "0", 0 },
	{ "512", 512 },
	{ "512b", 512 },
	{ "64m", 64LL << 20 },
	{ "64M", 64LL << 20 },
	{ "64mb", 64LL << 20 },
	{ "64MiB", 64LL << 20 },
	{ "10kb", 10240 },
	{ "1.5g", 3LL << 29 },
	{ "1.5 g", 3LL << 29 },
	{ "2t", 2LL << 40 },
	{ "0.1k", 102 },
	{ "1p", 1LL << 50 },
	{ ".5k", 512 },
	{ "", -1 },
	{ "m", -1 },
	{ "-1", -1 },
	{ "1x", -1 },
	{ "1mm", -1 },
	{ "1mi", -1 },
	{ "1bb", -1 },
	{ "1bi", -1 },
	{ "1 2", -1 },
	{ "0x10", -1 },
	{ "1e3", -1 },
	{ "1..5", -1 },
	{ " 1", -1 },
	{ "1  g", -1 },
	{ "8192p", -1 },
	{ "99999999999999999999", -1 },
};

START_TEST(bytes_are_read_as_powers_of_1024)
{
	int64_t value = -1;
	bool good = text_parse_bytes(byte_texts[_i].text, &value);

	ck_assert_msg(good == (byte_texts[_i].bytes >= 0), "'%s'", byte_texts[_i].text);
	if (good)
		ck_assert_int_eq(value, byte_texts[_i].bytes);
}
END_TEST

#define BAD INT64_MIN
static const struct {
	const char *text;
	int64_t ns;
} durations[] = {
	{ "0", 0 },
	{ "5s", 5000000000 },
	{ "1h30m", 5400000000000 },
	{ "1.5s", 1500000000 },
	{ "100ms", 100000000 },
	{ "1us", 1000 },
	{ "1\u00b5s", 1000 },
	{ "1\u03bcs", 1000 },
	{ "7ns", 7 },
	{ "-2m", -120000000000 },
	{ "+2m", 120000000000 },
	{ "0.3s", 300000000 },
	{ ".5m", 30000000000 },
	{ "1m1.001s", 61001000000 },
	{ "", BAD },
	{ "5", BAD },
	{ "s", BAD },
	{ "-", BAD },
	{ "5d", BAD },
	{ "5 s", BAD },
	{ "1s ", BAD },
	{ "9999999h", BAD },
};

START_TEST(durations_are_read_as_go_does)
{
	int64_t ns = BAD;
	bool good = text_parse_duration(durations[_i].text, &ns);

	ck_assert_msg(good == (durations[_i].ns != BAD), "'%s'", durations[_i].text);
	if (good)
		ck_assert_int_eq(ns, durations[_i].ns);
}
END_TEST

static const struct {
	int64_t ns;
	const char *text;
} duration_texts[] = {
	{ 0, "0s" },
	{ 1, "1ns" },
	{ 1500, "1.5\u00b5s" },
	{ 100000000, "100ms" },
	{ 1500000, "1.5ms" },
	{ 1500000000, "1.5s" },
	{ 90000000000, "1m30s" },
	{ 3600000000000, "1h0m0s" },
	{ 3661001000000, "1h1m1.001s" },
	{ -2000000000, "-2s" },
};

START_TEST(durations_are_written_as_go_does)
{
	char buf[TEXT_TIME_MAX];

	ck_assert_str_eq(text_duration(duration_texts[_i].ns, buf, sizeof(buf)),
			 duration_texts[_i].text);
}
END_TEST

#define NOW (1700000000 * NSEC_PER_SEC)
static const struct {
	const char *text;
	int64_t ns;
} times[] = {
	{ "0", 0 },
	{ "1136073845", 1136073845 * NSEC_PER_SEC },
	{ "1136073845.000000001", 1136073845 * NSEC_PER_SEC + 1 },
	{ "1136073845.5", 1136073845 * NSEC_PER_SEC + 500000000 },
	{ "2006-01-02T15:04:05Z", 1136214245 * NSEC_PER_SEC },
	{ "2006-01-02T15:04:05.25Z", 1136214245 * NSEC_PER_SEC + 250000000 },
	{ "2006-01-02T15:04:05-07:00", (1136214245 + 7 * 3600) * NSEC_PER_SEC },
	{ "2006-01-02T15:04:05+05:30", (1136214245 - 5 * 3600 - 1800) * NSEC_PER_SEC },
	{ "2006-01-02T15:04:05", (1136214245 - 3600) * NSEC_PER_SEC }, /* TZ is one hour east */
	{ "2006-01-02", (1136160000 - 3600) * NSEC_PER_SEC },
	{ "2006-01-02T15:04", (1136214240 - 3600) * NSEC_PER_SEC },
	{ "2024-02-29", (1709164800 - 3600) * NSEC_PER_SEC },
	{ "10m", NOW - 600 * NSEC_PER_SEC },
	{ "1h30m", NOW - 5400 * NSEC_PER_SEC },
	{ "", BAD },
	{ "yesterday", BAD },
	{ "2006-13-02", BAD },
	{ "2023-02-29", BAD },
	{ "2006-01-32", BAD },
	{ "2006-01-02T25:00:00Z", BAD },
	{ "2006-01-02T15:04:05Zz", BAD },
	{ "2006-01-02T15:04:05.Z", BAD },
	{ "2006-01-02Q", BAD },
	{ "12.x", BAD },
};

START_TEST(times_are_read_in_every_form)
{
	int64_t ns = BAD;
	bool good;

	setenv("TZ", "XXX-1", 1);
	tzset();
	good = text_parse_time(times[_i].text, NOW, &ns);
	ck_assert_msg(good == (times[_i].ns != BAD), "'%s'", times[_i].text);
	if (good)
		ck_assert_int_eq(ns, times[_i].ns);
}
END_TEST

START_TEST(times_are_written_in_utc)
{
	char buf[TEXT_TIME_MAX];

	ck_assert_str_eq(text_rfc3339nano(1136214245 * NSEC_PER_SEC, buf, sizeof(buf)),
			 "2006-01-02T15:04:05Z");
	ck_assert_str_eq(text_rfc3339nano(1136214245 * NSEC_PER_SEC + 120000000, buf, sizeof(buf)),
			 "2006-01-02T15:04:05.12Z");
	ck_assert_str_eq(text_rfc3339nano_padded(1136214245 * NSEC_PER_SEC + 120000000, buf,
						 sizeof(buf)),
			 "2006-01-02T15:04:05.120000000Z");
	ck_assert_str_eq(text_rfc3339nano(0, buf, sizeof(buf)), "0001-01-01T00:00:00Z");
	ck_assert_str_eq(text_rfc3339nano(-1, buf, sizeof(buf)), "1969-12-31T23:59:59.999999999Z");
}
END_TEST

UNIT_MAIN("util/text", TEST_LOOP(size_is_three_digits_in_powers_of_1000, COUNT(sizes)),
	  TEST_LOOP(binary_size_is_four_digits_in_powers_of_1024, COUNT(binary_sizes)),
	  TEST_LOOP(ago_uses_the_words_of_docker, COUNT(spans)),
	  TEST_LOOP(bytes_are_read_as_powers_of_1024, COUNT(byte_texts)),
	  TEST_LOOP(durations_are_read_as_go_does, COUNT(durations)),
	  TEST_LOOP(durations_are_written_as_go_does, COUNT(duration_texts)),
	  TEST_LOOP(times_are_read_in_every_form, COUNT(times)), TEST(times_are_written_in_utc))
