/*
 * build_display.c - a build shown while it runs.
 *
 * Owns   stderr during a build. What steps print is escaped like all foreign text, in the live
 *        display; in the plain one too, when stderr is a terminal.
 * Never  slows a build down: the live display is redrawn ten times a second at most.
 */
#include "build_display.h"

#include "build_json.h"

#include "util/fd.h"
#include "util/str.h"
#include "util/text.h"
#include "util/vec.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define REDRAW_NS    (NSEC_PER_SEC / 10)
#define TAIL_LINES   5		/* of a running step's output, in the live display */
#define KEPT_OUTPUT  (64 << 10) /* bytes of a step's output kept for the case of failure */
#define OUTPUT_WIDTH 400	/* columns of a line of output in the live display */

struct step {
	char *id, *text;
	struct str output; /* the last KEPT_OUTPUT bytes */
	int64_t begun_ns;
	uint64_t now, total; /* bytes, of steps that count them */
};
struct display {
	enum display_kind kind;
	bool terminal;
	int fd;			/* where it is shown */
	VEC(struct step) steps; /* those that run, in order of their beginning */
	int drawn;		/* lines of the live part on the screen */
	int64_t drawn_ns;
	struct str out;
	struct str failed; /* the output of a step that failed */
};

struct display *display_begin(enum display_kind kind, int out)
{
	struct display *d = xcalloc(1, sizeof(*d));

	d->fd = out;
	d->terminal = isatty(out);
	d->kind = kind != DISPLAY_AUTO ? kind : d->terminal ? DISPLAY_TTY : DISPLAY_PLAIN;
	return d;
}

static void flush(struct display *d)
{
	struct error ignored = { 0 }; /* a build does not end because nobody watches */

	if (d->out.len)
		fd_write_all(d->fd, d->out.s, d->out.len, &ignored);
	str_clear(&d->out);
}

static struct step *find_step(struct display *d, const char *id)
{
	vec_each (&d->steps, s)
		if (str_eq(s->id, id))
			return s;
	return NULL;
}

static void step_done(struct step *s)
{
	free(s->id);
	free(s->text);
	str_done(&s->output);
}

static void keep_output(struct str *kept, const char *bytes, size_t n)
{
	if (n > KEPT_OUTPUT) {
		bytes += n - KEPT_OUTPUT;
		n = KEPT_OUTPUT;
	}
	if (kept->len + n > KEPT_OUTPUT) {
		size_t drop = kept->len + n - KEPT_OUTPUT;

		memmove(kept->s, kept->s + drop, kept->len - drop);
		kept->len -= drop;
	}
	str_addn(kept, bytes, n);
}

/* One line of at most width columns, escaped. */
static void add_cut(struct str *out, const char *text, size_t n, size_t width)
{
	auto_done(str) struct str safe = { 0 };
	size_t i = 0, columns = 0;

	str_add_escaped(&safe, text, MIN(n, (size_t)OUTPUT_WIDTH), false);
	for (; i < safe.len; i++)
		if (((unsigned char)safe.s[i] & 0xc0) != 0x80 && ++columns > width)
			break;
	str_addn(out, str_get(&safe), i);
}

static void add_seconds(struct str *out, uint64_t ms)
{
	str_addf(out, "%llu.%llus", (unsigned long long)(ms / 1000),
		 (unsigned long long)(ms % 1000 / 100));
}

/* ---- plain ---- */

/* Lines of a step's output, each behind its step's name; what has no end yet waits in s->output. */
static void plain_output(struct display *d, struct step *s)
{
	const char *p = str_get(&s->output), *end;
	size_t left = s->output.len;

	while ((end = memchr(p, '\n', left)) || left >= KEPT_OUTPUT / 2) {
		size_t n = end ? (size_t)(end - p) : left;

		str_addf(&d->out, "%s ", s->id);
		if (d->terminal)
			str_add_escaped(&d->out, p, n, true);
		else
			str_addn(&d->out, p, n);
		str_addc(&d->out, '\n');
		n += end != NULL;
		p += n;
		left -= n;
	}
	if (left)
		memmove(s->output.s, p, left);
	s->output.len = left;
}

