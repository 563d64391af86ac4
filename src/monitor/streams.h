/*
 * streams.h - the three streams of a container (or of an exec'd process) between its pipes or its
 * pseudo terminal and the log, the caller's own descriptors and those who are attached.
 *
 *	container --pipe--> stream --> log (splice), caller (tee or write), attachers (message)
 *	caller or attachers --> input --pipe--> container
 *
 * Back-pressure: a stream reads on only when the log (in blocking mode), the caller's descriptor
 * and the paced attacher have taken what was read; an input reads on only when the container has.
 * The caller's descriptors are never made non-blocking: others share them.
 */
#ifndef MONITOR_STREAMS_H
#define MONITOR_STREAMS_H

#include "detach_keys.h"
#include "log_driver.h"
#include "loop.h"

#define STREAM_BUFFER 32768
#define INPUT_BUFFER  4096

struct attach_server;
struct stdio;

/* A descriptor of the caller that bytes are written to without waiting. */
struct output {
	struct watch w; /* ready: set by its user */
	enum output_kind { OUTPUT_NONE, OUTPUT_FILE, OUTPUT_PIPE, OUTPUT_SOCKET, OUTPUT_TTY } kind;
	bool ours;  /* opened by us: to be closed */
	int failed; /* errno of the write that ended it */
};
/* fd -1: none. Does not fail: what it cannot find out makes it slower. */
void output_init(struct output *o, int fd);
void output_done(struct output *o, struct loop *l);
/* How many bytes it took, 0 when it is full, -1 when it is broken (failed says why). */
ssize_t output_write(struct output *o, const char *bytes, size_t n);

/* Apart from what is looked at all the time: their pages stay untouched until bytes are copied. */
struct stdio_buffers {
	char out[LOG_STREAMS][STREAM_BUFFER];
	char in[INPUT_BUFFER + DETACH_KEYS_MAX];
};
struct outflow {
	struct watch from; /* the container's end: pipe or master; -1: closed */
	struct output to;
	struct stdio *io;
	int number;  /* 1 stdout, 2 stderr */
	size_t teed; /* bytes still in the pipe that the caller was given already */
	/* what was read, and how much of it each has */
	size_t have, logged, sent, paced;
	bool shown;   /* attachers that are not paced have it */
	bool grown;   /* its pipe was made larger */
	char *buffer; /* of STREAM_BUFFER bytes */
};
struct input {
	struct watch from; /* the caller's stdin, or -1 */
	struct watch to;   /* the container's, non-blocking, or -1 */
	struct stdio *io;
	bool file;	/* from cannot be waited for: it is always ready */
	bool close_eof; /* the end of from is the end of to */
	bool ended;
	struct detach_keys keys;
	size_t have, done;
	char *buffer; /* of INPUT_BUFFER + DETACH_KEYS_MAX bytes */
};
struct stdio {
	struct loop *loop;
	struct log_writer *log;	      /* or NULL */
	struct attach_server *server; /* or NULL */
	struct outflow stream[LOG_STREAMS];
	struct input input;
	bool draining; /* whoever writes is gone: what is there is all */
	bool detached; /* the detach keys were typed */
	bool log_full; /* in blocking mode: to be tried again */
	bool resume;   /* a receiver that was full is not any more */
};
/* All descriptors -1, nothing watched. The buffers are borrowed. */
void stdio_init(struct stdio *io, struct loop *l, struct stdio_buffers *b);
void stdio_done(struct stdio *io);
/* Takes from (non-blocking); to is the caller's, borrowed, or -1. */
void outflow_open(struct stdio *io, int number, int from, int to);
/* Takes to (non-blocking); from is borrowed, or -1. keys may be NULL. */
void input_open(struct stdio *io, int from, int to, const struct detach_keys *keys);
void input_close(struct input *in); /* the container sees the end of its input */
/* False: it is still busy with what came before. n is at most INPUT_BUFFER. */
bool input_give(struct input *in, const char *bytes, size_t n);
bool input_busy(const struct input *in);
/* Must a descriptor be read without waiting for it (files, /dev/null)? */
bool input_is_file(int fd);
int dup_cloexec(int fd);
/* One turn of the loop, and then whatever waited for a receiver goes on. */
void stdio_turn(struct stdio *io, int timeout_ms);
/* To be called until it says true, after the writers are gone, with stdio_turn in between. */
bool stdio_drain(struct stdio *io);
/* The first error of the caller's descriptors that is not a closed pipe, or 0. */
int stdio_failed(const struct stdio *io);

#endif
