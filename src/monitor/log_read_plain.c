/*
 * log_read_plain.c - reading driver `plain`: the index says what to take from the bytes.
 *
 * Records that stand side by side and go to one place are moved together by sendfile(2). Nothing in
 * the index is believed: ranges outside the file read as nothing, other streams are left out.
 */
#include "log_read.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORDS 512 /* read at once: 16 KiB */

struct range { /* of one place to go, not written yet */
	int stream;
	uint64_t from, to;
};

static int64_t mtime_ns(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 ? 0 : st.st_mtim.tv_sec * 1000000000LL + st.st_mtim.tv_nsec;
}

static uint64_t size_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 ? 0 : (uint64_t)st.st_size;
}

/* Up to RECORDS whole ones at the place in the index: how many, -1. */
static ssize_t records_read(const struct log_file *f, uint64_t at, struct log_index_record *r,
			    size_t max, struct error *err)
{
	ssize_t n = pread(f->index, r, max * sizeof(*r), (off_t)at);

	if (n < 0)
		return error_sys(err, "read the log's index");
	return n / (ssize_t)sizeof(*r);
}

static bool usable(const struct log_index_record *r)
{
	return (r->stream == 1 || r->stream == 2) && r->offset <= INT64_MAX &&
	       r->length <= INT64_MAX - r->offset;
}

static int range_flush(struct log_reader *r, const struct log_file *f, struct range *range,
		       struct error *err)
{
	struct range now = *range;

	range->from = range->to = 0;
	return now.from < now.to ? log_sink_move(&r->sink, now.stream, f->fd, now.from, now.to, err)
				 : 0;
}

static int bytes_decorate(struct log_reader *r, const struct log_file *f, int64_t time_ns,
			  int stream, uint64_t from, uint64_t to, struct error *err)
{
	char *buf = r->block;

	while (from < to) {
		size_t want = MIN(sizeof(r->block), (size_t)(to - from));
		ssize_t n = pread(f->fd, buf, want, (off_t)from);

		if (n < 0)
			return error_sys(err, "read the log");
		if (n == 0)
			return 0;
		if (log_sink_put(&r->sink, time_ns, stream, buf, (size_t)n, err) < 0)
			return -1;
		from += (uint64_t)n;
	}
	return 0;
}

static int bytes_read(struct log_reader *r, const struct log_file *f, struct range *range,
		      const struct log_index_record *record, struct error *err)
{
	uint64_t from = record->offset, to = from + record->length;

	if (r->tailing)
		from = log_tail_from(&r->tail, record->stream, f->generation, from, to);
	if (from >= to)
		return 0;
	if (r->sink.decorate)
		return bytes_decorate(r, f, record->time_ns, record->stream, from, to, err);
	if (range->to == from && (r->sink.same || range->stream == record->stream)) {
		range->to = to;
		return 0;
	}
	if (range_flush(r, f, range, err) < 0)
		return -1;
	*range = (struct range){ record->stream, from, to };
	return 0;
}

static int loss_read(struct log_reader *r, const struct log_file *f, struct range *range,
		     const struct log_index_record *record, struct error *err)
{
	char note[96];
	int n;

	if (range_flush(r, f, range, err) < 0)
		return -1;
	n = snprintf(note, sizeof(note), "hod: %llu bytes of output were lost: the log was full\n",
		     (unsigned long long)record->length);
	return log_sink_put(&r->sink, record->time_ns, 2, note, (size_t)n, err);
}

static int record_read(struct log_reader *r, struct log_file *f, struct range *range,
		       const struct log_index_record *record, struct error *err)
{
	if (!usable(record))
		return 0;
	if (record->kind == LOG_BYTES)
		f->end = MAX(f->end, record->offset + record->length);
	if (r->q->since_ns != UNSET && record->time_ns < r->q->since_ns)
		return 0;
	if (r->q->until_ns != UNSET && record->time_ns > r->q->until_ns) {
		r->ended = true;
		return 0;
	}
	if (record->kind == LOG_LOST)
		return loss_read(r, f, range, record, err);
	return record->kind == LOG_BYTES ? bytes_read(r, f, range, record, err) : 0;
}

