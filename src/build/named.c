/*
 * named.c - --build-context: names that FROM, --from and from= look up before all others.
 *
 * Spec   docker's "buildx build", "--build-context"; FEATURES D9.
 */
#include "named.h"
#include "builder.h"

#include <stdio.h>
#include <strings.h>

static char *canonical(const char *text)
{
	struct error no_name = { 0 }; /* then it is compared as it is */
	struct reference ref = { 0 };
	char *name = NULL;

	if (reference_parse(text, &ref, &no_name) == 0 && ref.transport == TRANSPORT_NONE)
		name = reference_name(&ref);
	reference_done(&ref);
	return name;
}

const struct build_context *named_find(const struct build_request *r, const char *name)
{
	auto_free char *wanted = NULL;

	vec_each (&r->contexts, c)
		if (strcasecmp(c->name, name) == 0)
			return c;
	if (r->contexts.n)
		wanted = canonical(name);
	vec_each (&r->contexts, c) {
		auto_free char *have = wanted ? canonical(c->name) : NULL;

		if (have && strcmp(have, wanted) == 0)
			return c;
	}
	return NULL;
}

char *named_image(const char *source)
{
	static const char *const transports[] = { "oci:", "oci-archive:", "docker-archive:" };

	if (str_starts(source, "docker-image://"))
		return xstrdup(source + strlen("docker-image://"));
	if (str_starts(source, "oci-layout://"))
		return xasprintf("oci:%s", source + strlen("oci-layout://"));
	for (size_t i = 0; i < ARRAY_SIZE(transports); i++)
		if (str_starts(source, transports[i]))
			return xstrdup(source);
	return NULL;
}

int named_open(struct builder *b, const struct build_context *given, struct context **c,
	       struct error *err)
{
	struct named_context *n = NULL;
	char dir[32];

	vec_each (&b->named, known)
		if ((*known)->given == given)
			n = *known;
	if (!n) {
		n = xcalloc(1, sizeof(*n));
		vec_push(&b->named, n);
		n->given = given;
		n->context = (struct context)CONTEXT_NONE;
		snprintf(dir, sizeof(dir), "context-%zu", b->named.n);
		if (context_open_named(b->st, b->r, given->source, dir, &b->staging, &n->context,
				       err) < 0)
			return error_add(err, "build context '%s'", given->name);
	}
	if (n->context.root < 0)
		return error_set(err, ERR_NOTFOUND, "build context '%s' could not be opened",
				 given->name);
	*c = &n->context;
	return 0;
}

void named_done(struct builder *b)
{
	struct error ignored = { 0 }; /* the next build hashes those files again */

	vec_each (&b->named, n) {
		context_save(b->st, &(*n)->context, &ignored);
		context_done(&(*n)->context);
		free(*n);
	}
	vec_done(&b->named);
}
