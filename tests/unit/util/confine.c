/*
 * confine.c - tests of util/confine: one tree, no network, and only for the one thread.
 */
#include "scratch.h"
#include "unit.h"

#include "util/confine.h"
#include "util/fd.h"
#include "util/mem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

struct tried {
	int tree, other; /* directories */
	int inside, outside, absolute, link_in, link_out, removed, net;
};

static int errno_of(int result)
{
	int e = result < 0 ? errno : 0;

	if (result > 2)
		close(result);
	return e;
}

static int try_all(void *arg, struct error *err)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons(9) };
	struct tried *t = arg;
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	mkdirat(t->tree, "d", 0700);
	t->inside =
		errno_of(openat(t->tree, "d/new", O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600));
	t->outside = errno_of(openat(t->other, "new", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	t->absolute = errno_of(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
	t->link_in = errno_of(linkat(t->tree, "d/new", t->tree, "link", 0));
	t->link_out = errno_of(linkat(t->tree, "d/new", t->other, "link", 0));
	t->removed = errno_of(unlinkat(t->other, "kept", 0));
	t->net = errno_of(connect(s, (struct sockaddr *)&here, sizeof(here)));
	close(s);
	return error_set(err, ERR_LIMIT, "as it was told");
}

START_TEST(work_is_kept_inside_of_its_tree)
{
	struct scratch sc = scratch_make();
	struct error err = { 0 };
	struct tried t = { .tree = dir_make_open(sc.fd, "tree", 0700, &err),
			   .other = dir_make_open(sc.fd, "other", 0700, &err) };

	ck_assert_int_eq(file_write(t.other, "kept", "x", 1, 0600, false, &err), 0);
	ck_assert_int_eq(confine_run(t.tree, try_all, &t, &err), -1);
	ck_assert_int_eq(err.kind, ERR_LIMIT);
	ck_assert_int_eq(t.inside, 0);
	ck_assert_int_eq(t.link_in, 0);
	if (confine_works()) {
		ck_assert_int_eq(t.outside, EACCES);
		ck_assert_int_eq(t.absolute, EACCES);
		ck_assert(t.link_out == EACCES || t.link_out == EXDEV);
		ck_assert_int_eq(t.removed, EACCES);
		ck_assert_int_ne(t.net,
				 0); /* nobody listens: refused even where Landlock has no TCP */
		ck_assert(file_exists(t.other, "kept"));
	}
	/* the caller is as free as before */
	ck_assert_int_eq(file_write(t.other, "after", "x", 1, 0600, false, &err), 0);
	close(t.tree);
	close(t.other);
	scratch_done(&sc);
}
END_TEST

UNIT_MAIN("util/confine", TEST(work_is_kept_inside_of_its_tree))
