/*
 * expand.c - fuzz: variable expansion. The output is limited, plain words stay what they are, and
 * patterns agree with a matcher that tries everything.
 */
#include "build/expand.h"
#include "fuzz.h"

#include <stdbool.h>

/* Does all of value match pattern? Tries everything. ASCII only. */
static bool matches(const char *p, const char *v, size_t n)
{
	if (!*p)
		return n == 0;
	if (*p == '*') {
		for (size_t i = 0; i <= n; i++)
			if (matches(p + 1, v + i, n - i))
				return true;
		return false;
	}
	if (*p == '\\')
		p++;
	else if (*p == '?')
		return n && matches(p + 1, v + 1, n - 1);
	return n && *v == *p && matches(p + 1, v + 1, n - 1);
}

static void slow(enum pattern_op op, bool longest, const char *p, const char *v, const char *with,
		 struct str *out)
{
	size_t n = strlen(v), best = n + 1;

	if (op == PATTERN_PREFIX || op == PATTERN_SUFFIX) {
		for (size_t i = 0; i <= n; i++) {
			size_t len = longest ? n - i : i;

			if (best > n && matches(p, op == PATTERN_PREFIX ? v : v + n - len, len))
				best = len;
		}
		if (best > n)
			best = 0;
		str_addn(out, op == PATTERN_PREFIX ? v + best : v, n - best);
		return;
	}
	for (size_t i = 0; i <= n;) {
		size_t len = n - i + 1;

		while (len-- > 0 && !matches(p, v + i, len))
			;
		if (len <= n) { /* a match, the longest one here */
			str_add(out, with);
			if (op == PATTERN_REPLACE || (len && i + len == n)) {
				str_add(out, v + i + len);
				return;
			}
		}
		if ((len > n || !len) && i < n)
			str_addc(out, v[i]);
		i += len > n || !len ? 1 : len;
	}
}

static void check_pattern(const uint8_t *data, size_t size)
{
	char text[3][24] = { 0 };
	size_t at = 0, len = 0;

	if (size < 2)
		return;
	for (size_t i = 1; i < size && at < 3; i++) {
		if (data[i] == '\n') {
			at++;
			len = 0;
		} else if (len < 10 && data[i] && data[i] < 0x80) {
			text[at][len++] = (char)data[i];
		}
	}
	for (unsigned op = 0; op < 4; op++)
		for (unsigned longest = 0; longest < 2; longest++) {
			struct str fast = { 0 }, want = { 0 };
			struct error err = { 0 };
			long work = 1 << 20;

			if (pattern_apply(op, longest, text[0], text[1], text[2], &work, &fast,
					  &err) == 0) {
				slow(op, longest, text[0], text[1], text[2], &want);
				FUZZ_CHECK(strcmp(str_get(&fast), str_get(&want)) == 0);
			}
			str_done(&fast);
			str_done(&want);
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strv env = { 0 }, words = { 0 };
	struct error err = { 0 };
	char *text, *out = NULL;
	bool plain = true;

	if (size > 65536)
		return 0;
	check_pattern(data, size);
	text = xstrndup((const char *)data, size);
	strv_add(&env, "a=value");
	strv_add(&env, "long=aXbXcXd/e/f.txt");
	strv_add(&env, "empty=");
	for (const char *p = text; *p; p++)
		plain = plain && !strchr("$\\'\"", *p);
	if (expand_word(text, '\\', &env, &out, &err) == 0) {
		FUZZ_CHECK(strlen(out) <= EXPAND_MAX);
		FUZZ_CHECK(!plain || strcmp(out, text) == 0);
		free(out);
	} else {
		FUZZ_CHECK(!plain);
	}
	err = (struct error){ 0 };
	if (expand_words(text, '`', &env, &words, &err) == 0)
		strv_each (&words, i)
			FUZZ_CHECK(strlen(words.v[i]) <= EXPAND_MAX);
	strv_done(&words);
	strv_done(&env);
	free(text);
	return 0;
}
