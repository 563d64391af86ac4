/*
 * device_filter.h - device rules of a container as an eBPF program of its cgroup.
 */
#ifndef RUNTIME_DEVICE_FILTER_H
#define RUNTIME_DEVICE_FILTER_H

#include "oci/spec.h"
#include "util/error.h"
#include "util/vec.h"

#include <linux/bpf.h>

typedef VEC(struct bpf_insn) device_program;

/*
 * The program that decides as the rules say: of all that match, the last one counts, for each kind
 * of access (r, w, m) by itself; what none matches is refused. Behind them come the rules for the
 * devices that every container has. Pure. ERR_LIMIT for too many.
 */
int device_program_make(const struct spec_resources *r, device_program *p, struct error *err);
/*
 * Puts it on the cgroup and takes off what was there. In a user namespace the kernel lets nobody,
 * and nothing is done: no device node can be made there, so what is reachable was given.
 */
int device_filter_attach(int cgroup, const struct spec_resources *r, struct error *err);

#endif
