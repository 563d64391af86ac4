/* Descriptors handed over a socket, and sockets reached by their path. */
#include "unit.h"

#include "util/mem.h"
#include "util/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static struct error err;

/* What one end receives of text, with a descriptor or -1, into a buffer of n bytes. */
static ssize_t passed(const char *text, int fd, char *buf, size_t n, int *got)
{
	int socks[2];
	char copy[64];
	struct iovec out = { copy, strlen(text) }, in = { buf, n };
	ssize_t r;
	int saved;

	strcpy(copy, text);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, socks), 0);
	ck_assert_int_eq(socket_send(socks[0], &out, 1, fd), (ssize_t)strlen(text));
	r = socket_receive(socks[1], &in, 1, 0, got);
	saved = errno;
	close(socks[0]);
	close(socks[1]);
	errno = saved;
	return r;
}

START_TEST(socket_hands_the_same_file_over_and_closes_it_on_exec)
{
	auto_close int null = open("/dev/null", O_RDONLY), got = -1;
	struct stat a, b;
	char buf[16];

	ck_assert_int_eq(passed("name", null, buf, sizeof(buf), &got), 4);
	ck_assert_mem_eq(buf, "name", 4);
	ck_assert_int_ge(got, 0);
	ck_assert_int_ne(got, null);
	ck_assert(fstat(null, &a) == 0 && fstat(got, &b) == 0);
	ck_assert(a.st_dev == b.st_dev && a.st_ino == b.st_ino);
	ck_assert_int_eq(fcntl(got, F_GETFD), FD_CLOEXEC);
}
END_TEST

START_TEST(socket_tells_that_no_descriptor_came)
{
	char buf[16];
	int got = 99;

	ck_assert_int_eq(passed("name", -1, buf, sizeof(buf), &got), 4);
	ck_assert_int_eq(got, -1);
}
END_TEST

START_TEST(socket_refuses_a_message_cut_short_and_keeps_nothing_of_it)
{
	auto_close int null = open("/dev/null", O_RDONLY);
	int got = 99, next;
	char buf[2];

	ck_assert_int_eq(passed("name", null, buf, sizeof(buf), &got), -1);
	ck_assert_int_eq(errno, EMSGSIZE);
	ck_assert_int_eq(got, -1);
	next = dup(null); /* the lowest free number: the one that came is free again */
	ck_assert_int_eq(next, null + 1);
	close(next);
}
END_TEST

START_TEST(socket_without_a_reader_is_epipe_and_no_signal)
{
	int socks[2];
	char byte = 0;
	struct iovec iov = { &byte, 1 };

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, socks), 0);
	close(socks[1]);
	ck_assert_int_eq(socket_send(socks[0], &iov, 1, -1), -1);
	ck_assert_int_eq(errno, EPIPE);
	close(socks[0]);
}
END_TEST

START_TEST(socket_connects_by_path_and_names_what_it_cannot)
{
	char path[128], line[ERROR_LINE_MAX];
	auto_close int server = socket(AF_UNIX, SOCK_STREAM, 0), fd = -1;
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	snprintf(path, sizeof(path), "/tmp/hod-unit-socket-%d", (int)getpid());
	ck_assert_int_eq(socket_connect(path, &err), -1);
	ck_assert_int_eq(err.sys, ENOENT);
	ck_assert_ptr_nonnull(strstr(error_text(&err, line, sizeof(line)), path));
	strcpy(at.sun_path, path);
	ck_assert_int_eq(bind(server, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(listen(server, 1), 0);
	fd = socket_connect(path, &err);
	unlink(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
}
END_TEST

START_TEST(socket_refuses_a_path_longer_than_an_address)
{
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 1];

	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	ck_assert_int_eq(socket_connect(path, &err), -1);
	ck_assert_int_eq(err.kind, ERR_LIMIT);
}
END_TEST

UNIT_MAIN("util/socket", TEST(socket_hands_the_same_file_over_and_closes_it_on_exec),
	  TEST(socket_tells_that_no_descriptor_came),
	  TEST(socket_refuses_a_message_cut_short_and_keeps_nothing_of_it),
	  TEST(socket_without_a_reader_is_epipe_and_no_signal),
	  TEST(socket_connects_by_path_and_names_what_it_cannot),
	  TEST(socket_refuses_a_path_longer_than_an_address))
