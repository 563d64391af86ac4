/*
 * progress.c - telling a receiver, which may be none.
 */
#include "util/progress.h"

#include "util/mem.h"

void progress_report(const struct progress *p, const struct progress_report *r)
{
	if (p && p->report)
		p->report(p->arg, r);
}

void progress_note(const struct progress *p, const char *fmt, ...)
{
	auto_free char *text = NULL;
	va_list ap;

	if (!p || !p->report)
		return;
	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	progress_report(p, &(struct progress_report){ .event = PROGRESS_NOTE, .text = text });
}
