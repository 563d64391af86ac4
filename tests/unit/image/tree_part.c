/* Parts of a tree under other names, and how `cp` has them applied: what may replace what. */
#include "image/layer_tar.h"

#include "make_tar.h"
#include "unit.h"
#include "util/fd.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
	char dir[64];
	int from, to; /* two directories in it */
	struct layer_stats stats;
};

static void place_open(struct place *p)
{
	const char *tmp = getenv("TMPDIR");
	struct error err = { 0 };

	snprintf(p->dir, sizeof(p->dir), "%s/hod-part-XXXXXX",
		 tmp && strlen(tmp) < 32 ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(p->dir));
	{
		auto_close int top = open(p->dir, O_RDONLY | O_DIRECTORY);

		p->from = dir_make_open(top, "from", 0755, &err);
		p->to = dir_make_open(top, "to", 0755, &err);
	}
	ck_assert(p->from >= 0 && p->to >= 0);
}

static void place_close(struct place *p)
{
	struct error err = { 0 };

	close(p->from);
	close(p->to);
	ck_assert_int_eq(tree_remove(AT_FDCWD, p->dir, &err), 0);
}

static void put(int dir, const char *name, const char *text, mode_t mode)
{
	auto_close int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	struct error err = { 0 };

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fd_write_all(fd, text, strlen(text), &err), 0);
	ck_assert_int_eq(fchmod(fd, mode), 0);
}

static int str_write(void *arg, const void *bytes, size_t n, struct error *err)
{
	str_addn(arg, bytes, n);
	return 0;
}

/* Applies a tar to the second directory as cp does; flags beside that. */
static int apply(struct place *p, const struct str *tar, unsigned flags, struct error *err)
{
	struct layer_apply_options o = {
		.form = LAYER_PLAIN,
		.flags = flags,
		.single = geteuid() != 0,
		.uid = -1,
		.gid = -1,
	};
	int fd = tar_fd(tar), r;
	struct stream *s = stream_open(fd, -1, err);

	ck_assert_ptr_nonnull(s);
	r = layer_apply(s, p->to, &o, &p->stats, err);
	stream_close(s);
	close(fd);
	return r;
}

static int copy(struct place *p, struct tree_part part, unsigned flags, struct error *err)
{
	struct str tar = { 0 };
	struct layer_stats stats = { 0 };
	int r;

	part.dir = p->from;
	part.owners_at = "";
	r = tree_tar_write_part(&part, &(struct layer_sink){ str_write, &tar }, &stats, err);
	if (r == 0)
		r = apply(p, &tar, flags, err);
	str_done(&tar);
	return r;
}

static struct stat look(int dir, const char *path)
{
	struct stat st = { 0 };

	ck_assert_msg(fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0, "no %s", path);
	return st;
}

static void make_source(struct place *p)
{
	ck_assert_int_eq(mkdirat(p->from, "sub", 0700), 0);
	put(p->from, "a", "a", 0640);
	put(p->from, "sub/b", "b", 0644);
	ck_assert_int_eq(linkat(p->from, "a", p->from, "sub/c", 0), 0);
	ck_assert_int_eq(symlinkat("../a", p->from, "sub/l"), 0);
	ck_assert_int_eq(fchmod(p->from, 0750), 0);
}

START_TEST(a_directory_gets_another_name_and_links_in_it_follow)
{
	struct place p;
	struct error err = { 0 };

	place_open(&p);
	make_source(&p);
	ck_assert_int_eq(copy(&p, (struct tree_part){ .as = "./new" }, 0, &err), 0);
	ck_assert_int_eq(look(p.to, "new").st_mode & 07777, 0750);
	ck_assert_int_eq(look(p.to, "new/sub").st_mode & 07777, 0700);
	ck_assert(S_ISLNK(look(p.to, "new/sub/l").st_mode));
	ck_assert_uint_eq(look(p.to, "new/a").st_ino, look(p.to, "new/sub/c").st_ino);
	ck_assert_uint_eq(look(p.to, "new/a").st_nlink, 2);
	place_close(&p);
}
END_TEST

