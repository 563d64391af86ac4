/*
 * log_parse.h - one line of a json-file or k8s-file log -> a piece of output. Pure.
 */
#ifndef MONITOR_LOG_PARSE_H
#define MONITOR_LOG_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct log_piece {
	int64_t time_ns;
	int stream;	   /* 1 or 2 */
	const char *bytes; /* inside the line that was parsed */
	size_t n;
	bool ends; /* it ends a line of output */
};
/*
 * line has n bytes and no newline at its end; it is changed (decoded in place). False: not a line
 * of this format (a container's own bytes never make one: a writer was cut short, or the disk
 * lies). k8s needs one byte of room behind the line, where the newline was.
 */
bool log_parse_json(char *line, size_t n, struct log_piece *p);
bool log_parse_k8s(char *line, size_t n, struct log_piece *p);

#endif
