/*
 * cp.c - files copied into containers, out of them and between them.
 *
 * Theory of operation: a thread writes the source as a tar into a pipe, and the tar is applied to
 * the destination on the other end of it; with "-" one of the two is stdin or stdout. Both work in
 * directories that were opened before, and need no path any more.
 *
 *	thread: tree_tar_write_part(source) ---- pipe ----> layer_apply(destination)
 *
 * When the writer fails the tar ends early, and when the reader does the writer gets EPIPE: the one
 * of the two errors that is the cause is returned.
 *
 * Owners: without `archive` everything belongs to 0:0, which on this host is the caller; then
 * set-user-ID, set-group-ID and capabilities go, as they do whenever a file gets another owner.
 * Devices are never made. Where there is one id only, a container's owners are marks.
 */
#include "cp_place.h"

#include "image/layer_tar.h"
#include "store/owner_stack.h"
#include "util/fd.h"
#include "util/log.h"
#include "util/path.h"

#include <errno.h>
#include <linux/magic.h>
#include <pthread.h>
#include <sys/vfs.h>

#define PIPE_SIZE   (1 << 20) /* bytes; what the kernel gives by default is a sixteenth */
#define OUTLET_SIZE ((size_t)64 << 10)

struct copying {
	struct store *st;
	const struct cp_side *from, *to;
	const struct cp_options *o;
	struct cp_from source;
	struct cp_to target;
	enum cp_action action;
	struct owners owners; /* of the source, where the file system cannot say */
	int64_t bytes;
};

static void copying_done(struct copying *c)
{
	cp_from_done(&c->source);
	cp_to_done(&c->target);
	owners_done(&c->owners);
}

/* ---- what may not be ---- */

/* Files that the kernel makes up as they are read have no size by which to copy them. */
static int check_source(const struct copying *c, struct error *err)
{
	const struct cp_from *f = &c->source;
	mode_t type = f->st.st_mode & S_IFMT;
	struct statfs fs;

	if (type == S_IFSOCK)
		return error_set(err, ERR_UNSUPPORTED, "a socket cannot be copied");
	if ((type == S_IFCHR || type == S_IFBLK) && !c->to->what.stream)
		return error_set(err, ERR_UNSUPPORTED, "a device is not copied");
	if (fstatfs(f->dir, &fs) == 0 && (fs.f_type == PROC_SUPER_MAGIC || fs.f_type == SYSFS_MAGIC ||
					  fs.f_type == CGROUP2_SUPER_MAGIC)) {
		error_set(err, ERR_UNSUPPORTED, "files of /proc and /sys are not copied");
		return error_hint(err, "'hod exec CONTAINER cat FILE' reads one");
	}
	return 0;
}

static int check_itself(const struct copying *c, struct error *err)
{
	const struct cp_from *f = &c->source;
	const struct cp_to *t = &c->target;
	const char *name = c->action == CP_AS ? t->name : c->action == CP_INTO ? f->base : "";
	auto_free char *to = NULL;

	if (!c->from->what.container || !c->to->what.container || !f->real ||
	    strcmp(c->from->c.id, c->to->c.id) != 0)
		return 0;
	to = *t->prefix && *name ? xasprintf("%s/%s", t->prefix, name)
				 : xstrdup(*name ? name : t->prefix);
	if (strcmp(f->real, to) == 0)
		return error_set(err, ERR_INVALID, "source and destination are the same");
	if (f->kind != CP_FILE && (!*f->real || path_is_below(to, f->real)))
		return error_set(err, ERR_INVALID, "a directory cannot be copied into itself");
	return 0;
}

/* ---- the source ---- */

static int find_owners(struct copying *c, struct error *err)
{
	auto_done(owner_stack) struct owner_stack below = { 0 };
	const struct container *from = &c->from->c;

	if (!c->st->single || !c->from->what.container)
		return 0;
	if (owner_stack_open(c->st, &from->record.layers, &below, err) < 0 ||
	    owners_collect_part(c->from->view.root, c->source.real, from->fd, &below, &c->owners,
				err) < 0)
		return -1;
	if (!c->o->archive || c->to->what.container || c->to->what.stream)
		return 0;
	vec_each (&c->owners.v, o)
		if (o->uid || o->gid) {
			error_set(err, ERR_UNSUPPORTED,
				  "'%s' belongs to %u:%u, which no file of yours can", o->path,
				  o->uid, o->gid);
			return error_hint(err, "without --archive all of it becomes yours");
		}
	return 0;
}

static struct tree_part part_of(struct copying *c, char **as)
{
	const struct cp_from *f = &c->source;
	const struct cp_view *v = &c->from->view;
	bool merge = c->action == CP_MERGE || (c->action == CP_STREAM && !f->base);
	const char *name = c->action == CP_AS ? c->target.name : f->base;

	/* between us every name begins with a dot, so that no tar begins as compressed data do */
	if (merge)
		*as = xstrdup(".");
	else if (c->action == CP_STREAM)
		*as = xstrdup(name);
	else
		*as = xasprintf("./%s", name);
	return (struct tree_part){
		.dir = f->dir,
		.name = f->kind == CP_FILE ? f->name : NULL,
		.as = *as,
		.bare = c->action == CP_MERGE,
		.closed = v->closed,
		.n_closed = v->n_closed,
		.owners = c->owners.v.n ? &c->owners : NULL,
		.owners_at = f->real ? f->real : "",
	};
}

/* Headers and small files leave together: three writes for each of many would cost most of all. */
struct outlet {
	int fd;
	size_t n;
	char bytes[OUTLET_SIZE];
};

