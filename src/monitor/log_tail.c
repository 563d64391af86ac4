/*
 * log_tail.c - which places of a log the last lines begin at, found by going backwards.
 *
 * A line belongs to a stream; it begins at the stream's first byte and behind each newline that
 * another byte of the stream follows. The lines of both streams are counted together, in the order
 * of the places where they begin; a stream with no chosen line is left out.
 */
#include "log_read.h"

void log_tail_line_end(struct log_tail *t, int stream)
{
	__typeof__(t->stream[0]) *s = &t->stream[stream - 1];

	if (!s->seen || log_tail_done(t))
		return;
	s->from = s->next;
	s->chosen = true;
	t->found++;
}

void log_tail_seen(struct log_tail *t, int stream, struct log_place place)
{
	t->stream[stream - 1].seen = true;
	t->stream[stream - 1].next = place;
}

bool log_tail_done(const struct log_tail *t)
{
	return t->found >= t->want;
}

static bool before(struct log_place a, struct log_place b)
{
	return a.generation != b.generation ? a.generation < b.generation : a.offset < b.offset;
}

void log_tail_at_start(struct log_tail *t)
{
	/* the later of the two first lines is the one that counts first */
	int later = t->stream[0].seen && t->stream[1].seen &&
				    before(t->stream[0].next, t->stream[1].next)
			    ? 2
			    : 1;

	log_tail_line_end(t, later);
	log_tail_line_end(t, 3 - later);
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
