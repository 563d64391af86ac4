/*
 * userdb.c - users and groups of a rootfs, and the one parser of USER, --user and --chown.
 *
 * Owns   the meaning of "name", "uid", "name:group", "uid:gid".
 * Never  asks the host's NSS, waits on a FIFO, or turns a text into uid 0 that is not "0", "root"
 *        or the name of an entry with uid 0. What is all digits is never looked up as a name.
 */
#include "util/userdb.h"

#include "util/fd.h"
#include "util/path.h"

#include <errno.h>
#include <limits.h>

#define DB_MAX	  (1 << 20)	   /* bytes of a file */
#define ENTRY_MAX 4096		   /* bytes of a line */
#define FIELDS	  7		   /* of passwd(5); group(5) has four */
#define ID_MAX	  (UINT32_MAX - 1) /* the last number means "no change" to chown(2) */

/* A passwd or group file in memory, walked line by line. */
struct db {
	struct str text;
	const char *path;
	size_t at, line;
};

static void db_done(struct db *db)
{
	str_done(&db->text);
}

/* A missing file is an empty one. */
static int db_load(struct db *db, int root, const char *path, struct error *err)
{
	struct error why = { 0 };
	auto_close int fd = -1;
	struct stat st;

	db->path = path;
	if (root < 0)
		return 0;
	fd = rootfs_open(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, &why);
	if (fd < 0 && (why.kind == ERR_NOTFOUND || why.sys == ENOTDIR))
		return 0;
	if (fd < 0) {
		*err = why;
		return -1;
	}
	if (fstat(fd, &st) < 0)
		return error_sys(err, "stat %s", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, ERR_INVALID, "%s is not a regular file", path);
	if (fd_read_all(fd, &db->text, DB_MAX, err) < 0)
		return error_add(err, "%s", path);
	return 0;
}

/* Cuts the next line into at most max fields in place: 1, 0 at the end, -1. */
static int db_next(struct db *db, char **fields, size_t max, size_t *n, struct error *err)
{
	char *line = db->text.s + db->at, *end;

	if (db->at >= db->text.len)
		return 0;
	db->line++;
	end = memchr(line, '\n', db->text.len - db->at);
	if (!end)
		end = db->text.s + db->text.len;
	if (end - line > ENTRY_MAX)
		return error_set(err, ERR_LIMIT, "%s: line %zu is longer than %d bytes", db->path,
				 db->line, ENTRY_MAX);
	db->at = (size_t)(end - db->text.s) + 1;
	*end = '\0';
	for (*n = 0; line && *n < max;) {
		char *colon = strchr(line, ':');

		fields[(*n)++] = line;
		if (colon)
			*colon++ = '\0';
		line = colon;
	}
	return 1;
}

static bool all_digits(const char *s)
{
	return *s && s[strspn(s, "0123456789")] == '\0';
}

/* A number in an entry: one out of range makes the entry unusable, not uid 0. */
static bool id_parse(const char *s, uint32_t *id)
{
	uint64_t value;

	if (!all_digits(s) || !str_u64(s, &value) || value > ID_MAX)
		return false;
	*id = (uint32_t)value;
	return true;
}

static int out_of_range(const char *text, struct error *err)
{
	return error_set(err, ERR_INVALID, "'%s' is not between 0 and %u", text, ID_MAX);
}

/* ---- users ---- */

/* The first entry of that name, or with name NULL of that uid: 1, 0, -1. */
static int passwd_find(int root, const char *name, uid_t uid, struct user *u, struct error *err)
{
	auto_done(db) struct db db = { 0 };
	char *f[FIELDS];
	size_t n;
	int more;

	if (db_load(&db, root, "/etc/passwd", err) < 0)
		return -1;
	while ((more = db_next(&db, f, FIELDS, &n, err)) > 0) {
		uint32_t entry_uid, entry_gid;

		if (n < 4 || !*f[0] || !id_parse(f[2], &entry_uid) || !id_parse(f[3], &entry_gid))
			continue;
		if (name ? strcmp(f[0], name) != 0 : entry_uid != uid)
			continue;
		u->uid = entry_uid;
		u->gid = entry_gid;
		u->name = xstrdup(f[0]);
		u->home = n > 5 && *f[5] ? xstrdup(f[5]) : NULL;
		return 1;
	}
	return more;
}

