/*
 * ps_columns.c - what `hod ps` tells of a container.
 *
 * Never  reads what its column alone does not need: a row costs what is asked for.
 */
#include "ps.h"

#include "network.h"
#include "operands.h"
#include "store/health.h"
#include "util/text.h"

#define COLUMN(name)                                                                               \
	static json_t *make_##name(const void *item, const void *arg)                              \
	{                                                                                          \
		const struct container *c = item;                                                  \
		const struct ps_ctx *ctx = arg;                                                    \
		return column_##name(c, ctx);                                                      \
	}

static json_t *column_id(const struct container *c, const struct ps_ctx *ctx)
{
	return json_take(ctx->no_trunc ? xstrdup(c->id) : xstrndup(c->id, 12));
}
COLUMN(id)

static json_t *column_names(const struct container *c, const struct ps_ctx *ctx)
{
	return json_text(c->record.name);
}
COLUMN(names)

static json_t *column_image(const struct container *c, const struct ps_ctx *ctx)
{
	return json_text(c->record.image);
}
COLUMN(image)

static json_t *column_image_id(const struct container *c, const struct ps_ctx *ctx)
{
	const char *hex = c->record.image_id ? c->record.image_id : "";

	return json_take(ctx->no_trunc && *hex ? xasprintf("sha256:%s", hex) : xstrndup(hex, 12));
}
COLUMN(image_id)

#define COMMAND_WIDTH 20 /* characters, the ellipsis counted */

/* Where character n begins, or where the text ends. */
static size_t character_offset(const char *s, size_t n)
{
	size_t i = 0;

	for (; s[i]; i++)
		if (((unsigned char)s[i] & 0xc0) != 0x80 && n-- == 0)
			break;
	return i;
}

/* Quoted, arguments with blanks in single quotes: "sh -c 'a b'" */
static json_t *column_command(const struct container *c, const struct ps_ctx *ctx)
{
	auto_done(str) struct str s = { 0 }, quoted = { 0 };

	str_add(&s, c->record.path ? c->record.path : "");
	strv_each (&c->record.args, i)
		str_addf(&s, strchr(c->record.args.v[i], ' ') ? " '%s'" : " %s", c->record.args.v[i]);
	if (!ctx->no_trunc && s.s[character_offset(s.s, COMMAND_WIDTH)]) {
		s.s[character_offset(s.s, COMMAND_WIDTH - 1)] = '\0';
		s.len = strlen(s.s);
		str_add(&s, "\xe2\x80\xa6");
	}
	str_add_json(&quoted, s.s);
	return json_take(str_take(&quoted));
}
COLUMN(command)

static json_t *column_created_at(const struct container *c, const struct ps_ctx *ctx)
{
	return time_created(c->record.created_ns);
}
COLUMN(created_at)

static json_t *column_running_for(const struct container *c, const struct ps_ctx *ctx)
{
	return time_since(c->record.created_ns);
}
COLUMN(running_for)

static json_t *column_state(const struct container *c, const struct ps_ctx *ctx)
{
	return json_text(container_status_name(c));
}
COLUMN(state)

char *ps_health(const struct container *c, struct app *app)
{
	auto_done(health) struct health h = { 0 };
	struct error ignored = { 0 }; /* what cannot be read is not known */

	if (!container_is_up(c) || health_load(&app->store, c, &h, &ignored) <= 0)
		return xstrdup("");
	return xstrdup(h.status);
}

static json_t *column_status(const struct container *c, const struct ps_ctx *ctx)
{
	int64_t now = time_now_ns();
	char ago[TEXT_TIME_MAX];
	auto_free char *health = NULL;

	switch (c->status) {
	case CONTAINER_CREATED:
		return json_text("Created");
	case CONTAINER_CORRUPT:
		return json_text("Dead");
	case CONTAINER_EXITED:
	case CONTAINER_RESTARTING:
		text_ago((now - c->state.finished_ns) / NSEC_PER_SEC, ago, sizeof(ago));
		return json_take(
			xasprintf("%s (%lld) %s ago",
				  c->status == CONTAINER_RESTARTING ? "Restarting" : "Exited",
				  c->state.exit_code == UNSET ? 0LL : (long long)c->state.exit_code,
				  ago));
	default:
		text_ago((now - c->state.started_ns) / NSEC_PER_SEC, ago, sizeof(ago));
		health = ps_health(c, ctx->app);
		return json_take(xasprintf("Up %s%s%s%s", ago,
					   c->status == CONTAINER_PAUSED     ? " (Paused"
					   : !*health			     ? ""
					   : str_eq(health, HEALTH_STARTING) ? " (health: "
									     : " (",
					   c->status == CONTAINER_PAUSED ? "" : health,
					   c->status == CONTAINER_PAUSED || *health ? ")" : ""));
	}
}
COLUMN(status)

static json_t *column_exit_code(const struct container *c, const struct ps_ctx *ctx)
{
	return json_integer(c->state.exit_code == UNSET ? 0 : c->state.exit_code);
}
COLUMN(exit_code)

static json_t *column_pid(const struct container *c, const struct ps_ctx *ctx)
{
	return json_integer(container_is_up(c) ? c->state.pid : 0);
}
COLUMN(pid)

static json_t *column_labels(const struct container *c, const struct ps_ctx *ctx)
{
	return labels_text(&c->record.labels);
}
COLUMN(labels)

static json_t *column_label(const struct container *c, const struct ps_ctx *ctx)
{
	return labels_object(&c->record.labels);
}
COLUMN(label)

