/*
 * ssh_forward.c - tests of src/build/ssh_forward.c: bytes go both ways, and it ends when it is told.
 */
#include "scratch.h"
#include "unit.h"

#include "build/ssh_forward.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

static int listen_at(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	ck_assert_int_eq(listen(fd, 8), 0);
	return fd;
}

static int connect_to(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static void expect(int fd, const char *text)
{
	char buf[64] = "";

	ck_assert_int_eq(recv(fd, buf, strlen(text), MSG_WAITALL), (ssize_t)strlen(text));
	ck_assert_str_eq(buf, text);
}

START_TEST(bytes_go_both_ways_and_ends_are_passed_on)
{
	struct scratch s = scratch_make();
	auto_free char *agent_path = xasprintf("%s/agent", s.path),
		       *path = xasprintf("%s/step", s.path);
	struct error err = { 0 };
	int agent = listen_at(agent_path), probe, step, other, there, here;
	struct ssh_forward *f = ssh_forward_start(s.fd, "step", agent_path, &err);
	char c;

	ck_assert_ptr_nonnull(f);
	probe = accept(agent, NULL, NULL); /* that the agent is there was tried */
	close(probe);
	step = connect_to(path);
	there = accept(agent, NULL, NULL);
	ck_assert_int_eq(send(step, "question", 8, 0), 8);
	expect(there, "question");
	ck_assert_int_eq(send(there, "answer", 6, 0), 6);
	expect(step, "answer");
	/* a second one at the same time */
	other = connect_to(path);
	here = accept(agent, NULL, NULL);
	ck_assert_int_eq(send(here, "second", 6, 0), 6);
	expect(other, "second");
	close(there);
	ck_assert_int_eq(recv(step, &c, 1, 0), 0);
	/* it ends with a connection open */
	ssh_forward_stop(f);
	ck_assert_int_eq(recv(other, &c, 1, 0), 0);
	close(step);
	close(other);
	close(here);
	close(agent);
	scratch_done(&s);
}
END_TEST

START_TEST(an_agent_that_is_not_there_is_told)
{
	struct scratch s = scratch_make();
	struct error err = { 0 };

	ck_assert_ptr_null(ssh_forward_start(s.fd, "step", "/nowhere/agent", &err));
	ck_assert_int_eq(err.sys, ENOENT);
	scratch_done(&s);
}
END_TEST

UNIT_MAIN("build/ssh_forward", TEST(bytes_go_both_ways_and_ends_are_passed_on),
	  TEST(an_agent_that_is_not_there_is_told))