START_TEST(what_is_in_a_directory_leaves_the_other_as_it_is)
{
	struct place p;
	struct error err = { 0 };

	place_open(&p);
	make_source(&p);
	ck_assert_int_eq(fchmod(p.to, 0711), 0);
	ck_assert_int_eq(copy(&p, (struct tree_part){ .as = ".", .bare = true }, 0, &err), 0);
	ck_assert_int_eq(look(p.to, ".").st_mode & 07777, 0711);
	ck_assert_int_eq(look(p.to, "sub/b").st_size, 1);
	place_close(&p);
}
END_TEST

START_TEST(a_file_gets_another_name)
{
	struct place p;
	struct error err = { 0 };

	place_open(&p);
	make_source(&p);
	ck_assert_int_eq(copy(&p, (struct tree_part){ .name = "a", .as = "./z" }, 0, &err), 0);
	ck_assert_int_eq(look(p.to, "z").st_mode & 07777, 0640);
	ck_assert_int_eq(p.stats.entries, 1);
	ck_assert_int_eq(copy(&p, (struct tree_part){ .name = "none", .as = "./z" }, 0, &err), -1);
	ck_assert_int_eq(err.kind, ERR_NOTFOUND);
	place_close(&p);
}
END_TEST

START_TEST(a_directory_on_a_closed_device_is_empty_unless_it_is_named)
{
	struct place p;
	struct error err = { 0 };
	dev_t closed;

	place_open(&p);
	make_source(&p);
	closed = look(p.from, ".").st_dev;
	ck_assert_int_eq(copy(&p, (struct tree_part){ .as = "./x", .closed = &closed, .n_closed = 1 },
			      0, &err),
			 0);
	ck_assert_int_eq(look(p.to, "x/sub/b").st_size, 1);
	place_close(&p);
}
END_TEST

START_TEST(types_are_kept_where_that_is_asked_for)
{
	struct place p;
	struct error err = { 0 };

	place_open(&p);
	make_source(&p);
	put(p.to, "sub", "a file", 0600);
	ck_assert_int_eq(copy(&p, (struct tree_part){ .as = ".", .bare = true }, APPLY_KEEP_TYPES,
			      &err),
			 -1);
	ck_assert_int_eq(err.kind, ERR_EXISTS);
	ck_assert_int_eq(look(p.to, "sub").st_size, 6);
	ck_assert_int_eq(unlinkat(p.to, "sub", 0), 0);
	unlinkat(p.to, "a", 0);
	ck_assert_int_eq(mkdirat(p.to, "a", 0700), 0);
	error_clear(&err);
	ck_assert_int_eq(copy(&p, (struct tree_part){ .as = ".", .bare = true }, APPLY_KEEP_TYPES,
			      &err),
			 -1);
	ck_assert_int_eq(err.kind, ERR_EXISTS);
	ck_assert(S_ISDIR(look(p.to, "a").st_mode));
	place_close(&p);
}
END_TEST

START_TEST(a_link_to_a_directory_is_none_where_types_are_kept)
{
	struct place p;
	struct error err = { 0 };

	place_open(&p);
	make_source(&p);
	ck_assert_int_eq(mkdirat(p.to, "elsewhere", 0700), 0);
	ck_assert_int_eq(symlinkat("elsewhere", p.to, "sub"), 0);
	ck_assert_int_eq(copy(&p, (struct tree_part){ .as = ".", .bare = true }, APPLY_KEEP_TYPES,
			      &err),
			 -1);
	ck_assert_int_eq(err.kind, ERR_EXISTS);
	ck_assert_int_eq(faccessat(p.to, "elsewhere/b", F_OK, 0), -1);
	place_close(&p);
}
END_TEST

