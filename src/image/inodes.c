/*
 * inodes.c - a hash table from device and inode to a path.
 */
#include "inodes.h"

#include "util/mem.h"

static struct inode *place(const struct inodes *t, dev_t dev, ino_t ino)
{
	uint64_t h = ((uint64_t)ino ^ (uint64_t)dev << 32) * 0x9e3779b97f4a7c15ull;
	size_t i = (size_t)(h >> 32) & (t->cap - 1);

	while (t->v[i].path && (t->v[i].dev != dev || t->v[i].ino != ino))
		i = (i + 1) & (t->cap - 1);
	return &t->v[i];
}

static void grow(struct inodes *t)
{
	struct inodes old = *t;

	t->cap = old.cap ? old.cap * 2 : 64;
	t->v = xcalloc(t->cap, sizeof(*t->v));
	for (size_t i = 0; i < old.cap; i++)
		if (old.v[i].path)
			*place(t, old.v[i].dev, old.v[i].ino) = old.v[i];
	free(old.v);
}

const char *inodes_first(struct inodes *t, dev_t dev, ino_t ino, const char *path)
{
	struct inode *at;

	if (t->n * 2 >= t->cap)
		grow(t);
	at = place(t, dev, ino);
	if (at->path)
		return at->path;
	*at = (struct inode){ dev, ino, xstrdup(path) };
	t->n++;
	return NULL;
}

void inodes_done(struct inodes *t)
{
	for (size_t i = 0; i < t->cap; i++)
		free(t->v[i].path);
	free(t->v);
	*t = (struct inodes){ 0 };
}
