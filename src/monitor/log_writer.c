/*
 * log_writer.c - log drivers by name, their options, and the writer as the monitor sees it.
 */
#include "log_driver.h"
#include "util/compat.h"
#include "util/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static size_t write_nothing(struct log_writer *w, int stream, const char *bytes, size_t n)
{
	return n;
}

const struct log_driver_ops log_drivers[] = {
	[LOG_PLAIN] = { "plain", "log", true, log_plain_write, NULL },
	[LOG_JSON_FILE] = { "json-file", "json.log", false, log_text_write, log_json_format },
	[LOG_K8S_FILE] = { "k8s-file", "k8s.log", false, log_text_write, log_k8s_format },
	[LOG_NONE] = { "none", NULL, false, write_nothing, NULL },
	[LOG_PASSTHROUGH] = { "passthrough", NULL, false, write_nothing, NULL },
};

const char *log_driver_name(enum log_driver d)
{
	return log_drivers[d].name;
}

const char *log_driver_file(enum log_driver d)
{
	return log_drivers[d].file;
}

static int driver_parse(const char *name, enum log_driver *d, struct error *err)
{
	const char *names[ARRAY_SIZE(log_drivers)], *near;

	if (!name || !*name || str_eq(name, "local")) { /* docker's word for "its own format" */
		*d = LOG_PLAIN;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(log_drivers); i++) {
		names[i] = log_drivers[i].name;
		if (str_eq(name, names[i])) {
			*d = (enum log_driver)i;
			return 0;
		}
	}
	error_set(err, ERR_INVALID, "log driver '%s' is not supported", name);
	near = str_nearest(name, names, ARRAY_SIZE(names));
	if (near)
		return error_hint(err, "did you mean '%s'?", near);
	return error_hint(err, "use plain, json-file, k8s-file, none or passthrough");
}

static int set_max_size(struct log_options *o, const char *value, struct error *err)
{
	if (str_eq(value, "-1")) {
		o->max_size = -1;
		return 0;
	}
	if (!text_parse_bytes(value, &o->max_size) || o->max_size < 1)
		return error_set(err, ERR_INVALID, "log option max-size: '%s' is not a size", value);
	return 0;
}

static int set_max_file(struct log_options *o, const char *value, struct error *err)
{
	if (!str_i64(value, &o->max_file) || o->max_file < 1 || o->max_file > 1000)
		return error_set(err, ERR_INVALID,
				 "log option max-file: '%s' is not a number from 1 to 1000", value);
	return 0;
}

static int set_mode(struct log_options *o, const char *value, struct error *err)
{
	o->blocking = str_eq(value, "blocking");
	if (!o->blocking && !str_eq(value, "non-blocking"))
		return error_set(err, ERR_INVALID,
				 "log option mode: '%s' is neither blocking nor non-blocking", value);
	return 0;
}

static const struct {
	const char *name;
	int (*set)(struct log_options *o, const char *value, struct error *err);
} log_opts[] = { { "max-size", set_max_size }, { "max-file", set_max_file }, { "mode", set_mode } };

static int opt_parse_one(const char *opt, struct log_options *o, struct error *err)
{
	const char *names[ARRAY_SIZE(log_opts)], *near, *value = strchr(opt, '=');
	size_t n = value ? (size_t)(value - opt) : strlen(opt);
	auto_free char *name = xstrndup(opt, n);

	if (!value)
		return error_set(err, ERR_INVALID, "log option '%s': must be NAME=VALUE", opt);
	for (size_t i = 0; i < ARRAY_SIZE(log_opts); i++) {
		names[i] = log_opts[i].name;
		if (str_eq(name, names[i]))
			return log_opts[i].set(o, value + 1, err);
	}
	error_set(err, ERR_INVALID, "log option '%s' is not supported by driver %s", name,
		  log_driver_name(o->driver));
	near = str_nearest(name, names, ARRAY_SIZE(names));
	return near ? error_hint(err, "did you mean '%s'?", near) : -1;
}

int log_options_parse(const char *driver, const struct strv *opts, struct log_options *o,
		      struct error *err)
{
	*o = (struct log_options){ .max_size = 10 << 20, .max_file = 5 };
	if (driver_parse(driver ? driver : "plain", &o->driver, err) < 0)
		return -1;
	for (size_t i = 0; opts && i < opts->n; i++)
		if (opt_parse_one(opts->v[i], o, err) < 0)
			return -1;
	return 0;
}

void log_writer_init(struct log_writer *w, const struct log_options *o, int dir)
{
	/* not the buffer: its pages stay untouched until a text driver writes */
	memset(w, 0, offsetof(struct log_writer, buffer));
	w->o = *o;
	w->ops = &log_drivers[o->driver];
	w->dir = dir;
	w->fd = w->index = w->relay[0] = w->relay[1] = -1;
}

void log_writer_done(struct log_writer *w, bool sync)
{
	if (!w->ops)
		return;
	if (w->ops->format)
		log_text_done(w);
	if (sync && w->fd >= 0) {
		fdatasync(w->fd);
		if (w->index >= 0)
			fdatasync(w->index);
	}
	log_files_close(w);
	for (int i = 0; i < 2; i++) {
		auto_close_fd(&w->relay[i]);
		w->relay[i] = -1;
	}
	w->ops = NULL;
}

size_t log_write(struct log_writer *w, int stream, const char *bytes, size_t n)
{
	return n ? w->ops->write(w, stream, bytes, n) : 0;
}

ssize_t log_splice(struct log_writer *w, int stream, int pipe, size_t max, bool bulk)
{
	return w->ops->indexed ? log_plain_splice(w, stream, pipe, max, bulk) : LOG_MUST_COPY;
}
