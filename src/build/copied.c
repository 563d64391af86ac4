/*
 * copied.c - digests of files that were copied unread.
 *
 * A copy has what its source had: it was looked at again when it was whole (node_unchanged()).
 */
#include "copied.h"

static int compare(const void *a, const void *b)
{
	ino_t x = ((const struct copied_file *)a)->ino, y = ((const struct copied_file *)b)->ino;

	return x < y ? -1 : x > y;
}

void copied_done(struct copied *c)
{
	vec_done(&c->v);
}

int copied_add(struct copied *c, int to, struct tree *t, struct node *n, const struct stat *now,
	       int64_t read_ns, struct error *err)
{
	struct stat st;

	if (fstat(to, &st) < 0)
		return error_sys(err, "look at the copy of %s", n->name);
	*vec_add(&c->v) = (struct copied_file){ st.st_ino, t, n, now->st_ctim, read_ns };
	return 0;
}

static void take(void *arg, const struct stat *st, const char *hex)
{
	struct copied *c = arg;
	struct copied_file key = { .ino = st->st_ino }, *f;

	f = c->v.n ? bsearch(&key, c->v.v, c->v.n, sizeof(key), compare) : NULL;
	if (f)
		node_take_digest(f->tree, f->node, hex, &f->ctime, f->read_ns);
}

struct layer_watch copied_watch(struct copied *c)
{
	if (c->replaced)
		c->v.n = 0;
	if (c->v.n)
		qsort(c->v.v, c->v.n, sizeof(*c->v.v), compare);
	return (struct layer_watch){ take, c };
}
