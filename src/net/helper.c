/*
 * helper.c - finding and running slirp4netns or pasta.
 *
 * Which is the faster was measured: slirp4netns carries 0.8 to 1.4 Gbit/s and is ready after some
 * 10 ms; the pasta of Debian 12 (0.0~git2023) carries between 0.03 and 1.4, so it comes second. In
 * one interleaved run of `make bench`: a start 3.0 and 3.8 times the floor, published ports 1.0 and
 * 0.6 of the bare loopback.
 *
 * Never  leaves one behind: it dies with its monitor (PDEATHSIG), and slirp4netns also when the
 *        pipe of its life is closed.
 */
#include "helper.h"

#include "util/fd.h"
#include "util/text.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define READY_MS 10000

static const char *const helpers[] = { "slirp4netns", "pasta" };
static const char *const places[] = { "/usr/bin", "/usr/local/bin", "/bin", "/usr/sbin" };

const char *net_helper_path(const char *name)
{
	static char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		snprintf(path, sizeof(path), "%s/%s", places[i], name);
		if (access(path, X_OK) == 0)
			return path;
	}
	return NULL;
}

const char *net_helper_find(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(helpers); i++)
		if (net_helper_path(helpers[i]))
			return helpers[i];
	return NULL;
}

/* The child: only the listed descriptors, which keep their numbers, and our stderr in `said`. */
static void __attribute__((noreturn))
become(const char *path, char **argv, const int *keep, size_t n, int said, pid_t parent)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid(); /* Ctrl-C at the terminal is not for it */
	dup2(null, 0);
	dup2(null, 1);
	dup2(said, 2);
	for (size_t i = 0; i < n; i++)
		fcntl(keep[i], F_SETFD, 0);
	fd_close_others(keep, n);
	execv(path, argv);
	_exit(127);
}

/* The last line that it wrote, for the error. */
static void last_words(int said, char *buf, size_t size)
{
	ssize_t n = read(said, buf, size - 1);
	char *line;

	buf[n > 0 ? n : 0] = '\0';
	while (n > 0 && buf[n - 1] == '\n')
		buf[--n] = '\0';
	line = strrchr(buf, '\n');
	if (line)
		memmove(buf, line + 1, strlen(line));
}

static int died(const char *name, int said, struct error *err)
{
	char words[512];

	fd_nonblock(said, true, err);
	error_clear(err);
	last_words(said, words, sizeof(words));
	return error_set(err, ERR_UNSUPPORTED, "%s ended: %s", name,
			 *words ? words : "no reason given");
}

/* Both need it, and say so in a way that nobody understands. */
static int check_tun(struct error *err)
{
	auto_close int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		return 0;
	error_sys(err, "open /dev/net/tun");
	return error_hint(err, "as root: modprobe tun; chmod 0666 /dev/net/tun");
}

