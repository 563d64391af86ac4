/*
 * The rootfs: overlay by the new interface and, behind a filter that denies that, by the old one.
 * Each test runs as root in a mount namespace of its own, or as root of a user namespace.
 */
#include "store_env.h"

#include "store/rootfs.h"
#include "util/compat.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

static void lose_fsopen(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fsopen, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { ARRAY_SIZE(code), code };

	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0), 0);
}

static void write_map(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

/* _i: bit 0 the old interface, bit 1 a user namespace. False: this machine has none. */
static bool enter(int i)
{
	if (i & 2) {
		auto_free char *uid = xasprintf("0 %u 1", geteuid()),
			       *gid = xasprintf("0 %u 1", getegid());

		if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
			return false;
		write_map("/proc/self/setgroups", "deny");
		write_map("/proc/self/uid_map", uid);
		write_map("/proc/self/gid_map", gid);
	} else if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0) {
		return false;
	}
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	/* a tmpfs, because the scratch directory may itself be on an overlay */
	ck_assert_int_eq(mount("tmpfs", "/mnt", "tmpfs", 0, NULL), 0);
	setenv("TMPDIR", "/mnt", 1);
	if (i & 1)
		lose_fsopen();
	return true;
}

static int container_dir(struct env *e)
{
	int fd = dir_make_open(e->scratch.fd, "c", 0700, &err);

	OK(fd);
	return fd;
}

START_TEST(rootfs_shows_upper_layers_over_lower_ones)
{
	if (!enter(_i))
		return;
	{
		ENV(e);
		struct digest a = env_layer(&e, "same", "lower"),
			      b = env_layer(&e, "same", "upper"), c = env_layer(&e, "other", "x");
		const char *layers[] = { a.hex, b.hex, c.hex };
		auto_close int dir = container_dir(&e), fd = -1, again = -1;
		auto_done(str) struct str text = { 0 };

		fd = rootfs_mount(&e.st, layers, 3, dir, ROOTFS_NODEV, &err);
		OK(fd);
		OK(file_read(fd, "same", &text, 100, &err));
		ck_assert_str_eq(text.s, "upper");
		OK(file_write(fd, "same", "mine", 4, 0644, false, &err));
		ck_assert_int_eq(unlinkat(fd, "other", 0), 0);
		auto_close_fd(&fd);
		/* what was written stays, and the layers are as they were */
		again = rootfs_mount(&e.st, layers, 3, dir, ROOTFS_NODEV | ROOTFS_VOLATILE, &err);
		OK(again);
		str_clear(&text);
		OK(file_read(again, "same", &text, 100, &err));
		ck_assert_str_eq(text.s, "mine");
		ck_assert(!file_exists(again, "other"));
		ck_assert(file_exists(e.st.dirs[STORE_LAYERS], "."));
		auto_close_fd(&again);
		/* a volatile mount that was not taken down in order does not forbid the next */
		again = rootfs_mount(&e.st, layers, 3, dir, ROOTFS_VOLATILE, &err);
		OK(again);
	}
}
END_TEST

START_TEST(rootfs_without_layers_or_without_upper_works)
{
	if (!enter(_i))
		return;
	{
		ENV(e);
		struct digest a = env_layer(&e, "f", "x");
		const char *layers[] = { a.hex };
		auto_close int dir = container_dir(&e), none = -1, one = -1, empty = -1;

		one = rootfs_mount(&e.st, layers, 1, -1, 0, &err);
		OK(one);
		ck_assert(file_exists(one, "f"));
		ck_assert_int_eq(openat(one, "new", O_CREAT | O_WRONLY, 0600), -1);
		ck_assert_int_eq(errno, EROFS);
		none = rootfs_mount(&e.st, NULL, 0, dir, 0, &err);
		OK(none);
		OK(file_write(none, "new", "", 0, 0600, false, &err));
		empty = rootfs_mount(&e.st, NULL, 0, -1, ROOTFS_NODEV, &err);
		OK(empty);
		ck_assert_int_eq(openat(empty, "new", O_CREAT | O_WRONLY, 0600), -1);
	}
}
END_TEST

START_TEST(rootfs_mounts_as_many_layers_as_an_image_may_have)
{
	if (!enter(_i))
		return;
	{
		ENV(e);
		const char *layers[500];
		struct digest d[500];
		auto_close int dir = container_dir(&e), fd = -1;
		auto_done(strv) struct strv names = { 0 };

		for (int i = 0; i < 500; i++) {
			char name[16];

			snprintf(name, sizeof(name), "f%d", i);
			d[i] = env_layer(&e, name, "");
			layers[i] = d[i].hex;
		}
		FAILS(rootfs_mount(&e.st, layers, 501, dir, 0, &err), ERR_LIMIT);
		fd = rootfs_mount(&e.st, layers, 500, dir, 0, &err);
		OK(fd);
		OK(dir_list(fd, &names, &err));
		ck_assert_uint_eq(names.n, 500);
	}
}
END_TEST

