/*
 * load.c - `hod load` and `hod save`: images from and to archives.
 */
#include "commands.h"

#include "image/archive.h"
#include "notes.h"
#include "operands.h"
#include "output.h"
#include "store/event.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- load ---- */

struct load_args {
	char *input;
	bool quiet;
};
static const struct opt load_opts[] = {
	OPT_STRING('i', "input", load_args, input, "FILE",
		   "an archive, or a directory with an OCI layout (default: stdin)"),
	OPT_FLAG('q', "quiet", load_args, quiet, "print only what was loaded"),
	OPT_END,
};

static int print_loaded(const struct archive_loaded *l, struct error *err)
{
	char digest[DIGEST_TEXT_MAX];

	strv_each (&l->names, i) {
		auto_free char *familiar = reference_familiar(l->names.v[i]);

		if (output_line(err, "Loaded image: %s", familiar) < 0)
			return -1;
	}
	if (l->names.n)
		return 0;
	return output_line(err, "Loaded image ID: %s", digest_format(&l->id, digest));
}

static int load_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct load_args *args = arg;
	const char *path = args->input ? args->input : "-";
	struct archive_loaded loaded = { 0 };
	int r;

	if (str_eq(path, "-") && isatty(STDIN_FILENO))
		return error_set(err, ERR_USAGE, "stdin is a terminal: name an archive with --input");
	r = archive_load(&app->store, path, NULL, args->quiet ? NULL : &notes_progress, &loaded, err);
	if (r == 0)
		r = print_loaded(&loaded, err);
	archive_loaded_done(&loaded);
	return r;
}

const struct command cmd_load = {
	.name = "load",
	.summary = "read images from an archive",
	.description =
		"Takes what docker save and podman save write and OCI layouts, as they are or "
		"compressed by gzip, zstd, xz or bzip2.",
	.opts = load_opts,
	.args_size = sizeof(struct load_args),
	.needs = NEED_STORE | NEED_NAMESPACE,
	.run = load_run,
	.failure = 1,
};

/* ---- save ---- */

struct save_args {
	char *format, *output;
	bool quiet;
};
static const struct opt save_opts[] = {
	OPT_ENUM(0, "format", save_args, format, "docker-archive|oci-archive|oci-dir",
		 "the form of the archive (default docker-archive)"),
	OPT_STRING('o', "output", save_args, output, "FILE",
		   "where to write; of oci-dir a directory (default: stdout)"),
	OPT_FLAG('q', "quiet", save_args, quiet, "say nothing meanwhile"),
	OPT_END,
};

static enum archive_format format_of(const struct save_args *args)
{
	if (str_eq(args->format, "oci-archive"))
		return ARCHIVE_OCI;
	return str_eq(args->format, "oci-dir") ? ARCHIVE_OCI_DIR : ARCHIVE_DOCKER;
}

/*
 * To a new file beside the old one, which takes its place when all is written: a save that failed
 * leaves what was there.
 */
static int save_to_file(struct app *app, const struct save_args *args, const struct strv *images,
			const struct progress *p, struct error *err)
{
	auto_free char *temporary = xasprintf("%s.hod-%d", args->output, (int)getpid());
	auto_close int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	if (fd < 0)
		return error_sys(err, "write %s", args->output);
	if (archive_save(&app->store, images, format_of(args), fd, NULL, COMPRESSION_NONE, p, err) <
	    0) {
		unlink(temporary);
		return -1;
	}
	if (rename(temporary, args->output) < 0) {
		error_sys(err, "write %s", args->output);
		unlink(temporary);
		return -1;
	}
	return 0;
}

/* What exists and is no regular file (/dev/stdout, a pipe) is written to as it is. */
static int save_to_device(struct app *app, const struct save_args *args, const struct strv *images,
			  const struct progress *p, struct error *err)
{
	auto_close int fd = open(args->output, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return error_sys(err, "open %s", args->output);
	return archive_save(&app->store, images, format_of(args), fd, NULL, COMPRESSION_NONE, p, err);
}

static bool is_special(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

static int save(struct app *app, const struct save_args *args, struct strv *operands,
		struct error *err)
{
	enum archive_format format = format_of(args);
	const struct progress *p = args->quiet ? NULL : &notes_progress;

	strv_each (operands, i) {
		auto_done(image) struct image image;

		image_init(&image);
		if (need_image(app, operands->v[i], &image, err) < 0)
			return -1;
	}
	if (format == ARCHIVE_OCI_DIR) {
		if (!args->output)
			return error_set(err, ERR_USAGE, "--format oci-dir needs --output DIR");
		return archive_save(&app->store, operands, format, -1, args->output,
				    COMPRESSION_NONE, p, err);
	}
	if (args->output)
		return is_special(args->output) ? save_to_device(app, args, operands, p, err)
						: save_to_file(app, args, operands, p, err);
	if (output_is_terminal())
		return error_set(err, ERR_USAGE,
				 "an archive is not written to a terminal: use --output");
	return archive_save(&app->store, operands, format, STDOUT_FILENO, NULL, COMPRESSION_NONE, p,
			    err);
}

static int save_run(struct app *app, void *args, struct strv *operands, struct error *err)
{
	if (save(app, args, operands, err) < 0)
		return -1;
	strv_each (operands, i)
		event_object(&app->store, "image", "save", operands->v[i], "name", operands->v[i],
			     EVENT_END);
	return 0;
}

const struct command cmd_save = {
	.name = "save",
	.operands = "IMAGE...",
	.summary = "write images to an archive",
	.opts = save_opts,
	.args_size = sizeof(struct save_args),
	.needs = NEED_STORE_READ | NEED_NAMESPACE,
	.min = 1,
	.max = -1,
	.run = save_run,
	.failure = 1,
};
