/*
 * devices.h - --device and --device-cgroup-rule: what they are on this host.
 */
#ifndef ENGINE_DEVICES_H
#define ENGINE_DEVICES_H

#include "engine/container.h"
#include "engine/spec.h"

/* --device HOST[:CONTAINER[:rwm]], a rule "c 10:200 rwm": can they be? ERR_USAGE with the reason. */
int request_device_check(const char *text, struct error *err);
int request_device_rule_check(const char *text, struct error *err);

/*
 * start: nodes to be made and rules that allow them; where no node can be made, bind mounts of the
 * host's. With --privileged all devices of the host.
 */
int devices_resolve(struct engine *e, const struct run_request *r, struct resolved_mounts *out,
		    struct error *err);
/* "c 10:* rw" -> a rule; its texts are yours. ERR_USAGE */
int device_rule_parse(const char *text, struct spec_device_rule *rule, struct error *err);

#endif
