/*
 * userns.c - tests of util/userns. Namespaces are entered in children; what needs root to become
 * somebody else is only done as root.
 */
#include "unit.h"

#include "util/userns.h"
#include "util/subid.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

START_TEST(subid_takes_only_wellformed_ranges_of_the_user)
{
	static const char text[] = "other:100000:65536\n"
				   "me:200000:65536\n"
				   "me2:1:2\n"
				   "1000:300000:10\n"
				   "me:400000\n"
				   "me:x:10\n"
				   "me:500000:0\n"
				   "me:-1:10\n"
				   "me:4294967295:1\n"
				   "me:4294967290:100\n"
				   "me:18446744073709551616:5\n"
				   "me:200010:5\n" /* overlaps */
				   "me:995:10\n"   /* holds the caller's own id */
				   "me:600000:7";
	id_ranges r = { 0 };

	subid_parse(text, sizeof(text) - 1, "me", 1000, 1000, &r);
	ck_assert_uint_eq(r.n, 3);
	ck_assert_uint_eq(r.v[0].start, 200000);
	ck_assert_uint_eq(r.v[0].count, 65536);
	ck_assert_uint_eq(r.v[1].start, 300000);
	ck_assert_uint_eq(r.v[2].start, 600000);
	ck_assert_uint_eq(r.v[2].count, 7);
	vec_done(&r);
	subid_parse(text, sizeof(text) - 1, NULL, 1000, 1000, &r);
	ck_assert_uint_eq(r.n, 1);
	ck_assert_uint_eq(r.v[0].start, 300000);
	vec_done(&r);
}
END_TEST

START_TEST(has_id_knows_the_ends_of_ranges)
{
	struct id_map maps[] = { { 0, 1000, 1 }, { 1, 100000, 65536 } };
	id_maps m = { .v = maps, .n = 2 };

	ck_assert(userns_has_id(&m, 0));
	ck_assert(userns_has_id(&m, 65536));
	ck_assert(!userns_has_id(&m, 65537));
	ck_assert(!userns_has_id(&m, UINT32_MAX));
}
END_TEST

/* Runs fn in a child as an unprivileged user; 77 from it means that this machine cannot. */
static void in_child(int (*fn)(void))
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		if (geteuid() == 0 && (setgid(54321) < 0 || setuid(54321) < 0))
			_exit(77);
		_exit(fn());
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_msg(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77, "line %d",
		      WEXITSTATUS(status));
}

/* exit codes are line numbers modulo 256, never 0 or 77 by chance: see the numbers */
#define MUST(cond, code)                                                                           \
	do {                                                                                       \
		if (!(cond))                                                                       \
			return code;                                                               \
	} while (0)

static int enter_single(void)
{
	uid_t uid = geteuid();
	struct userns u;
	struct error err = { 0 };
	id_maps uids = { 0 }, gids = { 0 };

	if (userns_enter(true, &u, &err) < 0)
		return err.kind == ERR_DENIED || err.sys == ENOSPC ? 77 : 1;
	MUST(u.mode == USERNS_SINGLE, 2);
	MUST(u.caller_uid == uid, 3);
	MUST(geteuid() == 0 && getegid() == 0, 4);
	MUST(userns_maps(&uids, &gids, &err) == 0, 5);
	MUST(uids.n == 1 && uids.v[0].inside == 0 && uids.v[0].outside == uid, 6);
	MUST(gids.n == 1 && gids.v[0].count == 1, 7);
	MUST(mount("none", "/tmp", "tmpfs", 0, NULL) == 0, 8);
	/* entering again is to be in the one world already */
	MUST(userns_enter(false, &u, &err) == 0 && u.mode == USERNS_HOST, 9);
	vec_done(&uids);
	vec_done(&gids);
	return 0;
}

START_TEST(enter_single_gives_root_with_one_id)
{
	in_child(enter_single);
}
END_TEST

static int enter_without_ranges(void)
{
	struct userns u;
	struct error err = { 0 };

	if (userns_enter(false, &u, &err) < 0)
		return err.kind == ERR_DENIED || err.sys == ENOSPC ? 77 : 1;
	/* a user who runs the tests may well have ranges; the one made up has not */
	MUST(u.mode == (u.caller_uid == 54321 ? USERNS_SINGLE : u.mode), 2);
	MUST(u.mode == USERNS_RANGE || u.reason[0], 3);
	return 0;
}

START_TEST(enter_falls_back_to_single_with_a_reason)
{
	in_child(enter_without_ranges);
}
END_TEST

static int write_below(void)
{
	struct userns u;
	struct error err = { 0 };
	struct id_map one = { 1000, 0, 1 };
	id_maps maps = { .v = &one, .n = 1 };
	int fds[2], done[2], status;
	char c;
	pid_t pid;

	if (userns_enter(true, &u, &err) < 0)
		return 77;
	MUST(pipe(fds) == 0 && pipe(done) == 0, 2);
	pid = fork();
	if (pid == 0) {
		if (unshare(CLONE_NEWUSER) < 0 || write(fds[1], "x", 1) != 1 ||
		    read(done[0], &c, 1) != 1)
			_exit(1);
		_exit(geteuid() == 1000 && getegid() == 1000 ? 0 : 2);
	}
	MUST(read(fds[0], &c, 1) == 1, 3);
	MUST(userns_write_maps(pid, &maps, &maps, &err) == 0, 4);
	MUST(write(done[1], "x", 1) == 1, 5);
	MUST(waitpid(pid, &status, 0) == pid && status == 0, 6);
	return 0;
}

START_TEST(write_maps_gives_a_child_other_ids)
{
	in_child(write_below);
}
END_TEST

START_TEST(write_maps_refuses_more_than_a_page)
{
	struct id_map many[400];
	id_maps maps = { .v = many, .n = 400 };
	struct error err = { 0 };

	for (unsigned i = 0; i < 400; i++)
		many[i] = (struct id_map){ i, 1000000 + i, 1 };
	ck_assert_int_eq(userns_write_maps(getpid(), &maps, &maps, &err), -1);
	ck_assert_int_eq(err.kind, ERR_LIMIT);
}
END_TEST

UNIT_MAIN("util/userns", TEST(subid_takes_only_wellformed_ranges_of_the_user),
	  TEST(has_id_knows_the_ends_of_ranges), TEST(enter_single_gives_root_with_one_id),
	  TEST(enter_falls_back_to_single_with_a_reason), TEST(write_maps_gives_a_child_other_ids),
	  TEST(write_maps_refuses_more_than_a_page))
