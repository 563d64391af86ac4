/*
 * log_read_text.c - reading json-file and k8s-file logs, forwards and backwards, line by line.
 */
#include "log_parse.h"
#include "log_read.h"

#include <string.h>
#include <unistd.h>

static bool parse(const struct log_reader *r, char *line, size_t n, struct log_piece *p)
{
	return r->ops == &log_drivers[LOG_JSON_FILE] ? log_parse_json(line, n, p)
						     : log_parse_k8s(line, n, p);
}

/* The line at a place of the file; what cannot be parsed is passed over. */
static int line_read(struct log_reader *r, const struct log_file *f, uint64_t at, char *line,
		     size_t n, struct error *err)
{
	struct log_piece p;

	if (!parse(r, line, n, &p))
		return 0;
	if (r->tailing && log_tail_from(&r->tail, p.stream, f->generation, at, at + 1) > at)
		return 0;
	if (r->q->since_ns != UNSET && p.time_ns < r->q->since_ns)
		return 0;
	if (r->q->until_ns != UNSET && p.time_ns > r->q->until_ns) {
		r->ended = true;
		return 0;
	}
	return log_sink_put(&r->sink, p.time_ns, p.stream, p.bytes, p.n, err);
}

int log_text_read(struct log_reader *r, struct log_file *f, struct error *err)
{
	while (!r->ended) {
		ssize_t n = pread(f->fd, r->line, LOG_LINE_MAX, (off_t)f->at);
		char *at = r->line, *newline;

		if (n < 0)
			return error_sys(err, "read the log");
		for (; n > 0 && !r->ended && (newline = memchr(at, '\n', (size_t)n));
		     at = newline + 1) {
			n -= newline + 1 - at;
			if (line_read(r, f, f->at + (uint64_t)(at - r->line), at,
				      (size_t)(newline - at), err) < 0)
				return -1;
		}
		if (at == r->line && n == LOG_LINE_MAX)
			at += n; /* no line of ours */
		if (at == r->line)
			return 0;
		f->at += (uint64_t)(at - r->line);
	}
	return 0;
}

static void line_tail(struct log_reader *r, const struct log_file *f, uint64_t at, char *line,
		      size_t n)
{
	struct log_piece p;

	if (!parse(r, line, n, &p) || p.n == 0)
		return;
	if (p.ends)
		log_tail_line_end(&r->tail, p.stream);
	if (!log_tail_done(&r->tail))
		log_tail_seen(&r->tail, p.stream, (struct log_place){ f->generation, at });
}

int log_text_tail(struct log_reader *r, struct log_file *f, struct error *err)
{
	off_t end = lseek(f->fd, 0, SEEK_END);

	while (end > 0 && !log_tail_done(&r->tail)) {
		size_t want = MIN((size_t)end, (size_t)LOG_LINE_MAX);
		off_t from = end - (off_t)want;
		ssize_t n = pread(f->fd, r->line, want, from);
		char *stop, *newline, *begin = r->line;

		if (n < 0)
			return error_sys(err, "read the log");
		if (from > 0) { /* the first line may be cut: it comes again with the next block */
			begin = memchr(r->line, '\n', (size_t)n);
			begin = begin ? begin + 1 : r->line;
		}
		/* behind the last newline: what a writer has not finished */
		stop = memrchr(r->line, '\n', (size_t)n);
		while (stop && stop >= begin && !log_tail_done(&r->tail)) {
			newline = stop > begin ? memrchr(begin, '\n', (size_t)(stop - begin)) : NULL;
			char *line = newline ? newline + 1 : begin;

			line_tail(r, f, (uint64_t)(from + (line - r->line)), line,
				  (size_t)(stop - line));
			stop = newline;
		}
		end = begin < r->line + n ? from + (begin - r->line) : from;
	}
	return 0;
}
