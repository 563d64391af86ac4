/*
 * tar_check.c - walks the headers of a tar as its bytes pass, and refuses what readers would
 * understand differently. It makes nothing: names and metadata are libarchive's business.
 *
 * Spec   POSIX.1-2017 pax, "ustar Interchange Format" and "pax Extended Header"; GNU tar manual.
 */
#include "tar_check.h"

#include <stdio.h>

enum { AT_SIZE = 124, AT_SUM = 148, AT_TYPE = 156, AT_SPARSE_MORE = 482, AT_SPARSE_MORE_EXT = 504 };

void tar_check_done(struct tar_check *c)
{
	str_done(&c->ext);
}

static int refuse(const struct tar_check *c, struct error *err, const char *why)
{
	return error_set(err, ERR_INVALID, "tar entry %llu: %s", (unsigned long long)c->entries + 1,
			 why);
}

/* Octal with blanks or NULs around it, or base 256. */
static bool number_parse(const unsigned char *p, size_t n, uint64_t *value)
{
	size_t i = 0;

	*value = 0;
	if (p[0] & 0x80) {
		if (p[0] != 0x80)
			return false; /* negative, or larger than 88 bits */
		for (i = 1; i < n; i++) {
			if (*value >> 55)
				return false;
			*value = *value << 8 | p[i];
		}
		return true;
	}
	while (i < n && p[i] == ' ')
		i++;
	for (; i < n && p[i] >= '0' && p[i] <= '7'; i++)
		*value = *value << 3 | (uint64_t)(p[i] - '0');
	for (; i < n; i++)
		if (p[i] != ' ' && p[i] != '\0')
			return false;
	return true;
}

static bool sum_is_right(const unsigned char *h)
{
	uint64_t want;
	long plain = 0, with_sign = 0; /* old tars summed signed characters */

	if (!number_parse(h + AT_SUM, 8, &want))
		return false;
	for (int i = 0; i < TAR_BLOCK; i++) {
		int b = i >= AT_SUM && i < AT_SUM + 8 ? ' ' : h[i];

		plain += b;
		with_sign += (signed char)b;
	}
	return want == (uint64_t)plain || (long)want == with_sign;
}

static bool all_zero(const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

/* The data of an entry: n bytes and padding, then a header again. */
static void expect(struct tar_check *c, enum tar_check_state state, uint64_t n)
{
	c->left = n;
	c->pad = (TAR_BLOCK - n % TAR_BLOCK) % TAR_BLOCK;
	c->state = n ? state : TAR_CHECK_HEADER;
}

static int extension_begin(struct tar_check *c, uint64_t size, struct error *err)
{
	if (size == 0)
		return refuse(c, err, "an empty extension header");
	if (size > TAR_EXTENSION_MAX)
		return error_set(err, ERR_LIMIT,
				 "tar entry %llu: an extension header of more than %d bytes",
				 (unsigned long long)c->entries + 1, TAR_EXTENSION_MAX);
	if (c->type == 'x' && c->seen_x)
		return refuse(c, err, "two PAX headers for one entry");
	if (c->type != 'x' && c->seen_x && c->pax_sized)
		return refuse(c, err, "an extension header between a PAX size and its entry");
	if (c->type == 'g' && (c->seen_x || c->seen_long))
		return refuse(c, err, "a global header between a header and its entry");
	str_clear(&c->ext);
	expect(c, TAR_CHECK_EXTENSION, size);
	return 0;
}

static int file_begin(struct tar_check *c, uint64_t size, struct error *err)
{
	char type = (char)c->block[AT_TYPE];

	if (c->pax_sized) {
		if (size && size != c->pax_size)
			return refuse(c, err, "the PAX size contradicts the header's");
		size = c->pax_size;
	}
	if (size > INT64_MAX - TAR_BLOCK)
		return refuse(c, err, "an impossible size");
	switch (type) {
	case '5':
		if (c->pax_sized && size)
			return refuse(c, err, "a directory with data");
		size = 0; /* some write a size here; everyone ignores it */
		break;
	case '1':
	case '2':
	case '3':
	case '4':
	case '6':
		if (size)
			return refuse(c, err, "data on an entry that has none");
		break;
	}
	if (++c->entries > TAR_ENTRIES_MAX)
		return error_set(err, ERR_LIMIT, "more than %d entries", TAR_ENTRIES_MAX);
	c->seen_x = c->seen_long = c->pax_sized = false;
	c->data_after = size;
	if (type == 'S' && c->block[AT_SPARSE_MORE])
		c->state = TAR_CHECK_SPARSE;
	else
		expect(c, TAR_CHECK_DATA, size);
	return 0;
}

static int header_check(struct tar_check *c, struct error *err)
{
	uint64_t size;

	if (c->block[0] == 0 && all_zero(c->block, TAR_BLOCK)) {
		if (c->seen_x || c->seen_long)
			return refuse(c, err, "an extension header without its entry");
		c->state = TAR_CHECK_END;
		return 0;
	}
	if (!sum_is_right(c->block))
		return refuse(c, err, "the header's checksum is wrong");
	if (!number_parse(c->block + AT_SIZE, 12, &size))
		return refuse(c, err, "the header's size is no number");
	c->type = (char)c->block[AT_TYPE];
	switch (c->type) {
	case 'x':
	case 'g':
	case 'L':
	case 'K':
		return extension_begin(c, size, err);
	case '\0':
	case '0':
	case '1':
	case '2':
	case '3':
	case '4':
	case '5':
	case '6':
	case '7':
	case 'S':
		return file_begin(c, size, err);
	}
	return error_set(err, ERR_INVALID, "tar entry %llu: unknown type 0x%02x",
			 (unsigned long long)c->entries + 1, (unsigned)(unsigned char)c->type);
}

static int record_check(struct tar_check *c, const char *key, const char *value, size_t n,
			struct error *err)
{
	static const char *const names[] = { "path", "linkpath", "GNU.sparse.name" };
	auto_free char *text = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(key, names[i]) != 0)
			continue;
		if (c->type == 'g')
			return refuse(c, err, "a global header that renames entries");
		if (n == 0 || memchr(value, '\0', n))
			return refuse(c, err, "an empty name or a NUL in a PAX name");
	}
	if (strcmp(key, "size") != 0)
		return 0;
	text = xstrndup(value, n);
	if (c->type == 'g' || strlen(text) != n || !str_u64(text, &c->pax_size))
		return refuse(c, err, "a PAX size that is no number, or a global one");
	c->pax_sized = true;
	return 0;
}

