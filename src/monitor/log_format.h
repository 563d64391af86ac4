/*
 * log_format.h - what is on disk of a container's log, for its writer and its reader.
 *
 *	log		the bytes as the program wrote them, both streams in the order they came
 *	log.idx		a header, then one fixed record for each piece of `log`, in the same order
 *	log.3 log.3.idx	rotated earlier: the number is the generation, it only grows
 *
 * The other drivers have one text file (json.log, k8s.log), rotated to json.log.3 in the same way.
 * Rotation renames the bytes before the index, then makes the bytes before the index: whoever finds
 * the same index before and after opening the bytes holds a pair. A piece whose record was never
 * written (the monitor was killed in between) belongs to stdout.
 */
#ifndef MONITOR_LOG_FORMAT_H
#define MONITOR_LOG_FORMAT_H

#include <stdint.h>

#define LOG_INDEX_MAGIC	   "hodlog1\n"
#define LOG_INDEX_SUFFIX   ".idx"
#define LOG_NAME_MAX	   64
#define LOG_PIECE_MAX	   16384     /* bytes of payload in one line of json-file and k8s-file */
#define LOG_LINE_MAX	   (1 << 20) /* bytes of one such line that a reader accepts */
#define LOG_GENERATION_MAX 999999999 /* a larger number in a file name is not ours */

/* Both are 32 bytes in the machine's byte order: a log is read where it was written. */
struct log_index_header {
	char magic[8];
	uint64_t generation;
	uint64_t reserved[2];
};
enum log_record_kind {
	LOG_BYTES, /* log[offset, offset + length) */
	LOG_LOST,  /* length bytes could not be written before this place */
};
struct log_index_record {
	int64_t time_ns; /* since 1970, when the monitor received it */
	uint64_t offset;
	uint64_t length;
	uint8_t stream; /* 1 stdout, 2 stderr */
	uint8_t kind;
	uint8_t reserved[6];
};
_Static_assert(sizeof(struct log_index_header) == 32 && sizeof(struct log_index_record) == 32,
	       "the index has fixed records");

#endif
