/*
 * Places inside a rootfs. Every test of a resolution runs twice: with openat2 and, behind a seccomp
 * filter that answers ENOSYS for it, with the walk.
 */
#include "unit.h"
#include "scratch.h"

#include "util/path.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static struct error err;
static char line[ERROR_LINE_MAX];

/* _i == 1: this process (Check forks one for each test) loses openat2 */
static void choose_way(int way)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { ARRAY_SIZE(code), code };

	if (way == 0)
		return;
	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0), 0);
	errno = 0;
	ck_assert_int_eq(syscall(SYS_openat2, -1, "x", NULL, 0), -1);
	ck_assert_int_eq(errno, ENOSYS);
}

/* root/ holds the rootfs; outside/ must never be reached. */
static int make_root(const struct scratch *s)
{
	scratch_dir(s, "outside");
	scratch_file(s, "outside/secret", "secret");
	scratch_dir(s, "root");
	scratch_dir(s, "root/etc");
	scratch_dir(s, "root/usr");
	scratch_dir(s, "root/usr/lib");
	scratch_file(s, "root/etc/passwd", "inside");
	scratch_file(s, "root/secret", "inside");
	scratch_link(s, "usr/lib", "root/lib");
	scratch_link(s, "/etc", "root/usr/abs");
	scratch_link(s, "../../../../../outside/secret", "root/up");
	scratch_link(s, "loop", "root/loop");
	scratch_link(s, "/../../etc/passwd", "root/usr/lib/climb");
	return openat(s->fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static const struct {
	const char *path;
	int flags;
	const char *content; /* NULL: fails with sys */
	int sys;
} opens[] = {
	{ "etc/passwd", O_RDONLY, "inside", 0 },
	{ "/etc/passwd", O_RDONLY, "inside", 0 },
	{ "//etc//./passwd", O_RDONLY, "inside", 0 },
	{ "../../../etc/passwd", O_RDONLY, "inside", 0 },
	{ "../outside/secret", O_RDONLY, NULL, ENOENT },
	{ "up", O_RDONLY, NULL, ENOENT },
	{ "usr/abs/passwd", O_RDONLY, "inside", 0 },
	{ "usr/abs/../secret", O_RDONLY, "inside", 0 },
	{ "lib/../../etc/passwd", O_RDONLY, "inside", 0 },
	{ "lib/climb", O_RDONLY, "inside", 0 },
	{ "loop", O_RDONLY, NULL, ELOOP },
	{ "loop/x", O_RDONLY, NULL, ELOOP },
	{ "lib/climb", O_RDONLY | O_NOFOLLOW, NULL, ELOOP },
	{ "etc/passwd/x", O_RDONLY, NULL, ENOTDIR },
	{ "etc/passwd/", O_RDONLY, NULL, ENOTDIR },
	{ "etc/passwd", O_RDONLY | O_DIRECTORY, NULL, ENOTDIR },
	{ "etc/passwd", O_PATH | O_DIRECTORY, NULL, ENOTDIR },
	{ "missing/../etc/passwd", O_RDONLY, NULL, ENOENT },
	{ "usr/lib/../abs/passwd", O_RDONLY, "inside", 0 },
};

START_TEST(rootfs_open_stays_inside_the_root)
{
	SCRATCH(s);
	auto_close int root = make_root(&s);
	auto_done(str) struct str got = { 0 };
	size_t i = (size_t)_i / 2;
	auto_close int fd = -1;

	choose_way(_i % 2);
	fd = rootfs_open(root, opens[i].path, opens[i].flags, 0, &err);
	if (!opens[i].content) {
		ck_assert_msg(fd == -1, "%s was opened", opens[i].path);
		ck_assert_int_eq(err.sys, opens[i].sys);
		return;
	}
	ck_assert_msg(fd >= 0, "%s", error_text(&err, line, sizeof(line)));
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(fd_read_all(fd, &got, 100, &err), 0);
	ck_assert_str_eq(str_get(&got), opens[i].content);
}
END_TEST

START_TEST(rootfs_open_creates_behind_links_inside_the_root)
{
	SCRATCH(s);
	auto_close int root = make_root(&s);
	auto_close int fd = -1, path = -1;
	struct stat st;

	choose_way(_i);
	fd = rootfs_open(root, "usr/abs/new", O_WRONLY | O_CREAT | O_EXCL, 0600, &err);
	ck_assert_msg(fd >= 0, "%s", error_text(&err, line, sizeof(line)));
	ck_assert(file_exists(root, "etc/new"));
	/* a link at the very end is opened itself, not what it means */
	path = rootfs_open(root, "lib", O_PATH | O_NOFOLLOW, 0, &err);
	ck_assert_int_ge(path, 0);
	fstat(path, &st);
	ck_assert(S_ISLNK(st.st_mode));
}
END_TEST

START_TEST(rootfs_open_of_nothing_and_of_slash_is_the_root)
{
	SCRATCH(s);
	auto_close int root = make_root(&s);
	static const char *const names[] = { "", "/", ".", "..", "/../..", "usr/.." };
	struct stat want, got;

	choose_way(_i);
	fstat(root, &want);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		auto_close int fd = rootfs_open(root, names[i], O_PATH | O_DIRECTORY, 0, &err);

		ck_assert_msg(fd >= 0, "'%s'", names[i]);
		fstat(fd, &got);
		ck_assert_uint_eq(got.st_ino, want.st_ino);
	}
}
END_TEST

START_TEST(rootfs_open_never_uses_a_magic_link)
{
	auto_close int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd = -1;
	auto_close int file = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	auto_free char *name = xasprintf("proc/self/fd/%d/../hostname", root);

	/* as a magic link it would be a directory; by its text it is resolved in the root */
	choose_way(_i);
	fd = rootfs_open(file >= 0 ? root : root, "proc/self/exe", O_RDONLY, 0, &err);
	if (_i == 0)
		ck_assert_int_eq(fd, -1);
	ck_assert_int_eq(rootfs_open(root, name, O_RDONLY, 0, &err), -1);
}
END_TEST

START_TEST(rootfs_find_tells_absent_from_failed)
{
	SCRATCH(s);
	auto_close int root = make_root(&s);
	int fd;

	choose_way(_i);
	ck_assert_int_eq(rootfs_find(root, "etc/passwd", &fd, &err), 1);
	close(fd);
	ck_assert_int_eq(rootfs_find(root, "etc/none", &fd, &err), 0);
	ck_assert_int_eq(rootfs_find(root, "etc/passwd/none", &fd, &err), 0);
	ck_assert_int_eq(rootfs_find(root, "loop", &fd, &err), -1);
	ck_assert_int_eq(err.sys, ELOOP);
}
END_TEST

START_TEST(rootfs_mkdirs_makes_directories_behind_links_with_mode_and_owner)
{
	SCRATCH(s);
	auto_close int root = make_root(&s);
	uid_t uid = geteuid() ? geteuid() : 7;
	gid_t gid = geteuid() ? getegid() : 8;
	auto_close int fd = -1;
	mode_t old = umask(077);
	struct stat st;

	choose_way(_i);
	scratch_link(&s, "../var/deep", "root/usr/dangling");
	fd = rootfs_mkdirs(root, "/usr/abs/../usr/dangling/x/y", 0751, uid, gid, &err);
	umask(old);
	ck_assert_msg(fd >= 0, "%s", error_text(&err, line, sizeof(line)));
	ck_assert_int_eq(fstatat(root, "var/deep/x", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0751);
	ck_assert_uint_eq(st.st_uid, uid);
	ck_assert_uint_eq(st.st_gid, gid);
	ck_assert(file_exists(root, "var/deep/x/y"));
	/* what was there keeps its own */
	fstatat(root, "usr", &st, 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0755);
}
END_TEST

START_TEST(rootfs_mkdirs_does_not_leave_the_root)
{
	SCRATCH(s);
	auto_close int root = make_root(&s);
	auto_close int fd = -1;

	choose_way(_i);
	scratch_link(&s, "../../outside", "root/trap");
	fd = rootfs_mkdirs(root, "trap/../../new/z", 0755, geteuid(), getegid(), &err);
	ck_assert_int_ge(fd, 0);
	ck_assert(!file_exists(s.fd, "new"));
	ck_assert(!file_exists(s.fd, "outside/z"));
	ck_assert(file_exists(root, "new/z"));
	ck_assert_int_eq(rootfs_mkdirs(root, "etc/passwd/d", 0755, 0, 0, &err), -1);
	ck_assert_int_eq(rootfs_mkdirs(root, "loop/d", 0755, 0, 0, &err), -1);
}
END_TEST

static const struct {
	const char *path, *name;
} parents[] = {
	{ "etc/passwd", "passwd" }, { "/x", "x" },     { "x", "x" },
	{ "lib/y/", "y" },	    { "/", NULL },     { "", NULL },
	{ "etc/..", NULL },	    { "etc/.", NULL }, { "../x", "x" },
};

START_TEST(rootfs_parent_gives_a_name_that_is_a_name)
{
	SCRATCH(s);
	auto_close int root = make_root(&s), fd = -1;
	auto_free char *name = NULL;

	fd = rootfs_parent(root, parents[_i].path, false, &name, &err);
	if (!parents[_i].name) {
		ck_assert_int_eq(fd, -1);
		ck_assert_int_eq(err.kind, ERR_INVALID);
		return;
	}
	ck_assert_int_ge(fd, 0);
	ck_assert_str_eq(name, parents[_i].name);
}
END_TEST

START_TEST(rootfs_parent_makes_it_on_request)
{
	SCRATCH(s);
	auto_close int root = make_root(&s), fd = -1;
	auto_free char *name = NULL;

	ck_assert_int_eq(rootfs_parent(root, "a/b/c", false, &name, &err), -1);
	ck_assert_int_eq(err.kind, ERR_NOTFOUND);
	ck_assert_ptr_null(name);
	if (geteuid() != 0)
		return;
	fd = rootfs_parent(root, "a/b/c", true, &name, &err);
	ck_assert_int_ge(fd, 0);
	ck_assert(file_exists(root, "a/b"));
}
END_TEST

/* Go's documentation of path.Clean gives the rules; the values are by hand from them. */
static const struct {
	const char *in, *out;
} cleans[] = {
	{ "", "." },	       { "abc", "abc" },	 { "/", "/" },
	{ "//", "/" },	       { "abc/", "abc" },	 { "a//b", "a/b" },
	{ "./a", "a" },	       { "a/./b", "a/b" },	 { "a/..", "." },
	{ "a/../b", "b" },     { "..", ".." },		 { "../..", "../.." },
	{ "../a/..", ".." },   { "a/../..", ".." },	 { "/..", "/" },
	{ "/../a", "/a" },     { "a/b/../../..", ".." }, { "a/b/../../../c", "../c" },
	{ "/a/b/../..", "/" }, { "/a/../b/", "/b" },	 { "../../a/b", "../../a/b" },
	{ "..a/b", "..a/b" },  { "a/...", "a/..." },
};

START_TEST(path_clean_is_as_go_has_it)
{
	auto_free char *got = path_clean(cleans[_i].in);

	ck_assert_str_eq(got, cleans[_i].out);
}
END_TEST

START_TEST(path_join_and_in_combine)
{
	auto_free char *a = path_join("/a/b", "../c"), *b = path_join("/a", "/x/./y"),
		       *c = path_in("/dir", "../../etc"), *d = path_in("/dir", "/a/b");

	ck_assert_str_eq(a, "/a/c");
	ck_assert_str_eq(b, "/x/y");
	ck_assert_str_eq(c, "/dir/etc");
	ck_assert_str_eq(d, "/dir/a/b");
	ck_assert_str_eq(path_base("/a/b"), "b");
	ck_assert_str_eq(path_base("b"), "b");
	ck_assert(path_is_below("/a/b", "/a"));
	ck_assert(path_is_below("/a", "/a"));
	ck_assert(!path_is_below("/ab", "/a"));
	ck_assert(path_is_below("/x", "/"));
}
END_TEST

UNIT_MAIN("util/path", TEST_LOOP(rootfs_open_stays_inside_the_root, 2 * ARRAY_SIZE(opens)),
	  TEST_LOOP(rootfs_open_creates_behind_links_inside_the_root, 2),
	  TEST_LOOP(rootfs_open_of_nothing_and_of_slash_is_the_root, 2),
	  TEST_LOOP(rootfs_open_never_uses_a_magic_link, 2),
	  TEST_LOOP(rootfs_find_tells_absent_from_failed, 2),
	  TEST_LOOP(rootfs_mkdirs_makes_directories_behind_links_with_mode_and_owner, 2),
	  TEST_LOOP(rootfs_mkdirs_does_not_leave_the_root, 2),
	  TEST_LOOP(rootfs_parent_gives_a_name_that_is_a_name, ARRAY_SIZE(parents)),
	  TEST(rootfs_parent_makes_it_on_request),
	  TEST_LOOP(path_clean_is_as_go_has_it, ARRAY_SIZE(cleans)), TEST(path_join_and_in_combine))