static void group_add(struct user *u, gid_t gid)
{
	if (gid == u->gid || u->groups.n == NGROUPS_MAX)
		return;
	vec_each (&u->groups, g)
		if (*g == gid)
			return;
	vec_push(&u->groups, gid);
}

static bool member_of(const char *list, const char *name)
{
	size_t n = strlen(name);

	while (*list) {
		const char *end = strchrnul(list, ',');

		if ((size_t)(end - list) == n && memcmp(list, name, n) == 0)
			return true;
		list = *end ? end + 1 : end;
	}
	return false;
}

/* The groups that list the user as a member. */
static int groups_load(int root, struct user *u, struct error *err)
{
	auto_done(db) struct db db = { 0 };
	char *f[4];
	size_t n;
	int more;

	if (db_load(&db, root, "/etc/group", err) < 0)
		return -1;
	while ((more = db_next(&db, f, 4, &n, err)) > 0) {
		uint32_t gid;

		if (n == 4 && id_parse(f[2], &gid) && member_of(f[3], u->name))
			group_add(u, gid);
	}
	return more;
}

int group_find(int root_fd, const char *text, gid_t *gid, struct error *err)
{
	auto_done(db) struct db db = { 0 };
	char *f[4];
	size_t n;
	int more;

	if (all_digits(text))
		return id_parse(text, gid) ? 0 : out_of_range(text, err);
	if (db_load(&db, root_fd, "/etc/group", err) < 0)
		return -1;
	while ((more = db_next(&db, f, 4, &n, err)) > 0)
		if (n >= 3 && *f[0] && strcmp(f[0], text) == 0 && id_parse(f[2], gid))
			return 0;
	if (more < 0)
		return -1;
	if (strcmp(text, "root") == 0) {
		*gid = 0;
		return 0;
	}
	return error_set(err, ERR_NOTFOUND, "no group '%s' in /etc/group", text);
}

/* Fills uid, gid, name and home for what stands before the colon. */
static int name_find(int root, const char *text, struct user *u, struct error *err)
{
	int found;

	if (all_digits(text)) {
		uint32_t uid;

		if (!id_parse(text, &uid))
			return out_of_range(text, err);
		u->uid = uid;
		return passwd_find(root, NULL, uid, u, err) < 0 ? -1 : 0;
	}
	found = passwd_find(root, text, 0, u, err);
	if (found)
		return found < 0 ? -1 : 0;
	if (strcmp(text, "root") == 0)
		return 0; /* of an image without /etc/passwd */
	return error_set(err, ERR_NOTFOUND, "no user '%s' in /etc/passwd", text);
}

int user_find(int root_fd, const char *text, struct user *u, struct error *err)
{
	const char *colon = strchrnul(text ? text : "", ':');
	auto_free char *name = NULL;
	int status;

	*u = (struct user){ 0 };
	name = str_empty(text) ? xstrdup("0") : xstrndup(text, (size_t)(colon - text));
	if (!*name)
		return error_set(err, ERR_INVALID, "no user before the colon of '%s'", text);
	status = name_find(root_fd, name, u, err);
	if (status == 0 && colon[0] && colon[1])
		status = group_find(root_fd, colon + 1, &u->gid, err);
	else if (status == 0 && u->name)
		status = groups_load(root_fd, u, err);
	if (status < 0) {
		user_done(u);
		return -1;
	}
	if (!u->home)
		u->home = xstrdup("/");
	return 0;
}

int user_find_owner(int root_fd, const char *text, uid_t *uid, gid_t *gid, struct error *err)
{
	auto_done(user) struct user u = { 0 };
	const char *colon = strchr(text, ':');

	if (user_find(root_fd, text, &u, err) < 0)
		return -1;
	*uid = u.uid;
	*gid = colon && colon[1] ? u.gid : (gid_t)u.uid;
	return 0;
}

void user_done(struct user *u)
{
	vec_done(&u->groups);
	free(u->home);
	free(u->name);
	*u = (struct user){ 0 };
}
