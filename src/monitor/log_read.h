/*
 * log_read.h - the reading side of a log: what log_reader.c, the two kinds of reader and the sink
 * share.
 */
#ifndef MONITOR_LOG_READ_H
#define MONITOR_LOG_READ_H

#include "log_driver.h"
#include "monitor/log_reader.h"

/* Where lines go: as bytes, or put together and given a time and a prefix. */
struct log_sink {
	const struct log_query *q;
	int fd[LOG_STREAMS];
	bool same;	/* both streams go to one place: their order is kept as it was */
	bool decorate;	/* timestamps or prefix */
	bool no_splice; /* sendfile(2) does not take this output (append mode) */
	size_t used;	/* bytes in buffer, all for stream `pending` */
	int pending;
	struct {
		struct str text; /* decorate: a line that has not ended yet */
		int64_t time_ns; /* of its first piece */
		bool continued;	 /* its beginning was written already */
	} line[LOG_STREAMS];
	char buffer[LOG_BUFFER];
};
void log_sink_init(struct log_sink *s, const struct log_query *q, int out, int err_);
void log_sink_done(struct log_sink *s);
int log_sink_put(struct log_sink *s, int64_t time_ns, int stream, const char *bytes, size_t n,
		 struct error *err);
/* A range of a file as it is; only without decorate. */
int log_sink_move(struct log_sink *s, int stream, int fd, uint64_t from, uint64_t to,
		  struct error *err);
int log_sink_flush(struct log_sink *s, struct error *err);
int log_sink_end(struct log_sink *s, struct error *err); /* lines without an end too */

/* A place in a stream, across files. */
struct log_place {
	uint64_t generation, offset;
};
/* Finds the last lines, going backwards: what is put is always before what was put already. */
struct log_tail {
	int64_t want, found;
	struct {
		bool seen, chosen;
		bool open; /* a line was counted whose beginning is not known yet */
		struct log_place next, from; /* of what was seen; of the earliest chosen line */
	} stream[LOG_STREAMS];
};
/* The stream has a newline here; what follows it was seen already. */
void log_tail_line_end(struct log_tail *t, int stream);
/* The stream has bytes from place on; called behind log_tail_line_end for the newline itself. */
void log_tail_seen(struct log_tail *t, int stream, struct log_place place);
bool log_tail_done(const struct log_tail *t);
void log_tail_at_start(struct log_tail *t); /* there is nothing before */
/*
 * When all was seen: streams without a chosen line begin at end, for what is still to come.
 * Returns the earliest place to read from.
 */
struct log_place log_tail_settle(struct log_tail *t, struct log_place end);
/* Where in [from, to) of a generation the wanted part begins; `to` when nothing is wanted. */
uint64_t log_tail_from(const struct log_tail *t, int stream, uint64_t generation, uint64_t from,
		       uint64_t to);

/* One pair of files (or one, without index), of a generation. */
struct log_file {
	uint64_t generation;
	int fd, index; /* -1 */
	uint64_t at;   /* how far it was read: in the index, or in the text where there is none */
	uint64_t end;  /* plain: of the bytes that had a record */
};
#define LOG_FILE_NONE                                                                              \
	{                                                                                          \
		.fd = -1, .index = -1                                                              \
	}
struct log_reader {
	const struct log_driver_ops *ops;
	const struct log_query *q;
	int dir; /* the container's */
	struct log_sink sink;
	bool tailing;
	struct log_tail tail;
	bool final; /* the file that is read does not grow any more */
	bool ended; /* until was passed */
	char *line; /* text: LOG_LINE_MAX bytes and one */
	char block[16384];
};
/* 1, 0 absent, -1. What it opens may be of a later generation: those between are gone. */
int log_file_open(const struct log_reader *r, uint64_t generation, struct log_file *f,
		  struct error *err);
void log_file_close(struct log_file *f);
/* The lowest and highest generation of rotated files; 0, 0 when there is none. */
int log_generations(const struct log_reader *r, uint64_t *first, uint64_t *last, struct error *err);
/* Was f renamed away, so that it will not grow any more? */
bool log_file_rotated(const struct log_reader *r, const struct log_file *f);

/* Each kind: all that is there from f->at on to the sink; one file backwards for the tail. */
int log_plain_read(struct log_reader *r, struct log_file *f, struct error *err);
int log_plain_tail(struct log_reader *r, struct log_file *f, struct error *err);
int log_text_read(struct log_reader *r, struct log_file *f, struct error *err);
int log_text_tail(struct log_reader *r, struct log_file *f, struct error *err);

#endif
