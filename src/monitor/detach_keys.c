/*
 * detach_keys.c - the keys that leave a container running.
 */
#include "detach_keys.h"
#include "monitor/monitor.h"

#include <string.h>

/* One of "a", "ctrl-a", "ctrl-@", "ctrl-[", "ctrl-\", "ctrl-]", "ctrl-^", "ctrl-_" */
static bool key_parse(const char *text, size_t n, char *key)
{
	char c;

	if (n == 1 && (unsigned char)text[0] < 0x80 && (unsigned char)text[0] > 0x20) {
		*key = text[0];
		return true;
	}
	if (n != 6 || strncmp(text, "ctrl-", 5) != 0)
		return false;
	c = text[5];
	if (c >= 'a' && c <= 'z')
		c = (char)(c - 'a' + 'A');
	if (c < '@' || c > '_')
		return false;
	*key = (char)(c - '@');
	return true;
}

bool detach_keys_parse(const char *text, struct detach_keys *k)
{
	*k = (struct detach_keys){ .n = 0 };
	if (!text)
		text = DETACH_KEYS_DEFAULT;
	while (*text) {
		size_t n = strcspn(text, ",");

		/* a comma is a key too where nothing else stands */
		if (n == 0 && k->n < DETACH_KEYS_MAX && (text[1] == ',' || !text[1]))
			n = 1;
		if (k->n == DETACH_KEYS_MAX || !key_parse(text, n, &k->key[k->n]))
			return false;
		k->n++;
		text += n;
		if (*text == ',' && !*++text)
			return false;
	}
	return true;
}

bool detach_keys_valid(const char *text)
{
	struct detach_keys ignored;

	return detach_keys_parse(text, &ignored);
}

bool detach_keys_filter(struct detach_keys *k, const char *typed, size_t n, char *out, size_t *out_n)
{
	*out_n = 0;
	for (size_t i = 0; i < n; i++) {
		if (k->n && typed[i] == k->key[k->seen]) {
			if (++k->seen == k->n)
				return true;
			continue;
		}
		/* it was not meant so: what was held back is the program's */
		memcpy(out + *out_n, k->key, k->seen);
		*out_n += k->seen;
		k->seen = 0;
		if (k->n && typed[i] == k->key[0] && k->n > 1)
			k->seen = 1;
		else
			out[(*out_n)++] = typed[i];
	}
	return false;
}