/* Of a layer that was published before layers said whether they are plain. */
static void forget_plain(struct env *e, const struct digest *d)
{
	ck_assert_int_eq(fchmodat(e->st.dirs[STORE_LAYERS], d->hex, 0700, 0), 0);
}

START_TEST(rootfs_gives_its_root_the_mode_of_the_layers_root)
{
	if (!enter(_i))
		return;
	{
		ENV(e);
		struct digest a = env_layer(&e, "f", "x"), b = env_layer(&e, "g", "x");
		const char *layers[] = { a.hex, b.hex };
		auto_close int diff = layer_open_diff(&e.st, &a, &err), dir = container_dir(&e);
		auto_close int fd = -1;
		struct stat st;

		ck_assert_int_eq(fchmod(diff, 01751), 0);
		forget_plain(&e, &a);
		fd = rootfs_mount(&e.st, layers, 2, dir, 0, &err);
		OK(fd);
		fstat(fd, &st);
		ck_assert_uint_eq(st.st_mode & 07777, 01751);
	}
}
END_TEST

START_TEST(rootfs_obeys_whiteouts_and_opaque_directories)
{
	if (!enter(_i))
		return;
	{
		ENV(e);
		struct digest a = env_layer(&e, "gone", "x"), b = env_layer(&e, "there", "x");
		const char *layers[] = { a.hex, b.hex };
		auto_close int low = layer_open_diff(&e.st, &a, &err), fd = -1;
		auto_close int high = layer_open_diff(&e.st, &b, &err), dir = container_dir(&e),
			       d = -1;

		ck_assert_int_eq(mkdirat(low, "d", 0755), 0);
		OK(file_write(low, "d/old", "", 0, 0644, false, &err));
		ck_assert_int_eq(mkdirat(high, "d", 0755), 0);
		d = dir_open(high, "d", &err);
		ck_assert_int_eq(fsetxattr(d, "user.overlay.opaque", "y", 1, 0), 0);
		ck_assert_int_eq(mknodat(high, "gone", S_IFCHR, makedev(0, 0)), 0);
		fd = rootfs_mount(&e.st, layers, 2, dir, 0, &err);
		OK(fd);
		ck_assert(!file_exists(fd, "gone"));
		ck_assert(!file_exists(fd, "d/old"));
		ck_assert(file_exists(fd, "d"));
	}
}
END_TEST

START_TEST(rootfs_with_a_missing_layer_says_which)
{
	if (!enter(_i))
		return;
	{
		ENV(e);
		struct digest a = env_layer(&e, "f", "x"), none = digest_of("none");
		const char *layers[] = { a.hex, none.hex };
		auto_close int dir = container_dir(&e);

		ck_assert_int_eq(rootfs_mount(&e.st, layers, 2, dir, 0, &err), -1);
		ck_assert_ptr_nonnull(strstr(error_text(&err, line, sizeof(line)), none.hex));
		layers[1] = "../../etc";
		FAILS(rootfs_mount(&e.st, layers, 2, dir, 0, &err), ERR_BUG);
	}
}
END_TEST

START_TEST(rootfs_obeys_an_opaque_root)
{
	if (!enter(_i))
		return;
	{
		ENV(e);
		struct digest a = env_layer(&e, "old", "x"), b = env_layer(&e, "new", "x"),
			      c = env_layer(&e, "top", "x");
		const char *layers[] = { a.hex, b.hex, c.hex };
		auto_close int high = layer_open_diff(&e.st, &b, &err), dir = container_dir(&e),
			       fd = -1;

		ck_assert_int_eq(fsetxattr(high, "user.overlay.opaque", "y", 1, 0), 0);
		forget_plain(&e, &b);
		fd = rootfs_mount(&e.st, layers, 3, dir, 0, &err);
		OK(fd);
		ck_assert(!file_exists(fd, "old"));
		ck_assert(file_exists(fd, "new"));
		ck_assert(file_exists(fd, "top"));
	}
}
END_TEST

/* A layer whose root has a mode of its own, and may hide what is below, before it is published. */
static struct digest telling_layer(struct env *e, const char *name, mode_t mode, bool opaque)
{
	struct digest d = digest_of(name);
	struct staging s;
	struct layer_meta m;
	auto_close int fd = -1;

	layer_meta_init(&m);
	OK(staging_begin(&e->st, &s, &err));
	fd = dir_make_open(s.fd, "diff", 0755, &err);
	OK(fd);
	OK(file_write(fd, name, "", 0, 0644, false, &err));
	ck_assert_int_eq(fchmod(fd, mode), 0);
	if (opaque)
		ck_assert_int_eq(fsetxattr(fd, "user.overlay.opaque", "y", 1, 0), 0);
	OK(layer_publish(&e->st, &s, &d, &m, &err));
	layer_meta_done(&m);
	return d;
}

