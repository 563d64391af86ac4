/* Descriptors, whole files, directory trees. */
#include "unit.h"
#include "scratch.h"

#include "util/fd.h"

#include <errno.h>
#include <sys/wait.h>

#define OK(call) ck_assert_msg((call) >= 0, "%s: %s", #call, error_text(&err, line, sizeof(line)))

static struct error err;
static char line[ERROR_LINE_MAX];

START_TEST(file_write_replaces_the_whole_and_sets_the_mode)
{
	SCRATCH(s);
	auto_done(str) struct str got = { 0 };
	auto_done(strv) struct strv names = { 0 };
	mode_t old = umask(077);
	struct stat st;

	OK(file_write(s.fd, "f", "first version", 13, 0644, true, &err));
	OK(file_write(s.fd, "f", "two", 3, 0640, false, &err));
	umask(old);
	OK(file_read(s.fd, "f", &got, 100, &err));
	ck_assert_str_eq(got.s, "two");
	fstatat(s.fd, "f", &st, 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
	OK(dir_list(s.fd, &names, &err));
	ck_assert_uint_eq(names.n, 1); /* nothing beside it */
}
END_TEST

START_TEST(file_write_failing_leaves_the_old_file_and_no_other)
{
	SCRATCH(s);
	auto_done(strv) struct strv names = { 0 };

	scratch_dir(&s, "d");
	scratch_file(&s, "d/x", "");
	ck_assert_int_eq(file_write(s.fd, "d", "x", 1, 0644, true, &err), -1);
	OK(dir_list(s.fd, &names, &err));
	ck_assert_uint_eq(names.n, 1);
	ck_assert_int_eq(file_write(s.fd, "nowhere/f", "x", 1, 0644, true, &err), -1);
	ck_assert_int_eq(err.kind, ERR_NOTFOUND);
}
END_TEST

START_TEST(file_write_takes_a_path)
{
	SCRATCH(s);
	auto_done(str) struct str got = { 0 };

	scratch_dir(&s, "d");
	OK(file_write(s.fd, "d/f", "abc", 3, 0600, true, &err));
	OK(file_read(s.fd, "d/f", &got, 3, &err));
	ck_assert_str_eq(got.s, "abc");
}
END_TEST

START_TEST(file_write_fleeting_replaces_the_whole_and_leaves_nothing_beside)
{
	SCRATCH(s);
	auto_done(str) struct str got = { 0 };
	auto_done(strv) struct strv names = { 0 };
	struct stat st;

	OK(file_write_fleeting(s.fd, "f", "first version", 13, &err));
	OK(file_write_fleeting(s.fd, "f", "two", 3, &err));
	OK(file_read(s.fd, "f", &got, 100, &err));
	ck_assert_str_eq(got.s, "two");
	fstatat(s.fd, "f", &st, 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	OK(dir_list(s.fd, &names, &err));
	ck_assert_uint_eq(names.n, 1);
}
END_TEST
START_TEST(file_read_has_a_limit_and_names_what_is_missing)
{
	SCRATCH(s);
	auto_done(str) struct str got = { 0 };

	scratch_file(&s, "f", "0123456789");
	OK(file_read(s.fd, "f", &got, 10, &err));
	str_clear(&got);
	ck_assert_int_eq(file_read(s.fd, "f", &got, 9, &err), -1);
	ck_assert_int_eq(err.kind, ERR_LIMIT);
	ck_assert_ptr_nonnull(strstr(error_text(&err, line, sizeof(line)), "limit of 9 bytes"));
	ck_assert_int_eq(file_read(s.fd, "gone", &got, 9, &err), -1);
	ck_assert_int_eq(err.kind, ERR_NOTFOUND);
}
END_TEST

START_TEST(fd_read_all_reads_files_that_state_no_size)
{
	auto_done(str) struct str got = { 0 };

	OK(file_read(AT_FDCWD, "/proc/self/status", &got, 1 << 20, &err));
	ck_assert_ptr_nonnull(strstr(got.s, "VmPeak"));
}
END_TEST

/* How two descriptors are made ready for fd_copy; each way takes another road inside. */
static const char *const copies[] = { "file", "pipe", "proc" };

START_TEST(fd_copy_moves_all_bytes)
{
	SCRATCH(s);
	auto_done(str) struct str want = { 0 }, got = { 0 };
	auto_close int from = -1, to = -1;
	int fds[2];

	for (int i = 0; i < 4000; i++)
		str_addf(&want, "%d ", i);
	scratch_file(&s, "from", want.s);
	to = openat(s.fd, "to", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (strcmp(copies[_i], "file") == 0) {
		from = openat(s.fd, "from", O_RDONLY | O_CLOEXEC);
	} else if (strcmp(copies[_i], "pipe") == 0) {
		OK(fd_pipe(fds, &err));
		from = fds[0];
		OK(fd_write_all(fds[1], want.s, want.len, &err));
		close(fds[1]);
	} else {
		from = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
		str_clear(&want);
		OK(file_read(AT_FDCWD, "/proc/self/cmdline", &want, 1 << 16, &err));
	}
	OK(fd_copy(from, to, -1, &err));
	OK(file_read(s.fd, "to", &got, 1 << 20, &err));
	ck_assert_uint_gt(want.len, 0);
	ck_assert_uint_eq(got.len, want.len);
	ck_assert_int_eq(memcmp(got.s, want.s, want.len), 0);
}
END_TEST

START_TEST(fd_copy_stops_after_n_bytes)
{
	SCRATCH(s);
	auto_done(str) struct str got = { 0 };
	auto_close int from = -1, to = -1;

	scratch_file(&s, "from", "0123456789");
	from = openat(s.fd, "from", O_RDONLY | O_CLOEXEC);
	to = openat(s.fd, "to", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	OK(fd_copy(from, to, 4, &err));
	OK(fd_copy(from, to, 2, &err));
	OK(file_read(s.fd, "to", &got, 100, &err));
	ck_assert_str_eq(got.s, "012345");
}
END_TEST

START_TEST(fd_close_others_keeps_the_listed_only)
{
	int status, keep[3] = { -1 };
	pid_t pid = fork();

	if (pid == 0) {
		int a = open("/dev/null", O_RDONLY), b = open("/dev/null", O_RDONLY),
		    c = open("/dev/null", O_RDONLY), d = open("/dev/null", O_RDONLY);

		keep[1] = d;
		keep[2] = b;
		fd_close_others(keep, 3);
		_exit(fcntl(a, F_GETFD) == -1 && fcntl(b, F_GETFD) >= 0 && fcntl(c, F_GETFD) == -1 &&
				      fcntl(d, F_GETFD) >= 0 && fcntl(2, F_GETFD) >= 0
			      ? 0
			      : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(tree_remove_takes_links_away_and_not_what_they_point_to)
{
	SCRATCH(s);

	scratch_dir(&s, "keep");
	scratch_file(&s, "keep/file", "precious");
	scratch_dir(&s, "t");
	scratch_dir(&s, "t/a");
	scratch_dir(&s, "t/a/b");
	scratch_file(&s, "t/a/b/f", "");
	scratch_link(&s, "../../keep", "t/a/dirlink");
	scratch_link(&s, "../keep/file", "t/link");
	OK(tree_remove(s.fd, "t", &err));
	ck_assert(!file_exists(s.fd, "t"));
	ck_assert(file_exists(s.fd, "keep/file"));
	OK(tree_remove(s.fd, "t", &err)); /* absent is success */
	scratch_link(&s, "keep", "link");
	OK(tree_remove(s.fd, "link", &err));
	ck_assert(file_exists(s.fd, "keep/file"));
	ck_assert(!file_exists(s.fd, "link"));
}
END_TEST

START_TEST(tree_remove_and_usage_reach_any_depth_with_few_descriptors)
{
	SCRATCH(s);
	uint64_t bytes, entries;
	int fd = dup(s.fd);

	for (int i = 0; i < 3000; i++) {
		int next;

		ck_assert_int_eq(mkdirat(fd, "directory", 0755), 0);
		next = openat(fd, "directory", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		close(fd);
		fd = next;
	}
	close(openat(fd, "leaf", O_CREAT | O_WRONLY, 0600));
	close(fd);
	OK(tree_usage(s.fd, "directory", &bytes, &entries, &err));
	ck_assert_uint_eq(entries, 3000);
	OK(tree_remove(s.fd, "directory", &err));
	ck_assert(!file_exists(s.fd, "directory"));
}
END_TEST

START_TEST(tree_remove_empties_directories_without_permission)
{
	SCRATCH(s);
	pid_t pid;
	int status;

	scratch_dir(&s, "t");
	scratch_dir(&s, "t/closed");
	scratch_file(&s, "t/closed/f", "");
	if (geteuid() == 0) { /* root is never stopped by a mode: be nobody */
		ck_assert_int_eq(fchownat(s.fd, "t", 65534, 65534, 0), 0);
		ck_assert_int_eq(fchownat(s.fd, "t/closed", 65534, 65534, 0), 0);
	}
	ck_assert_int_eq(fchmodat(s.fd, "t/closed", 0, 0), 0);
	ck_assert_int_eq(fchmod(s.fd, 0777), 0);
	pid = fork();
	if (pid == 0) {
		if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
			_exit(2);
		_exit(tree_remove(s.fd, "t", &err) < 0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert(!file_exists(s.fd, "t"));
}
END_TEST

START_TEST(tree_usage_counts_hard_links_once)
{
	SCRATCH(s);
	uint64_t bytes, entries;

	scratch_dir(&s, "t");
	scratch_dir(&s, "t/d");
	scratch_file(&s, "t/a", "12345");
	scratch_file(&s, "t/d/b", "123");
	ck_assert_int_eq(linkat(s.fd, "t/a", s.fd, "t/d/again", 0), 0);
	scratch_link(&s, "a", "t/link");
	OK(tree_usage(s.fd, "t", &bytes, &entries, &err));
	ck_assert_uint_eq(bytes, 8);
	ck_assert_uint_eq(entries, 5);
}
END_TEST

START_TEST(dir_open_does_not_follow_a_link)
{
	SCRATCH(s);
	int fd;

	scratch_dir(&s, "real");
	scratch_link(&s, "real", "link");
	ck_assert_int_eq(dir_open(s.fd, "link", &err), -1);
	ck_assert_int_eq(dir_make_open(s.fd, "link", 0700, &err), -1);
	fd = dir_make_open(s.fd, "new", 0700, &err);
	OK(fd);
	close(fd);
}
END_TEST

START_TEST(dir_make_all_makes_what_is_missing)
{
	SCRATCH(s);
	auto_free char *path = xasprintf("%s/a//b/./c", s.path);

	OK(dir_make_all(path, 0700, &err));
	OK(dir_make_all(path, 0700, &err));
	ck_assert(file_exists(s.fd, "a/b/c"));
	scratch_file(&s, "file", "");
	free(path);
	path = xasprintf("%s/file/x", s.path);
	ck_assert_int_eq(dir_make_all(path, 0700, &err), -1);
}
END_TEST

START_TEST(fd_reopen_turns_a_path_descriptor_into_a_readable_one)
{
	SCRATCH(s);
	auto_close int path = -1, fd = -1;
	char c;

	scratch_file(&s, "f", "x");
	path = openat(s.fd, "f", O_PATH | O_CLOEXEC);
	fd = fd_reopen(path, O_RDONLY, &err);
	OK(fd);
	ck_assert_int_eq(read(fd, &c, 1), 1);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
}
END_TEST

START_TEST(fd_write_behind_begins_with_large_pieces_only)
{
	SCRATCH(s);
	auto_close int fd = openat(s.fd, "f", O_RDWR | O_CREAT | O_CLOEXEC, 0600), null = -1;
	int64_t begun = 0;

	OK(ftruncate(fd, 20 << 20));
	fd_write_behind(fd, &begun, (8 << 20) - 1);
	ck_assert_int_eq(begun, 0);
	fd_write_behind(fd, &begun, 9 << 20);
	ck_assert_int_eq(begun, 9 << 20);
	fd_write_behind(fd, &begun, 16 << 20);
	ck_assert_int_eq(begun, 9 << 20);
	/* a hint: what cannot take it is no error */
	null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	fd_write_behind(null, &begun, 20 << 20);
	ck_assert_int_eq(begun, 20 << 20);
}
END_TEST

START_TEST(random_hex_differs_and_has_its_length)
{
	char a[100], b[100];

	random_hex(a, 99);
	random_hex(b, 99);
	ck_assert_uint_eq(strlen(a), 99);
	ck_assert_uint_eq(strspn(a, "0123456789abcdef"), 99);
	ck_assert_str_ne(a, b);
	ck_assert_int_ne(strncmp(a, a + 64, 35), 0);
}
END_TEST

UNIT_MAIN("util/fd", TEST(file_write_replaces_the_whole_and_sets_the_mode),
	  TEST(file_write_failing_leaves_the_old_file_and_no_other), TEST(file_write_takes_a_path),
	  TEST(file_write_fleeting_replaces_the_whole_and_leaves_nothing_beside),
	  TEST(file_read_has_a_limit_and_names_what_is_missing),
	  TEST(fd_read_all_reads_files_that_state_no_size),
	  TEST_LOOP(fd_copy_moves_all_bytes, ARRAY_SIZE(copies)), TEST(fd_copy_stops_after_n_bytes),
	  TEST(fd_close_others_keeps_the_listed_only),
	  TEST(tree_remove_takes_links_away_and_not_what_they_point_to),
	  TEST(tree_remove_and_usage_reach_any_depth_with_few_descriptors),
	  TEST(tree_remove_empties_directories_without_permission),
	  TEST(tree_usage_counts_hard_links_once), TEST(dir_open_does_not_follow_a_link),
	  TEST(dir_make_all_makes_what_is_missing),
	  TEST(fd_reopen_turns_a_path_descriptor_into_a_readable_one),
	  TEST(fd_write_behind_begins_with_large_pieces_only),
	  TEST(random_hex_differs_and_has_its_length))
