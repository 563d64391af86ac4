/*
 * text.h - sizes, durations and times as people write and read them.
 *
 * Parsers: true and *value, or false. Formatters return buf.
 */
#ifndef UTIL_TEXT_H
#define UTIL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define NSEC_PER_SEC 1000000000LL

/* "64m", "1.5g", "10kb", "512": powers of 1024, b k m g t p, either case, optional "b" or "ib" */
bool text_parse_bytes(const char *s, int64_t *bytes);
/* Go's time.ParseDuration: "1h30m", "1.5s", "100ms", "0"; nanoseconds */
bool text_parse_duration(const char *s, int64_t *ns);
/* RFC 3339 with or without fraction and zone (local when absent), "2006-01-02", seconds since 1970
 * with fraction, or a Go duration meaning so long before now; nanoseconds since 1970 */
bool text_parse_time(const char *s, int64_t now_ns, int64_t *ns);

const char *text_size(int64_t bytes, char *buf, size_t n);	  /* go-units HumanSize: 7.83MB */
const char *text_size_binary(int64_t bytes, char *buf, size_t n); /* go-units BytesSize: 1.952GiB */
const char *text_ago(int64_t seconds, char *buf, size_t n);    /* HumanDuration: "About a minute" */
const char *text_duration(int64_t ns, char *buf, size_t n);    /* as Go prints one: 1m30s */
const char *text_rfc3339nano(int64_t ns, char *buf, size_t n); /* UTC, trailing zeros cut, "...Z" */
const char *text_rfc3339nano_padded(int64_t ns, char *buf, size_t n); /* nine digits, for logs */
#define TEXT_TIME_MAX 48
/* What never happened is printed as 0001-01-01T00:00:00Z: pass 0 to the two above. */

int64_t time_now_ns(void);	 /* CLOCK_REALTIME */
int64_t time_monotonic_ns(void); /* CLOCK_MONOTONIC */

#endif
