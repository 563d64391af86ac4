/*
 * name.c - names of containers: valid ones, reserved ones, made-up ones.
 *
 * Owns   <root>/names. A name is a symbolic link whose text is the container's ID; that symlink(2)
 *        fails when it is there is the reservation.
 *
 * A name is stale when its container is gone, or has a record with another name (a rename was cut
 * short), or never got a record and its maker is dead. Whether it is stale is judged, and the name
 * taken over, under the lock names.lock, so that two who judge do not take it from each other; a
 * rename, in which the container has two names for a moment, holds it too.
 */
#include "store/container.h"

#include "container_private.h"
#include "store_private.h"
#include "util/fd.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#define NAME_LENGTH_MAX 200

static const char *const adjectives[] = {
	"able",	  "agile",  "amber",  "apt",	"azure",  "blithe", "bold",  "brave",
	"brisk",  "calm",   "candid", "civil",	"clear",  "clever", "cosy",  "crisp",
	"dapper", "deft",   "eager",  "early",	"exact",  "fair",   "fleet", "fond",
	"frank",  "fresh",  "gentle", "glad",	"golden", "grand",  "hale",  "handy",
	"hardy",  "honest", "jolly",  "keen",	"kind",	  "lively", "loyal", "lucid",
	"mellow", "merry",  "mild",   "modest", "neat",	  "nimble", "noble", "patient",
	"placid", "plucky", "polite", "prompt", "proud",  "quick",  "quiet", "ready",
	"robust", "serene", "silver", "sober",	"steady", "sunny",  "swift", "tidy",
};
static const char *const nouns[] = {
	"acorn",  "alder",  "anchor", "badger",	 "beacon", "birch",  "bison",  "brook",
	"cedar",  "comet",  "coral",  "crane",	 "curlew", "dahlia", "delta",  "dune",
	"egret",  "ember",  "falcon", "fern",	 "finch",  "fjord",  "garnet", "gecko",
	"glade",  "harbor", "hazel",  "heron",	 "ibis",   "iris",   "jasper", "kestrel",
	"lagoon", "lark",   "linden", "lotus",	 "lynx",   "maple",  "marten", "meadow",
	"mosaic", "otter",  "osprey", "pebble",	 "pine",   "plover", "poplar", "prairie",
	"quartz", "raven",  "reef",   "robin",	 "rowan",  "sable",  "sorrel", "spruce",
	"stork",  "summit", "swan",   "thistle", "topaz",  "tundra", "walnut", "willow",
};

bool container_name_valid(const char *name)
{
	size_t n = strlen(name);

	if (n < 1 || n > NAME_LENGTH_MAX || !isalnum((unsigned char)name[0]))
		return false;
	for (const char *p = name; *p; p++)
		if ((unsigned char)*p >= 0x80 || (!isalnum((unsigned char)*p) && !strchr("_.-", *p)))
			return false;
	return true;
}

char *container_make_name(struct store *st, struct error *err)
{
	int names = store_dir(st, STORE_NAMES, err);
	char hex[7];
	unsigned r;
	char *name;

	if (names < 0)
		return NULL;
	for (int i = 0;; i++) {
		random_hex(hex, 6);
		r = (unsigned)strtoul(hex, NULL, 16);
		name = xasprintf("%s_%s", adjectives[r % ARRAY_SIZE(adjectives)],
				 nouns[r / 64 % ARRAY_SIZE(nouns)]);
		if (i >= 2) { /* a full store: add digits */
			free(name);
			name = xasprintf("%s_%s%u", adjectives[r % ARRAY_SIZE(adjectives)],
					 nouns[r / 64 % ARRAY_SIZE(nouns)], r >> 12);
		}
		if (!file_exists(names, name))
			return name;
		free(name);
	}
}

/* The text of the link, whatever it is: 1, 0 when there is none, -1. What is no link has no text. */
static int name_read(struct store *st, const char *name, char *id, size_t size, struct error *err)
{
	int names, r = store_dir_find(st, STORE_NAMES, &names, err);
	ssize_t n;

	if (r <= 0)
		return r;
	n = readlinkat(names, name, id, size - 1);
	if (n < 0 && (errno == ENOENT || errno == ENAMETOOLONG))
		return 0;
	if (n < 0 && errno != EINVAL)
		return error_sys(err, "read the name %s", name);
	id[n < 0 ? 0 : n] = '\0';
	return 1;
}

int name_find(struct store *st, const char *name, char *id, size_t size, struct error *err)
{
	int r = name_read(st, name, id, size, err);

	return r == 1 ? digest_is_hex(id) : r;
}

enum standing { IN_USE, STALE, ABSENT, JUDGE_AGAIN };

/* What the name means, given that it leads to id; -1 when that cannot be told. Never ABSENT. */
static int name_judge(struct store *st, const char *name, const char *id, struct error *err)
{
	struct container c;
	int standing;

	container_init(&c);
	if (container_load(st, id, &c, err) < 0)
		standing = err->kind == ERR_NOTFOUND ? STALE : -1;
	else if (c.why) /* what is damaged keeps its name, so that it can be removed by it */
		standing = IN_USE;
	else if (c.record.id)
		standing = str_eq(c.record.name, name) ? IN_USE : STALE;
	else if (container_lock_held(c.fd, "", err) != 0) /* no record yet: being made */
		standing = IN_USE;
	else /* its maker is gone; it may have written the record between our two looks */
		standing = file_exists(c.fd, "record.json") ? JUDGE_AGAIN : STALE;
	container_done(&c);
	return standing;
}

