/*
 * spec_devices.c - linux.netDevices and linux.intelRdt: names that become those of links and
 * directories, so that none may be a path.
 *
 * Spec   runtime-spec 1.3 config-linux.md "Network Devices", "IntelRdt".
 */
#include "spec_devices.h"

#include <ctype.h>
#include <jansson.h>

#define LINK_NAME_MAX 15 /* bytes */

/* As the kernel judges names of links. */
static bool link_name_ok(const char *name)
{
	if (!*name || strlen(name) > LINK_NAME_MAX || str_eq(name, ".") || str_eq(name, ".."))
		return false;
	for (; *name; name++)
		if (*name == '/' || *name == ':' || isspace((unsigned char)*name))
			return false;
	return true;
}

struct net_device {
	char *name;
};
static const struct field net_device_fields[] = {
	F_STR(struct net_device, name, "name"),
	F_END,
};

static int net_device(const char *host, json_t *value, struct strmap *devices, struct error *err)
{
	struct net_device d = { NULL };
	const char *name;
	int status = 0;

	if (fields_load(net_device_fields, value, &d, FIELDS_STRICT, err) < 0)
		return -1;
	name = str_empty(d.name) ? host : d.name;
	if (!link_name_ok(host) || !link_name_ok(name))
		status = error_set(err, ERR_INVALID, "'%.40s' is no name of a link",
				   link_name_ok(host) ? name : host);
	else
		strmap_set(devices, host, name);
	fields_done(net_device_fields, &d);
	return status;
}

int spec_net_devices(const struct spec_linux *l, struct strmap *devices, struct error *err)
{
	const char *host;
	json_t *all, *value;
	int status = 0;

	if (str_empty(l->net_devices) || str_eq(l->net_devices, "null"))
		return 0;
	all = json_loads(l->net_devices, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(all))
		status = error_set(err, ERR_INVALID, "expected an object");
	json_object_foreach (all, host, value) {
		status = net_device(host, value, devices, err);
		if (status < 0) {
			error_add(err, "%.40s", host);
			break;
		}
	}
	json_decref(all);
	return status < 0 ? error_add(err, "netDevices") : 0;
}

int spec_net_devices_check(const struct spec_linux *l, struct error *err)
{
	struct strmap devices = { 0 };
	int status = spec_net_devices(l, &devices, err);
	bool any = devices.n > 0;

	strmap_done(&devices);
	if (status < 0 || !any)
		return status;
	vec_each (&l->namespaces, n)
		if (str_eq(n->type, "network"))
			return 0;
	return error_set(err, ERR_INVALID,
			 "netDevices: there is no network namespace to move them to");
}

int spec_intel_rdt_check(const struct spec_intel_rdt *r, struct error *err)
{
	const char *id = r->clos_id;

	if (id && (!*id || strchr(id, '/') || str_eq(id, ".") || str_eq(id, "..")))
		return error_set(err, ERR_INVALID, "closID: '%.200s' is no name of a directory", id);
	if (r->l3_cache_schema && strchr(r->l3_cache_schema, '\n'))
		return error_set(err, ERR_INVALID, "l3CacheSchema: more than one line");
	if (r->mem_bw_schema && strchr(r->mem_bw_schema, '\n'))
		return error_set(err, ERR_INVALID, "memBwSchema: more than one line");
	return 0;
}
