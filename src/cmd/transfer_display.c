/*
 * transfer_display.c - pulls and pushes shown while they run.
 *
 * Owns   stderr meanwhile. Nothing is hidden on the terminal (no cursor, no echo), so that a Ctrl-C
 *        at any moment leaves it as it was.
 */
#include "transfer_display.h"

#include "output.h"
#include "util/fd.h"
#include "util/text.h"
#include "util/vec.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define REDRAW_NS (NSEC_PER_SEC / 10)
#define BAR_WIDTH 30
#define BARS_MAX  12

struct item {
	char *id, *text;
	int64_t begun_ns;
	uint64_t first, now, total; /* first: what was there when it began */
};
struct transfer_display {
	enum transfer_kind kind;
	VEC(struct item) items; /* those that run, in order of their beginning */
	int drawn;		/* lines of bars on the screen */
	int64_t drawn_ns;
	struct str out;
};

enum transfer_kind transfer_kind_of(const char *text)
{
	static const char *const names[] = { "auto", "plain", "tty", "rawjson", "quiet" };

	for (size_t i = 0; text && i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i], text) == 0)
			return (enum transfer_kind)i;
	return TRANSFER_AUTO;
}

struct transfer_display *transfer_begin(enum transfer_kind kind)
{
	struct transfer_display *d = xcalloc(1, sizeof(*d));

	d->kind = kind != TRANSFER_AUTO	  ? kind
		  : isatty(STDERR_FILENO) ? TRANSFER_TTY
					  : TRANSFER_PLAIN;
	return d;
}

static void flush(struct transfer_display *d)
{
	struct error ignored = { 0 }; /* a pull does not end because nobody watches */

	if (d->out.len)
		fd_write_all(STDERR_FILENO, d->out.s, d->out.len, &ignored);
	str_clear(&d->out);
}

static struct item *item_find(struct transfer_display *d, const char *id)
{
	vec_each (&d->items, i)
		if (strcmp(i->id, id) == 0)
			return i;
	return NULL;
}

static void item_remove(struct transfer_display *d, struct item *i)
{
	free(i->id);
	free(i->text);
	vec_remove(&d->items, (size_t)(i - d->items.v));
}

/* ---- the terminal ---- */

static void erase(struct transfer_display *d)
{
	if (d->drawn)
		str_addf(&d->out, "\r\033[%dA\033[J", d->drawn);
	d->drawn = 0;
}

static void draw_bar(struct transfer_display *d, const struct item *i, int columns)
{
	char now[32], total[32], rate[32];
	int full = i->total ? (int)(MIN(i->now, i->total) * BAR_WIDTH / i->total) : 0;
	int64_t ns = time_monotonic_ns() - i->begun_ns;
	uint64_t moved = i->now - MIN(i->first, i->now);
	auto_free char *line = NULL;
	char bar[BAR_WIDTH + 1];

	for (int k = 0; k < BAR_WIDTH; k++)
		bar[k] = k < full ? '=' : k == full ? '>' : ' ';
	bar[BAR_WIDTH] = '\0';
	text_size((int64_t)i->now, now, sizeof(now));
	text_size((int64_t)i->total, total, sizeof(total));
	text_size(ns > 0 ? (int64_t)((double)moved * 1e9 / (double)ns) : 0, rate, sizeof(rate));
	line = xasprintf("%s: %s [%s] %s/%s %s/s", i->id,
			 i->total && i->now >= i->total ? "unpacking" : i->text, bar, now, total,
			 rate);
	str_add_escaped(&d->out, line, MIN(strlen(line), (size_t)columns - 1), false);
	str_add(&d->out, "\033[K\n");
}

static void draw(struct transfer_display *d)
{
	struct winsize w = { 0 };
	int columns = 80, rows = 24;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 10 && w.ws_row > 2) {
		columns = w.ws_col;
		rows = w.ws_row;
	}
	for (size_t k = 0; k < d->items.n && d->drawn < MIN(rows - 1, BARS_MAX); k++) {
		draw_bar(d, &d->items.v[k], columns);
		d->drawn++;
	}
	d->drawn_ns = time_monotonic_ns();
}

/* ---- what is told ---- */

static void add_line(struct transfer_display *d, const char *text)
{
	str_add_escaped(&d->out, text, strlen(text), false);
	str_addc(&d->out, '\n');
}

static void plain(struct transfer_display *d, const struct progress_report *r)
{
	auto_free char *line = NULL;
	char size[32];

	text_size((int64_t)r->total, size, sizeof(size));
	if (r->event == PROGRESS_BEGIN)
		line = xasprintf("%s: %s, %s", r->id, r->text, size);
	else if (r->event == PROGRESS_END)
		line = xasprintf("%s: %s, %s in %.1f s", r->id, r->text, size,
				 (double)r->elapsed_ms / 1000);
	else if (r->event == PROGRESS_NOTE)
		line = xstrdup(r->text);
	if (line)
		add_line(d, line);
}

static void rawjson(struct transfer_display *d, const struct progress_report *r)
{
	static const char *const events[] = { "begin", "update", "output", "end", "note" };

	str_addf(&d->out, "{\"event\":\"%s\"", events[r->event]);
	if (r->id) {
		str_add(&d->out, ",\"id\":");
		str_add_json(&d->out, r->id);
	}
	if (!str_empty(r->text)) {
		str_add(&d->out, ",\"text\":");
		str_add_json(&d->out, r->text);
	}
	if (r->event != PROGRESS_NOTE)
		str_addf(&d->out, ",\"current\":%llu,\"total\":%llu", (unsigned long long)r->now,
			 (unsigned long long)r->total);
	if (r->event == PROGRESS_END)
		str_addf(&d->out, ",\"elapsedMs\":%llu", (unsigned long long)r->elapsed_ms);
	str_add(&d->out, "}\n");
}

static void tty(struct transfer_display *d, const struct progress_report *r)
{
	struct item *i = r->id ? item_find(d, r->id) : NULL;
	bool lasting = r->event == PROGRESS_END || r->event == PROGRESS_NOTE;

	if (r->event == PROGRESS_BEGIN && !i) {
		i = vec_add(&d->items);
		*i = (struct item){
			xstrdup(r->id), xstrdup(r->text), time_monotonic_ns(), UINT64_MAX, 0,
			r->total
		};
	} else if (r->event == PROGRESS_UPDATE && i) {
		i->now = r->now;
		if (i->first == UINT64_MAX)
			i->first = r->now;
	} else if (r->event == PROGRESS_END && i) {
		item_remove(d, i);
	}
	if (!lasting && time_monotonic_ns() - d->drawn_ns < REDRAW_NS)
		return;
	erase(d);
	if (lasting)
		plain(d, r);
	draw(d);
}

static void on_report(void *arg, const struct progress_report *r)
{
	struct transfer_display *d = arg;

	if (d->kind == TRANSFER_TTY)
		tty(d, r);
	else if (d->kind == TRANSFER_RAWJSON)
		rawjson(d, r);
	else if (d->kind == TRANSFER_PLAIN)
		plain(d, r);
	flush(d);
}

struct progress transfer_progress(struct transfer_display *d)
{
	return (struct progress){ on_report, d };
}

void transfer_end(struct transfer_display *d)
{
	erase(d);
	flush(d);
	while (d->items.n)
		item_remove(d, &d->items.v[0]);
	vec_done(&d->items);
	str_done(&d->out);
	free(d);
}