START_TEST(privileges_go_where_that_is_asked_for)
{
	struct place p;
	struct error err = { 0 };

	place_open(&p);
	put(p.from, "s", "", 06755);
	ck_assert_int_eq(mkdirat(p.from, "d", 0700), 0);
	ck_assert_int_eq(fchmodat(p.from, "d", 02775, 0), 0);
	ck_assert_int_eq(copy(&p, (struct tree_part){ .as = "./kept" }, 0, &err), 0);
	ck_assert_int_eq(look(p.to, "kept/s").st_mode & 07777, 06755);
	ck_assert_int_eq(copy(&p, (struct tree_part){ .as = "./not" }, APPLY_NO_PRIVILEGES, &err), 0);
	ck_assert_int_eq(look(p.to, "not/s").st_mode & 07777, 0755);
	ck_assert_int_eq(look(p.to, "not/d").st_mode & 07777, 02775);
	place_close(&p);
}
END_TEST

START_TEST(devices_are_left_out_also_where_they_could_be_made)
{
	static const struct tar_item items[] = {
		{ "null", '3', .mode = 0666, .major = 1, .minor = 3 },
		{ "disk", '4', .mode = 0666, .major = 8 },
		{ "file", '0', .data = "x" },
		{ 0 },
	};
	struct place p;
	struct error err = { 0 };
	struct str tar = { 0 };

	place_open(&p);
	for (const struct tar_item *i = items; i->name; i++)
		tar_add(&tar, *i);
	tar_end(&tar);
	ck_assert_int_eq(apply(&p, &tar, APPLY_NO_DEVICES, &err), 0);
	ck_assert_int_eq(p.stats.skipped, 2);
	ck_assert_int_eq(faccessat(p.to, "null", F_OK, AT_SYMLINK_NOFOLLOW), -1);
	ck_assert_int_eq(look(p.to, "file").st_size, 1);
	str_done(&tar);
	place_close(&p);
}
END_TEST

START_TEST(zeros_become_holes_and_the_file_is_the_same)
{
	enum { SIZE = 3 << 20 };
	struct place p;
	struct error err = { 0 };
	char byte = 0;

	place_open(&p);
	put(p.from, "f", "", 0644);
	{
		auto_close int fd = openat(p.from, "f", O_WRONLY);

		ck_assert_int_eq(pwrite(fd, "x", 1, 1 << 20), 1);
		ck_assert_int_eq(ftruncate(fd, SIZE), 0);
	}
	ck_assert_int_eq(copy(&p, (struct tree_part){ .name = "f", .as = "./f" }, APPLY_HOLES, &err),
			 0);
	ck_assert_int_eq(look(p.to, "f").st_size, SIZE);
	ck_assert_int_lt(look(p.to, "f").st_blocks * 512, 1 << 20);
	{
		auto_close int fd = openat(p.to, "f", O_RDONLY);

		ck_assert_int_eq(pread(fd, &byte, 1, 1 << 20), 1);
		ck_assert_int_eq(byte, 'x');
		ck_assert_int_eq(pread(fd, &byte, 1, SIZE - 1), 1);
		ck_assert_int_eq(byte, 0);
	}
	place_close(&p);
}
END_TEST

UNIT_MAIN("image/tree_part", TEST(a_directory_gets_another_name_and_links_in_it_follow),
	  TEST(what_is_in_a_directory_leaves_the_other_as_it_is), TEST(a_file_gets_another_name),
	  TEST(a_directory_on_a_closed_device_is_empty_unless_it_is_named),
	  TEST(types_are_kept_where_that_is_asked_for),
	  TEST(a_link_to_a_directory_is_none_where_types_are_kept),
	  TEST(privileges_go_where_that_is_asked_for),
	  TEST(devices_are_left_out_also_where_they_could_be_made),
	  TEST(zeros_become_holes_and_the_file_is_the_same))
