/*
 * log_plain.c - driver `plain`: the bytes as they came in one file, who and when in another.
 *
 * Nothing a program prints can forge a time or a stream: its bytes are never parsed. They go from
 * the pipe to the page cache by splice(2); only where a file is full they are looked at, to change
 * files between two lines.
 */
#include "log_driver.h"
#include "util/text.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define SPLICE_MAX (1 << 20)
#define RELAY_MAX  (256 << 10) /* what is moved at once should still be in the caches */

/*
 * The record of n bytes that are in the file already, and before it one of what was lost. Where
 * there is no room for it the bytes do not count as written; the next ones take their place.
 */
static int index_add(struct log_writer *w, int stream, size_t n)
{
	struct log_index_record r[LOG_STREAMS + 1];
	size_t count = 0, bytes;
	int64_t now = time_now_ns();

	for (int s = 0; s < LOG_STREAMS; s++)
		if (w->lost[s])
			r[count++] = (struct log_index_record){
				.time_ns = now,
				.offset = w->size,
				.length = w->lost[s],
				.stream = (uint8_t)(s + 1),
				.kind = LOG_LOST,
			};
	r[count++] = (struct log_index_record){
		.time_ns = now, .offset = w->size, .length = n, .stream = (uint8_t)stream
	};
	bytes = count * sizeof(r[0]);
	if (pwrite(w->index, r, bytes, (off_t)w->index_size) != (ssize_t)bytes)
		return -1;
	w->index_size += bytes;
	w->size += n;
	w->end[stream - 1] = w->size;
	w->lost[0] = w->lost[1] = 0;
	return 0;
}

/* How many of the n bytes were written. */
static size_t store(struct log_writer *w, int stream, const char *bytes, size_t n)
{
	ssize_t done;

	done = pwrite(w->fd, bytes, n, (off_t)w->size);
	if (done <= 0 || index_add(w, stream, (size_t)done) < 0)
		return 0;
	return (size_t)done;
}

/* Up to where the file is full; from there on to the end of the line. */
static size_t piece(const struct log_writer *w, const char *bytes, size_t n)
{
	int64_t room = log_room(w);
	const char *newline;

	if (room > 0)
		return MIN(n, (size_t)room);
	newline = memchr(bytes, '\n', n);
	return newline ? (size_t)(newline - bytes) + 1 : n;
}

size_t log_plain_write(struct log_writer *w, int stream, const char *bytes, size_t n)
{
	size_t done = 0;

	while (done < n) {
		size_t got = 0;

		if (log_files_open(w) == 0)
			got = store(w, stream, bytes + done, piece(w, bytes + done, n - done));
		done += got;
		if (got == 0 && w->o.blocking)
			return done;
		if (got == 0) {
			w->lost[stream - 1] += n - done;
			return n;
		}
		if (log_rotation_due(w, stream, bytes[done - 1] == '\n'))
			log_rotate(w);
	}
	return n;
}

static bool relay_open(struct log_writer *w)
{
	if (w->relay[0] >= 0)
		return true;
	if (pipe2(w->relay, O_CLOEXEC) < 0) {
		w->relay[0] = w->relay[1] = -1;
		return false;
	}
	fcntl(w->relay[1], F_SETPIPE_SZ, RELAY_MAX); /* refused: in smaller pieces */
	return true;
}

/* n bytes are in the relay, and have to go: what the file does not take as it is, is copied. */
static void relay_empty(struct log_writer *w, int stream, size_t n)
{
	loff_t at = (loff_t)w->size;
	size_t done = 0;
	ssize_t k;

	while (done < n) {
		k = splice(w->relay[0], NULL, w->fd, &at, n - done, SPLICE_F_MOVE);
		if (k > 0)
			done += (size_t)k;
		else if (k == 0 || errno != EINTR)
			break;
	}
	if (done && index_add(w, stream, done) < 0)
		w->lost[stream - 1] += done;
	while (done < n) {
		char bytes[4096];

		k = read(w->relay[0], bytes, MIN(n - done, sizeof(bytes)));
		if (k <= 0)
			break; /* cannot be: they are there */
		log_plain_write(w, stream, bytes, (size_t)k);
		done += (size_t)k;
	}
}

ssize_t log_plain_splice(struct log_writer *w, int stream, int pipe, size_t max, bool bulk)
{
	int64_t room;
	loff_t at;
	ssize_t n;

	if (log_files_open(w) < 0)
		return LOG_MUST_COPY;
	room = log_room(w);
	if (room <= 0)
		return LOG_MUST_COPY;
	at = (loff_t)w->size;
	max = MIN(max, (size_t)MIN(room, SPLICE_MAX));
	/* in blocking mode what has no room must stay where it is */
	bulk = bulk && !w->o.blocking && relay_open(w);
	n = bulk ? splice(pipe, NULL, w->relay[1], NULL, max, SPLICE_F_MOVE | SPLICE_F_NONBLOCK)
		 : splice(pipe, NULL, w->fd, &at, max, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		errno = EAGAIN;
		return -1;
	}
	if (n < 0)
		return LOG_MUST_COPY;
	if (n > 0 && bulk)
		relay_empty(w, stream, (size_t)n);
	else if (n > 0 && index_add(w, stream, (size_t)n) < 0)
		w->lost[stream - 1] += (uint64_t)n;
	return n;
}