static bool is_plain(struct env *e, const struct digest *d)
{
	struct stat st;

	ck_assert_int_eq(fstatat(e->st.dirs[STORE_LAYERS], d->hex, &st, 0), 0);
	return st.st_mode & S_ISVTX;
}

/* Those that say nothing are known by their directory, and not asked. */
START_TEST(rootfs_hears_every_layer_that_tells_something_of_its_root)
{
	if (!enter(_i))
		return;
	{
		ENV(e);
		struct digest low = telling_layer(&e, "low", 0700, false),
			      mode = telling_layer(&e, "mode", 0751, false),
			      opaque = telling_layer(&e, "opaque", 0755, true),
			      plain = env_layer(&e, "plain", "x");
		const char *layers[] = { low.hex, plain.hex, mode.hex, opaque.hex };
		auto_close int one = -1, two = -1, dir = container_dir(&e), other = -1;
		struct stat st;

		ck_assert(is_plain(&e, &plain));
		ck_assert(!is_plain(&e, &low) && !is_plain(&e, &mode) && !is_plain(&e, &opaque));
		one = rootfs_mount(&e.st, layers, 3, dir, 0, &err);
		OK(one);
		fstat(one, &st);
		ck_assert_uint_eq(st.st_mode & 07777, 0751);
		ck_assert(file_exists(one, "low") && file_exists(one, "plain"));
		other = dir_make_open(e.scratch.fd, "other", 0700, &err);
		OK(other);
		two = rootfs_mount(&e.st, layers, 4, other, 0, &err);
		OK(two);
		fstat(two, &st);
		ck_assert_uint_eq(st.st_mode & 07777, 0755);
		ck_assert(!file_exists(two, "low") && !file_exists(two, "mode"));
		ck_assert(file_exists(two, "opaque"));
	}
}
END_TEST

START_TEST(rootfs_takes_a_layer_that_occurs_again)
{
	if (!enter(_i))
		return;
	{
		ENV(e);
		struct digest a = env_layer(&e, "same", "first"),
			      b = env_layer(&e, "same", "between");
		const char *layers[] = { b.hex, a.hex, a.hex, b.hex, b.hex };
		auto_close int fd = -1, view = -1, dir = container_dir(&e);
		auto_done(str) struct str text = { 0 };

		fd = rootfs_mount(&e.st, layers, ARRAY_SIZE(layers), dir, 0, &err);
		OK(fd);
		OK(file_read(fd, "same", &text, 100, &err));
		ck_assert_str_eq(text.s, "between");
		view = rootfs_mount(&e.st, layers, 3, -1, 0, &err);
		OK(view);
		str_clear(&text);
		OK(file_read(view, "same", &text, 100, &err));
		ck_assert_str_eq(text.s, "first");
	}
}
END_TEST

START_TEST(rootfs_work_is_removed_whole_after_a_volatile_mount_and_nothing_else_is)
{
	if (!enter(_i))
		return;
	{
		ENV(e);
		struct digest a = env_layer(&e, "f", "x");
		const char *layers[] = { a.hex };
		auto_close int dir = container_dir(&e), fd = -1;

		fd = rootfs_mount(&e.st, layers, 1, dir, ROOTFS_VOLATILE, &err);
		OK(fd);
		auto_close_fd(&fd);
		ck_assert(file_exists(dir, "work/work"));
		rootfs_work_remove(dir);
		ck_assert(!file_exists(dir, "work"));
		ck_assert(file_exists(dir, "upper"));
		rootfs_work_remove(dir); /* again: there is nothing to do */

		ck_assert_int_eq(mkdirat(dir, "work", 0700), 0);
		ck_assert_int_eq(mkdirat(dir, "work/work", 0700), 0);
		ck_assert_int_eq(mkdirat(dir, "work/work/index", 0700), 0);
		rootfs_work_remove(dir);
		ck_assert(file_exists(dir, "work/work/index"));
	}
}
END_TEST

UNIT_MAIN("store/rootfs",
	  TEST_LOOP(rootfs_work_is_removed_whole_after_a_volatile_mount_and_nothing_else_is, 4),
	  TEST_LOOP(rootfs_takes_a_layer_that_occurs_again, 4),
	  TEST_LOOP(rootfs_obeys_an_opaque_root, 4),
	  TEST_LOOP(rootfs_hears_every_layer_that_tells_something_of_its_root, 4),
	  TEST_LOOP(rootfs_shows_upper_layers_over_lower_ones, 4),
	  TEST_LOOP(rootfs_without_layers_or_without_upper_works, 4),
	  TEST_LOOP(rootfs_mounts_as_many_layers_as_an_image_may_have, 4),
	  TEST_LOOP(rootfs_gives_its_root_the_mode_of_the_layers_root, 4),
	  TEST_LOOP(rootfs_obeys_whiteouts_and_opaque_directories, 4),
	  TEST_LOOP(rootfs_with_a_missing_layer_says_which, 4))
