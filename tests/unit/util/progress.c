/* Progress goes to its receiver, or nowhere. */
#include "unit.h"

#include "util/progress.h"

struct seen {
	int n;
	enum progress_event event;
	char text[64];
};

static void take(void *arg, const struct progress_report *r)
{
	struct seen *s = arg;

	s->n++;
	s->event = r->event;
	snprintf(s->text, sizeof(s->text), "%s", r->text);
}

START_TEST(progress_note_reaches_the_receiver)
{
	struct seen s = { 0 };
	struct progress p = { take, &s };

	progress_note(&p, "layer %d of %d", 2, 3);
	ck_assert_int_eq(s.n, 1);
	ck_assert_int_eq(s.event, PROGRESS_NOTE);
	ck_assert_str_eq(s.text, "layer 2 of 3");
}
END_TEST

START_TEST(progress_without_a_receiver_is_silent)
{
	struct progress none = { 0 };

	progress_note(NULL, "x");
	progress_note(&none, "x");
	progress_report(NULL, &(struct progress_report){ .event = PROGRESS_BEGIN });
}
END_TEST

UNIT_MAIN("util/progress", TEST(progress_note_reaches_the_receiver),
	  TEST(progress_without_a_receiver_is_silent))
