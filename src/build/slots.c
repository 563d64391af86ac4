/*
 * slots.c - how many processes of one build work side by side.
 */
#include "slots.h"
#include "util/fd.h"

#include <fcntl.h>
#include <unistd.h>

int slots_open(struct slots *s, size_t n, struct error *err)
{
	*s = (struct slots)SLOTS_NONE;
	if (pipe2(s->free, O_CLOEXEC | O_NONBLOCK) < 0)
		return error_sys(err, "pipe");
	for (size_t i = 0; i < n && i < SLOTS_MAX; i++)
		slot_give(s);
	return 0;
}

void slots_close(struct slots *s)
{
	auto_close_fd(&s->free[0]);
	auto_close_fd(&s->free[1]);
	*s = (struct slots)SLOTS_NONE;
}

bool slot_take(const struct slots *s)
{
	char byte;

	return s->free[0] >= 0 && read(s->free[0], &byte, 1) == 1;
}

void slot_give(const struct slots *s)
{
	ssize_t n = s->free[1] >= 0 ? write(s->free[1], "", 1) : 0;

	(void)n; /* there is room: it was in the pipe before */
}
