/*
 * rootfs.h - the tree a container sees: layers below, a writable directory above, by overlay.
 *
 * Works in the caller's private mount namespace (or none: the result is a detached mount), as root
 * of whatever user namespace it is in. userxattr, any number of layers up to 500.
 */
#ifndef STORE_ROOTFS_H
#define STORE_ROOTFS_H

#include "store/store.h"

enum rootfs_flags {
	ROOTFS_NODEV = 1,
	/*
	 * What is written need not survive a crash: without it every unmount waits until the whole
	 * file system of the store is synced. For --rm, and for RUN, whose layer is synced when it
	 * is published.
	 */
	ROOTFS_VOLATILE = 2,
	ROOTFS_BARE = 4, /* with dir: no mount points, the layers alone are below */
};
/*
 * layers: diffID hexes, lowest first; none is fine. dir: the container's directory, in which upper/
 * and work/ are made when missing, and then the mount points of every container (/proc, /dev, /sys,
 * three files of /etc) are there below all layers, unless these are 500 already; -1: read-only, the
 * layers and nothing else. Returns the descriptor of a detached mount, to be moved with
 * move_mount(2).
 */
int rootfs_mount(struct store *st, const char *const *layers, size_t n, int dir, unsigned flags,
		 struct error *err);
/*
 * Removes work/ from a container's directory by the names that a volatile mount is known to have
 * left, in 5 system calls instead of 40. What else there may be is left for tree_remove().
 */
void rootfs_work_remove(int dir);
/* The one empty directory in the store on which each monitor, in its own namespace, mounts: yours. */
char *rootfs_mountpoint(struct store *st, struct error *err);

#endif
