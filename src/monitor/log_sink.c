/*
 * log_sink.c - where what was read of a log goes: byte for byte, or line by line with a time.
 */
#include "log_read.h"
#include "util/fd.h"
#include "util/text.h"

#include <errno.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

static bool same_place(int a, int b)
{
	struct stat x, y;

	return a == b || (fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev &&
			  x.st_ino == y.st_ino);
}

void log_sink_init(struct log_sink *s, const struct log_query *q, int out, int err_)
{
	memset(s, 0, offsetof(struct log_sink, buffer));
	s->q = q;
	s->fd[0] = out;
	s->fd[1] = err_;
	s->same = same_place(out, err_);
	s->decorate = q->timestamps || q->prefix;
}

void log_sink_done(struct log_sink *s)
{
	for (int i = 0; i < LOG_STREAMS; i++)
		str_done(&s->line[i].text);
}

int log_sink_flush(struct log_sink *s, struct error *err)
{
	size_t n = s->used;

	s->used = 0;
	return n ? fd_write_all(s->fd[s->pending], s->buffer, n, err) : 0;
}

static int sink_bytes(struct log_sink *s, int stream, const char *bytes, size_t n, struct error *err)
{
	int to = s->same ? 0 : stream - 1;

	if ((to != s->pending || s->used + n > sizeof(s->buffer)) && log_sink_flush(s, err) < 0)
		return -1;
	s->pending = to;
	if (n > sizeof(s->buffer))
		return fd_write_all(s->fd[to], bytes, n, err);
	memcpy(s->buffer + s->used, bytes, n);
	s->used += n;
	return 0;
}

static int sink_line(struct log_sink *s, int stream, const char *bytes, size_t n, bool ends,
		     struct error *err)
{
	__typeof__(s->line[0]) *line = &s->line[stream - 1];
	char head[TEXT_TIME_MAX + 1] = "";

	if (!line->continued) {
		if (s->q->prefix &&
		    (sink_bytes(s, stream, s->q->prefix, strlen(s->q->prefix), err) < 0 ||
		     sink_bytes(s, stream, " ", 1, err) < 0))
			return -1;
		if (s->q->timestamps) {
			text_rfc3339nano_padded(line->time_ns, head, sizeof(head) - 1);
			strcat(head, " ");
		}
		if (sink_bytes(s, stream, head, strlen(head), err) < 0)
			return -1;
	}
	line->continued = !ends;
	return sink_bytes(s, stream, bytes, n, err);
}

/* Lines are put together, so that two streams on one terminal do not mix within a line. */
static int sink_decorated(struct log_sink *s, int64_t time_ns, int stream, const char *bytes,
			  size_t n, struct error *err)
{
	__typeof__(s->line[0]) *line = &s->line[stream - 1];

	while (n > 0) {
		const char *newline = memchr(bytes, '\n', n);
		size_t len = newline ? (size_t)(newline - bytes) + 1 : n;
		int result = 0;

		if (line->text.len == 0)
			line->time_ns = time_ns;
		if (newline && line->text.len == 0) {
			result = sink_line(s, stream, bytes, len, true, err);
		} else {
			str_addn(&line->text, bytes, len);
			if (newline || line->text.len > LOG_LINE_MAX) {
				result = sink_line(s, stream, line->text.s, line->text.len,
						   newline != NULL, err);
				str_clear(&line->text);
			}
		}
		if (result < 0)
			return -1;
		bytes += len;
		n -= len;
	}
	return 0;
}

int log_sink_put(struct log_sink *s, int64_t time_ns, int stream, const char *bytes, size_t n,
		 struct error *err)
{
	return s->decorate ? sink_decorated(s, time_ns, stream, bytes, n, err)
			   : sink_bytes(s, stream, bytes, n, err);
}

static int sink_copy(struct log_sink *s, int to, int fd, uint64_t from, uint64_t end,
		     struct error *err)
{
	while (from < end) {
		ssize_t n = pread(fd, s->buffer, MIN(sizeof(s->buffer), (size_t)(end - from)),
				  (off_t)from);

		if (n < 0)
			return error_sys(err, "read the log");
		if (n == 0)
			return 0;
		if (fd_write_all(s->fd[to], s->buffer, (size_t)n, err) < 0)
			return -1;
		from += (uint64_t)n;
	}
	return 0;
}

int log_sink_move(struct log_sink *s, int stream, int fd, uint64_t from, uint64_t end,
		  struct error *err)
{
	int to = s->same ? 0 : stream - 1;

	if (log_sink_flush(s, err) < 0)
		return -1;
	while (from < end && !s->no_splice) {
		off_t at = (off_t)from;
		ssize_t n = sendfile(s->fd[to], fd, &at, (size_t)MIN(end - from, 1U << 30));

		if (n == 0)
			return 0; /* the file is shorter than its index says */
		if (n > 0) {
			from += (uint64_t)n;
			continue;
		}
		if (errno == EINVAL || errno == ENOSYS)
			s->no_splice = true;
		else if (errno == EAGAIN)
			break; /* an output that does not wait: the copy below does */
		else if (errno != EINTR)
			return error_sys(err, "write");
	}
	return sink_copy(s, to, fd, from, end, err);
}

int log_sink_end(struct log_sink *s, struct error *err)
{
	for (int i = 0; i < LOG_STREAMS; i++) {
		if (!s->line[i].text.len)
			continue;
		if (sink_line(s, i + 1, s->line[i].text.s, s->line[i].text.len, false, err) < 0)
			return -1;
		str_clear(&s->line[i].text);
	}
	return log_sink_flush(s, err);
}
