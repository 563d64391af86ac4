/*
 * log_driver.h - the writing side of a log: what the drivers share.
 *
 * Files are made with the first byte, so that a container that prints nothing has none. Nothing is
 * allocated: a writer is one struct. Errors do not travel: what cannot be written is counted and
 * told in the log when there is room again.
 */
#ifndef MONITOR_LOG_DRIVER_H
#define MONITOR_LOG_DRIVER_H

#include "log_format.h"
#include "monitor/log_writer.h"

#include <stddef.h>
#include <sys/types.h>

/* The most that a format function appends: every byte as \u0000, base64 beside it, the rest. */
#define LOG_FORMAT_MAX (LOG_PIECE_MAX * 8)
#define LOG_BUFFER     (LOG_FORMAT_MAX + (64 << 10))
#define LOG_STREAMS    2 /* index 0: stdout, 1: stderr */

struct log_writer {
	struct log_options o;
	const struct log_driver_ops *ops;
	int dir; /* the container's; borrowed */
	int fd, index;
	int relay[2]; /* plain: a pipe of our own, see log_splice; -1: none (yet) */
	uint64_t size, index_size, generation;
	uint64_t end[LOG_STREAMS]; /* plain: behind the stream's last byte in this file; 0: none */
	bool open_line[LOG_STREAMS]; /* text drivers: the last piece had no newline */
	uint64_t lost[LOG_STREAMS];
	/* text drivers: lines not yet written, how many payload bytes they hold, cut characters */
	size_t used;
	uint64_t held[LOG_STREAMS];
	bool noted;
	struct {
		char bytes[4];
		size_t n;
	} cut[LOG_STREAMS];
	char buffer[LOG_BUFFER];
};
struct log_driver_ops {
	const char *name, *file;
	bool indexed;
	/* How many of the n bytes are done with (written or counted as lost): fewer only if blocking. */
	size_t (*write)(struct log_writer *w, int stream, const char *bytes, size_t n);
	/* Appends one line for a piece of at most LOG_PIECE_MAX bytes; ends: it ends a line. */
	void (*format)(struct log_writer *w, int stream, const char *time, const char *bytes,
		       size_t n, bool ends);
};
extern const struct log_driver_ops log_drivers[]; /* by enum log_driver */

void log_writer_init(struct log_writer *w, const struct log_options *o, int dir);
/* Writes what is held (cut characters) and closes; sync: to the disk. Harmless twice. */
void log_writer_done(struct log_writer *w, bool sync);
/* stream is 1 or 2. Returns as ops->write does. */
size_t log_write(struct log_writer *w, int stream, const char *bytes, size_t n);
/*
 * Moves at most max bytes from a pipe into the log without copying them through us: the number, 0
 * at the end of file, -1 with EAGAIN, or LOG_MUST_COPY when the bytes have to be read and given to
 * log_write (another driver, rotation is due, an error).
 * bulk: much comes at once. Then it takes the way through a pipe of our own, whose other end is
 * nobody's: the kernel lets nobody write into a pipe while a file is written from it.
 */
#define LOG_MUST_COPY (-2)
ssize_t log_splice(struct log_writer *w, int stream, int pipe, size_t max, bool bulk);

/* The files of a writer, opened at need: 0 or -1 and errno. */
int log_files_open(struct log_writer *w);
void log_files_close(struct log_writer *w);
/* The present files get their number, new ones take their place, the oldest are removed. */
int log_rotate(struct log_writer *w);
/* How far the files may still grow before rotation; what is over is negative. */
int64_t log_room(const struct log_writer *w);
/* May the files be changed here, where `stream` has just ended a line (or not)? */
bool log_rotation_due(struct log_writer *w, int stream, bool line_ended);
/* "log.3.idx"; generation 0: the present one */
void log_file_name(char *buf, size_t size, const char *file, uint64_t generation, bool index);
/* The number in "log.3" or "log.3.idx" for file "log"; 0: not such a name. */
uint64_t log_name_generation(const char *name, const char *file);

size_t log_plain_write(struct log_writer *w, int stream, const char *bytes, size_t n);
ssize_t log_plain_splice(struct log_writer *w, int stream, int pipe, size_t max, bool bulk);
size_t log_text_write(struct log_writer *w, int stream, const char *bytes, size_t n);
void log_text_done(struct log_writer *w);
void log_json_format(struct log_writer *w, int stream, const char *time, const char *bytes,
		     size_t n, bool ends);
void log_k8s_format(struct log_writer *w, int stream, const char *time, const char *bytes, size_t n,
		    bool ends);

#endif
