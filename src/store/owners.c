/*
 * owners.c - the sidecar of a layer in single mode: what the file system could not hold.
 *
 * A line is "UID GID MODE RDEV PATH": decimal, decimal, octal with the file type, decimal; in the
 * path a backslash and every byte that is no plain printable ASCII are \xNN.
 */
#include "store/owners.h"

#include "store_private.h"
#include "util/fd.h"
#include "util/owner_mark.h"
#include "util/path.h"

#include <errno.h>
#include <stdio.h>

#define OWNERS_MAX ((size_t)256 << 20) /* bytes: a million entries with long paths */

void owners_done(struct owners *o)
{
	vec_each (&o->v, e)
		free(e->path);
	vec_done(&o->v);
	o->sorted = false;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct owner *)a)->path, ((const struct owner *)b)->path);
}

/* Sorts; of several entries for one path the last that was set stays. glibc's qsort is stable only
 * while it finds memory, so the order of setting is made part of the key first. */
struct placed {
	struct owner owner;
	size_t place;
};
static int by_path_and_place(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;
	int r = strcmp(x->owner.path, y->owner.path);

	return r ? r : (x->place > y->place) - (x->place < y->place);
}

static void owners_sort(struct owners *o)
{
	auto_free struct placed *all = xcalloc(o->v.n, sizeof(*all));
	size_t n = o->v.n;

	if (o->sorted)
		return;
	for (size_t i = 0; i < n; i++)
		all[i] = (struct placed){ o->v.v[i], i };
	qsort(all, n, sizeof(*all), by_path_and_place);
	o->v.n = 0;
	for (size_t i = 0; i < n; i++) {
		if (i + 1 < n && strcmp(all[i].owner.path, all[i + 1].owner.path) == 0)
			free(all[i].owner.path);
		else
			o->v.v[o->v.n++] = all[i].owner;
	}
	o->sorted = true;
}

void owners_set(struct owners *o, const char *path, uid_t uid, gid_t gid, mode_t mode, dev_t rdev)
{
	struct owner *e = vec_add(&o->v);

	*e = (struct owner){ xstrdup(path), uid, gid, mode, rdev };
	o->sorted = false;
}

const struct owner *owners_find(struct owners *o, const char *path)
{
	struct owner key = { 0 };

	owners_sort(o);
	memcpy(&key.path, &path, sizeof(path)); /* only read by the comparison */
	return o->v.n ? bsearch(&key, o->v.v, o->v.n, sizeof(*o->v.v), by_path) : NULL;
}

static void path_escape(struct str *out, const char *path)
{
	for (const char *p = path; *p; p++) {
		if (*p > ' ' && *p < 0x7f && *p != '\\')
			str_addc(out, *p);
		else
			str_addf(out, "\\x%02x", (unsigned char)*p);
	}
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* In place; false for a bad escape or one that would be NUL. */
static bool path_unescape(char *path)
{
	char *to = path;

	for (const char *p = path; *p; p++) {
		int high, low;

		if (*p != '\\') {
			*to++ = *p;
			continue;
		}
		if (p[1] != 'x')
			return false;
		high = hex_digit(p[2]);
		low = high < 0 ? -1 : hex_digit(p[3]);
		if (low < 0 || high + low == 0)
			return false;
		*to++ = (char)(high * 16 + low);
		p += 3;
	}
	*to = '\0';
	return true;
}

static bool line_parse(char *line, struct owner *e)
{
	char *save = NULL, *word[5];
	uint64_t uid, gid, rdev;
	char *end;

	for (int i = 0; i < 5; i++) {
		word[i] = strtok_r(i ? NULL : line, " ", &save);
		if (!word[i])
			return false;
	}
	if (strtok_r(NULL, " ", &save) || !str_u64(word[0], &uid) || !str_u64(word[1], &gid) ||
	    !str_u64(word[3], &rdev) || uid > UINT32_MAX || gid > UINT32_MAX ||
	    word[2][strspn(word[2], "01234567")] || strlen(word[2]) > 7 || !path_unescape(word[4]))
		return false;
	*e = (struct owner){ word[4], (uid_t)uid, (gid_t)gid, (mode_t)strtoul(word[2], &end, 8),
			     (dev_t)rdev };
	return true;
}

int owners_load(int layer_fd, struct owners *o, struct error *err)
{
	auto_done(str) struct str text = { 0 };
	struct owner e;
	char *save = NULL;
	int n = 0;

	owners_done(o);
	if (file_read(layer_fd, "owners", &text, OWNERS_MAX, err) < 0) {
		if (err->kind != ERR_NOTFOUND)
			return -1;
		error_clear(err);
		return 0;
	}
	if (!text.len)
		return 0;
	for (char *line = strtok_r(text.s, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		n++;
		if (!line_parse(line, &e)) {
			owners_done(o);
			return error_set(err, ERR_INVALID, "owners: line %d is damaged", n);
		}
		owners_set(o, e.path, e.uid, e.gid, e.mode, e.rdev);
	}
	owners_sort(o);
	return 0;
}

int owners_mark(int diff, struct owners *o, struct error *err)
{
	owners_sort(o);
	vec_each (&o->v, e) {
		struct owner_mark m = { e->uid, e->gid, 0, 0 };
		auto_close int fd = rootfs_open(diff, e->path, O_PATH | O_NOFOLLOW, 0, err);

		if (fd < 0 &&
		    err->kind == ERR_NOTFOUND) { /* gone while a running container was copied */
			error_clear(err);
			continue;
		}
		if (fd < 0)
			return error_add(err, "owner of '%s'", e->path);
		if (S_ISCHR(e->mode) || S_ISBLK(e->mode)) {
			m.type = e->mode & S_IFMT;
			m.rdev = e->rdev;
		}
		/* what can bear none is known by the sidecar alone */
		if (owner_mark_set(-1, fd, &m) < 0 && errno != ENOTSUP)
			return error_sys(err, "mark the owner of '%s'", e->path);
	}
	return 0;
}

int owners_save(int layer_fd, struct owners *o, struct error *err)
{
	auto_done(str) struct str text = { 0 };

	owners_sort(o);
	vec_each (&o->v, e) {
		str_addf(&text, "%u %u %o %llu ", (unsigned)e->uid, (unsigned)e->gid,
			 (unsigned)e->mode, (unsigned long long)e->rdev);
		path_escape(&text, e->path);
		str_addc(&text, '\n');
	}
	return file_write(layer_fd, "owners", str_get(&text), text.len, 0600, false, err);
}
