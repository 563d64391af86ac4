/* A tar applied to a tree: image-spec layer.md, and what SECURITY.md 1b refuses. */
#include "image/layer_tar.h"

#include "make_tar.h"
#include "unit.h"
#include "util/fd.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

struct place {
	char dir[64];
	int top, root; /* top holds "root" and what must never change */
};

static void place_open(struct place *p)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(p->dir, sizeof(p->dir), "%s/hod-layer-XXXXXX",
		 tmp && strlen(tmp) < 32 ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(p->dir));
	p->top = open(p->dir, O_RDONLY | O_DIRECTORY);
	ck_assert_int_eq(mkdirat(p->top, "root", 0700), 0);
	ck_assert_int_eq(mkdirat(p->top, "host", 0700), 0);
	close(openat(p->top, "host/file", O_CREAT | O_WRONLY, 0600));
	p->root = openat(p->top, "root", O_RDONLY | O_DIRECTORY);
}

static void place_close(struct place *p)
{
	struct error err = { 0 };

	close(p->root);
	close(p->top);
	ck_assert_int_eq(tree_remove(AT_FDCWD, p->dir, &err), 0);
}

static int apply_with(struct place *p, const struct str *tar, const struct layer_apply_options *o,
		      struct error *err)
{
	int fd = tar_fd(tar), r = -1;
	struct stream *s = stream_open(fd, -1, err);

	if (s)
		r = layer_apply(s, p->root, o, NULL, err);
	stream_close(s);
	close(fd);
	return r;
}

static int apply_tar(struct place *p, const struct str *tar, struct error *err)
{
	struct layer_apply_options o = { .form = LAYER_OVERLAY, .uid = -1, .gid = -1 };

	return apply_with(p, tar, &o, err);
}

static int apply(struct place *p, const struct tar_item *items, struct error *err)
{
	auto_done(str) struct str t = { 0 };

	for (; items->name; items++)
		tar_add(&t, *items);
	tar_end(&t);
	return apply_tar(p, &t, err);
}
#define ITEMS(...)                                                                                 \
	(const struct tar_item[])                                                                  \
	{                                                                                          \
		__VA_ARGS__,                                                                       \
		{                                                                                  \
			.name = NULL                                                               \
		}                                                                                  \
	}

static void apply_ok(struct place *p, const struct tar_item *items)
{
	struct error err = { 0 };

	ck_assert_msg(apply(p, items, &err) == 0, "%s", err.text);
}

static const char *content(struct place *p, const char *path)
{
	static char buf[256];
	int fd = openat(p->root, path, O_RDONLY);
	ssize_t n;

	ck_assert_msg(fd >= 0, "%s is not there", path);
	n = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	buf[n < 0 ? 0 : n] = '\0';
	return buf;
}

static struct stat look(struct place *p, const char *path)
{
	struct stat st;

	ck_assert_msg(fstatat(p->root, path, &st, AT_SYMLINK_NOFOLLOW) == 0, "%s is not there", path);
	return st;
}

static bool absent(struct place *p, const char *path)
{
	struct stat st;

	return fstatat(p->root, path, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;
}

static bool is_whiteout(struct place *p, const char *path)
{
	struct stat st = look(p, path);

	return S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0);
}

static bool is_opaque(struct place *p, const char *path)
{
	int fd = openat(p->root, path, O_RDONLY | O_DIRECTORY);
	char v[4] = "";
	ssize_t n = fgetxattr(fd, LAYER_XATTR_OPAQUE, v, sizeof(v));

	close(fd);
	return n == 1 && v[0] == 'y';
}

