/*
 * replace.c - what `replace` asks for: the request of a container, with its mounts, once more.
 */
#include "engine/container.h"

/* Mounts are kept resolved in the record; volumes without a name of their own go on by the one they got. */
static void mount_again(const struct container_mount *from, struct run_request *r)
{
	struct request_mount *m = vec_add(&r->mounts);
	bool volume = str_eq(from->type, "volume");

	m->type = xstrdup_or_null(from->type);
	m->source = xstrdup_or_null(volume ? from->name : from->source);
	m->destination = xstrdup_or_null(from->destination);
	m->readonly = !from->rw;
	m->nocopy = from->nocopy;
	m->nonrecursive = from->nonrecursive;
	m->propagation = xstrdup_or_null(from->propagation);
	strv_copy(&m->options, &from->options);
}

int container_request_again(const struct container *c, struct run_request *r, struct error *err)
{
	int status = container_request(c, r, NULL, err);

	strv_done(&r->volumes_from);
	vec_each (&c->record.mounts, m)
		mount_again(m, r);
	return status;
}

int container_take_name(struct engine *e, struct container *c, const char *name, struct error *err)
{
	struct run_request r;
	int status;

	run_request_init(&r);
	status = container_request(c, &r, NULL, err);
	if (status == 0) {
		struct str text = { 0 };

		free(r.name);
		r.name = xstrdup(name);
		fields_format(run_request_fields, &r, false, &text);
		free(c->record.request);
		c->record.request = str_take(&text);
		free(c->record.replaces);
		c->record.replaces = NULL;
		c->record.replacing = false;
		status = container_rename(e->store, c, name, err);
	}
	run_request_done(&r);
	return status;
}
