/*
 * log_writer.h - log drivers, the writing side. FEATURES R28, C12, M15; DESIGN.md 8.
 *
 *	plain		log: the bytes as written; log.idx: fixed records (log_format.h)
 *	json-file, k8s-file, none, passthrough
 *
 * A full disk drops and counts, never blocks the container (unless mode=blocking).
 */
#ifndef MONITOR_LOG_WRITER_H
#define MONITOR_LOG_WRITER_H

#include "util/error.h"
#include "util/str.h"

#include <stdbool.h>
#include <stdint.h>

enum log_driver { LOG_PLAIN, LOG_JSON_FILE, LOG_K8S_FILE, LOG_NONE, LOG_PASSTHROUGH };

struct log_options {
	enum log_driver driver;
	int64_t max_size; /* bytes before rotation; default 10 MiB; -1: none */
	int64_t max_file; /* how many are kept; default 5 */
	bool blocking;
};
/* driver NULL: plain, the default. opts: "max-size=10m", "max-file=3", "mode=blocking"; unknown
 * ones are errors with the nearest. */
int log_options_parse(const char *driver, const struct strv *opts, struct log_options *o,
		      struct error *err);
const char *log_driver_name(enum log_driver d);
const char *log_driver_file(enum log_driver d); /* "log", "json.log", ..., NULL for none */

#endif
