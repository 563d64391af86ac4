/*
 * terminal.h - the user's terminal: raw while a container's has it, and as it was afterwards.
 */
#ifndef MONITOR_TERMINAL_H
#define MONITOR_TERMINAL_H

#include <stdbool.h>
#include <sys/ioctl.h>
#include <termios.h>

struct terminal {
	int fd;
	bool raw;
	struct termios before;
};
#define TERMINAL_NONE                                                                              \
	{                                                                                          \
		.fd = -1                                                                           \
	}
/* Raw mode, if fd is a terminal; else nothing. */
void terminal_init(struct terminal *t, int fd);
void terminal_done(struct terminal *t); /* as it was; harmless twice */
/* The size of the first of the descriptors that is a terminal. */
bool terminal_size(const int *fds, int n, struct winsize *size);

#endif