static int outlet_flush(struct outlet *o, struct error *err)
{
	size_t n = o->n;

	o->n = 0;
	return fd_write_all(o->fd, o->bytes, n, err);
}

static int outlet_write(void *arg, const void *bytes, size_t n, struct error *err)
{
	struct outlet *o = arg;

	if (n > sizeof(o->bytes) - o->n && outlet_flush(o, err) < 0)
		return -1;
	if (n > sizeof(o->bytes))
		return fd_write_all(o->fd, bytes, n, err);
	memcpy(o->bytes + o->n, bytes, n);
	o->n += n;
	return 0;
}

/* ---- the destination ---- */

static int apply(struct copying *c, struct stream *in, struct error *err)
{
	const struct cp_to *t = &c->target;
	bool inside = c->to->what.container != NULL, single = c->st->single;
	auto_done(owners) struct owners made = { 0 };
	struct layer_apply_options o = {
		.form = LAYER_PLAIN,
		.flags = APPLY_KEEP_TYPES | APPLY_NO_DEVICES | APPLY_FILL | APPLY_HOLES,
		.owners = inside && single ? &made : NULL,
		.single = single,
		.uid = -1,
		.gid = -1,
		.prefix = t->prefix,
	};
	struct layer_stats stats = { 0 };

	if (inside && single)
		o.flags |= APPLY_NOTE_ALL;
	if (!c->o->archive) {
		o.flags |= APPLY_NO_PRIVILEGES;
		o.uid = inside ? 0 : geteuid();
		o.gid = inside ? 0 : getegid();
	}
	stream_no_digests(in);
	if (layer_apply(in, t->root, &o, &stats, err) < 0)
		return -1;
	c->bytes = stats.bytes;
	return inside && single ? owners_leave(c->to->view.root, c->to->c.fd, &made, err) : 0;
}

struct applying {
	struct copying *c;
	int fd;
};

static int apply_stream(void *arg, struct error *err)
{
	const struct applying *a = arg;
	struct stream *in = stream_open(a->fd, -1, err);
	int status;

	if (!in)
		return -1;
	status = apply(a->c, in, err);
	stream_close(in);
	return status;
}

static int apply_fd(struct copying *c, int fd, struct error *err)
{
	struct applying a = { c, fd };

	return cp_view_run(&c->to->view, apply_stream, &a, err);
}

/* ---- the road ---- */

struct writer {
	struct copying *c;
	int out; /* closed at the end */
	struct layer_stats stats;
	struct error err;
	int status;
};

static int write_source(struct copying *c, int out, struct layer_stats *stats, struct error *err)
{
	auto_free struct outlet *o = xmalloc(sizeof(*o));
	struct layer_sink sink = { outlet_write, o };
	auto_free char *as = NULL;
	const struct tree_part part = part_of(c, &as);

	o->fd = out;
	o->n = 0;
	if (tree_tar_write_part(&part, &sink, stats, err) < 0)
		return -1;
	return outlet_flush(o, err);
}

static void *writer_main(void *arg)
{
	struct writer *w = arg;

	w->status = write_source(w->c, w->out, &w->stats, &w->err);
	auto_close_fd(&w->out);
	return NULL;
}

static int pump(struct copying *c, struct error *err)
{
	struct writer w = { .c = c, .out = -1 };
	auto_close int in = -1;
	pthread_t thread;
	int fds[2], status;

	if (fd_pipe(fds, err) < 0)
		return -1;
	in = fds[0];
	w.out = fds[1];
	fcntl(in, F_SETPIPE_SZ, PIPE_SIZE); /* more is faster, no more than that */
	errno = pthread_create(&thread, NULL, writer_main, &w);
	if (errno) {
		error_sys(err, "start a thread");
		auto_close_fd(&w.out);
		return -1;
	}
	status = apply_fd(c, in, err);
	auto_close_fd(&in); /* a writer that is still at it hears of it */
	pthread_join(thread, NULL);
	if (w.status < 0 && (status == 0 || w.err.sys != EPIPE)) {
		*err = w.err;
		return -1;
	}
	return status;
}

static int look_up(struct copying *c, struct error *err)
{
	const struct cp_operand *from = &c->from->what, *to = &c->to->what;
	bool slash = false;

	c->source.kind = CP_IN_TAR;
	if (!from->stream &&
	    (cp_from_open(&c->from->view, from->path, c->o->follow, &c->source, err) < 0 ||
	     check_source(c, err) < 0))
		return -1;
	c->target.kind = CP_OUT_TAR;
	if (!to->stream && cp_to_open(&c->to->view, to->path, &c->target, err) < 0)
		return -1;
	slash = c->target.slash;
	if (cp_plan(c->source.kind, c->target.kind, slash, &c->action, err) < 0)
		return -1;
	return check_itself(c, err);
}

static int perform(struct copying *c, struct error *err)
{
	struct layer_stats stats = { 0 };

	if (look_up(c, err) < 0 || find_owners(c, err) < 0)
		return -1;
	if (c->from->what.stream)
		return apply_fd(c, STDIN_FILENO, err);
	if (!c->to->what.stream)
		return pump(c, err);
	if (write_source(c, STDOUT_FILENO, &stats, err) < 0)
		return -1;
	c->bytes = stats.bytes;
	return 0;
}

int cp_perform(struct store *st, const struct cp_side *from, const struct cp_side *to,
	       const struct cp_options *o, int64_t *bytes, struct error *err)
{
	struct copying c = { .st = st,
			     .from = from,
			     .to = to,
			     .o = o,
			     .source = { .dir = -1 },
			     .target = { .root = -1 } };
	int status = perform(&c, err);

	*bytes = c.bytes;
	copying_done(&c);
	return status;
}