static void plain_end(struct display *d, struct step *s, const struct progress_report *r)
{
	if (s->output.len) { /* the last line had no end */
		str_addc(&s->output, '\n');
		plain_output(d, s);
	}
	str_addf(&d->out, "%s ", s->id);
	str_add_escaped(&d->out, r->text ? r->text : "done", strlen(r->text ? r->text : "done"),
			false);
	str_addc(&d->out, ' ');
	add_seconds(&d->out, r->elapsed_ms);
	str_addc(&d->out, '\n');
}

/* ---- the live display ---- */

static size_t terminal_width(void)
{
	struct winsize w;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) < 0 || w.ws_col < 20)
		return 80;
	return w.ws_col;
}

static int terminal_height(void)
{
	struct winsize w;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) < 0 || w.ws_row < 6)
		return 24;
	return w.ws_row;
}

static void erase(struct display *d)
{
	if (d->drawn > 0)
		str_addf(&d->out, "\x1b[%dA\r\x1b[J", d->drawn);
	d->drawn = 0;
}

static void add_line(struct display *d, const struct str *line)
{
	str_addn(&d->out, str_get(line), line->len);
	str_addc(&d->out, '\n');
	d->drawn++;
}

/* " => [2/7] RUN make                 12.3s" */
static void add_step_line(struct str *line, const struct step *s, const char *how, uint64_t ms,
			  size_t width)
{
	auto_done(str) struct str right = { 0 };
	size_t room, start;
	char a[TEXT_TIME_MAX], b[TEXT_TIME_MAX];

	if (s->total)
		str_addf(&right, "%s/%s ", text_size((int64_t)s->now, a, sizeof(a)),
			 text_size((int64_t)s->total, b, sizeof(b)));
	str_add(&right, how);
	add_seconds(&right, ms);
	str_add(line, " => ");
	start = line->len;
	room = width > right.len + 6 ? width - right.len - 6 : 0;
	add_cut(line, s->id, strlen(s->id), room);
	if (s->text && line->len - start + 1 < room) {
		str_addc(line, ' ');
		add_cut(line, s->text, strlen(s->text), room - (line->len - start));
	}
	for (size_t n = line->len - start; n < room; n++)
		str_addc(line, ' ');
	str_addc(line, ' ');
	str_addn(line, str_get(&right), right.len);
}

/* The beginning of the last n lines. */
static const char *tail_start(const struct str *s, int n)
{
	const char *begin = str_get(s), *p = begin + s->len;

	if (p > begin && p[-1] == '\n')
		p--;
	while (p > begin) {
		if (p[-1] == '\n' && --n == 0)
			break;
		p--;
	}
	return p;
}

static void draw_tail(struct display *d, const struct step *s, int lines, size_t width)
{
	const char *p = tail_start(&s->output, lines), *end = str_get(&s->output) + s->output.len;

	while (p < end) {
		auto_done(str) struct str line = { 0 };
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t n = nl ? (size_t)(nl - p) : (size_t)(end - p);

		str_add(&line, " => => ");
		add_cut(&line, p, n && p[n - 1] == '\r' ? n - 1 : n, width - 8);
		add_line(d, &line);
		p += n + (nl != NULL);
	}
}

static void draw(struct display *d, bool now)
{
	int64_t t = time_monotonic_ns();
	size_t width = terminal_width();
	int room = terminal_height() - 2;

	if (!now && t - d->drawn_ns < REDRAW_NS)
		return;
	d->drawn_ns = t;
	erase(d);
	vec_each (&d->steps, s) {
		auto_done(str) struct str line = { 0 };

		if (d->drawn >= room)
			break;
		add_step_line(&line, s, "", (uint64_t)((t - s->begun_ns) / 1000000), width);
		add_line(d, &line);
		draw_tail(d, s, MIN(TAIL_LINES, room - d->drawn), width);
	}
	flush(d);
}

