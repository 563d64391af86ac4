/*
 * prepare.c - from a container on disk to a spec, a mounted rootfs and config.json.
 *
 * Everything that needs the host is asked here; spec.c then only computes.
 */
#include "prepare.h"

#include "etc_files.h"
#include "init_file.h"
#include "runtime/defaults.h"
#include "store/rootfs.h"
#include "util/compat.h"
#include "util/fd.h"
#include "util/path.h"

#include <errno.h>
#include <sys/ioctl.h>

#define SHORT_ID 12 /* digits: the host name of a container by default */

void prepared_init(struct prepared *p)
{
	memset(p, 0, sizeof(*p));
	spec_init(&p->spec);
	p->rootfs = -1;
}

void prepared_done(struct prepared *p)
{
	spec_done(&p->spec);
	user_done(&p->user);
	network_job_free(&p->net);
	health_plan_done(&p->health);
	resolved_mounts_done(&p->mounts);
	free(p->rootfs_path);
	auto_close_fd(&p->rootfs);
	p->rootfs_path = NULL;
	p->rootfs = -1;
}

static bool may_mknod(const struct run_request *r)
{
	strv_each (&r->cap_add, i)
		if (strcasecmp(r->cap_add.v[i], "ALL") == 0 ||
		    str_eq(capability_name(r->cap_add.v[i]), "CAP_MKNOD"))
			return true;
	return false;
}

int container_mount_rootfs(struct engine *e, const struct container *c, const struct run_request *r,
			   struct error *err)
{
	const struct strv *layers = &c->record.layers;
	unsigned flags = 0;
	int fd;

	if (r->rootfs) {
		fd = sys_open_tree(AT_FDCWD, r->rootfs,
				   OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
		return fd < 0 ? error_sys(err, "--rootfs '%s'", r->rootfs) : fd;
	}
	if (!r->privileged && !may_mknod(r))
		flags |= ROOTFS_NODEV;
	if (c->record.auto_remove)
		flags |= ROOTFS_VOLATILE;
	return rootfs_mount(e->store, (const char *const *)layers->v, layers->n, c->fd, flags, err);
}

static int mount_rootfs(struct engine *e, const struct container *c, const struct run_request *r,
			struct prepared *p, struct error *err)
{
	p->rootfs_path = rootfs_mountpoint(e->store, err);
	if (!p->rootfs_path)
		return -1;
	p->rootfs = container_mount_rootfs(e, c, r, err);
	return p->rootfs < 0 ? -1 : 0;
}

/* --group-add: names and numbers beside the user's own groups. */
static int add_groups(const struct run_request *r, int rootfs, struct user *user, struct error *err)
{
	strv_each (&r->group_add, i) {
		gid_t gid;

		if (group_find(rootfs, r->group_add.v[i], &gid, err) < 0)
			return error_add(err, "--group-add");
		vec_push(&user->groups, gid);
	}
	return 0;
}

int prepare_user(struct engine *e, const struct run_request *r, const struct image_settings *image,
		 int rootfs, struct user *user, struct error *err)
{
	const struct userns *u = &e->facts.userns;
	const char *text = r->user ? r->user : image ? image->user : NULL;
	auto_free char *caller = NULL;

	if (!r->user && str_eq(r->userns, "keep-id") && !userns_ids_are_hosts(u)) {
		caller = xasprintf("%u:%u", u->caller_uid, u->caller_gid);
		text = caller;
	}
	if (user_find(rootfs, text, user, err) < 0)
		return r->user ? error_add(err, "--user '%s'", r->user)
			       : error_add(err, "USER of the image");
	if (!userns_has_id(&e->facts.uids, user->uid) && user->uid != u->caller_uid) {
		error_set(err, ERR_UNSUPPORTED,
			  "user %u is not among the ids of this user namespace", user->uid);
		return error_hint(err, "%s", u->reason[0] ? u->reason : "see 'hod doctor'");
	}
	if (!userns_may_chown(u))
		vec_done(&user->groups); /* the kernel allows none but the caller's own */
	return add_groups(r, rootfs, user, err);
}

/* "container:ID" -> /proc/PID/ns/KIND of a container that runs. */
static int find_join(struct engine *e, const char *mode, const char *kind, char **path,
		     struct error *err)
{
	struct container other;
	int found;

	if (!mode || !str_starts(mode, "container:"))
		return 0;
	container_init(&other);
	found = container_find(e->store, mode + 10, &other, err);
	if (found == 0)
		found = error_set(err, ERR_NOTFOUND, "No such container: %s", mode + 10);
	else if (found > 0 && other.status != CONTAINER_RUNNING && other.status != CONTAINER_PAUSED)
		found = error_set(err, ERR_BUSY, "container %s is not running", mode + 10);
	else if (found > 0)
		*path = xasprintf("/proc/%lld/ns/%s", (long long)other.state.pid, kind);
	container_done(&other);
	return found < 0 ? -1 : 0;
}

static int check_mode(const char *option, const char *mode, const char *const *known,
		      struct error *err)
{
	auto_free char *list = NULL;
	struct strv names = { 0 };

