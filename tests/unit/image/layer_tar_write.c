/* The canonical tar: its bytes, and that they do not depend on where they are made. */
#include "image/layer_tar.h"

#include "make_tar.h"
#include "unit.h"
#include "util/fd.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/xattr.h>

static int tree_open(char dir[64])
{
	const char *tmp = getenv("TMPDIR");

	snprintf(dir, 64, "%s/hod-tree-XXXXXX", tmp && strlen(tmp) < 32 ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	return open(dir, O_RDONLY | O_DIRECTORY);
}

static void tree_close(const char *dir, int fd)
{
	struct error err = { 0 };

	close(fd);
	ck_assert_int_eq(tree_remove(AT_FDCWD, dir, &err), 0);
}

static void apply_to(int root, const struct str *tar, struct owners *owners, bool single)
{
	struct layer_apply_options o = {
		.form = LAYER_OVERLAY, .owners = owners, .single = single, .uid = -1, .gid = -1
	};
	struct error err = { 0 };
	int fd = tar_fd(tar);
	struct stream *s = stream_open(fd, -1, &err);

	ck_assert_msg(s && layer_apply(s, root, &o, NULL, &err) == 0, "%s", err.text);
	stream_close(s);
	close(fd);
}

static int str_write(void *arg, const void *bytes, size_t n, struct error *err)
{
	str_addn(arg, bytes, n);
	return 0;
}

static void write_to(int root, struct owners *owners, int64_t epoch, struct str *out)
{
	struct error err = { 0 };

	ck_assert_msg(layer_tar_write(root, owners, epoch, &(struct layer_sink){ str_write, out },
				      NULL, &err) == 0,
		      "%s", err.text);
}

static void expect_same(const struct str *want, const struct str *got)
{
	for (size_t i = 0; i < want->len && i < got->len; i++)
		ck_assert_msg(want->s[i] == got->s[i], "byte %zu (block %zu, +%zu): %02x, not %02x",
			      i, i / 512, i % 512, (unsigned char)got->s[i],
			      (unsigned char)want->s[i]);
	ck_assert_uint_eq(want->len, got->len);
}

/* in canonical order: of a directory its mark, its whiteouts, then by the bytes of the names */
static const struct tar_item canonical[] = {
	{ ".wh.zz", '0', .mode = 0600 },
	{ "B", '0', "upper case first", .mtime = 5 },
	{ "a/", '5', .mode = 0700, .mtime = 1234567890 },
	{ "a/.wh..wh..opq", '0', .mode = 0600 },
	{ "a/.wh.w", '0', .mode = 0600 },
	{ "a/b/", '5', .mtime = 7 },
	{ "a/b/c", '0', "data", .mode = 04755, .mtime = 8 },
	{ "a/b.x", '0', "", .mtime = 9 },
	{ "h", '1', .mode = 04755, .link = "a/b/c", .mtime = 8 },
	{ "l", '2', .mode = 0777, .link = "a/b", .mtime = 10 },
	{ "p", '6', .mode = 0640, .mtime = 11 },
};

START_TEST(layer_tar_write_gives_the_canonical_bytes)
{
	auto_done(str) struct str want = { 0 };
	auto_done(str) struct str got = { 0 };
	auto_done(str) struct str mixed = { 0 };
	char dir[64];
	int root = tree_open(dir);

	for (size_t i = 0; i < ARRAY_SIZE(canonical); i++)
		tar_add(&want, canonical[i]);
	tar_end(&want);
	/* unpacked from another order; the hard link has to come behind its target */
	for (size_t i = ARRAY_SIZE(canonical); i-- > 0;)
		if (canonical[i].type != '1')
			tar_add(&mixed, canonical[i]);
	tar_add(&mixed, canonical[8]);
	tar_end(&mixed);
	apply_to(root, &mixed, NULL, false);
	write_to(root, NULL, -1, &got);
	expect_same(&want, &got);
	tree_close(dir, root);
}
END_TEST

START_TEST(layer_tar_write_uses_pax_only_where_needed)
{
	auto_done(str) struct str t = { 0 };
	auto_done(str) struct str r = { 0 };
	auto_done(str) struct str got = { 0 };
	struct tar_item x = { "././@PaxHeader", 'x' };
	struct timespec before[2] = { { -2, 500000000 }, { -2, 500000000 } };
	char name[201], target[121], split[180];
	char dir[64];
	int root = tree_open(dir);

	memset(name, 'n', 200);
	memset(target, 't', 120);
	name[200] = target[120] = '\0';
	pax_record(&r, "SCHILY.xattr.user.a", "1", 1);
	pax_record(&r, "SCHILY.xattr.user.b", "\n=\0", 3);
	pax_record(&r, "mtime", "17.25", 5);
	tar_add_n(&t, &x, r.s, r.len);
	tar_add(&t, (struct tar_item){ "attributes", '0', "x", .mtime = 17 });
	str_clear(&r);
	pax_record(&r, "linkpath", target, 120);
	tar_add_n(&t, &x, r.s, r.len);
	tar_add(&t, (struct tar_item){ "link", '2', .mode = 0777, .link = target });
	str_clear(&r);
	pax_record(&r, "path", name, 200);
	tar_add_n(&t, &x, r.s, r.len);
	tar_add(&t, (struct tar_item){ name, '0', "long" });
	str_clear(&r);
	pax_record(&r, "mtime", "-1.5", 4);
	tar_add_n(&t, &x, r.s, r.len);
	tar_add(&t, (struct tar_item){ "old", '0', "before 1970" });
	/* 90 + 1 + 60 bytes fit into prefix and name */
	memset(split, 's', sizeof(split));
	split[90] = '/';
	split[151] = '\0';
	{
		char parent[93];

		memcpy(parent, split, 91);
		parent[91] = '\0';
		tar_add(&t, (struct tar_item){ parent, '5' });
		tar_add(&t, (struct tar_item){ split + 91, '0', "split" });
		memcpy(t.s + t.len - 1024 + 345, split, 90);
		tar_sum(t.s + t.len - 1024);
	}
	tar_end(&t);
	apply_to(root, &t, NULL, false);
	ck_assert_int_eq(utimensat(root, "old", before, 0), 0); /* libarchive reads -1.5 as -0.5 */
	write_to(root, NULL, -1, &got);
	expect_same(&t, &got);
	tree_close(dir, root);
}
END_TEST

START_TEST(layer_tar_write_clamps_to_the_epoch)
{
	auto_done(str) struct str in = { 0 };
	auto_done(str) struct str want = { 0 };
	auto_done(str) struct str got = { 0 };
	char dir[64];
	int root = tree_open(dir);

	tar_add(&in, (struct tar_item){ "new", '0', "x", .mtime = 5000 });
	tar_add(&in, (struct tar_item){ "old", '0', "x", .mtime = 50 });
	tar_end(&in);
	tar_add(&want, (struct tar_item){ "new", '0', "x", .mtime = 1000 });
	tar_add(&want, (struct tar_item){ "old", '0', "x", .mtime = 50 });
	tar_end(&want);
	apply_to(root, &in, NULL, false);
	write_to(root, NULL, 1000, &got);
	expect_same(&want, &got);
	tree_close(dir, root);
}
END_TEST

static void owned_tar(struct str *t)
{
	tar_add(t, (struct tar_item){ "d/", '5', .mode = 02750, .uid = 10, .gid = 20, .mtime = 1 });
	tar_add(t, (struct tar_item){ "d/f", '0', "x", .mode = 04711, .uid = 33, .gid = 44,
				      .mtime = 2 });
	tar_add(t, (struct tar_item){ "d/l", '2', .mode = 0777, .link = "f", .uid = 5, .mtime = 3 });
	tar_add(t, (struct tar_item){ "d/null", '3', .mode = 0666, .uid = 1, .major = 1, .minor = 3,
				      .mtime = 4 });
	tar_add(t, (struct tar_item){ "g", '1', .mode = 04711, .uid = 33, .gid = 44, .link = "d/f",
				      .mtime = 2 });
	tar_end(t);
}

/* Only one id is mapped and mknod is forbidden: everything goes through the sidecar. */
START_TEST(layer_tar_write_is_the_same_in_single_mode)
{
	auto_done(str) struct str want = { 0 };
	auto_done(str) struct str got = { 0 };
	auto_done(owners) struct owners o = { 0 };
	char dir[64], map[32];
	int root = tree_open(dir), fd, n = snprintf(map, sizeof(map), "0 %u 1", geteuid());
	struct stat st;

	if (unshare(CLONE_NEWUSER) < 0) {
		tree_close(dir, root);
		return; /* this machine has no user namespaces */
	}
	fd = open("/proc/self/uid_map", O_WRONLY);
	ck_assert_int_eq(write(fd, map, (size_t)n), n);
	close(fd);
	fd = open("/proc/self/setgroups", O_WRONLY);
	ck_assert_int_eq(write(fd, "deny", 4), 4);
	close(fd);
	fd = open("/proc/self/gid_map", O_WRONLY);
	n = snprintf(map, sizeof(map), "0 %u 1", getegid());
	(void)n;
	if (write(fd, "0 0 1", 5) != 5)
		ck_assert_int_gt(write(fd, map, strlen(map)), 0);
	close(fd);
	owned_tar(&want);
	apply_to(root, &want, &o, true);
	ck_assert_int_eq(fstatat(root, "d/null", &st, AT_SYMLINK_NOFOLLOW), 0);
	ck_assert(S_ISREG(st.st_mode));
	write_to(root, &o, -1, &got);
	expect_same(&want, &got);
	tree_close(dir, root);
}
END_TEST

START_TEST(layer_tar_write_is_the_same_as_root)
{
	auto_done(str) struct str want = { 0 };
	auto_done(str) struct str got = { 0 };
	char dir[64];
	int root;

	if (geteuid() != 0)
		return;
	root = tree_open(dir);
	owned_tar(&want);
	apply_to(root, &want, NULL, false);
	write_to(root, NULL, -1, &got);
	expect_same(&want, &got);
	tree_close(dir, root);
}
END_TEST

START_TEST(layer_tar_write_walks_deep_trees)
{
	auto_done(str) struct str t = { 0 };
	auto_done(str) struct str got = { 0 };
	auto_done(str) struct str again = { 0 };
	auto_done(str) struct str name = { 0 };
	char dir[64], dir2[64];
	int root = tree_open(dir), root2 = tree_open(dir2);

	while (name.len < 3000)
		str_add(&name, "d/");
	str_addc(&name, 'f');
	tar_add_n(&t, &(struct tar_item){ "L", 'L' }, name.s, name.len + 1);
	tar_add(&t, (struct tar_item){ "f", '0', "deep" });
	tar_add(&t, (struct tar_item){ "d/d/d/z", '0', "shallow" });
	tar_end(&t);
	apply_to(root, &t, NULL, false);
	write_to(root, NULL, -1, &got);
	apply_to(root2, &got, NULL, false);
	write_to(root2, NULL, -1, &again);
	expect_same(&got, &again);
	tree_close(dir, root);
	tree_close(dir2, root2);
}
END_TEST

START_TEST(layer_tar_write_refuses_names_that_mean_removal)
{
	auto_done(str) struct str got = { 0 };
	struct error err = { 0 };
	char dir[64];
	int root = tree_open(dir);

	close(openat(root, ".wh.x", O_CREAT | O_WRONLY, 0600));
	ck_assert_int_eq(layer_tar_write(root, NULL, -1, &(struct layer_sink){ str_write, &got },
					 NULL, &err),
			 -1);
	ck_assert_int_eq(err.kind, ERR_INVALID);
	tree_close(dir, root);
}
END_TEST

/* Another process's work, done as soon as the entry of "long" is written. */
struct meddler {
	int root;
	bool done;
	struct str out;
};

static int meddle(void *arg, const void *bytes, size_t n, struct error *err)
{
	struct meddler *m = arg;
	int fd;

	if (!m->done && n > 4 && memcmp(bytes, "long", 5) == 0) {
		m->done = true;
		fd = openat(m->root, "long", O_WRONLY | O_CLOEXEC);
		ck_assert_int_eq(ftruncate(fd, 10), 0);
		close(fd);
		ck_assert_int_eq(unlinkat(m->root, "m-file", 0), 0);
		ck_assert_int_eq(unlinkat(m->root, "n-dir", AT_REMOVEDIR), 0);
		ck_assert_int_eq(unlinkat(m->root, "o-link", 0), 0);
		ck_assert_int_eq(unlinkat(m->root, "p-file", 0), 0);
		ck_assert_int_eq(symlinkat("long", m->root, "p-file"), 0);
		ck_assert_int_eq(unlinkat(m->root, "q-file", 0), 0);
		ck_assert_int_eq(mkdirat(m->root, "q-file", 0700), 0);
	}
	str_addn(&m->out, bytes, n);
	return 0;
}

START_TEST(tree_tar_write_leaves_out_what_goes_meanwhile)
{
	static const char *const files[] = { "m-file", "p-file", "q-file", "z" };
	struct error err = { 0 };
	char dir[64], dir2[64];
	struct meddler m = { .root = tree_open(dir) };
	int root2 = tree_open(dir2), fd;
	struct stat st;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		close(openat(m.root, files[i], O_CREAT | O_WRONLY, 0600));
	fd = openat(m.root, "long", O_CREAT | O_WRONLY, 0600);
	ck_assert_int_eq(ftruncate(fd, 1000000), 0);
	close(fd);
	ck_assert_int_eq(mkdirat(m.root, "n-dir", 0700), 0);
	ck_assert_int_eq(symlinkat("z", m.root, "o-link"), 0);
	ck_assert_msg(tree_tar_write(m.root, NULL, &(struct layer_sink){ meddle, &m }, &err) == 0,
		      "%s", err.text);
	apply_to(root2, &m.out, NULL, false);
	ck_assert_int_eq(fstatat(root2, "long", &st, 0), 0);
	ck_assert_int_eq(st.st_size, 1000000);
	ck_assert_int_eq(fstatat(root2, "z", &st, 0), 0);
	ck_assert_int_ne(faccessat(root2, "m-file", F_OK, AT_SYMLINK_NOFOLLOW), 0);
	ck_assert_int_ne(faccessat(root2, "n-dir", F_OK, AT_SYMLINK_NOFOLLOW), 0);
	ck_assert_int_ne(faccessat(root2, "o-link", F_OK, AT_SYMLINK_NOFOLLOW), 0);
	ck_assert_int_ne(faccessat(root2, "p-file", F_OK, AT_SYMLINK_NOFOLLOW), 0);
	ck_assert_int_ne(faccessat(root2, "q-file", F_OK, AT_SYMLINK_NOFOLLOW), 0);
	str_done(&m.out);
	tree_close(dir, m.root);
	tree_close(dir2, root2);
}
END_TEST

UNIT_MAIN("image/layer_tar_write", TEST(layer_tar_write_gives_the_canonical_bytes),
	  TEST(layer_tar_write_uses_pax_only_where_needed),
	  TEST(layer_tar_write_clamps_to_the_epoch), TEST(layer_tar_write_is_the_same_in_single_mode),
	  TEST(layer_tar_write_is_the_same_as_root), TEST(layer_tar_write_walks_deep_trees),
	  TEST(layer_tar_write_refuses_names_that_mean_removal),
	  TEST(tree_tar_write_leaves_out_what_goes_meanwhile))
