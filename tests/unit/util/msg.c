/* Messages between processes. */
#include "unit.h"

#include "util/compat.h"
#include "util/mem.h"
#include "util/msg.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct error err;
static char line[ERROR_LINE_MAX];
static struct msg m;

START_TEST(msg_carries_payload_and_descriptor)
{
	int s[2], fds[2];
	char c;

	ck_assert_int_eq(msg_pair(s, &err), 0);
	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(msg_send(s[0], MSG_PTY, "hello", 5, fds[1], &err), 0);
	ck_assert_int_eq(msg_recv(s[1], &m, &err), 1);
	ck_assert_int_eq(m.type, MSG_PTY);
	ck_assert_uint_eq(m.size, 5);
	ck_assert_int_eq(memcmp(m.payload, "hello", 5), 0);
	ck_assert_int_eq(fcntl(m.fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(write(m.fd, "x", 1), 1);
	ck_assert_int_eq(read(fds[0], &c, 1), 1);
	ck_assert_int_eq(msg_send(s[0], MSG_GO, NULL, 0, -1, &err), 0);
	ck_assert_int_eq(msg_recv(s[1], &m, &err), 1);
	ck_assert_int_eq(m.type, MSG_GO);
	ck_assert_uint_eq(m.size, 0);
	ck_assert_int_eq(m.fd, -1);
}
END_TEST

START_TEST(msg_has_a_largest_size)
{
	static char big[MSG_PAYLOAD_MAX + 1];
	int s[2];

	ck_assert_int_eq(msg_pair(s, &err), 0);
	ck_assert_int_eq(msg_send(s[0], MSG_GO, big, MSG_PAYLOAD_MAX, -1, &err), 0);
	ck_assert_int_eq(msg_recv(s[1], &m, &err), 1);
	ck_assert_uint_eq(m.size, MSG_PAYLOAD_MAX);
	ck_assert_int_eq(msg_send(s[0], MSG_GO, big, MSG_PAYLOAD_MAX + 1, -1, &err), -1);
	ck_assert_int_eq(err.kind, ERR_BUG);
}
END_TEST

START_TEST(msg_expect_returns_the_other_sides_error_as_ours)
{
	struct error theirs = { 0 };
	struct peer p = { .pidfd = -1, .name = "init" };
	int s[2];

	ck_assert_int_eq(msg_pair(s, &err), 0);
	p.sock = s[1];
	error_set(&theirs, ERR_NOCOMMAND, "no /bin/x");
	error_hint(&theirs, "look again");
	ck_assert_int_eq(msg_send_error(s[0], &theirs), 0);
	ck_assert_int_eq(msg_expect(&p, MSG_READY, &m, &err), -1);
	ck_assert_int_eq(err.kind, ERR_NOCOMMAND);
	ck_assert_str_eq(error_text(&err, line, sizeof(line)), "no /bin/x");
	ck_assert_str_eq(err.hint, "look again");
}
END_TEST

START_TEST(msg_expect_distrusts_a_malformed_error)
{
	struct peer p = { .pidfd = -1, .name = "init" };
	struct error bad;
	int s[2];

	ck_assert_int_eq(msg_pair(s, &err), 0);
	p.sock = s[1];
	memset(&bad, 0x7f, sizeof(bad));
	ck_assert_int_eq(msg_send(s[0], MSG_ERROR, &bad, sizeof(bad), -1, &err), 0);
	ck_assert_int_eq(msg_expect(&p, MSG_READY, &m, &err), -1);
	ck_assert_int_eq(err.kind, ERR_BUG);
	ck_assert_uint_eq(err.used, ERROR_TEXT_MAX - 1);
	error_add(&err, "still sound");
	ck_assert_int_eq(msg_send(s[0], MSG_ERROR, "x", 1, -1, &err), 0);
	ck_assert_int_eq(msg_expect(&p, MSG_READY, &m, &err), -1);
	ck_assert_str_eq(error_text(&err, line, sizeof(line)), "init sent an error of 1 bytes");
}
END_TEST

START_TEST(msg_expect_names_an_unexpected_message_and_closes_its_descriptor)
{
	struct peer p = { .pidfd = -1, .name = "monitor" };
	int s[2], probe;

	ck_assert_int_eq(msg_pair(s, &err), 0);
	p.sock = s[1];
	probe = dup(s[0]);
	close(probe); /* the number that the received descriptor will get */
	ck_assert_int_eq(msg_send(s[0], MSG_GO, NULL, 0, 0, &err), 0);
	ck_assert_int_eq(msg_expect(&p, MSG_READY, &m, &err), -1);
	ck_assert_str_eq(error_text(&err, line, sizeof(line)),
			 "monitor sent message 3 instead of 4");
	ck_assert_int_eq(fcntl(probe, F_GETFD), -1);
}
END_TEST

/* A child that does something and is gone; its pidfd tells what it was. */
static void silent_death(void (*die)(void), const char *want)
{
	struct peer p = { .name = "init" };
	int s[2];
	pid_t pid;

	ck_assert_int_eq(msg_pair(s, &err), 0);
	pid = fork();
	if (pid == 0) {
		close(s[1]);
		die();
	}
	close(s[0]);
	p.sock = s[1];
	p.pidfd = sys_pidfd_open(pid, 0);
	ck_assert_int_ge(p.pidfd, 0);
	ck_assert_int_eq(msg_expect(&p, MSG_READY, &m, &err), -1);
	ck_assert_str_eq(error_text(&err, line, sizeof(line)), want);
	waitpid(pid, NULL, 0);
}
static void die_killed(void)
{
	kill(getpid(), SIGKILL);
	pause();
}
static void die_early(void)
{
	_exit(3);
}

START_TEST(msg_expect_tells_how_a_silent_peer_ended)
{
	silent_death(die_killed, "init was killed by signal 9");
	silent_death(die_early, "init ended with status 3");
}
END_TEST

START_TEST(msg_to_a_closed_socket_is_epipe_and_no_signal)
{
	int s[2];

	ck_assert_int_eq(msg_pair(s, &err), 0);
	close(s[1]);
	ck_assert_int_eq(msg_send(s[0], MSG_GO, NULL, 0, -1, &err), -1);
	ck_assert_int_eq(err.sys, EPIPE);
	ck_assert_int_eq(err.kind, ERR_SYSTEM);
}
END_TEST

START_TEST(msg_with_a_false_length_is_refused)
{
	struct {
		uint32_t type, size;
		char rest[4];
	} wrong = { MSG_GO, 400, "abc" };
	int s[2];

	ck_assert_int_eq(msg_pair(s, &err), 0);
	ck_assert_int_eq(send(s[0], &wrong, sizeof(wrong), 0), (ssize_t)sizeof(wrong));
	ck_assert_int_eq(msg_recv(s[1], &m, &err), -1);
	ck_assert_int_eq(send(s[0], "x", 1, 0), 1);
	ck_assert_int_eq(msg_recv(s[1], &m, &err), -1);
}
END_TEST

START_TEST(msg_of_a_peer_that_ended_with_ours_unread_is_received)
{
	int s[2];

	ck_assert_int_eq(msg_pair(s, &err), 0);
	ck_assert_int_eq(msg_send(s[0], MSG_RESIZE, NULL, 0, -1, &err), 0);
	ck_assert_int_eq(msg_send(s[1], MSG_EXIT, "\7\0\0", 4, -1, &err), 0);
	close(s[1]); /* without having read */
	ck_assert_int_eq(msg_recv(s[0], &m, &err), 1);
	ck_assert_int_eq(m.type, MSG_EXIT);
	ck_assert_int_eq(msg_recv(s[0], &m, &err), 0);
}
END_TEST

UNIT_MAIN("util/msg", TEST(msg_carries_payload_and_descriptor), TEST(msg_has_a_largest_size),
	  TEST(msg_expect_returns_the_other_sides_error_as_ours),
	  TEST(msg_expect_distrusts_a_malformed_error),
	  TEST(msg_expect_names_an_unexpected_message_and_closes_its_descriptor),
	  TEST(msg_expect_tells_how_a_silent_peer_ended),
	  TEST(msg_to_a_closed_socket_is_epipe_and_no_signal),
	  TEST(msg_with_a_false_length_is_refused),
	  TEST(msg_of_a_peer_that_ended_with_ours_unread_is_received))