	if (!mode || !known || str_starts(mode, "container:"))
		return 0;
	for (const char *const *k = known; *k; k++) {
		if (strcmp(*k, mode) == 0) {
			strv_done(&names);
			return 0;
		}
		strv_add(&names, *k);
	}
	list = strv_join(&names, ", ");
	strv_done(&names);
	return error_set(err, ERR_USAGE, "%s '%s': must be %s or container:ID", option, mode, list);
}

static int find_joins(struct engine *e, const struct run_request *r, char *paths[4], struct error *err)
{
	static const char *const pid[] = { "private", "host", NULL };
	static const char *const ipc[] = { "private", "shareable", "none", "host", NULL };
	static const char *const uts[] = { "private", "host", NULL };
	const struct {
		const char *option, *mode, *kind;
		const char *const *known;
	} all[] = {
		{ "--network", r->network, "net", NULL },
		{ "--pid", r->pid, "pid", pid },
		{ "--ipc", r->ipc, "ipc", ipc },
		{ "--uts", r->uts, "uts", uts },
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (check_mode(all[i].option, all[i].mode, all[i].known, err) < 0 ||
		    find_join(e, all[i].mode, all[i].kind, &paths[i], err) < 0)
			return -1;
	return 0;
}

static char *choose_hostname(const struct container *c, const struct run_request *r)
{
	char host[256] = "localhost";

	if (r->hostname)
		return xstrdup(r->hostname);
	if ((r->network && strcmp(r->network, "host") == 0) ||
	    (r->uts && strcmp(r->uts, "host") == 0)) {
		gethostname(host, sizeof(host) - 1);
		return xstrdup(host);
	}
	return xstrndup(c->id, SHORT_ID);
}

static int write_config(const struct container *c, const struct spec *spec, struct error *err)
{
	auto_done(str) struct str text = { 0 };
	auto_close int fd = -1;

	spec_format(spec, &text);
	/* not by rename: one more inode on the way of every start; the lock is held, so nobody
	 * reads it now */
	fd = openat(c->fd, "config.json", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_sys(err, "create config.json");
	return fd_write_all(fd, str_get(&text), text.len, err);
}

void prepare_console_size(struct spec_process *process)
{
	struct winsize size;

	for (int fd = 0; fd <= 2; fd++)
		if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_row) {
			process->console_size = xcalloc(1, sizeof(*process->console_size));
			process->console_size->height = size.ws_row;
			process->console_size->width = size.ws_col;
			return;
		}
}

/* Found before the files of /etc are written: they depend on it. */
static int find_network(struct engine *e, const struct container *c, const struct start_input *in,
			const char *hostname, const char *dir, struct prepared *p, struct error *err)
{
	auto_free char *lock = xasprintf("%s/lock", dir), *hosts = xasprintf("%s/hosts", dir);
	struct network_wish w = {
		.request = in->request,
		.exposed = in->image ? &in->image->exposed_ports : NULL,
		.id = c->id,
		.name = c->record.name,
		.hostname = hostname,
		.lock = lock,
		.hosts = hosts,
	};

	return network_job_make(e, &w, &p->net, err);
}

static int write_etc(const struct container *c, const struct run_request *r, const char *hostname,
		     const struct prepared *p, struct error *err)
{
	auto_free char *dns = network_dns(p->net);

	return etc_files_write(c->fd, r, hostname, dns, p->net != NULL, err);
}

int container_prepare(struct engine *e, struct container *c, const struct start_input *in,
		      struct prepared *p, struct error *err)
{
	const struct run_request *r = in->request;
	char *joins[4] = { NULL };
	auto_free char *hostname = choose_hostname(c, r);
	auto_free char *dir = xasprintf("%s/containers/%s", e->store->path, c->id);
	auto_free char *init = NULL;
	int status = -1;

	if (mount_rootfs(e, c, r, p, err) < 0 ||
	    prepare_user(e, r, in->image, p->rootfs, &p->user, err) < 0 ||
	    mounts_resolve(e, c, r, p->rootfs, &p->mounts, err) < 0)
		return -1;
	if (r->init) {
		init = init_file_find(e->store, err);
		if (!init)
			return -1;
	}
	if (find_joins(e, r, joins, err) == 0 && find_network(e, c, in, hostname, dir, p, err) == 0 &&
	    write_etc(c, r, hostname, p, err) == 0) {
		struct spec_input input = {
			.request = r,
			.image = in->image,
			.facts = &e->facts,
			.user = &p->user,
			.id = c->id,
			.etc_dir = dir,
			.hostname = hostname,
			.rootfs = p->rootfs_path,
			.init = init,
			.mounts = &p->mounts,
			.join_network = joins[0],
			.join_pid = joins[1],
			.join_ipc = joins[2],
			.join_uts = joins[3],
		};

		spec_done(&p->spec);
		status = spec_make(&input, &p->spec, err);
		if (status == 0 && r->tty)
			prepare_console_size(p->spec.process);
		if (status == 0)
			status = write_config(c, &p->spec, err);
	}
	for (size_t i = 0; i < ARRAY_SIZE(joins); i++)
		free(joins[i]);
	return status;
}

bool prepare_owned_binary(const struct engine *e)
{
	struct stat st;

	if (userns_ids_are_hosts(&e->facts.userns))
		return true;
	/* inside the namespace an unmapped owner shows as the overflow id */
	return stat("/proc/self/exe", &st) < 0 || st.st_uid == 0;
}
