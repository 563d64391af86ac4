/*
 * key.c - the key of a step.
 *
 * Never  depends on the machine: lengths are written as eight bytes, the lowest first.
 */
#include "key.h"

/* Changes whenever a step of the same record would give another layer than before. */
#define KEY_FORMAT "hod build 1"

static void add_number(struct key *k, uint64_t n)
{
	unsigned char bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (unsigned char)(n >> (8 * i));
	sha256_add(&k->hash, bytes, sizeof(bytes));
}

static void add_bytes(struct key *k, const void *bytes, size_t n)
{
	add_number(k, n);
	if (n)
		sha256_add(&k->hash, bytes, n);
}

void key_begin(struct key *k, const char *kind)
{
	sha256_init(&k->hash);
	add_bytes(k, KEY_FORMAT, strlen(KEY_FORMAT));
	add_bytes(k, kind, strlen(kind));
}

void key_addn(struct key *k, const char *field, const void *bytes, size_t n)
{
	add_bytes(k, field, strlen(field));
	add_number(k, 1);
	add_bytes(k, bytes, n);
}

void key_add(struct key *k, const char *field, const char *value)
{
	if (value) {
		key_addn(k, field, value, strlen(value));
		return;
	}
	add_bytes(k, field, strlen(field));
	add_number(k, 0);
}

void key_int(struct key *k, const char *field, int64_t value)
{
	add_bytes(k, field, strlen(field));
	add_number(k, UINT64_MAX); /* neither a text nor a list */
	add_number(k, (uint64_t)value);
}

void key_list(struct key *k, const char *field, const struct strv *values)
{
	add_bytes(k, field, strlen(field));
	add_number(k,
		   values->n + 2); /* a list of none differs from an absent text, one from a text */
	strv_each (values, i)
		add_bytes(k, values->v[i], strlen(values->v[i]));
}

void key_end(struct key *k, char hex[SHA256_HEX])
{
	sha256_hex(&k->hash, hex);
}