static const char *mount_name(const struct container_mount *m)
{
	return m->name ? m->name : m->source ? m->source : m->destination;
}

static json_t *column_mounts(const struct container *c, const struct ps_ctx *ctx)
{
	struct str s = { 0 };

	vec_each (&c->record.mounts, m) {
		const char *name = mount_name(m) ? mount_name(m) : "";

		if (s.len)
			str_addc(&s, ',');
		if (!ctx->no_trunc && name[character_offset(name, 15)]) {
			str_addn(&s, name, character_offset(name, 14));
			str_add(&s, "\xe2\x80\xa6");
		} else {
			str_add(&s, name);
		}
	}
	return json_take(str_take(&s));
}
COLUMN(mounts)

static json_t *column_local_volumes(const struct container *c, const struct ps_ctx *ctx)
{
	int n = 0;

	vec_each (&c->record.mounts, m)
		n += str_eq(m->type, "volume");
	return json_take(xasprintf("%d", n));
}
COLUMN(local_volumes)

json_t *ps_request(const struct container *c)
{
	return json_loads(c->record.request ? c->record.request : "{}", 0, NULL);
}

static char *network_of(const struct container *c, const struct userns *u)
{
	json_t *request = ps_request(c);
	const char *mode = json_string_value(json_object_get(request, "network"));
	char *copy = xstrdup(network_mode_resolve(u, mode));

	json_decref(request);
	return copy;
}

/* Published where it runs; exposed ports besides, as docker has them. */
static json_t *column_ports(const struct container *c, const struct ps_ctx *ctx)
{
	struct error ignored = { 0 }; /* no lease: nothing is published */
	auto_done(strv) struct strv exposed = { 0 };
	json_t *settings, *request, *item;
	const char *key;
	struct lease l = { 0 };
	char *text;
	size_t i;

	if (!container_is_up(c))
		return json_text("");
	settings = json_loads(c->record.image_settings ? c->record.image_settings : "{}", 0, NULL);
	request = ps_request(c);
	json_object_foreach (json_object_get(settings, "ExposedPorts"), key, item)
		ports_parse_exposed(key, &exposed, &ignored);
	json_array_foreach (json_object_get(request, "expose"), i, item)
		ports_parse_exposed(json_string_value(item), &exposed, &ignored);
	if (network_lease(&ctx->app->userns, c->id, &l, &ignored) <= 0)
		memset(&l, 0, sizeof(l));
	text = ports_text(&l, &exposed);
	lease_done(&l);
	json_decref(settings);
	json_decref(request);
	return json_take(text);
}
COLUMN(ports)

static json_t *column_networks(const struct container *c, const struct ps_ctx *ctx)
{
	return json_take(network_of(c, &ctx->app->userns));
}
COLUMN(networks)

static json_t *column_health(const struct container *c, const struct ps_ctx *ctx)
{
	return json_take(ps_health(c, ctx->app));
}
COLUMN(health)

static json_t *column_size(const struct container *c, const struct ps_ctx *ctx)
{
	struct error ignored = { 0 }; /* a container that is just being removed has no size */
	auto_done(image) struct image image = { 0 };
	uint64_t own = 0;
	int64_t below = 0;
	char a[TEXT_TIME_MAX], b[TEXT_TIME_MAX];

	container_usage(&ctx->app->store, c, &own, &ignored);
	image_init(&image);
	if (c->record.image_id &&
	    image_find(&ctx->app->store, c->record.image_id, NULL, &image, &ignored) > 0)
		image_size(&ctx->app->store, &image, &below, &ignored);
	return json_take(xasprintf("%s (virtual %s)", text_size((int64_t)own, a, sizeof(a)),
				   text_size((int64_t)own + below, b, sizeof(b))));
}
COLUMN(size)

static const struct column columns[] = {
	{ "Command", "COMMAND", make_command, SHAPE_AUTO },
	{ "CreatedAt", "CREATED AT", make_created_at, SHAPE_AUTO },
	{ "ExitCode", "EXIT CODE", make_exit_code, SHAPE_AUTO },
	{ "HealthStatus", "HEALTH", make_health, SHAPE_AUTO },
	{ "ID", "CONTAINER ID", make_id, SHAPE_AUTO },
	{ "Image", "IMAGE", make_image, SHAPE_AUTO },
	{ "ImageID", "IMAGE ID", make_image_id, SHAPE_AUTO },
	{ "Label", NULL, make_label, SHAPE_METHOD },
	{ "Labels", "LABELS", make_labels, SHAPE_AUTO },
	{ "LocalVolumes", "LOCAL VOLUMES", make_local_volumes, SHAPE_AUTO },
	{ "Mounts", "MOUNTS", make_mounts, SHAPE_AUTO },
	{ "Names", "NAMES", make_names, SHAPE_AUTO },
	{ "Networks", "NETWORKS", make_networks, SHAPE_AUTO },
	{ "Pid", "PID", make_pid, SHAPE_AUTO },
	{ "Ports", "PORTS", make_ports, SHAPE_AUTO },
	{ "RunningFor", "CREATED", make_running_for, SHAPE_AUTO },
	{ "Size", "SIZE", make_size, SHAPE_AUTO },
	{ "State", "STATE", make_state, SHAPE_AUTO },
	{ "Status", "STATUS", make_status, SHAPE_AUTO },
	{ NULL, NULL, NULL, SHAPE_AUTO },
};
#define TABLE                                                                                      \
	"{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}"
const struct list_view ps_view = { columns, TABLE, "{{.ID}}" };
const struct list_view ps_view_sized = { columns, TABLE "\t{{.Size}}", "{{.ID}}" };