/* What a killed monitor wrote without telling the index. */
static int rest_read(struct log_reader *r, struct log_file *f, struct range *range, struct error *err)
{
	struct log_index_record rest = { .time_ns = mtime_ns(f->fd), .offset = f->end, .stream = 1 };
	uint64_t size = size_of(f->fd);

	if (size <= f->end)
		return 0;
	rest.length = size - f->end;
	return record_read(r, f, range, &rest, err);
}

int log_plain_read(struct log_reader *r, struct log_file *f, struct error *err)
{
	struct log_index_record records[RECORDS];
	struct range range = { 0 };
	ssize_t n = 0;

	f->at = MAX(f->at, sizeof(struct log_index_header));
	do {
		if (f->index >= 0)
			n = records_read(f, f->at, records, RECORDS, err);
		if (n < 0)
			return -1;
		for (ssize_t i = 0; i < n && !r->ended; i++)
			if (record_read(r, f, &range, &records[i], err) < 0)
				return -1;
		f->at += (uint64_t)n * sizeof(records[0]);
	} while (n == RECORDS && !r->ended);
	if (r->final && !r->ended && rest_read(r, f, &range, err) < 0)
		return -1;
	return range_flush(r, f, &range, err);
}

/* Line ends in one record, from its last byte to its first. */
static int record_tail(struct log_reader *r, const struct log_file *f,
		       const struct log_index_record *record, struct error *err)
{
	const uint64_t end = record->offset + record->length;
	uint64_t to = end;
	char *buf = r->block;

	while (to > record->offset && !log_tail_done(&r->tail)) {
		size_t want = MIN(sizeof(r->block), (size_t)(to - record->offset));
		uint64_t from = to - want;
		ssize_t n = pread(f->fd, buf, want, (off_t)from);
		const char *newline;

		if (n < 0)
			return error_sys(err, "read the log");
		for (; n > 0 && (newline = memrchr(buf, '\n', (size_t)n)); n = newline - buf) {
			uint64_t behind = from + (uint64_t)(newline - buf) + 1;

			if (behind < end)
				log_tail_seen(&r->tail, record->stream,
					      (struct log_place){ f->generation, behind });
			log_tail_line_end(&r->tail, record->stream);
			if (log_tail_done(&r->tail))
				return 0;
			log_tail_seen(&r->tail, record->stream,
				      (struct log_place){ f->generation, behind - 1 });
		}
		to = from;
		log_tail_seen(&r->tail, record->stream, (struct log_place){ f->generation, to });
	}
	return 0;
}

int log_plain_tail(struct log_reader *r, struct log_file *f, struct error *err)
{
	const uint64_t first = sizeof(struct log_index_header),
		       size = sizeof(struct log_index_record);
	uint64_t at = f->index >= 0 ? size_of(f->index) / size * size : first;
	struct log_index_record records[RECORDS];

	if (f->index < 0) {
		struct log_index_record all = { .stream = 1, .length = size_of(f->fd) };

		return record_tail(r, f, &all, err);
	}
	while (at > first && !log_tail_done(&r->tail)) {
		size_t want = MIN((size_t)RECORDS, (size_t)((at - first) / size));
		ssize_t n = records_read(f, at - want * size, records, want, err);

		if (n < 0)
			return -1;
		if ((size_t)n != want)
			return 0; /* it shrank: not ours */
		while (n-- > 0)
			if (usable(&records[n]) && records[n].kind == LOG_BYTES &&
			    records[n].length > 0 && record_tail(r, f, &records[n], err) < 0)
				return -1;
		at -= want * size;
	}
	return 0;
}
