/*
 * signals.c - signals as events of the loop.
 *
 * They are blocked from before the container exists until after it is gone, so that none is lost in
 * between: what comes while it is being made is sent on to it as soon as it runs.
 */
#include "signals.h"
#include "util/mem.h"

#include <sys/signalfd.h>
#include <unistd.h>

static void signal_set(sigset_t *set)
{
	static const int ours[] = { SIGCHLD, SIGPIPE, SIGTTIN, SIGTTOU };

	sigfillset(set);
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		sigdelset(set, ours[i]);
}

bool signal_ends(int sig)
{
	return sig == SIGINT || sig == SIGTERM || sig == SIGHUP || sig == SIGQUIT;
}

void signals_hold(struct signals *s)
{
	sigset_t set;

	signal_set(&set);
	s->held = sigprocmask(SIG_BLOCK, &set, &s->before) == 0;
	s->pipe_ignored = signal(SIGPIPE, SIG_IGN) == SIG_IGN;
}

static void signals_ready(struct watch *w, uint32_t events)
{
	struct signals *s = watch_owner(w, struct signals, w);
	struct signalfd_siginfo info;

	while (s->w.fd >= 0 && read(w->fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		s->handle(s, (int)info.ssi_signo);
}

int signals_open(struct signals *s, struct loop *l, void (*handle)(struct signals *s, int sig),
		 struct error *err)
{
	sigset_t set;
	int fd;

	signal_set(&set);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return error_sys(err, "make a signal descriptor");
	s->loop = l;
	s->handle = handle;
	s->w = (struct watch){ .fd = fd, .ready = signals_ready };
	loop_watch(l, &s->w, EPOLLIN);
	return 0;
}

void signals_close(struct signals *s)
{
	struct signalfd_siginfo ignored;

	if (s->w.fd >= 0) {
		while (read(s->w.fd, &ignored, sizeof(ignored)) > 0)
			;
		loop_close(s->loop, &s->w);
	}
	if (!s->held)
		return;
	if (!s->pipe_ignored)
		signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &s->before, NULL);
	s->held = false;
}
