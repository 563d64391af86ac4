/*
 * update.c - limits changed while a container runs, and kept for its next start.
 */
#include "engine/container.h"

#include "prepare.h"
#include "runtime/cgroup.h"
#include "store/event.h"

static int load_request(const struct container *c, struct run_request *r, struct error *err)
{
	const struct fields_limits limits = { .max_bytes = SPEC_MAX, .max_depth = 64 };

	if (!c->record.request)
		return error_set(err, ERR_INVALID, "the record has no request");
	return fields_parse(run_request_fields, c->record.request, strlen(c->record.request),
			    &limits, FIELDS_LENIENT, r, err);
}

static bool changes_memory(const struct request_limits *l)
{
	return l->memory != UNSET || l->memory_swap != UNSET;
}

/* Only what is given, but memory and swap as they are together: one is counted in the other. */
static int apply(const struct container *c, const struct request_limits *merged,
		 const struct request_limits *more, struct error *err)
{
	struct spec_resources all, some;
	struct spec_block_io *io = NULL;
	bool swap_is_default, ignored;
	int status;

	if (limits_resolve_io(more, &io, err) < 0)
		return -1;
	spec_resources_init(&all);
	spec_resources_init(&some);
	limits_to_resources(merged, NULL, &all, &swap_is_default);
	limits_to_resources(more, io, &some, &ignored);
	if (changes_memory(more)) {
		struct spec_memory *kept = some.memory;

		some.memory = all.memory;
		all.memory = kept;
	}
	status = cgroup_update_defaults(c->state.cgroup, &some,
					swap_is_default ? "memory.swap.max" : NULL, err);
	spec_resources_done(&all);
	spec_resources_done(&some);
	spec_block_io_free(io);
	return status;
}

int container_request_save(struct engine *e, struct container *c, const struct run_request *r,
			   struct error *err)
{
	struct str text = { 0 };

	fields_format(run_request_fields, r, false, &text);
	free(c->record.request);
	c->record.request = str_take(&text);
	return container_record_save(e->store, c, err);
}

int container_update(struct engine *e, struct container *c, const struct request_limits *more,
		     struct error *err)
{
	bool up = c->status == CONTAINER_RUNNING || c->status == CONTAINER_PAUSED;
	struct run_request r;
	int status;

	if (c->status == CONTAINER_CORRUPT)
		return error_set(err, ERR_INVALID, "container is corrupt: %s", c->why);
	run_request_init(&r);
	status = load_request(c, &r, err);
	if (status == 0) {
		request_limits_merge(&r.limits, more);
		status = request_limits_check(&r.limits, err);
	}
	if (status == 0 && up)
		status = apply(c, &r.limits, more, err);
	if (status == 0)
		status = container_request_save(e, c, &r, err);
	if (status == 0)
		event_container(e->store, c, "update", EVENT_END);
	run_request_done(&r);
	return status;
}
