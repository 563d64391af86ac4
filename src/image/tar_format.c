/*
 * tar_format.c - tar headers as we write them.
 *
 * Spec   POSIX.1-2017 pax: "ustar Interchange Format", "pax Extended Header". No user or group
 *        names, no atime or ctime; records sorted by key; names as the bytes they are.
 */
#include "tar_format.h"

#include "util/str.h"

#include <stdio.h>

struct ustar {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], sum[8], type, link[100];
	char magic[6], version[2], uname[32], gname[32], major[8], minor[8], prefix[155], pad[12];
};
_Static_assert(sizeof(struct ustar) == 512, "a tar header has 512 bytes");

#define SIZE_MAX_USTAR 077777777777LL
#define ID_MAX_USTAR   07777777U

static int put(const struct layer_sink *out, const void *bytes, size_t n, struct error *err)
{
	return out->write(out->arg, bytes, n, err);
}

static void octal(char *field, size_t n, uint64_t value)
{
	field[n - 1] = '\0';
	for (size_t i = n - 1; i-- > 0; value >>= 3)
		field[i] = (char)('0' + (value & 7));
}

/* "LENGTH KEY=VALUE\n"; LENGTH counts itself */
static void record(struct str *pax, const char *key, const char *value, size_t n)
{
	size_t body = strlen(key) + n + 3, length = body + 1;
	char digits[24];

	while (length != body + (size_t)snprintf(digits, sizeof(digits), "%zu", length))
		length = body + strlen(digits);
	str_addf(pax, "%s %s=", digits, key);
	str_addn(pax, value, n);
	str_addc(pax, '\n');
}

static void record_number(struct str *pax, const char *key, uint64_t value)
{
	char text[24];

	record(pax, key, text,
	       (size_t)snprintf(text, sizeof(text), "%llu", (unsigned long long)value));
}

static void record_time(struct str *pax, const struct timespec *t)
{
	bool minus = t->tv_sec < 0;
	long nsec = minus && t->tv_nsec ? 1000000000 - t->tv_nsec : t->tv_nsec;
	long long sec = minus ? -(long long)t->tv_sec - (t->tv_nsec ? 1 : 0) : (long long)t->tv_sec;
	char text[48];
	int n = snprintf(text, sizeof(text), "%s%lld.%09ld", minus ? "-" : "", sec, nsec);

	while (text[n - 1] == '0')
		n--;
	if (text[n - 1] == '.')
		n--;
	record(pax, "mtime", text, (size_t)n);
}

/* Puts path into name and prefix when it fits there. */
static bool path_fits(struct ustar *u, const char *path)
{
	size_t n = strlen(path), cut;

	if (n <= sizeof(u->name)) {
		memcpy(u->name, path, n);
		return true;
	}
	cut = MIN(n - 1, sizeof(u->prefix) + 1); /* a slash at the end is no place to cut */
	while (cut > 0 && path[cut - 1] != '/')
		cut--;
	if (cut > 1 && n - cut <= sizeof(u->name)) {
		memcpy(u->prefix, path, cut - 1);
		memcpy(u->name, path + cut, n - cut);
		return true;
	}
	memcpy(u->name, path, sizeof(u->name));
	return false;
}

static void ustar_finish(struct ustar *u)
{
	const unsigned char *p = (const unsigned char *)u;
	unsigned sum = 0;

	memcpy(u->magic, "ustar", 6);
	memcpy(u->version, "00", 2);
	memset(u->sum, ' ', sizeof(u->sum));
	for (size_t i = 0; i < sizeof(*u); i++)
		sum += p[i];
	octal(u->sum, 7, sum);
}

static int write_pax(const struct layer_sink *out, const struct str *pax, struct error *err)
{
	struct ustar u = { .name = "././@PaxHeader", .type = 'x' };

	octal(u.mode, sizeof(u.mode), 0644);
	octal(u.uid, sizeof(u.uid), 0);
	octal(u.gid, sizeof(u.gid), 0);
	octal(u.size, sizeof(u.size), pax->len);
	octal(u.mtime, sizeof(u.mtime), 0);
	octal(u.major, sizeof(u.major), 0);
	octal(u.minor, sizeof(u.minor), 0);
	ustar_finish(&u);
	if (put(out, &u, sizeof(u), err) < 0 || put(out, pax->s, pax->len, err) < 0)
		return -1;
	return tar_write_padding(out, (int64_t)pax->len, err);
}

/* The records go in the order of their keys: upper case comes before lower case. */
static void pax_xattrs(struct str *pax, const struct xattrs *x)
{
	if (!x)
		return;
	vec_each (&x->v, one) {
		auto_free char *key = xasprintf("SCHILY.xattr.%s", one->name);

		record(pax, key, one->value, one->n);
	}
}

int tar_write_header(const struct layer_sink *out, const struct tar_header *h, struct error *err)
{
	auto_done(str) struct str pax = { 0 };
	struct ustar u = { .type = h->type };
	size_t link = h->link ? strlen(h->link) : 0;
	bool time_fits = h->mtime.tv_sec >= 0 && h->mtime.tv_sec <= SIZE_MAX_USTAR;

	pax_xattrs(&pax, h->xattrs);
	if (h->gid > ID_MAX_USTAR)
		record_number(&pax, "gid", h->gid);
	if (link > sizeof(u.link))
		record(&pax, "linkpath", h->link, link);
	if (!time_fits || h->mtime.tv_nsec)
		record_time(&pax, &h->mtime);
	if (!path_fits(&u, h->path))
		record(&pax, "path", h->path, strlen(h->path));
	if (h->size > SIZE_MAX_USTAR)
		record_number(&pax, "size", (uint64_t)h->size);
	if (h->uid > ID_MAX_USTAR)
		record_number(&pax, "uid", h->uid);

	octal(u.mode, sizeof(u.mode), h->mode & 07777);
	octal(u.uid, sizeof(u.uid), h->uid > ID_MAX_USTAR ? 0 : h->uid);
	octal(u.gid, sizeof(u.gid), h->gid > ID_MAX_USTAR ? 0 : h->gid);
	octal(u.size, sizeof(u.size), h->size > SIZE_MAX_USTAR ? 0 : (uint64_t)h->size);
	octal(u.mtime, sizeof(u.mtime), time_fits ? (uint64_t)h->mtime.tv_sec : 0);
	octal(u.major, sizeof(u.major), h->major);
	octal(u.minor, sizeof(u.minor), h->minor);
	if (link)
		memcpy(u.link, h->link, MIN(link, sizeof(u.link)));
	ustar_finish(&u);
	if (pax.len && write_pax(out, &pax, err) < 0)
		return -1;
	return put(out, &u, sizeof(u), err);
}

static const char zeros[1024];

int tar_write_padding(const struct layer_sink *out, int64_t size, struct error *err)
{
	size_t n = (size_t)((512 - size % 512) % 512);

	return n ? put(out, zeros, n, err) : 0;
}

int tar_write_end(const struct layer_sink *out, struct error *err)
{
	return put(out, zeros, sizeof(zeros), err);
}

int tar_write_file(const struct layer_sink *out, const char *path, const void *bytes, size_t n,
		   struct error *err)
{
	struct tar_header h = { .path = path, .type = '0', .mode = 0644, .size = (int64_t)n };

	if (tar_write_header(out, &h, err) < 0 || (n && put(out, bytes, n, err) < 0))
		return -1;
	return tar_write_padding(out, h.size, err);
}