/* slirp4netns writes a byte when the network is there. */
static int wait_ready(int ready, int said, struct error *err)
{
	struct pollfd p = { .fd = ready, .events = POLLIN };
	char byte;
	int n;

	do
		n = poll(&p, 1, READY_MS);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return error_set(err, ERR_SYSTEM, "slirp4netns is not ready after %d s",
				 READY_MS / 1000);
	if (n < 0 || read(ready, &byte, 1) != 1)
		return died("slirp4netns", said, err);
	return 0;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static pid_t slirp_start(int ns, const char *tap, const char *cidr, bool configure, int *life,
			 struct error *err)
{
	const char *path = net_helper_path("slirp4netns");
	auto_close int ready = -1, ready_in = -1, alive = -1, alive_in = -1, said = -1, said_in = -1;
	char ready_text[16], alive_text[16], ns_text[40], cidr_text[64];
	const char *argv[16];
	pid_t pid, parent = getpid();
	int fds[2], n = 0;

	if (!path) {
		error_set(err, ERR_UNSUPPORTED, "slirp4netns is not installed");
		return error_hint(err, "install slirp4netns, or use --network none or host");
	}
	if (check_tun(err) < 0 || fd_pipe(fds, err) < 0)
		return -1;
	ready = fds[0], ready_in = fds[1];
	if (fd_pipe(fds, err) < 0)
		return -1;
	alive = fds[0], alive_in = fds[1];
	if (fd_pipe(fds, err) < 0)
		return -1;
	said = fds[0], said_in = fds[1];
	snprintf(ready_text, sizeof(ready_text), "%d", ready_in);
	snprintf(alive_text, sizeof(alive_text), "%d", alive);
	snprintf(ns_text, sizeof(ns_text), "/proc/self/fd/%d", ns);
	snprintf(cidr_text, sizeof(cidr_text), "--cidr=%s", cidr);
	argv[n++] = "slirp4netns";
	if (configure)
		argv[n++] = "--configure";
	argv[n++] = "--mtu=65520";
	argv[n++] = "--disable-host-loopback";
	argv[n++] = cidr_text;
	argv[n++] = "-r";
	argv[n++] = ready_text;
	argv[n++] = "-e";
	argv[n++] = alive_text;
	argv[n++] = "--netns-type=path";
	argv[n++] = ns_text;
	argv[n++] = tap;
	argv[n] = NULL;
	pid = fork();
	if (pid < 0)
		return error_sys(err, "fork slirp4netns");
	if (pid == 0) {
		const int keep[] = { ready_in, alive, ns };

		become(path, (char **)(uintptr_t)argv, keep, ARRAY_SIZE(keep), said_in, parent);
	}
	auto_close_fd(&ready_in);
	auto_close_fd(&said_in);
	ready_in = said_in = -1;
	if (wait_ready(ready, said, err) < 0) {
		end(pid);
		return -1;
	}
	*life = take_fd(&alive_in);
	return pid;
}

/* Until pasta has put an address on a link of its namespace, or has ended. */
static int wait_address(pid_t pid, struct rtnl *inside, int said, struct error *err)
{
	struct timespec pause = { .tv_nsec = 2000000 }; /* 2 ms: it tells nobody when it is ready */

	for (int64_t end = time_monotonic_ns() + READY_MS * 1000000LL; time_monotonic_ns() < end;) {
		struct ip ip;
		int prefix;

		for (unsigned index = 2; index < 4; index++) {
			int r = rtnl_address_find(inside, index, AF_INET, &ip, &prefix, err);

			if (r)
				return r < 0 ? -1 : 0;
		}
		if (waitpid(pid, NULL, WNOHANG) == pid)
			return died("pasta", said, err);
		nanosleep(&pause, NULL);
	}
	return error_set(err, ERR_SYSTEM, "pasta is not ready after %d s", READY_MS / 1000);
}

static pid_t pasta_start(int ns, struct rtnl *inside, struct error *err)
{
	const char *path = net_helper_path("pasta");
	auto_close int said = -1, said_in = -1;
	char ns_text[40];
	const char *argv[] = { "pasta",	      "-f",	 "--config-net", "-q",	 "-t", "none",
			       "-u",	      "none",	 "-T",		 "none", "-U", "none",
			       "--no-map-gw", "--netns", ns_text,	 NULL };
	pid_t pid, parent = getpid();
	int fds[2];

	if (!path) {
		error_set(err, ERR_UNSUPPORTED, "pasta is not installed");
		return error_hint(err, "install passt, or use --network none or host");
	}
	if (check_tun(err) < 0 || fd_pipe(fds, err) < 0)
		return -1;
	said = fds[0], said_in = fds[1];
	snprintf(ns_text, sizeof(ns_text), "/proc/self/fd/%d", ns);
	pid = fork();
	if (pid < 0)
		return error_sys(err, "fork pasta");
	if (pid == 0)
		become(path, (char **)(uintptr_t)argv, &ns, 1, said_in, parent);
	auto_close_fd(&said_in);
	said_in = -1;
	if (wait_address(pid, inside, said, err) < 0) {
		end(pid);
		return -1;
	}
	return pid;
}

pid_t helper_start(const char *mode, int ns, struct rtnl *inside, int *life, struct error *err)
{
	if (str_eq(mode, "pasta"))
		return pasta_start(ns, inside, err);
	return slirp_start(ns, "tap0", SLIRP_SUBNET, true, life, err);
}

pid_t helper_start_tap(int ns, const char *tap, const char *cidr, int *life, struct error *err)
{
	return slirp_start(ns, tap, cidr, false, life, err);
}