START_TEST(layer_apply_makes_files_with_their_metadata)
{
	struct place p;
	struct stat st;

	place_open(&p);
	apply_ok(&p, ITEMS({ "d/", '5', .mode = 01755, .uid = 3, .gid = 4, .mtime = 1000 },
			   { "d/f", '0', "text", .mode = 04755, .uid = 5, .gid = 6, .mtime = 2000 },
			   { "d/l", '2', .link = "../../etc/passwd", .uid = 7, .mtime = 3000 },
			   { "d/p", '6', .mode = 0620 }, { "d/h", '1', .link = "d/f" }));
	ck_assert_str_eq(content(&p, "d/f"), "text");
	st = look(&p, "d/f");
	ck_assert_uint_eq(st.st_mode, S_IFREG | 04755);
	ck_assert_int_eq(st.st_mtim.tv_sec, 2000);
	ck_assert_uint_eq(st.st_nlink, 2);
	st = look(&p, "d");
	ck_assert_uint_eq(st.st_mode, S_IFDIR | 01755);
	ck_assert_int_eq(st.st_mtim.tv_sec, 1000);
	ck_assert_int_eq(look(&p, "d/l").st_mtim.tv_sec, 3000);
	ck_assert_uint_eq(look(&p, "d/p").st_mode, S_IFIFO | 0620);
	if (geteuid() == 0) {
		ck_assert_uint_eq(look(&p, "d/f").st_uid, 5);
		ck_assert_uint_eq(look(&p, "d").st_gid, 4);
		ck_assert_uint_eq(look(&p, "d/l").st_uid, 7);
	}
	place_close(&p);
}
END_TEST

START_TEST(layer_apply_gives_the_root_a_mode)
{
	struct place p;

	place_open(&p);
	apply_ok(&p, ITEMS({ "a/b", '0', "x" }));
	ck_assert_uint_eq(look(&p, ".").st_mode & 07777, 0755);
	ck_assert_uint_eq(look(&p, "a").st_mode & 07777, 0755);
	ck_assert_int_eq(look(&p, "a").st_mtim.tv_sec, 0);
	apply_ok(&p, ITEMS({ "./", '5', .mode = 0711, .mtime = 77 }));
	ck_assert_uint_eq(look(&p, ".").st_mode & 07777, 0711);
	place_close(&p);
}
END_TEST

START_TEST(layer_apply_turns_whiteouts_into_devices)
{
	struct place p;

	place_open(&p);
	apply_ok(&p, ITEMS({ "a/.wh.gone", '0' }, { ".wh.top", '0' }, { "a/..data", '0', "x" }));
	ck_assert(is_whiteout(&p, "a/gone"));
	ck_assert(is_whiteout(&p, "top"));
	ck_assert_str_eq(content(&p, "a/..data"), "x");
	place_close(&p);
}
END_TEST

START_TEST(layer_apply_whiteout_keeps_what_this_layer_has)
{
	struct place p;

	place_open(&p);
	apply_ok(&p, ITEMS({ "f", '0', "new" }, { ".wh.f", '0' }, { "d/", '5' },
			   { "d/x", '0', "new" }, { ".wh.d", '0' }));
	ck_assert_str_eq(content(&p, "f"), "new");
	ck_assert_str_eq(content(&p, "d/x"), "new");
	ck_assert(is_opaque(&p, "d"));
	place_close(&p);
}
END_TEST

START_TEST(layer_apply_recreates_behind_a_whiteout)
{
	struct place p;

	place_open(&p);
	apply_ok(&p, ITEMS({ ".wh.f", '0' }, { "f", '0', "new" }, { ".wh.d", '0' }, { "d/", '5' },
			   { "d/x", '0', "new" }, { ".wh.e", '0' }, { "e/x", '0', "new" },
			   { "plain/", '5' }));
	ck_assert_str_eq(content(&p, "f"), "new");
	ck_assert(is_opaque(&p, "d"));
	ck_assert(is_opaque(&p, "e"));
	ck_assert(!is_opaque(&p, "plain"));
	ck_assert_str_eq(content(&p, "e/x"), "new");
	place_close(&p);
}
END_TEST

START_TEST(layer_apply_opaque_mark_may_stand_anywhere)
{
	struct place p;

	place_open(&p);
	apply_ok(&p, ITEMS({ "a/", '5' }, { "a/x", '0', "1" }, { "a/.wh..wh..opq", '0' },
			   { "a/y", '0', "2" }, { "b/.wh..wh..opq", '0' }, { "b/z", '0', "3" }));
	ck_assert(is_opaque(&p, "a"));
	ck_assert(is_opaque(&p, "b"));
	ck_assert_str_eq(content(&p, "a/x"), "1");
	ck_assert_str_eq(content(&p, "a/y"), "2");
	ck_assert(absent(&p, "a/.wh..wh..opq"));
	place_close(&p);
}
END_TEST

