/*
 * create.c - `create`, and the first half of `run`: image, volumes, name, record.
 */
#include "prepare.h"

#include "image/resolve.h"
#include "monitor/log_writer.h"
#include "monitor/restart.h"
#include "runtime/defaults.h"
#include "store/rootfs.h"
#include "store/volume.h"
#include "util/fd.h"
#include "util/text.h"
#include "store/event.h"

#define PROFILE_MAX (1 << 20) /* bytes of a seccomp profile */

int request_read_profiles(struct strv *opts, struct error *err)
{
	strv_each (opts, i) {
		const char *opt = opts->v[i], *file = opt + 8;
		auto_done(str) struct str text = { 0 };

		if ((!str_starts(opt, "seccomp=") && !str_starts(opt, "seccomp:")) ||
		    file[0] == '{' || strcmp(file, "unconfined") == 0)
			continue;
		if (file_read(AT_FDCWD, file, &text, PROFILE_MAX, err) < 0)
			return error_add(err, "--security-opt seccomp=%s", file);
		free(opts->v[i]);
		opts->v[i] = xasprintf("seccomp=%s", str_get(&text));
	}
	return 0;
}

int request_image(struct engine *e, const struct run_request *r, struct image *image,
		  struct error *err)
{
	struct platform wanted = { 0 };
	enum pull_policy policy = PULL_MISSING;
	int status;

	if (r->pull && !pull_policy_parse(r->pull, &policy))
		return error_set(err, ERR_USAGE,
				 "--pull '%s': must be always, missing, never or newer", r->pull);
	if (r->platform && platform_parse(r->platform, &wanted, err) < 0)
		return error_add(err, "--platform");
	status = image_resolve(e->store, r->image, r->platform ? &wanted : NULL, policy,
			       &e->progress, image, err);
	platform_done(&wanted);
	return status;
}

static void record_image(struct container_record *record, const struct image *image)
{
	struct str settings = { 0 };

	record->image_id = xstrdup(image->id.hex);
	vec_each (&image->diff_ids, d)
		strv_add(&record->layers, d->hex);
	fields_format(image_settings_fields, &image->config.config, false, &settings);
	record->image_settings = str_take(&settings);
}

static int record_command(struct container_record *record, const struct run_request *r,
			  const struct image_settings *image, struct error *err)
{
	auto_done(strv) struct strv args = { 0 };

	if (spec_command(r, image, &args, err) < 0)
		return -1;
	record->path = xstrdup(args.v[0]);
	for (size_t i = 1; i < args.n; i++)
		strv_add(&record->args, args.v[i]);
	return 0;
}

static int record_stop(struct container_record *record, const struct run_request *r,
		       const struct image_settings *image, struct error *err)
{
	const char *name = r->stop_signal			     ? r->stop_signal
			   : image && !str_empty(image->stop_signal) ? image->stop_signal
								     : "SIGTERM";

	if (signal_parse(name) <= 0)
		return error_set(err, ERR_INVALID, "stop signal '%s' is not a signal", name);
	record->stop_signal = xstrdup(name);
	record->stop_timeout = r->stop_timeout;
	return 0;
}

/*
 * Frees the name for --replace, and where it is held by a container of `run --rm` whose monitor was
 * killed before it could remove it.
 */
static int make_room(struct engine *e, const struct run_request *r, bool replace, struct error *err)
{
	struct container old;
	bool dead;
	int found;

	container_init(&old);
	found = container_find(e->store, r->name, &old, err);
	/* an ID prefix is not the name that is to be replaced */
	if (found > 0 && str_eq(old.record.name, r->name)) {
		dead = old.record.auto_remove && old.state.exit_code != UNSET;
		found = replace || dead ? container_delete(e, &old, true, true, err) : 0;
	}
	container_done(&old);
	return found < 0 ? error_add(err, "replace '%s'", r->name) : 0;
}

static int make(struct engine *e, const struct run_request *r, struct container *c, struct error *err)
{
	struct error taken = { 0 };

	if (r->name && r->replace && make_room(e, r, true, err) < 0)
		return -1;
	if (container_make(e->store, c, r->name, &taken) == 0)
		return 0;
	if (taken.kind == ERR_EXISTS && r->name) {
		if (make_room(e, r, false, err) < 0)
			return -1;
		return container_make(e->store, c, r->name, err);
	}
	*err = taken;
	return -1;
}

/* Undoes a container that was made and cannot be used: nothing is left of a failed `create`. */
static void discard(struct engine *e, struct container *c)
{
	struct error ignored = { 0 }; /* the failure that brought us here is the one to tell */

	vec_each (&c->record.mounts, m)
		if (m->anonymous && m->name)
			volume_remove(e->store, m->name, &ignored);
	error_clear(&ignored);
	container_remove(e->store, c, &ignored);
}

