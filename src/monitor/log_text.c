/*
 * log_text.c - what json-file and k8s-file share: output cut into lines, lines kept whole on disk.
 *
 * A piece is a line, or a part of one where the program has not ended it yet or it is longer than
 * LOG_PIECE_MAX; nothing is held back waiting for the end of a line. Lines gather in the writer's
 * buffer only for the time of one call.
 */
#include "log_driver.h"
#include "util/text.h"

#include <stdio.h>
#include <unistd.h>

/* How many bytes at the end begin a UTF-8 character that may yet be completed. */
static size_t utf8_cut(const char *bytes, size_t n)
{
	for (size_t i = 1; i <= 3 && i <= n; i++) {
		unsigned char c = (unsigned char)bytes[n - i];

		if ((c & 0xc0) == 0x80)
			continue;
		return (c >= 0xf0 && c <= 0xf4 && i < 4) || (c >= 0xe0 && c < 0xf0 && i < 3) ||
				       (c >= 0xc2 && c < 0xe0 && i < 2)
			       ? i
			       : 0;
	}
	return 0;
}

/* Writes the lines that are held: all, or none where the disk is full. */
static int flush(struct log_writer *w)
{
	if (!w->used)
		return 0;
	if (log_files_open(w) < 0)
		return -1;
	if (pwrite(w->fd, w->buffer, w->used, (off_t)w->size) != (ssize_t)w->used) {
		if (ftruncate(w->fd, (off_t)w->size) < 0)
			return -1; /* the next write goes to the same place anyhow */
		return -1;
	}
	w->size += w->used;
	w->used = 0;
	w->held[0] = w->held[1] = 0;
	if (w->noted)
		w->lost[0] = w->lost[1] = 0;
	w->noted = false;
	return 0;
}

static void drop(struct log_writer *w)
{
	for (int s = 0; s < LOG_STREAMS; s++) {
		w->lost[s] += w->held[s];
		w->held[s] = 0;
	}
	w->used = 0;
	w->noted = false;
}

static void note_loss(struct log_writer *w, const char *time)
{
	char note[96];
	int n;

	if (w->noted || !(w->lost[0] | w->lost[1]))
		return;
	n = snprintf(note, sizeof(note), "hod: %llu bytes of output were lost: the log was full\n",
		     (unsigned long long)(w->lost[0] + w->lost[1]));
	w->ops->format(w, 2, time, note, (size_t)n, true);
	w->noted = true;
}

static void add_piece(struct log_writer *w, int stream, const char *time, const char *bytes, size_t n)
{
	bool ends = bytes[n - 1] == '\n';

	w->ops->format(w, stream, time, bytes, n, ends);
	w->held[stream - 1] += n;
	w->open_line[stream - 1] = !ends;
}

/* Makes room in the buffer for another line: 0, or -1 when the disk is full. */
static int make_room(struct log_writer *w, int stream, bool line_ended)
{
	bool rotate;

	w->size += w->used; /* what is held counts */
	rotate = log_rotation_due(w, stream, line_ended);
	w->size -= w->used;
	if (!rotate && w->used + LOG_FORMAT_MAX <= sizeof(w->buffer))
		return 0;
	if (flush(w) < 0)
		return -1;
	if (rotate)
		log_rotate(w);
	return 0;
}

/* The rest of a character whose beginning came with the last call; returns the bytes used. */
static size_t complete_cut(struct log_writer *w, int stream, const char *time, const char *bytes,
			   size_t n)
{
	char *cut = w->cut[stream - 1].bytes;
	size_t have = w->cut[stream - 1].n, taken = 0;

	if (!have)
		return 0;
	while (taken < n && have < sizeof(w->cut[0].bytes) && utf8_cut(cut, have) == have &&
	       ((unsigned char)bytes[taken] & 0xc0) == 0x80)
		cut[have++] = bytes[taken++];
	w->cut[stream - 1].n = have;
	if (taken == n && utf8_cut(cut, have) == have)
		return taken; /* still not whole */
	add_piece(w, stream, time, cut, have);
	w->cut[stream - 1].n = 0;
	return taken;
}

/* The piece that begins at bytes: up to the end of the line, at most LOG_PIECE_MAX bytes. */
static size_t piece(const struct log_writer *w, const char *bytes, size_t n, bool *ends)
{
	size_t len = MIN(n, (size_t)LOG_PIECE_MAX);
	const char *newline = memchr(bytes, '\n', len);

	*ends = newline != NULL;
	if (newline)
		return (size_t)(newline - bytes) + 1;
	if (len < n && w->o.driver == LOG_JSON_FILE)
		len -= utf8_cut(bytes, len);
	return len;
}

size_t log_text_write(struct log_writer *w, int stream, const char *bytes, size_t n)
{
	__typeof__(w->cut[0]) *cut = &w->cut[stream - 1], before = *cut;
	char time[TEXT_TIME_MAX];
	size_t done, end, stored = 0, tail = 0;
	bool full = false;

	text_rfc3339nano_padded(time_now_ns(), time, sizeof(time));
	note_loss(w, time);
	done = complete_cut(w, stream, time, bytes, n);
	if (w->o.driver == LOG_JSON_FILE && done < n)
		tail = utf8_cut(bytes + done, n - done);
	end = n - tail;
	while (done < end && !full) {
		bool ends;
		size_t len = piece(w, bytes + done, end - done, &ends);

		add_piece(w, stream, time, bytes + done, len);
		done += len;
		full = make_room(w, stream, ends) < 0;
		if (!w->used)
			stored = done;
	}
	if (!full)
		full = flush(w) < 0;
	if (full && w->o.blocking) { /* all that is not on disk comes again */
		w->used = w->held[0] = w->held[1] = 0;
		w->noted = false;
		if (!stored)
			*cut = before;
		return stored;
	}
	if (full) {
		drop(w);
		w->lost[stream - 1] += end - done;
	}
	if (tail) {
		memcpy(cut->bytes, bytes + end, tail);
		cut->n = tail;
	}
	return n;
}

void log_text_done(struct log_writer *w)
{
	char time[TEXT_TIME_MAX];

	text_rfc3339nano_padded(time_now_ns(), time, sizeof(time));
	for (int s = 0; s < LOG_STREAMS; s++)
		if (w->cut[s].n)
			add_piece(w, s + 1, time, w->cut[s].bytes, w->cut[s].n);
	w->cut[0].n = w->cut[1].n = 0;
	if (flush(w) < 0)
		drop(w);
}
