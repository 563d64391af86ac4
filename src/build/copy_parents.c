/*
 * copy_parents.c - COPY --parents: what is found keeps the path it was found at.
 *
 * "a/./b/c" keeps "b/c"; without "/./" all of the path is kept. "**" is any number of directories.
 * Spec   Dockerfile reference, "COPY --parents"; FEATURES B20.
 */
#include "copy_sources.h"
#include "util/path.h"

#include <stdio.h>

/* "../a" and "/a" are "a": nothing is above the tree's top. Yours. */
static char *clamp(const char *word)
{
	auto_free char *rooted = xasprintf("/%s", word);
	auto_free char *clean = path_clean(rooted);

	return xstrdup(clean + 1);
}

static int find(struct copy_sources *c, const char *path, struct node **n, struct error *err)
{
	bool ignored;
	int r = tree_find(c->from.tree, path, n, &ignored, err);

	if (r != 0)
		return r < 0 ? -1 : 0;
	return copy_sources_missing(c, path, ignored, err);
}

static int find_plain(const struct instruction *in, struct copy_sources *c, const char *pivot,
		      const char *path, struct error *err)
{
	auto_free char *plain = glob_plain(path);
	auto_free char *full = path_in(pivot, plain);
	struct node *n;

	if (find(c, full[0] == '/' ? full + 1 : full, &n, err) < 0)
		return -1;
	return copy_sources_add(in, c, n, plain, pivot, err);
}

/* The path of a node, seen from one above it. Yours. */
static char *path_from(const struct node *n, const struct node *top)
{
	auto_free char *all = node_path(n), *above = node_path(top);

	return xstrdup(*above ? all + strlen(above) + 1 : all);
}

static int find_pattern(const struct instruction *in, struct copy_sources *c, const char *pivot,
			const char *pattern, struct error *err)
{
	struct glob g = { 0 };
	nodes found = { 0 };
	struct node *top;
	int r;

	c->wildcard = true;
	if (find(c, pivot, &top, err) < 0 || glob_parse(pattern, GLOB_IGNORE, &g, err) < 0)
		return -1;
	r = tree_match_deep(c->from.tree, top, &g, &found, err);
	for (size_t i = 0; r == 0 && i < found.n; i++) {
		auto_free char *base = path_from(found.v[i], top);

		if (!ignore_path(&c->exclude, base))
			r = copy_sources_add(in, c, found.v[i], base, pivot, err);
	}
	vec_done(&found);
	glob_done(&g);
	return r;
}

int copy_parents_find(const struct instruction *in, struct copy_sources *c, const char *word,
		      struct error *err)
{
	const char *dot = strstr(word, "/./");
	auto_free char *before = dot ? xstrndup(word, (size_t)(dot - word)) : xstrdup("");
	auto_free char *pivot = clamp(before), *path = clamp(dot ? dot + 3 : word);

	if (!*path) { /* the whole tree: there is nothing above it */
		struct node *n;

		return find(c, pivot, &n, err) < 0 ? -1 : copy_sources_add(in, c, n, "", pivot, err);
	}
	return strpbrk(path, "*?[") ? find_pattern(in, c, pivot, path, err)
				    : find_plain(in, c, pivot, path, err);
}

int copy_parents_nodes(struct copy_sources *c, const struct copy_source *s, nodes *parents,
		       struct error *err)
{
	auto_free char *part = xstrdup(s->base);

	for (char *p = strchr(part, '/'); p; p = strchr(p + 1, '/')) {
		auto_free char *full = NULL;
		struct node *n;

		*p = '\0';
		full = *s->pivot ? path_in(s->pivot, part) : xstrdup(part);
		if (find(c, full, &n, err) < 0)
			return -1;
		vec_push(parents, n);
		*p = '/';
	}
	return 0;
}