static void tty_end(struct display *d, struct step *s, const struct progress_report *r)
{
	auto_done(str) struct str line = { 0 };
	const char *text = r->text ? r->text : "";
	auto_free char *how = str_eq(text, "done") ? xstrdup("") : xasprintf("%s ", text);

	erase(d);
	s->total = 0;
	add_step_line(&line, s, how, r->elapsed_ms, terminal_width());
	add_line(d, &line);
	d->drawn = 0; /* it stays */
}

/* ---- what happens ---- */

static void on_begin(struct display *d, const struct progress_report *r)
{
	struct step *s = vec_add(&d->steps);

	s->id = xstrdup(r->id ? r->id : "");
	s->text = xstrdup_or_null(r->text);
	s->total = r->total;
	s->begun_ns = time_monotonic_ns();
	if (d->kind == DISPLAY_PLAIN) {
		str_add_escaped(&d->out, s->id, strlen(s->id), false);
		str_addc(&d->out, ' ');
		str_add_escaped(&d->out, s->text ? s->text : "", s->text ? strlen(s->text) : 0,
				false);
		str_addc(&d->out, '\n');
	}
}

static void on_output(struct display *d, struct step *s, const struct progress_report *r)
{
	keep_output(&s->output, r->text, (size_t)r->now);
	if (d->kind == DISPLAY_PLAIN)
		plain_output(d, s);
}

static void on_end(struct display *d, struct step *s, const struct progress_report *r)
{
	if (d->kind != DISPLAY_PLAIN && str_eq(r->text, "failed")) {
		str_clear(&d->failed);
		str_addn(&d->failed, str_get(&s->output), s->output.len);
	}
	if (d->kind == DISPLAY_PLAIN)
		plain_end(d, s, r);
	else if (d->kind == DISPLAY_TTY)
		tty_end(d, s, r);
	step_done(s);
	vec_remove(&d->steps, (size_t)(s - d->steps.v));
}

static void on_note(struct display *d, const struct progress_report *r)
{
	if (d->kind == DISPLAY_QUIET || d->kind == DISPLAY_JSON || !r->text)
		return;
	if (d->kind == DISPLAY_TTY)
		erase(d);
	str_add_escaped(&d->out, r->text, strlen(r->text), true);
	str_addc(&d->out, '\n');
}

static void report(void *arg, const struct progress_report *r)
{
	struct display *d = arg;
	struct step *s = r->id ? find_step(d, r->id) : NULL;

	if (d->kind == DISPLAY_JSON)
		build_json_add(&d->out, r,
			       r->event == PROGRESS_BEGIN ? r->text
			       : s			  ? s->text
							  : NULL);

	if (r->event == PROGRESS_BEGIN)
		on_begin(d, r);
	else if (r->event == PROGRESS_NOTE)
		on_note(d, r);
	else if (s && r->event == PROGRESS_OUTPUT)
		on_output(d, s, r);
	else if (s && r->event == PROGRESS_END)
		on_end(d, s, r);
	else if (s && r->event == PROGRESS_UPDATE)
		s->now = r->now;
	if (d->kind == DISPLAY_TTY)
		draw(d, r->event == PROGRESS_END || r->event == PROGRESS_BEGIN);
	else
		flush(d);
}

struct progress display_progress(struct display *d)
{
	return (struct progress){ report, d };
}

static void add_failed(struct display *d)
{
	const char *p = d->failed.s, *end = p + d->failed.len;

	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t n = nl ? (size_t)(nl - p) : (size_t)(end - p);

		if (d->terminal)
			str_add_escaped(&d->out, p, n, true);
		else
			str_addn(&d->out, p, n);
		str_addc(&d->out, '\n');
		p += n + (nl != NULL);
	}
}

void display_end(struct display *d, bool succeeded)
{
	if (d->kind == DISPLAY_TTY)
		erase(d);
	if (!succeeded && d->kind != DISPLAY_JSON)
		add_failed(d);
	flush(d);
	vec_each (&d->steps, s)
		step_done(s);
	vec_done(&d->steps);
	str_done(&d->out);
	str_done(&d->failed);
	free(d);
}