START_TEST(layer_apply_ignores_the_metadata_of_aufs)
{
	struct place p;

	place_open(&p);
	apply_ok(&p, ITEMS({ ".wh..wh.plnk/", '5' }, { ".wh..wh.plnk/1.2", '0', "x" },
			   { ".wh..wh.aufs", '0' }, { "f", '0', "y" }));
	ck_assert(absent(&p, ".wh..wh.plnk"));
	ck_assert(absent(&p, "wh.plnk"));
	ck_assert_str_eq(content(&p, "f"), "y");
	place_close(&p);
}
END_TEST

START_TEST(layer_apply_last_entry_of_a_name_wins)
{
	struct place p;

	place_open(&p);
	apply_ok(&p, ITEMS({ "a", '0', "1" }, { "a", '0', "2" }, { "b", '0', "1" }, { "b/", '5' },
			   { "b/c", '0', "3" }, { "d/", '5' }, { "d/e", '0', "x" }, { "d", '0', "4" },
			   { "l", '2', .link = "a" }, { "l", '0', "5" }, { "m", '5', .mode = 0700 },
			   { "m/x", '0', "6" }, { "m", '5', .mode = 0750 }));
	ck_assert_str_eq(content(&p, "a"), "2");
	ck_assert_str_eq(content(&p, "b/c"), "3");
	ck_assert_str_eq(content(&p, "d"), "4");
	ck_assert(S_ISREG(look(&p, "l").st_mode));
	ck_assert_str_eq(content(&p, "m/x"), "6");
	ck_assert_uint_eq(look(&p, "m").st_mode & 07777, 0750);
	place_close(&p);
}
END_TEST

START_TEST(layer_apply_parent_may_come_behind_its_child)
{
	struct place p;

	place_open(&p);
	apply_ok(&p, ITEMS({ "a/b/c", '0', "x" }, { "a/", '5', .mode = 0500, .mtime = 9 },
			   { "a/b", '5', .mode = 0511, .mtime = 8 }));
	ck_assert_uint_eq(look(&p, "a").st_mode & 07777, 0500);
	ck_assert_int_eq(look(&p, "a/b").st_mtim.tv_sec, 8);
	ck_assert_int_eq(look(&p, "a").st_mtim.tv_sec, 9);
	place_close(&p);
}
END_TEST

START_TEST(layer_apply_follows_links_only_inside)
{
	struct place p;

	place_open(&p);
	apply_ok(&p, ITEMS({ "usr/lib/", '5' }, { "lib", '2', .link = "usr/lib" },
			   { "lib/x", '0', "1" }, { "abs", '2', .link = "/usr" },
			   { "abs/y", '0', "2" }, { "up", '2', .link = "../../host" },
			   { "up/z", '0', "3" }, { "up/file", '0', "4" }));
	ck_assert_str_eq(content(&p, "usr/lib/x"), "1");
	ck_assert_str_eq(content(&p, "usr/y"), "2");
	ck_assert_str_eq(content(&p, "host/z"), "3");
	ck_assert_int_eq(fstatat(p.top, "host/z", &(struct stat){ 0 }, 0), -1);
	ck_assert_str_eq(content(&p, "../host/file"), "");
	place_close(&p);
}
END_TEST

START_TEST(layer_apply_sees_a_directory_change_into_a_link)
{
	struct place p;

	place_open(&p);
	apply_ok(&p, ITEMS({ "a/x", '0', "1" }, { "b/", '5' }, { "a", '2', .link = "b" },
			   { "a/y", '0', "2" }, { "l", '2', .link = "b" }, { "l/z", '0', "3" },
			   { "l", '5' }, { "l/w", '0', "4" }));
	ck_assert_str_eq(content(&p, "b/y"), "2");
	ck_assert_str_eq(content(&p, "b/z"), "3");
	ck_assert(absent(&p, "b/w"));
	ck_assert_str_eq(content(&p, "l/w"), "4");
	place_close(&p);
}
END_TEST

