/*
 * make_tar.h - tars for tests, put together by hand, so that they can be as wrong as a test wants.
 */
#ifndef MAKE_TAR_H
#define MAKE_TAR_H

#include "util/str.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct tar_item {
	const char *name;
	char type; /* '0' regular ... */
	const char *data, *link;
	unsigned mode, uid, gid;
	long mtime;
	unsigned major, minor;
	const char *raw_size; /* 12 bytes for the size field instead of data's length */
};

static inline void tar_octal(char *field, size_t n, unsigned long value)
{
	field[n - 1] = '\0';
	for (size_t i = n - 1; i-- > 0; value >>= 3)
		field[i] = (char)('0' + (value & 7));
}

static inline void tar_sum(char *h)
{
	unsigned sum = 0;

	memset(h + 148, ' ', 8);
	for (int i = 0; i < 512; i++)
		sum += (unsigned char)h[i];
	snprintf(h + 148, 7, "%06o", sum & 0777777);
}

static inline void tar_pad(struct str *t)
{
	static const char zero[512];

	str_addn(t, zero, (512 - t->len % 512) % 512);
}

static inline void tar_add_n(struct str *t, const struct tar_item *i, const char *data, size_t n)
{
	char h[512] = { 0 };
	size_t len = strlen(i->name);

	memcpy(h, i->name, len < 100 ? len : 100);
	tar_octal(h + 100, 8, i->mode ? i->mode : i->type == '5' ? 0755 : 0644);
	tar_octal(h + 108, 8, i->uid);
	tar_octal(h + 116, 8, i->gid);
	tar_octal(h + 124, 12, n);
	if (i->raw_size)
		memcpy(h + 124, i->raw_size, 12);
	tar_octal(h + 136, 12, (unsigned long)i->mtime);
	h[156] = i->type;
	if (i->link)
		memcpy(h + 157, i->link, strlen(i->link) < 100 ? strlen(i->link) : 100);
	memcpy(h + 257,
	       "ustar\0"
	       "00",
	       8);
	tar_octal(h + 329, 8, i->major);
	tar_octal(h + 337, 8, i->minor);
	tar_sum(h);
	str_addn(t, h, 512);
	str_addn(t, data, n);
	tar_pad(t);
}

static inline void tar_add(struct str *t, struct tar_item i)
{
	const char *data = i.data ? i.data : "";

	tar_add_n(t, &i, data, strlen(data));
}

/* One PAX record before the next entry. */
static inline void pax_record(struct str *out, const char *key, const char *value, size_t n)
{
	size_t body = strlen(key) + n + 3, len = body + 1;

	while (len != body + (size_t)snprintf(NULL, 0, "%zu", len))
		len = body + (size_t)snprintf(NULL, 0, "%zu", len);
	str_addf(out, "%zu %s=", len, key);
	str_addn(out, value, n);
	str_addc(out, '\n');
}

static inline void tar_pax(struct str *t, const char *key, const char *value)
{
	struct str r = { 0 };
	struct tar_item i = { .name = "pax", .type = 'x' };

	pax_record(&r, key, value, strlen(value));
	tar_add_n(t, &i, r.s, r.len);
	str_done(&r);
}

static inline void tar_end(struct str *t)
{
	static const char zero[1024];

	str_addn(t, zero, sizeof(zero));
}

/* A descriptor at the start of a file that holds the bytes. */
static inline int tar_fd(const struct str *t)
{
	int fd = memfd_create("tar", MFD_CLOEXEC);
	ssize_t n = t->len ? write(fd, t->s, t->len) : 0;

	if (n != (ssize_t)t->len || lseek(fd, 0, SEEK_SET) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

#endif
