/*
 * log_reader.h - `hod logs`: what the container printed, across rotated files, of every driver.
 */
#ifndef MONITOR_LOG_READER_H
#define MONITOR_LOG_READER_H

#include "store/container.h"
#include "util/error.h"

struct log_query {
	bool follow;
	int64_t since_ns, until_ns; /* UNSET: open; both inclusive */
	int64_t tail;		    /* lines; UNSET: all */
	bool timestamps;	    /* each line with its time */
	const char *prefix; /* before each line and its time, with a blank behind it; NULL: none */
};
/*
 * Writes to out (stream 1) and err_ (stream 2); without timestamps and prefix whole ranges are
 * moved by splice/sendfile. follow ends when the container ends, survives rotation and restart of
 * the file; it waits by inotify. EPIPE ends it quietly with ERR_SYSTEM/.sys EPIPE.
 */
int log_read(struct store *st, struct container *c, const struct log_query *q, int out, int err_,
	     struct error *err);

#endif
