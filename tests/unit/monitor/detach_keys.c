/*
 * detach_keys.c - tests of the keys that leave a container running.
 */
#include "unit.h"

#include "monitor/detach_keys.h"
#include "monitor/monitor.h"

static const struct {
	const char *text;
	size_t n; /* 0 with ok: none */
	bool ok;
	char key[4];
} texts[] = {
	{ NULL, 2, true, { 16, 17 } },
	{ "", 0, true, { 0 } },
	{ "ctrl-p,ctrl-q", 2, true, { 16, 17 } },
	{ "ctrl-P", 1, true, { 16 } },
	{ "a", 1, true, { 'a' } },
	{ "ctrl-@,ctrl-[,ctrl-]", 3, true, { 0, 27, 29 } },
	{ "ctrl-\\,ctrl-^,ctrl-_", 3, true, { 28, 30, 31 } },
	{ "a,b,c", 3, true, { 'a', 'b', 'c' } },
	{ "ctrl-", 0, false, { 0 } },
	{ "ctrl-1", 0, false, { 0 } },
	{ "ab", 0, false, { 0 } },
	{ "a,", 0, false, { 0 } },
	{ "a b", 0, false, { 0 } },
	{ "a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a", 0, false, { 0 } },
};

START_TEST(keys_are_written_as_docker_does)
{
	struct detach_keys k;

	ck_assert(detach_keys_parse(texts[_i].text, &k) == texts[_i].ok);
	if (!texts[_i].ok)
		return;
	ck_assert_uint_eq(k.n, texts[_i].n);
	ck_assert(memcmp(k.key, texts[_i].key, k.n) == 0);
}
END_TEST

/* Typed in pieces: what goes to the program, and whether it was the end. */
static const struct {
	const char *keys, *pieces[5], *out;
	bool detached;
} typings[] = {
	{ "ctrl-p,ctrl-q", { "ls\n" }, "ls\n", false },
	{ "ctrl-p,ctrl-q", { "\x10\x11" }, "", true },
	{ "ctrl-p,ctrl-q", { "abc\x10", "\x11" }, "abc", true },
	{ "ctrl-p,ctrl-q", { "\x10", "x" }, "\x10x", false },
	{ "ctrl-p,ctrl-q", { "\x10\x10", "\x11" }, "\x10", true },
	{ "ctrl-p,ctrl-q", { "\x11\x10" }, "\x11", false },
	{ "a,b,c", { "a", "b", "c" }, "", true },
	{ "a,b,c", { "ab", "ab", "c" }, "ab", true },
	{ "a,b,c", { "abd" }, "abd", false },
	{ "q", { "xq" }, "x", true },
	{ "", { "\x10\x11" }, "\x10\x11", false },
};

START_TEST(sequence_is_found_across_reads)
{
	struct detach_keys k;
	char out[64], all[64] = "";
	bool detached = false;

	ck_assert(detach_keys_parse(typings[_i].keys, &k));
	for (int i = 0; typings[_i].pieces[i] && !detached; i++) {
		const char *piece = typings[_i].pieces[i];
		size_t n;

		detached = detach_keys_filter(&k, piece, strlen(piece), out, &n);
		strncat(all, out, n);
	}
	ck_assert(detached == typings[_i].detached);
	ck_assert_str_eq(all, typings[_i].out);
}
END_TEST

UNIT_MAIN("monitor/detach_keys",
	  TEST_LOOP(keys_are_written_as_docker_does, sizeof(texts) / sizeof(texts[0])),
	  TEST_LOOP(sequence_is_found_across_reads, sizeof(typings) / sizeof(typings[0])))