static int fill_record(struct engine *e, const struct run_request *r, struct container *c,
		       const struct image_settings *image, struct error *err)
{
	struct container_record *record = &c->record;
	struct str text = { 0 };

	fields_format(run_request_fields, r, false, &text);
	record->request = str_take(&text);
	return mounts_plan(e, r, image, record, err);
}

static int write_cidfile(const struct run_request *r, const struct container *c, struct error *err)
{
	auto_close int fd = -1;

	if (!r->cidfile)
		return 0;
	fd = open(r->cidfile, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return error_sys(err, "--cidfile '%s'", r->cidfile);
	return fd_write_all(fd, c->id, strlen(c->id), err);
}

/* Started again when it is unhealthy: what is stopped on purpose must be known as such then. */
static int check_health(const struct run_request *r, const struct image_settings *image,
			struct container_record *record, struct error *err)
{
	auto_done(health_plan) struct health_plan plan = { 0 };

	if (health_plan_make(r, image, &plan, err) < 0)
		return -1;
	if (plan.on_failure != HEALTH_DO_RESTART)
		return 0;
	if (r->auto_remove)
		return error_set(err, ERR_USAGE,
				 "--health-on-failure restart and --rm exclude each other");
	record->restart = xstrdup("no");
	return 0;
}

/* What can be refused is refused before anything is made. */
static int check(const struct run_request *r, const struct image_settings *image,
		 struct container_record *record, struct error *err)
{
	struct restart_policy restart;
	struct log_options log;

	if (request_check(r, err) < 0 || record_command(record, r, image, err) < 0 ||
	    record_stop(record, r, image, err) < 0)
		return -1;
	if (restart_policy_parse(r->restart, &restart, err) < 0)
		return error_add(err, "--restart");
	if (restart.when != RESTART_NO && r->auto_remove)
		return error_set(err, ERR_USAGE, "--restart and --rm exclude each other");
	if (log_options_parse(r->log_driver, &r->log_opts, &log, err) < 0 ||
	    check_health(r, image, record, err) < 0)
		return -1;
	record->log_driver = xstrdup(log_driver_name(log.driver));
	strmap_copy(&record->labels, &r->labels);
	record->created_ns = time_now_ns();
	record->auto_remove = r->auto_remove;
	record->replaces = xstrdup_or_null(r->replaces);
	if (r->restart && strcmp(r->restart, "no") != 0) {
		free(record->restart);
		record->restart = xstrdup(r->restart);
	}
	record->tty = r->tty;
	record->open_stdin = r->interactive;
	return 0;
}

int create_with(struct engine *e, struct run_request *r, struct container *c,
		struct image_settings *settings, struct error *err)
{
	struct container_record *record = &c->record;
	auto_done(image) struct image image = { 0 };
	const struct image_settings *from_image = NULL;
	struct restart_policy ignored;

	image_init(&image);
	if (request_read_profiles(&r->security_opt, err) < 0)
		return -1;
	/* before an image is fetched for it */
	if (restart_policy_parse(r->restart, &ignored, err) < 0)
		return error_add(err, "--restart");
	if (!r->rootfs) {
		if (request_image(e, r, &image, err) < 0)
			return -1;
		record_image(record, &image);
		record->image = xstrdup(r->image);
		*settings = image.config.config; /* taken */
		memset(&image.config.config, 0, sizeof(image.config.config));
		from_image = settings;
		strmap_copy(&record->labels, &settings->labels);
	}
	if (check(r, from_image, record, err) < 0 || make(e, r, c, err) < 0)
		return -1;
	if (fill_record(e, r, c, from_image, err) < 0 || write_cidfile(r, c, err) < 0 ||
	    container_record_save(e->store, c, err) < 0) {
		discard(e, c);
		return -1;
	}
	event_container(e->store, c, "create", EVENT_END);
	return 0;
}

int container_create(struct engine *e, struct run_request *r, struct container *c, struct error *err)
{
	struct image_settings settings = { 0 };
	int status;

	fields_init(image_settings_fields, &settings);
	status = create_with(e, r, c, &settings, err);
	fields_done(image_settings_fields, &settings);
	return status;
}

int container_run(struct engine *e, struct run_request *r, struct container *c,
		  const struct start_options *o, struct start_result *result, struct error *err)
{
	struct image_settings settings = { 0 };
	struct start_input in = { .request = r };
	int status;

	fields_init(image_settings_fields, &settings);
	status = create_with(e, r, c, &settings, err);
	if (status == 0) {
		in.image = r->rootfs ? NULL : &settings;
		status = start_with(e, c, &in, o, result, err);
		/* what never ran and was not to be kept is gone again */
		if (status < 0 && c->record.auto_remove && c->fd >= 0) {
			discard(e, c);
			event_container(e->store, c, "destroy", EVENT_END);
		}
	}
	fields_done(image_settings_fields, &settings);
	return status;
}
