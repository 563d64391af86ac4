/*
 * notes.c - the plain progress of commands that are not build.
 */
#include "notes.h"

#include "output.h"

static void report(void *arg, const struct progress_report *r)
{
	if (r->event == PROGRESS_NOTE && r->text)
		report_note("%s", r->text);
}

const struct progress notes_progress = { report, NULL };
