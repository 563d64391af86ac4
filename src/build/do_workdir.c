/*
 * do_workdir.c - WORKDIR: a setting, and a layer only when the directory must be made.
 *
 * Spec   Dockerfile reference, "WORKDIR"; FEATURES B38.
 */
#include "builder.h"
#include "draft.h"
#include "util/path.h"

#include <stdio.h>

/* 1 when a layer was made. */
static int make_directory(struct builder *b, struct stage_state *s, const char *path,
			  struct digest *layer, struct error *err)
{
	auto_done(draft) struct draft d = DRAFT_NONE;
	auto_done(str) struct str resolved = { 0 };
	auto_close int fd = -1;
	struct stat st;
	int view = stage_view(b, s, err), r;

	if (view < 0 || draft_begin(b->st, &s->layers, view, &d, err) < 0)
		return -1;
	r = draft_resolve(&d, path, &resolved, &st, err);
	if (r < 0)
		return -1;
	if (r == 1 && !S_ISDIR(st.st_mode))
		return error_set(err, ERR_INVALID, "%s is not a directory", path);
	if (r == 1)
		return 0;
	fd = draft_dir(&d, resolved.s, 0, 0, err);
	if (fd < 0 || draft_commit(&d, b->epoch, NULL, layer, err) < 0)
		return -1;
	return 1;
}

int do_workdir(struct builder *b, struct stage_state *s, const struct instruction *in,
	       struct error *err)
{
	const char *current = s->config.config.working_dir, *to = in->args.v[0];
	auto_free char *path = path_join(str_empty(current) ? "/" : current, to);
	auto_free char *created_by = NULL;
	struct digest layer;
	char key[SHA256_HEX];
	struct key k;
	int r;

	if (!*to)
		return error_set(err, ERR_INVALID, "WORKDIR is empty after replacing variables");
	if (path[0] != '/') { /* a base image with a relative one */
		char *absolute = path_join("/", path);

		free(path);
		path = absolute;
	}
	free(s->config.config.working_dir);
	s->config.config.working_dir = xstrdup(path);
	created_by = xasprintf("WORKDIR %s", path);
	key_begin(&k, "WORKDIR");
	key_list(&k, "layers", &s->layers);
	key_add(&k, "path", path);
	key_int(&k, "epoch", b->epoch);
	key_end(&k, key);
	r = step_find(b, s, key, created_by, err);
	if (r != 0)
		return r < 0 ? -1 : 0;
	r = make_directory(b, s, path, &layer, err);
	if (r < 0)
		return -1;
	return step_finish(b, s, key, r ? &layer : NULL, created_by, err);
}
