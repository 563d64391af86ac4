/*
 * rdt.h - classes of cache and memory bandwidth: linux.intelRdt, the kernel's resctrl file system.
 */
#ifndef RUNTIME_RDT_H
#define RUNTIME_RDT_H

#include "oci/spec.h"

/* Where a process writes "0" to be in its class and in its monitoring group; each -1: none. */
struct rdt {
	int tasks[2];
};
#define RDT_NONE                                                                                   \
	{                                                                                          \
		{                                                                                  \
			-1, -1                                                                     \
		}                                                                                  \
	}
void rdt_done(struct rdt *r);

/* The file system as it is mounted, or -1: ERR_UNSUPPORTED when it is not. */
int rdt_open(struct error *err);
/*
 * The class of a container below root, made where it is to be, with its schemata. On failure what
 * was made is gone. ERR_NOTFOUND: a class that the caller should have made is not there.
 */
int rdt_make(int root, const struct spec_intel_rdt *s, const char *id, struct rdt *r,
	     struct error *err);
/* Removes what is the container's own: a class by its name, a monitoring group. Absent is success. */
void rdt_remove(int root, const struct spec_intel_rdt *s, const char *id);

#endif
