/*
 * step_files.c - secrets and agents of a RUN step: files in a tmpfs that lives as long as the step.
 *
 * Never  writes a secret to a disk, a key, a log or an error.
 * Spec   Dockerfile reference, "RUN --mount=type=secret", "type=ssh"; FEATURES B30, B31.
 */
#include "step_mounts.h"
#include "secret.h"
#include "util/compat.h"
#include "util/fd.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mount.h>

/* The tmpfs, mounted at first use. */
static int files_dir(struct step_mounts *sm, struct error *err)
{
	auto_close int fs = -1;
	int mount;
	const char *name;

	if (sm->files >= 0)
		return sm->files;
	fs = sys_fsopen("tmpfs", FSOPEN_CLOEXEC);
	if (fs < 0 || sys_fsconfig(fs, FSCONFIG_SET_STRING, "mode", "0700", 0) < 0 ||
	    sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return error_sys(err, "make a tmpfs");
	mount = sys_fsmount(fs, FSMOUNT_CLOEXEC,
			    MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	if (mount < 0)
		return error_sys(err, "mount a tmpfs");
	sm->files = mount;
	return step_attach(sm, mount, &name, err) < 0 ? -1 : mount;
}

static int dress(struct step_mounts *sm, const struct run_mount *m, int dir, const char *name,
		 mode_t mode, struct error *err)
{
	/* in single mode there is one id, and it is everybody's */
	if (!sm->b->st->single && fchownat(dir, name, m->uid < 0 ? 0 : (uid_t)m->uid,
					   m->gid < 0 ? 0 : (gid_t)m->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(err, "set its owner");
	if (fchmodat(dir, name, m->mode < 0 ? mode : (mode_t)m->mode, 0) < 0)
		return error_sys(err, "set its mode");
	return 0;
}

static int not_given(const struct run_mount *m, const char *option, struct error *err)
{
	if (!m->required)
		return 0;
	return error_set(err, ERR_INVALID, "id=%s is required, and no --%s id=%s was given", m->id,
			 option, m->id);
}

/* 1, 0 not given, -1 */
static int read_secret(struct builder *b, const struct run_mount *m, struct str *value,
		       struct error *err)
{
	int r = secret_read(b->r, m->id, value, err);

	return r == 0 ? not_given(m, "secret", err) : r;
}

static int write_secret(struct step_mounts *sm, struct step_mount *m, size_t number,
			const struct str *value, struct error *err)
{
	int dir = files_dir(sm, err);
	auto_close int fd = -1;
	char name[32];

	if (dir < 0)
		return -1;
	snprintf(name, sizeof(name), "secret-%zu", number);
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_sys(err, "keep secret '%s'", m->m.id);
	if (fd_write_all(fd, str_get(value), value->len, err) < 0 ||
	    dress(sm, &m->m, dir, name, 0400, err) < 0)
		return error_add(err, "secret '%s'", m->m.id);
	m->fd = openat(dir, name, O_PATH | O_CLOEXEC | O_NOFOLLOW);
	return m->fd < 0 ? error_sys(err, "secret '%s'", m->m.id) : 0;
}

int step_secret_make(struct step_mounts *sm, struct step_mount *m, size_t number,
		     struct run_request *r, struct error *err)
{
	struct str value = { 0 };
	int found = read_secret(sm->b, &m->m, &value, err), status = found;

	if (found == 1 && m->m.env && memchr(str_get(&value), '\0', value.len))
		status = error_set(err, ERR_INVALID,
				   "secret '%s': a variable cannot hold a NUL byte", m->m.id);
	else if (found == 1 && m->m.env)
		strv_env_set(&r->env, m->m.env, str_get(&value));
	if (status == 1 && m->target)
		status = write_secret(sm, m, number, &value, err) < 0 ? -1 : 1;
	if (value.s)
		explicit_bzero(value.s, value.cap);
	str_done(&value);
	return status;
}

int step_ssh_make(struct step_mounts *sm, struct step_mount *m, size_t number,
		  struct run_request *r, struct error *err)
{
	const char *agent = NULL;
	struct ssh_forward *f;
	char name[32];
	int dir;

	vec_each (&sm->b->r->ssh, s)
		if (strcmp(s->id, m->m.id) == 0)
			agent = s->socket;
	if (!agent)
		return not_given(&m->m, "ssh", err);
	dir = files_dir(sm, err);
	if (dir < 0)
		return -1;
	snprintf(name, sizeof(name), "agent-%zu", number);
	f = ssh_forward_start(dir, name, agent, err);
	if (!f)
		return error_add(err, "agent '%s'", m->m.id);
	vec_push(&sm->agents, f);
	if (dress(sm, &m->m, dir, name, 0600, err) < 0)
		return error_add(err, "agent '%s'", m->m.id);
	m->fd = openat(dir, name, O_PATH | O_CLOEXEC | O_NOFOLLOW);
	if (m->fd < 0)
		return error_sys(err, "agent '%s'", m->m.id);
	if (!strv_env_get(&r->env, "SSH_AUTH_SOCK"))
		strv_env_set(&r->env, "SSH_AUTH_SOCK", m->target);
	return 1;
}
