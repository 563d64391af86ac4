/*
 * Many processes at one store (SECURITY.md R5): every operation succeeds or fails for a true
 * reason, nothing is lost that is in use, and nothing is left.
 */
#include "store_env.h"

#include "store/volume.h"

#define WORKERS 8
#define ROUNDS	40

/* What a worker may meet because of the others; anything else is a failure. */
static int expect(int r, enum error_kind kind, const char *what)
{
	if (r >= 0 || err.kind == kind)
		return 0;
	fprintf(stderr, "%s: %s\n", what, error_text(&err, line, sizeof(line)));
	return -1;
}

static int work_container(struct env *e, unsigned random)
{
	static const char *const names[] = { "aa", "bb", "cc" };
	struct container c, found;
	int r;

	container_init(&c);
	container_init(&found);
	r = container_make(&e->st, &c, random & 1 ? names[random / 2 % 3] : NULL, &err);
	if (r < 0) {
		container_done(&c);
		return expect(-1, ERR_EXISTS, "make");
	}
	r = expect(container_record_save(&e->st, &c, &err), ERR_NONE, "save");
	if (r == 0 && container_find(&e->st, c.record.name, &found, &err) != 1)
		r = expect(-1, ERR_NONE, "find what was just made");
	if (r == 0 && strcmp(found.id, c.id) != 0) {
		fprintf(stderr, "the name %s was taken away\n", c.record.name);
		r = -1;
	}
	if (r == 0 && random & 4)
		r = expect(container_rename(&e->st, &c, names[random / 8 % 3], &err), ERR_EXISTS,
			   "rename");
	if (r == 0)
		r = expect(container_remove(&e->st, &c, &err), ERR_NONE, "remove");
	container_done(&c);
	container_done(&found);
	return r;
}

/* As load does it: under the shared lock from the first layer to the name. */
static int work_image(struct env *e, unsigned random)
{
	auto_free char *file = xasprintf("f%u", random % 3);
	auto_free char *name = xasprintf("docker.io/library/i:%u", random / 3 % 2);
	auto_close int lock = store_lock(&e->st, LOCK_SHARED, &err);
	struct digest layer;

	if (lock < 0)
		return expect(-1, ERR_NONE, "lock");
	layer = env_layer(e, file, "x"); /* these two fail loudly by themselves */
	env_image(e, name, file, &layer, 1);
	if (random & 16)
		return expect(image_name_remove(&e->st, name, &err), ERR_NOTFOUND, "untag");
	return 0;
}

static int work_once(struct env *e, unsigned random)
{
	struct gc_result g = { 0 };
	containers l = { 0 };
	int r;

	switch (random % 8) {
	case 0:
		r = expect(store_gc(&e->st, &g, &err), ERR_NONE, "collect");
		gc_result_done(&g);
		return r;
	case 1:
		return expect(staging_sweep(&e->st, true, &err), ERR_NONE, "sweep");
	case 2:
		r = expect(container_list(&e->st, &l, &err), ERR_NONE, "list");
		vec_each (&l, c)
			if (c->status == CONTAINER_CORRUPT) {
				fprintf(stderr, "corrupt: %s\n", c->why);
				r = -1;
			}
		containers_done(&l);
		return r;
	case 3:
	case 4:
		return work_image(e, random >> 3);
	default:
		return work_container(e, random >> 3);
	}
}

static int worker(const char *path, unsigned seed)
{
	struct env e = { 0 };
	unsigned random = seed * 2654435761U + 1;

	if (store_open(path, 0, &e.st, &err) < 0)
		return 1;
	for (int i = 0; i < ROUNDS; i++) {
		random = random * 1664525U + 1013904223U;
		if (work_once(&e, random >> 8) < 0)
			return 1;
	}
	store_close(&e.st);
	return 0;
}

START_TEST(store_stands_many_processes_at_once)
{
	ENV(e);
	pid_t pids[WORKERS];
	int status;
	fsck_findings found = { 0 };
	auto_done(strv) struct strv left = { 0 };

	for (unsigned i = 0; i < WORKERS; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(worker(e.scratch.path, i));
	}
	for (int i = 0; i < WORKERS; i++) {
		ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
		ck_assert_int_eq(status, 0);
	}
	OK(store_fsck(&e.st, FSCK_DEEP, NULL, &found, &err));
	ck_assert_msg(found.n == 0, "%s", found.v ? found.v[0].what : "");
	OK(dir_list(store_dir(&e.st, STORE_CONTAINERS, &err), &left, &err));
	OK(dir_list(store_dir(&e.st, STORE_NAMES, &err), &left, &err));
	ck_assert_uint_eq(left.n, 0);
	OK(dir_list(store_dir(&e.st, STORE_TMP, &err), &left, &err));
	ck_assert_uint_eq(left.n, 1); /* the stamp */
}
END_TEST

UNIT_MAIN("store/race", TEST(store_stands_many_processes_at_once))
