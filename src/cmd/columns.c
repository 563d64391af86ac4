/*
 * columns.c - text with tabs set in columns.
 *
 * Owns   the arithmetic of tables, which is that of Go's text/tabwriter. What a cell says is not
 *        its business: the caller has escaped it.
 */
#include "columns.h"

#include "util/vec.h"

struct cell {
	const char *s;
	size_t n, width;
};
struct line {
	size_t first, n; /* cells */
};
struct page {
	VEC(struct cell) cells;
	VEC(struct line) lines;
	size_t widths[COLUMNS_MAX]; /* of the columns that are open, from the left */
	size_t n_widths;
	struct str *out;
};

static size_t width_of(const char *s, size_t n)
{
	size_t width = 0;

	for (size_t i = 0; i < n; i++)
		width += ((unsigned char)s[i] & 0xc0) != 0x80;
	return width;
}

static void split_line(struct page *p, const char *s, size_t n)
{
	struct line *line = vec_add(&p->lines);

	line->first = p->cells.n;
	for (;;) {
		const char *tab = line->n < COLUMNS_MAX ? memchr(s, '\t', n) : NULL;
		size_t len = tab ? (size_t)(tab - s) : n;

		*vec_add(&p->cells) = (struct cell){ s, len, width_of(s, len) };
		line->n++;
		if (!tab)
			return;
		s += len + 1;
		n -= len + 1;
	}
}

/* Is there a cell that a tab ended? */
static bool has_column(const struct line *line, size_t column)
{
	return column + 1 < line->n;
}

static void write_lines(struct page *p, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		const struct line *line = &p->lines.v[i];

		for (size_t j = 0; j < line->n; j++) {
			const struct cell *c = &p->cells.v[line->first + j];

			str_addn(p->out, c->s, c->n);
			if (j < p->n_widths && has_column(line, j))
				str_addf(p->out, "%*s", (int)(p->widths[j] - c->width), "");
		}
		if (i + 1 < p->lines.n)
			str_addc(p->out, '\n');
	}
}

/* Finds, in lines from..to, the blocks that have the next column; each is set and then divided. */
static void set_columns(struct page *p, size_t from, size_t to)
{
	size_t column = p->n_widths, start = from;

	for (size_t i = from; i < to; i++) {
		size_t width = COLUMNS_MIN_WIDTH;

		if (!has_column(&p->lines.v[i], column))
			continue;
		write_lines(p, start, i);
		start = i;
		for (; i < to && has_column(&p->lines.v[i], column); i++)
			width = MAX(width,
				    p->cells.v[p->lines.v[i].first + column].width + COLUMNS_GAP);
		p->widths[p->n_widths++] = width;
		set_columns(p, start, i);
		p->n_widths--;
		start = i;
	}
	write_lines(p, start, to);
}

void columns_format(const char *text, size_t n, struct str *out)
{
	struct page p = { .out = out };

	for (;;) {
		const char *end = memchr(text, '\n', n);
		size_t len = end ? (size_t)(end - text) : n;

		split_line(&p, text, len);
		if (!end)
			break;
		text += len + 1;
		n -= len + 1;
	}
	set_columns(&p, 0, p.lines.n);
	vec_done(&p.cells);
	vec_done(&p.lines);
}
