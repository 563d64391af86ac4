/*
 * terminal.c - the user's terminal.
 */
#include "terminal.h"

void terminal_init(struct terminal *t, int fd)
{
	struct termios raw;

	*t = (struct terminal){ .fd = fd };
	if (fd < 0 || tcgetattr(fd, &t->before) < 0)
		return;
	raw = t->before;
	cfmakeraw(&raw);
	t->raw = tcsetattr(fd, TCSADRAIN, &raw) == 0;
}

void terminal_done(struct terminal *t)
{
	if (t->raw)
		tcsetattr(t->fd, TCSADRAIN, &t->before);
	t->raw = false;
}

bool terminal_size(const int *fds, int n, struct winsize *size)
{
	for (int i = 0; i < n; i++)
		if (fds[i] >= 0 && ioctl(fds[i], TIOCGWINSZ, size) == 0)
			return true;
	return false;
}
