/*
 * subid.c - the subordinate user and group ids of the caller.
 *
 * Owns   reading /etc/subuid and /etc/subgid, and asking libsubid where they do not decide.
 * Never  loads NSS on the usual way: the files are read directly (some ten system calls), libsubid
 *        only when nsswitch.conf has a line for it.
 */
#include "subid.h"

#include "util/fd.h"
#include "util/lazy.h"
#include "util/log.h"

#include <pwd.h>
#include <stdio.h>

#define FILE_MAX (1 << 20)

static void range_add(id_ranges *ranges, uint64_t start, uint64_t count, uint32_t own)
{
	if (!count || start > UINT32_MAX - 1 || count > UINT32_MAX - start)
		return;
	if (own >= start && own - start < count)
		return;
	vec_each (ranges, r)
		if (start < (uint64_t)r->start + r->count && r->start < start + count)
			return;
	if (ranges->n == SUBID_RANGES_MAX)
		return;
	vec_push(ranges, ((struct id_range){ (uint32_t)start, (uint32_t)count }));
}

/* The number from s to end, which must be all of it. */
static bool number_between(const char *s, const char *end, uint64_t *value)
{
	char digits[24] = "";

	if ((size_t)(end - s) >= sizeof(digits))
		return false;
	memcpy(digits, s, (size_t)(end - s));
	return str_u64(digits, value);
}

static bool is_owner(const char *s, size_t n, const char *user, uid_t uid)
{
	uint64_t value;

	if (user && strlen(user) == n && memcmp(s, user, n) == 0)
		return true;
	return number_between(s, s + n, &value) && value == uid;
}

void subid_parse(const char *text, size_t n, const char *user, uid_t uid, uint32_t own,
		 id_ranges *ranges)
{
	const char *end = text + n;

	for (const char *line = text, *next; line < end; line = next) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		const char *first, *second;
		uint64_t start, count;

		if (!stop)
			stop = end;
		next = stop + 1;
		first = memchr(line, ':', (size_t)(stop - line));
		second = first ? memchr(first + 1, ':', (size_t)(stop - first - 1)) : NULL;
		if (!second || !is_owner(line, (size_t)(first - line), user, uid))
			continue;
		if (number_between(first + 1, second, &start) &&
		    number_between(second + 1, stop, &count))
			range_add(ranges, start, count, own);
	}
}

/* The value of a line "key:  value" of nsswitch.conf is something else than "files". */
static bool nss_decides(void)
{
	auto_done(str) struct str conf = { 0 };
	struct error ignored = { 0 }; /* no such file: the default, files */
	const char *at;

	if (file_read(AT_FDCWD, "/etc/nsswitch.conf", &conf, FILE_MAX, &ignored) < 0)
		return false;
	for (at = str_get(&conf); at; at = strchr(at, '\n')) {
		at += *at == '\n';
		at += strspn(at, " \t");
		if (strncmp(at, "subid:", 6) != 0)
			continue;
		at += 6;
		at += strspn(at, " \t");
		return strncmp(at, "files", 5) != 0 || at[5 + strspn(at + 5, " \t")] != '\n';
	}
	return false;
}

/* The login name, from /etc/passwd without NSS where it is there. */
static char *name_of(uid_t uid)
{
	auto_done(str) struct str text = { 0 };
	struct error ignored = { 0 };
	struct passwd *pw;
	char want[16];
	int n = snprintf(want, sizeof(want), ":%u:", uid);

	if (file_read(AT_FDCWD, "/etc/passwd", &text, FILE_MAX, &ignored) == 0)
		for (const char *line = str_get(&text); line; line = strchr(line, '\n')) {
			const char *password, *id;

			line += *line == '\n';
			password = line + strcspn(line, ":\n");
			if (*password != ':')
				continue;
			id = password + 1 + strcspn(password + 1, ":\n");
			if (password != line && strncmp(id, want, (size_t)n) == 0)
				return xstrndup(line, (size_t)(password - line));
		}
	pw = getpwuid(uid);
	return pw ? xstrdup(pw->pw_name) : NULL;
}

#ifdef HAVE_SUBID
#include <shadow/subid.h>

struct subid_api {
	bool (*subid_init)(const char *program, FILE *log);
	int (*subid_get_uid_ranges)(const char *owner, struct subid_range **ranges);
	int (*subid_get_gid_ranges)(const char *owner, struct subid_range **ranges);
};
static struct subid_api subid;
static const struct lazy_symbol subid_symbols[] = {
	LAZY_SYMBOL(struct subid_api, subid_init),
	LAZY_SYMBOL(struct subid_api, subid_get_uid_ranges),
	LAZY_SYMBOL(struct subid_api, subid_get_gid_ranges),
	LAZY_END,
};
static struct lazy subid_lazy = LAZY("subid", "libsubid.so.4", &subid, subid_symbols);
LAZY_NOTE(subid, "libsubid.so.4", "subordinate ids from NSS", "suggested");

static void library_ranges(const char *user, int (*get)(const char *, struct subid_range **),
			   uint32_t own, id_ranges *ranges)
{
	struct subid_range *list = NULL;
	int n = get(user, &list);

	for (int i = 0; i < n; i++)
		range_add(ranges, list[i].start, list[i].count, own);
	free(list);
}

static int library_load(const char *user, uid_t uid, gid_t gid, id_ranges *uids, id_ranges *gids)
{
	struct error why = { 0 };
	char line[ERROR_LINE_MAX];

	if (!user || lazy_load(&subid_lazy, &why) < 0) {
		log_debug("userns: %s", error_text(&why, line, sizeof(line)));
		return -1;
	}
	subid.subid_init("hod", NULL);
	library_ranges(user, subid.subid_get_uid_ranges, uid, uids);
	library_ranges(user, subid.subid_get_gid_ranges, gid, gids);
	return 0;
}
#else
static int library_load(const char *user, uid_t uid, gid_t gid, id_ranges *uids, id_ranges *gids)
{
	return -1;
}
#endif

static void file_load(const char *path, const char *user, uid_t uid, uint32_t own, id_ranges *ranges)
{
	auto_done(str) struct str text = { 0 };
	struct error ignored = { 0 }; /* a missing file grants nothing */

	if (file_read(AT_FDCWD, path, &text, FILE_MAX, &ignored) == 0 && text.len)
		subid_parse(text.s, text.len, user, uid, own, ranges);
}

int subid_load(uid_t uid, gid_t gid, id_ranges *uids, id_ranges *gids, char *reason, size_t size)
{
	auto_free char *user = name_of(uid);
	char number[16];
	const char *missing;

	if (!nss_decides() || library_load(user, uid, gid, uids, gids) < 0) {
		file_load("/etc/subuid", user, uid, uid, uids);
		file_load("/etc/subgid", user, uid, gid, gids);
	}
	if (uids->n && gids->n)
		return 1;
	missing = uids->n ? "/etc/subgid" : "/etc/subuid";
	snprintf(number, sizeof(number), "%u", uid);
	snprintf(reason, size, "no entry for '%.64s' in %s", user ? user : number, missing);
	return 0;
}
