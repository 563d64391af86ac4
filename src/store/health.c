/*
 * health.c - health.json: its fields, and how it is read.
 */
#include "store/health.h"

#include "store_private.h"
#include "util/fd.h"

#include <stdio.h>

/* an output of control characters grows by six in JSON */
#define FILE_MAX (HEALTH_LOG_MAX * (HEALTH_OUTPUT_MAX * 6 + 256) + 256)

static const struct field entry_fields[] = {
	F_INT(struct health_entry, start_ns, "start"),
	F_INT(struct health_entry, end_ns, "end"),
	F_INT(struct health_entry, exit_code, "exitCode"),
	F_STR(struct health_entry, output, "output"),
	F_END,
};
const struct field health_fields[] = {
	F_STR_(struct health, status, "status", FIELD_REQUIRED),
	F_INT(struct health, failing_streak, "failingStreak"),
	F_VEC(struct health, log, "log", entry_fields),
	F_END,
};

void health_done(struct health *h)
{
	fields_done(health_fields, h);
	memset(h, 0, sizeof(*h));
}

int health_load(struct store *st, const struct container *c, struct health *h, struct error *err)
{
	const struct fields_limits limits = { .max_bytes = FILE_MAX, .max_depth = 8 };
	char name[CONTAINER_ID_MAX + sizeof(HEALTH_FILE) + 1] = HEALTH_FILE;
	auto_done(str) struct str text = { 0 };
	int dir = c->fd;

	if (dir < 0) {
		if (store_dir_find(st, STORE_CONTAINERS, &dir, err) <= 0)
			return err->kind ? -1 : 0;
		snprintf(name, sizeof(name), "%s/" HEALTH_FILE, c->id);
	}
	if (file_read(dir, name, &text, FILE_MAX, err) < 0) {
		if (err->kind != ERR_NOTFOUND)
			return -1;
		error_clear(err);
		return 0;
	}
	fields_init(health_fields, h);
	if (fields_parse(health_fields, str_get(&text), text.len, &limits, FIELDS_LENIENT, h, err) < 0)
		return error_add(err, HEALTH_FILE);
	if (h->failing_streak == UNSET)
		h->failing_streak = 0;
	return 1;
}