/*
 * The lock is held. A container that is removed in order frees its name without the lock, and
 * another may take it so; then what was judged is no longer there, and is judged anew.
 */
static int name_standing(struct store *st, const char *name, char id[CONTAINER_ID_MAX],
			 struct error *err)
{
	char again[CONTAINER_ID_MAX];
	int r, standing;

	for (;;) {
		r = name_read(st, name, id, CONTAINER_ID_MAX, err);
		if (r <= 0)
			return r < 0 ? -1 : ABSENT;
		standing = name_judge(st, name, id, err);
		if (standing == JUDGE_AGAIN)
			continue;
		if (standing != STALE)
			return standing;
		r = name_read(st, name, again, sizeof(again), err);
		if (r < 0)
			return -1;
		if (r == 1 && strcmp(again, id) == 0)
			return STALE;
	}
}

int names_lock(struct store *st, struct error *err)
{
	auto_close int lock = openat(st->root, "names.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (lock < 0)
		return error_sys(err, "open names.lock");
	return lock_take(lock, LOCK_EXCLUSIVE, err) < 0 ? -1 : take_fd(&lock);
}

static int name_take_over(struct store *st, int names, const char *name, const char *id,
			  struct error *err)
{
	char holder[CONTAINER_ID_MAX] = "";

	for (;;) {
		switch (name_standing(st, name, holder, err)) {
		case IN_USE:
			error_set(err, ERR_EXISTS, "the name '%s' is in use by container %.12s",
				  name, holder);
			return error_hint(
				err, "remove or rename that container, or choose another name");
		case STALE:
			unlinkat(names, name, 0);
			break;
		case ABSENT:
			break;
		default:
			return error_add(err, "name '%s'", name);
		}
		if (symlinkat(id, names, name) == 0)
			return 0;
		if (errno != EEXIST)
			return error_sys(err, "reserve the name '%s'", name);
	}
}

/* 1 it was free, 0 it is there already, -1 */
static int name_link(struct store *st, const char *name, const char *id, int *names, struct error *err)
{
	*names = store_dir(st, STORE_NAMES, err);
	if (*names < 0)
		return -1;
	if (!container_name_valid(name))
		return error_set(
			err, ERR_INVALID,
			"'%s' is no name for a container: 1 to %d of [a-zA-Z0-9_.-], the first "
			"a letter or a digit",
			name, NAME_LENGTH_MAX);
	if (symlinkat(id, *names, name) == 0)
		return 1;
	return errno == EEXIST ? 0 : error_sys(err, "reserve the name '%s'", name);
}

int name_reserve_locked(struct store *st, const char *name, const char *id, struct error *err)
{
	int names, r = name_link(st, name, id, &names, err);

	if (r == 0)
		return name_take_over(st, names, name, id, err);
	return r < 0 ? -1 : 0;
}

int name_reserve(struct store *st, const char *name, const char *id, struct error *err)
{
	int names, r = name_link(st, name, id, &names, err);
	auto_close int lock = r == 0 ? names_lock(st, err) : -1;

	if (r == 0)
		return lock < 0 ? -1 : name_take_over(st, names, name, id, err);
	return r < 0 ? -1 : 0;
}

int names_sweep(struct store *st, bool all, struct error *err)
{
	auto_done(strv) struct strv names = { 0 };
	auto_close int lock = -1;
	char id[CONTAINER_ID_MAX];
	int dir, holders = store_dir(st, STORE_CONTAINERS, err);
	int r = holders < 0 ? -1 : store_dir_find(st, STORE_NAMES, &dir, err);

	if (r <= 0)
		return r;
	lock = names_lock(st, err);
	if (lock < 0 || dir_list(dir, &names, err) < 0)
		return error_add(err, "sweep names");
	strv_each (&names, i) {
		if (!all && name_find(st, names.v[i], id, sizeof(id), err) == 1 &&
		    file_exists(holders, id))
			continue;
		if (name_standing(st, names.v[i], id, err) == STALE)
			unlinkat(dir, names.v[i], 0);
		error_clear(err); /* what cannot be told is not taken away */
	}
	return 0;
}

int name_release(struct store *st, const char *name, const char *id, struct error *err)
{
	char holder[CONTAINER_ID_MAX];
	int r = name_find(st, name, holder, sizeof(holder), err);

	if (r <= 0)
		return r;
	if (strcmp(holder, id) == 0 && unlinkat(st->dirs[STORE_NAMES], name, 0) < 0 && errno != ENOENT)
		return error_sys(err, "free the name '%s'", name);
	return 0;
}

int names_release_all(struct store *st, const char *id, struct error *err)
{
	auto_done(strv) struct strv names = { 0 };
	int dir, r = store_dir_find(st, STORE_NAMES, &dir, err);

	if (r <= 0)
		return r;
	if (dir_list(dir, &names, err) < 0)
		return error_add(err, "list names");
	strv_each (&names, i)
		if (name_release(st, names.v[i], id, err) < 0)
			return -1;
	return 0;
}
