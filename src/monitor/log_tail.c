/*
 * log_tail.c - which places of a log the last lines begin at, found by going backwards.
 *
 * A line belongs to a stream and is counted where it ends: at its newline, or at the stream's last
 * byte. The lines of both streams are counted together. When enough were counted, the beginning of
 * the earliest of each stream is still to be found: behind the stream's newline before it. A stream
 * of which no line was counted is left out.
 */
#include "log_read.h"

void log_tail_line_end(struct log_tail *t, int stream)
{
	__typeof__(t->stream[0]) *s = &t->stream[stream - 1];

	if (s->open) {
		s->from = s->next;
		s->chosen = true;
		s->open = false;
	}
	if (t->found < t->want) {
		t->found++;
		s->open = true;
	}
}

void log_tail_seen(struct log_tail *t, int stream, struct log_place place)
{
	__typeof__(t->stream[0]) *s = &t->stream[stream - 1];

	if (!s->seen && !s->open && t->found < t->want) { /* a last line without a newline */
		t->found++;
		s->open = true;
	}
	s->seen = true;
	s->next = place;
}

bool log_tail_done(const struct log_tail *t)
{
	return t->found >= t->want && !t->stream[0].open && !t->stream[1].open;
}

static bool before(struct log_place a, struct log_place b)
{
	return a.generation != b.generation ? a.generation < b.generation : a.offset < b.offset;
}

void log_tail_at_start(struct log_tail *t)
{
	for (int i = 0; i < LOG_STREAMS; i++) {
		if (!t->stream[i].open)
			continue;
		t->stream[i].from = t->stream[i].next;
		t->stream[i].chosen = true;
		t->stream[i].open = false;
	}
}

struct log_place log_tail_settle(struct log_tail *t, struct log_place end)
{
	struct log_place first = end;

	for (int i = 0; i < LOG_STREAMS; i++) {
		if (!t->stream[i].chosen)
			t->stream[i].from = end;
		if (before(t->stream[i].from, first))
			first = t->stream[i].from;
	}
	return first;
}

uint64_t log_tail_from(const struct log_tail *t, int stream, uint64_t generation, uint64_t from,
		       uint64_t to)
{
	struct log_place first = t->stream[stream - 1].from;

	if (generation < first.generation)
		return to;
	if (generation > first.generation || first.offset < from)
		return from;
	return MIN(first.offset, to);
}
