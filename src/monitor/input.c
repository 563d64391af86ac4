/*
 * input.c - a container's stdin: from the caller or from attachers, at the container's pace.
 *
 * The end of the caller's input closes the container's (half-close): a pipe only; a terminal's end
 * is a character. What does not fit waits in one buffer, and nothing more is read meanwhile.
 */
#include "streams.h"
#include "attach_server.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void input_close(struct input *in)
{
	if (!in->io)
		return;
	loop_close(in->io->loop, &in->to);
	loop_watch(in->io->loop, &in->from, 0);
	in->have = in->done = 0;
}

bool input_busy(const struct input *in)
{
	return in->have > 0;
}

/* All that the container takes now; then the next bytes may come. */
static void input_push(struct input *in)
{
	struct loop *l = in->io->loop;

	while (in->done < in->have) {
		ssize_t n = write(in->to.fd, in->buffer + in->done, in->have - in->done);

		if (n >= 0) {
			in->done += (size_t)n;
		} else if (errno == EAGAIN) {
			loop_watch(l, &in->from, 0);
			loop_watch(l, &in->to, EPOLLOUT);
			return;
		} else if (errno != EINTR) {
			input_close(in); /* nobody reads it any more */
			return;
		}
	}
	in->have = in->done = 0;
	if (in->ended) {
		if (in->close_eof)
			input_close(in);
		return;
	}
	/* a file is read as fast as the container takes it */
	loop_watch(l, &in->to, in->file && in->from.fd >= 0 ? EPOLLOUT : 0);
	if (!in->file)
		loop_watch(l, &in->from, EPOLLIN);
}

static void input_read(struct input *in)
{
	char typed[INPUT_BUFFER];
	ssize_t n = read(in->from.fd, in->keys.n ? typed : in->buffer, INPUT_BUFFER);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		in->ended = true;
		loop_watch(in->io->loop, &in->from, 0);
		in->from.fd = -1;
	} else if (in->keys.n) {
		in->io->detached =
			detach_keys_filter(&in->keys, typed, (size_t)n, in->buffer, &in->have);
	} else {
		in->have = (size_t)n;
	}
	input_push(in);
}

static void input_from_ready(struct watch *w, uint32_t events)
{
	struct input *in = watch_owner(w, struct input, from);

	if (!in->have)
		input_read(in);
}

static void input_to_ready(struct watch *w, uint32_t events)
{
	struct input *in = watch_owner(w, struct input, to);

	loop_watch(in->io->loop, w, 0);
	if (in->have)
		input_push(in);
	else if (in->file && in->from.fd >= 0)
		input_read(in);
	if (!in->have && in->io->server)
		attach_server_resume_input(in->io->server);
}

bool input_is_file(int fd)
{
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 &&
	       (S_ISREG(st.st_mode) || (S_ISCHR(st.st_mode) && !isatty(fd)));
}

int dup_cloexec(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

void input_open(struct stdio *io, int from, int to, const struct detach_keys *keys)
{
	struct input *in = &io->input;

	in->io = io;
	in->from = (struct watch){ .fd = from, .ready = input_from_ready };
	in->to = (struct watch){ .fd = to, .ready = input_to_ready };
	in->file = input_is_file(from);
	in->keys = keys ? *keys : (struct detach_keys){ .n = 0 };
	if (in->file)
		loop_watch(io->loop, &in->to, EPOLLOUT);
	else
		loop_watch(io->loop, &in->from, EPOLLIN);
}

bool input_give(struct input *in, const char *bytes, size_t n)
{
	if (in->to.fd < 0)
		return true; /* there is no stdin: as if it had read it */
	if (in->have)
		return false;
	memcpy(in->buffer, bytes, n);
	in->have = n;
	input_push(in);
	return true;
}