/* "LENGTH KEY=VALUE\n", where LENGTH counts the whole record */
static int records_check(struct tar_check *c, struct error *err)
{
	const char *p = c->ext.s, *end = p + c->ext.len;

	while (p < end) {
		const char *space = memchr(p, ' ', MIN((size_t)(end - p), (size_t)20)), *equals;
		auto_free char *length = space ? xstrndup(p, (size_t)(space - p)) : NULL;
		auto_free char *key = NULL;
		uint64_t n;

		if (!length || !str_u64(length, &n) || n > (uint64_t)(end - p) ||
		    n < (uint64_t)(space - p) + 4 || p[n - 1] != '\n')
			return refuse(c, err, "a PAX record that does not parse");
		equals = memchr(space + 1, '=', n - (size_t)(space - p) - 2);
		if (!equals || equals == space + 1)
			return refuse(c, err, "a PAX record without a key");
		key = xstrndup(space + 1, (size_t)(equals - space) - 1);
		if (record_check(c, key, equals + 1, (size_t)(p + n - 1 - equals - 1), err) < 0)
			return -1;
		p += n;
	}
	return 0;
}

static int extension_end(struct tar_check *c, struct error *err)
{
	if (c->type == 'x' || c->type == 'g') {
		c->seen_x |= c->type == 'x';
		return records_check(c, err);
	}
	c->seen_long = true;
	if (memchr(c->ext.s, '\0', c->ext.len - 1))
		return refuse(c, err, "a NUL inside a long name");
	return 0;
}

/* Passes over data or an extension and its padding. */
static int body_feed(struct tar_check *c, const unsigned char **p, size_t *n, struct error *err)
{
	size_t take = (size_t)MIN((uint64_t)*n, c->left);

	if (c->state == TAR_CHECK_EXTENSION)
		str_addn(&c->ext, (const char *)*p, take);
	*p += take;
	*n -= take;
	c->left -= take;
	if (c->left)
		return 0;
	take = (size_t)MIN((uint64_t)*n, c->pad);
	*p += take;
	*n -= take;
	c->pad -= take;
	if (c->pad)
		return 0;
	if (c->state == TAR_CHECK_EXTENSION && extension_end(c, err) < 0)
		return -1;
	c->state = TAR_CHECK_HEADER;
	return 0;
}

static int block_feed(struct tar_check *c, const unsigned char **p, size_t *n, struct error *err)
{
	size_t take = MIN(*n, TAR_BLOCK - c->have);

	memcpy(c->block + c->have, *p, take);
	*p += take;
	*n -= take;
	c->have += take;
	if (c->have < TAR_BLOCK)
		return 0;
	c->have = 0;
	if (c->state == TAR_CHECK_HEADER)
		return header_check(c, err);
	if (!c->block[AT_SPARSE_MORE_EXT])
		expect(c, TAR_CHECK_DATA, c->data_after);
	return 0;
}

int tar_check_feed(struct tar_check *c, const void *bytes, size_t n, struct error *err)
{
	const unsigned char *p = bytes;
	int r = 0;

	while (n && r == 0) {
		if (c->state == TAR_CHECK_END) {
			if (!all_zero(p, n))
				return error_set(err, ERR_INVALID,
						 "data behind the end mark of the tar");
			return 0;
		}
		if (c->state == TAR_CHECK_DATA || c->state == TAR_CHECK_EXTENSION)
			r = body_feed(c, &p, &n, err);
		else
			r = block_feed(c, &p, &n, err);
	}
	return r;
}

int tar_check_finish(struct tar_check *c, struct error *err)
{
	if (c->state == TAR_CHECK_END)
		return 0;
	if (c->state != TAR_CHECK_HEADER || c->have || c->seen_x || c->seen_long)
		return refuse(c, err, "the tar is cut short");
	return 0;
}