START_TEST(layer_apply_replaces_a_link_and_not_its_target)
{
	struct place p;

	place_open(&p);
	apply_ok(&p, ITEMS({ "t", '0', "target", .mode = 0600 }, { "l", '2', .link = "t" },
			   { "l", '0', "new", .mode = 0666 }));
	ck_assert_str_eq(content(&p, "t"), "target");
	ck_assert_uint_eq(look(&p, "t").st_mode & 07777, 0600);
	place_close(&p);
}
END_TEST

static const struct {
	const char *why;
	struct tar_item items[4];
	enum error_kind kind;
} refused[] = {
	{ "..", { { "../x", '0', "1" } }, ERR_INVALID },
	{ "a/../../x", { { "a/../../x", '0', "1" } }, ERR_INVALID },
	{ "..", { { "a/..", '5' } }, ERR_INVALID },
	{ "whiteout of nothing", { { ".wh.", '0' } }, ERR_INVALID },
	{ "whiteout of .", { { "a/.wh..", '0' } }, ERR_INVALID },
	{ "whiteout of ..", { { "a/.wh...", '0' } }, ERR_INVALID },
	{ "below a whiteout", { { ".wh.a/b", '0' } }, ERR_INVALID },
	{ "whiteout directory", { { ".wh.a", '5' } }, ERR_INVALID },
	{ "whiteout link", { { ".wh.a", '2', .link = "b" } }, ERR_INVALID },
	{ "0:0", { { "c", '3', .major = 0, .minor = 0 } }, ERR_INVALID },
	{ "hard link out", { { "h", '1', .link = "../host/file" } }, ERR_INVALID },
	{ "hard link to nothing", { { "h", '1', .link = "nothing" } }, ERR_INVALID },
	{ "hard link to a directory", { { "d/", '5' }, { "h", '1', .link = "d" } }, ERR_INVALID },
	{ "hard link to a whiteout", { { ".wh.w", '0' }, { "h", '1', .link = "w" } }, ERR_INVALID },
	{ "below a file", { { "f", '0', "1" }, { "f/x", '0', "2" } }, ERR_INVALID },
	{ "empty link", { { "l", '2', .link = "" } }, ERR_INVALID },
	{ "unknown type", { { "x", 'V' } }, ERR_INVALID },
	{ "hard link with data", { { "f", '0', "1" }, { "h", '1', "data", .link = "f" } }, ERR_INVALID },
	{ "symbolic link with data", { { "l", '2', "data", .link = "f" } }, ERR_INVALID },
	{ "a size that is none", { { "f", '0', "1", .raw_size = "0000000009x" } }, ERR_INVALID },
	{ "a negative size",
	  { { "f", '0', "1", .raw_size = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" } },
	  ERR_INVALID },
	{ "a size of exabytes",
	  { { "f", '0', "1", .raw_size = "\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\0" } },
	  ERR_INVALID },
};

START_TEST(layer_apply_refuses)
{
	struct error err = { 0 };
	struct place p;

	place_open(&p);
	ck_assert_msg(apply(&p, refused[_i].items, &err) < 0, "%s was accepted", refused[_i].why);
	ck_assert_msg(err.kind == refused[_i].kind, "%s: %d: %s", refused[_i].why, err.kind,
		      err.text);
	place_close(&p);
}
END_TEST

START_TEST(layer_apply_takes_absolute_names_from_the_root)
{
	struct place p;

	place_open(&p);
	apply_ok(&p, ITEMS({ "/etc/x", '0', "1" }, { "//a//./b", '0', "2" },
			   { "h", '1', .link = "/etc/x" }));
	ck_assert_str_eq(content(&p, "etc/x"), "1");
	ck_assert_str_eq(content(&p, "a/b"), "2");
	ck_assert_str_eq(content(&p, "h"), "1");
	place_close(&p);
}
END_TEST

START_TEST(layer_apply_hard_links_a_link_itself)
{
	struct place p;

	place_open(&p);
	apply_ok(&p, ITEMS({ "l", '2', .link = "../host/file" }, { "h", '1', .link = "l" }));
	ck_assert(S_ISLNK(look(&p, "h").st_mode));
	place_close(&p);
}
END_TEST

/* ---- PAX, GNU, sparse ---- */

static void apply_str_ok(struct place *p, struct str *t)
{
	struct error err = { 0 };

	tar_end(t);
	ck_assert_msg(apply_tar(p, t, &err) == 0, "%s", err.text);
}

static enum error_kind apply_str_fails(struct place *p, struct str *t)
{
	struct error err = { 0 };

	ck_assert_int_eq(apply_tar(p, t, &err), -1);
	return err.kind;
}

START_TEST(layer_apply_reads_pax)
{
	auto_done(str) struct str t = { 0 };
	auto_done(str) struct str r = { 0 };
	char longname[251], value[8] = "",
			    u8[] = "gr\xc3\xbc\xc3\x9f"
				   "e";
	struct place p;
	int fd;

	place_open(&p);
	memset(longname, 'n', 250);
	longname[250] = '\0';
	pax_record(&r, "path", longname, 250);
	pax_record(&r, "mtime", "1234.5", 6);
	pax_record(&r, "SCHILY.xattr.user.key", "a\0b", 3);
	pax_record(&r, "SCHILY.xattr.user.overlay.redirect", "/", 1);
	pax_record(&r, "SCHILY.xattr.trusted.overlay.opaque", "y", 1);
	tar_add_n(&t, &(struct tar_item){ "x", 'x' }, r.s, r.len);
	tar_add(&t, (struct tar_item){ "short", '0', "long" });
	tar_pax(&t, "path", u8);
	tar_add(&t, (struct tar_item){ "u", '0', "utf8" });
	tar_pax(&t, "path",
		"bad\xff"
		"byte");
	tar_add(&t, (struct tar_item){ "v", '0', "raw" });
	tar_add(&t, (struct tar_item){ "\xe4ustar", '0', "latin" });
	tar_pax(&t, "size", "3");
	tar_add(&t, (struct tar_item){ "sized", '0', "abc", .raw_size = "00000000000" });
	apply_str_ok(&p, &t);
	ck_assert_str_eq(content(&p, longname), "long");
	ck_assert_int_eq(look(&p, longname).st_mtim.tv_sec, 1234);
	ck_assert_int_eq(look(&p, longname).st_mtim.tv_nsec, 500000000);
	fd = openat(p.root, longname, O_RDONLY);
	ck_assert_int_eq(fgetxattr(fd, "user.key", value, sizeof(value)), 3);
	ck_assert_int_eq(memcmp(value, "a\0b", 3), 0);
	ck_assert_int_lt(fgetxattr(fd, "user.overlay.redirect", value, sizeof(value)), 0);
	ck_assert_int_lt(fgetxattr(fd, "trusted.overlay.opaque", value, sizeof(value)), 0);
	close(fd);
	ck_assert_str_eq(content(&p, u8), "utf8");
	ck_assert_str_eq(content(&p, "bad\xff"
				     "byte"),
			 "raw");
	ck_assert_str_eq(content(&p, "\xe4ustar"), "latin");
	ck_assert_str_eq(content(&p, "sized"), "abc");
	place_close(&p);
}
END_TEST

START_TEST(layer_apply_reads_gnu_long_names_and_base_256)
{
	auto_done(str) struct str t = { 0 };
	struct tar_item l = { "././@LongLink", 'L' };
	char name[231], target[151];
	struct place p;

	place_open(&p);
	memset(name, 'g', 230);
	memset(target, 't', 150);
	name[230] = target[150] = '\0';
	tar_add_n(&t, &l, name, 231);
	l.type = 'K';
	tar_add_n(&t, &l, target, 151);
	tar_add(&t, (struct tar_item){ "g", '2', .link = "t" });
	tar_add(&t,
		(struct tar_item){ "b", '0', "five!", .raw_size = "\x80\0\0\0\0\0\0\0\0\0\0\x05" });
	apply_str_ok(&p, &t);
	ck_assert(S_ISLNK(look(&p, name).st_mode));
	ck_assert_int_eq(look(&p, name).st_size, 150);
	ck_assert_str_eq(content(&p, "b"), "five!");
	place_close(&p);
}
END_TEST

START_TEST(layer_apply_reads_sparse_files)
{
	auto_done(str) struct str t = { 0 };
	struct place p;
	char map[1024] = "1\n1048576\n4\n"; /* GNU.sparse 1.0: the map stands before the data */
	struct stat st;
	int fd;
	char buf[5] = "";

	place_open(&p);
	memcpy(map + 512, "data", 4);
	{
		auto_done(str) struct str r = { 0 };

		pax_record(&r, "GNU.sparse.major", "1", 1);
		pax_record(&r, "GNU.sparse.minor", "0", 1);
		pax_record(&r, "GNU.sparse.name", "sparse", 6);
		pax_record(&r, "GNU.sparse.realsize", "2097152", 7);
		tar_add_n(&t, &(struct tar_item){ "x", 'x' }, r.s, r.len);
		tar_add_n(&t, &(struct tar_item){ "GNUSparseFile.0/sparse", '0' }, map, 516);
	}
	apply_str_ok(&p, &t);
	st = look(&p, "sparse");
	ck_assert_int_eq(st.st_size, 2097152);
	ck_assert_int_lt(st.st_blocks * 512, 1 << 20);
	fd = openat(p.root, "sparse", O_RDONLY);
	ck_assert_int_eq(pread(fd, buf, 4, 1048576), 4);
	ck_assert_str_eq(buf, "data");
	close(fd);
	place_close(&p);
}
END_TEST

START_TEST(layer_apply_limits_sparse_files)
{
	auto_done(str) struct str t = { 0 };
	struct place p;
	char map[512] = "1\n9000000000000000\n0\n";

	place_open(&p);
	{
		auto_done(str) struct str r = { 0 };

		pax_record(&r, "GNU.sparse.major", "1", 1);
		pax_record(&r, "GNU.sparse.minor", "0", 1);
		pax_record(&r, "GNU.sparse.name", "sparse", 6);
		pax_record(&r, "GNU.sparse.realsize", "9000000000000000", 16);
		tar_add_n(&t, &(struct tar_item){ "x", 'x' }, r.s, r.len);
		tar_add_n(&t, &(struct tar_item){ "GNUSparseFile.0/sparse", '0' }, map, 512);
	}
	tar_end(&t);
	ck_assert_int_eq(apply_str_fails(&p, &t), ERR_LIMIT);
	place_close(&p);
}
END_TEST

/* A large file at the beginning, before much of the archive was read, is no bomb. */
START_TEST(layer_apply_takes_large_files)
{
	auto_done(str) struct str t = { 0 };
	struct layer_apply_options o = { .form = LAYER_OVERLAY, .uid = -1, .gid = -1 };
	struct error err = { 0 };
	struct stream *s;
	struct place p;
	int fd;

	place_open(&p);
	tar_add(&t, (struct tar_item){ "big", '0', .raw_size = "00750000000\0" }); /* 122 MiB */
	fd = tar_fd(&t);
	ck_assert_int_eq(ftruncate(fd, 512 + 0750000000 + 1024), 0);
	s = stream_open(fd, -1, &err);
	ck_assert_msg(layer_apply(s, p.root, &o, NULL, &err) == 0, "%s", err.text);
	stream_close(s);
	close(fd);
	ck_assert_int_eq(look(&p, "big").st_size, 0750000000);
	place_close(&p);
}
END_TEST

enum {
	DIFFER_SIZE,
	DIFFER_LONG_BETWEEN,
	DIFFER_RECORD,
	DIFFER_SUM,
	DIFFER_TAIL,
	DIFFER_TWO_PAX,
	DIFFER_DANGLING,
	DIFFER_GLOBAL,
	DIFFER_CUT,
	DIFFER_NUL,
	DIFFER_LINK_SIZE,
	DIFFER_MAX
};

/* Each of these is read differently by some two of GNU tar, Go's archive/tar and libarchive. */
START_TEST(layer_apply_refuses_what_parsers_read_differently)
{
	auto_done(str) struct str t = { 0 };
	auto_done(str) struct str r = { 0 };
	struct place p;
	enum error_kind kind;

	place_open(&p);
	switch (_i) {
	case DIFFER_SIZE:
		tar_pax(&t, "size", "1024");
		tar_add(&t, (struct tar_item){ "f", '0', "abc" });
		break;
	case DIFFER_LONG_BETWEEN:
		tar_pax(&t, "size", "3");
		tar_add_n(&t, &(struct tar_item){ "L", 'L' }, "name", 5);
		tar_add(&t, (struct tar_item){ "f", '0', "abc" });
		break;
	case DIFFER_RECORD:
		tar_add(&t, (struct tar_item){ "x", 'x', "99 path=x\n" });
		tar_add(&t, (struct tar_item){ "f", '0', "abc" });
		break;
	case DIFFER_SUM:
		tar_add(&t, (struct tar_item){ "f", '0', "abc" });
		t.s[0] = 'g';
		break;
	case DIFFER_TAIL:
		tar_add(&t, (struct tar_item){ "f", '0', "abc" });
		tar_end(&t);
		tar_add(&t, (struct tar_item){ "g", '0', "hidden" });
		break;
	case DIFFER_TWO_PAX:
		tar_pax(&t, "path", "a");
		tar_pax(&t, "mtime", "1");
		tar_add(&t, (struct tar_item){ "f", '0', "abc" });
		break;
	case DIFFER_DANGLING:
		tar_pax(&t, "path", "a");
		break;
	case DIFFER_GLOBAL:
		pax_record(&r, "path", "a", 1);
		tar_add_n(&t, &(struct tar_item){ "g", 'g' }, r.s, r.len);
		tar_add(&t, (struct tar_item){ "f", '0', "abc" });
		break;
	case DIFFER_CUT:
		tar_add(&t, (struct tar_item){ "f", '0', "abc" });
		t.len -= 100;
		break;
	case DIFFER_NUL:
		pax_record(&r, "path", "a\0b", 3);
		tar_add_n(&t, &(struct tar_item){ "x", 'x' }, r.s, r.len);
		tar_add(&t, (struct tar_item){ "f", '0', "abc" });
		break;
	case DIFFER_LINK_SIZE:
		tar_pax(&t, "size", "512");
		tar_add(&t, (struct tar_item){ "l", '2', .link = "x" });
		break;
	}
	if (_i != DIFFER_CUT)
		tar_end(&t);
	kind = apply_str_fails(&p, &t);
	ck_assert_msg(kind == ERR_INVALID, "case %d: kind %d", _i, kind);
	place_close(&p);
}
END_TEST

START_TEST(layer_apply_accepts_an_empty_layer)
{
	auto_done(str) struct str t = { 0 };
	struct place p;
	struct error err = { 0 };

	place_open(&p);
	ck_assert_msg(apply_tar(&p, &t, &err) == 0, "%s", err.text);
	tar_end(&t);
	ck_assert_msg(apply_tar(&p, &t, &err) == 0, "%s", err.text);
	t.len = 512;
	ck_assert_msg(apply_tar(&p, &t, &err) == 0, "%s", err.text);
	place_close(&p);
}
END_TEST

START_TEST(layer_apply_limits_names)
{
	auto_done(str) struct str t = { 0 };
	auto_done(str) struct str name = { 0 };
	struct place p;

	place_open(&p);
	if (_i == 0) {
		while (name.len < 300)
			str_addc(&name, 'n');
	} else {
		while (name.len < 4200)
			str_add(&name, "dir/");
	}
	tar_add_n(&t, &(struct tar_item){ "L", 'L' }, name.s, name.len + 1);
	tar_add(&t, (struct tar_item){ "f", '0', "x" });
	tar_end(&t);
	ck_assert_int_eq(apply_str_fails(&p, &t), ERR_LIMIT);
	place_close(&p);
}
END_TEST

/* Links multiply depth: the limit holds for where things really are. */
START_TEST(layer_apply_limits_depth_through_links)
{
	auto_done(str) struct str t = { 0 };
	auto_done(str) struct str name = { 0 };
	struct place p;
	struct error err = { 0 };

	place_open(&p);
	while (name.len < 3000)
		str_add(&name, "d/");
	str_addc(&name, 'e');
	for (int i = 0; i < 3; i++) {
		char link[8];

		tar_add_n(&t, &(struct tar_item){ "L", 'L' }, name.s, name.len + 1);
		tar_add(&t, (struct tar_item){ "d", '5' });
		tar_add_n(&t, &(struct tar_item){ "K", 'K' }, name.s, name.len + 1);
		snprintf(link, sizeof(link), "l%d", i);
		tar_add(&t, (struct tar_item){ link, '2', .link = "d" });
		str_clear(&name);
		str_addf(&name, "l%d/", i);
		while (name.len < 3000)
			str_add(&name, "d/");
		str_addc(&name, 'e');
	}
	tar_end(&t);
	ck_assert_int_eq(apply_tar(&p, &t, &err), -1);
	place_close(&p);
}
END_TEST

START_TEST(layer_apply_plain_keeps_whiteout_names)
{
	struct layer_apply_options o = { .form = LAYER_PLAIN, .uid = -1, .gid = -1, .prefix = "opt" };
	auto_done(str) struct str t = { 0 };
	struct error err = { 0 };
	struct place p;

	place_open(&p);
	apply_ok(&p, ITEMS({ "opt", '5', .mode = 0711 }, { "opt/old", '0', "old" }));
	tar_add(&t, (struct tar_item){ "./", '5', .mode = 0700 });
	tar_add(&t, (struct tar_item){ ".wh.old", '0', "name" });
	tar_add(&t, (struct tar_item){ "sub/x", '0', "new" });
	tar_end(&t);
	ck_assert_msg(apply_with(&p, &t, &o, &err) == 0, "%s", err.text);
	ck_assert_str_eq(content(&p, "opt/old"), "old");
	ck_assert_str_eq(content(&p, "opt/.wh.old"), "name");
	ck_assert_str_eq(content(&p, "opt/sub/x"), "new");
	ck_assert_uint_eq(look(&p, "opt").st_mode & 07777, 0711);
	place_close(&p);
}
END_TEST

UNIT_MAIN("image/layer_apply", TEST(layer_apply_makes_files_with_their_metadata),
	  TEST(layer_apply_gives_the_root_a_mode), TEST(layer_apply_turns_whiteouts_into_devices),
	  TEST(layer_apply_whiteout_keeps_what_this_layer_has),
	  TEST(layer_apply_recreates_behind_a_whiteout),
	  TEST(layer_apply_opaque_mark_may_stand_anywhere),
	  TEST(layer_apply_ignores_the_metadata_of_aufs), TEST(layer_apply_last_entry_of_a_name_wins),
	  TEST(layer_apply_parent_may_come_behind_its_child),
	  TEST(layer_apply_follows_links_only_inside),
	  TEST(layer_apply_sees_a_directory_change_into_a_link),
	  TEST(layer_apply_replaces_a_link_and_not_its_target),
	  TEST_LOOP(layer_apply_refuses, sizeof(refused) / sizeof(refused[0])),
	  TEST(layer_apply_takes_absolute_names_from_the_root),
	  TEST(layer_apply_hard_links_a_link_itself), TEST(layer_apply_reads_pax),
	  TEST(layer_apply_reads_gnu_long_names_and_base_256), TEST(layer_apply_reads_sparse_files),
	  TEST(layer_apply_limits_sparse_files), TEST(layer_apply_takes_large_files),
	  TEST_LOOP(layer_apply_refuses_what_parsers_read_differently, DIFFER_MAX),
	  TEST(layer_apply_accepts_an_empty_layer), TEST_LOOP(layer_apply_limits_names, 2),
	  TEST(layer_apply_limits_depth_through_links), TEST(layer_apply_plain_keeps_whiteout_names))
