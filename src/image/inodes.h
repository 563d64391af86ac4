/*
 * inodes.h - private: the first path of each file that has several.
 */
#ifndef INODES_H
#define INODES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct inodes {
	struct inode {
		dev_t dev;
		ino_t ino;
		char *path; /* NULL: a free place */
	} * v;
	size_t n, cap; /* cap is a power of two */
};
void inodes_done(struct inodes *t);
/* The path that the file was first seen by; NULL when this is the first time: path is kept then. */
const char *inodes_first(struct inodes *t, dev_t dev, ino_t ino, const char *path);

#endif
