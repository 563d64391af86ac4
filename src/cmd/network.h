/*
 * network.h - private to cmd: ports and networks as they are shown.
 */
#ifndef CMD_NETWORK_H
#define CMD_NETWORK_H

#include "cmd/command.h"
#include "engine/network.h"

#include <jansson.h>

/* "0.0.0.0:8080->80/tcp, [::]:8080->80/tcp, 443/tcp"; yours */
char *ports_text(const struct lease *l, const struct strv *exposed);
/* By name or ID; ERR_NOTFOUND. n was zeroed. */
int need_network(struct app *app, const char *name, struct network *n, struct error *err);
/* NetworkSettings.Ports and HostConfig.PortBindings */
json_t *ports_object(const port_list *l, const struct strv *exposed, bool asked);
/* Every network that a container is on: docker's NetworkSettings. New reference. */
json_t *view_network_settings(struct app *app, const struct container *c,
			      const struct run_request *r, const struct image_settings *image);
json_t *view_one_network(struct app *app, const struct network *n);

#endif
