/*
 * setup_cgroup.c - `hod setup cgroup`: what the superuser has to run once, so that a user's
 * containers can have limits.
 *
 * It prints, and changes nothing: who has no rights here can hand it to who has.
 */
#include "commands.h"

#include "output.h"

#include <errno.h>
#include <pwd.h>
#include <unistd.h>

struct setup_args {
	char *user;
};
static const struct opt opts[] = {
	OPT_STRING('u', "user", setup_args, user, "NAME", "for this user (default: the caller)"),
	OPT_END,
};

static const char systemd_commands[] =
	"#!/bin/sh\n"
	"# Run as root, once. The service manager of each user gets all controllers, and that of\n"
	"# %s runs from boot on, without a login.\n"
	"set -e\n"
	"mkdir -p /etc/systemd/system/user@.service.d\n"
	"printf '[Service]\\nDelegate=cpu cpuset io memory pids\\n' "
	">/etc/systemd/system/user@.service.d/hod.conf\n"
	"systemctl daemon-reload\n"
	"loginctl enable-linger %s\n"
	"systemctl restart user@%u.service\n";

static const char plain_commands[] =
	"#!/bin/sh\n"
	"# Run as root, once. Each login and each cron job of a user other than root gets a cgroup "
	"that\n"
	"# is the user's own, from then on; the shell that this was printed in gets it at once.\n"
	"set -e\n"
	"mkdir -p /usr/local/sbin\n"
	"cat >/usr/local/sbin/hod-delegate <<'END'\n"
	"#!/bin/sh\n"
	"# hod-delegate [USER PID]: a cgroup of the user's own, with the process in it (by "
	"pam_exec: the\n"
	"# login's)\n"
	"uid=$(id -u \"${1:-$PAM_USER}\") && [ \"$uid\" != 0 ] || exit 0\n"
	"top=/sys/fs/cgroup own=$top/hod-$uid\n"
	"hand_down() {\n"
	"\tfor c in $(cat \"$1/cgroup.controllers\"); do\n"
	"\t\techo \"+$c\" >\"$1/cgroup.subtree_control\" 2>/dev/null || :\n"
	"\tdone\n"
	"}\n"
	"hand_down $top\n"
	"mkdir -p $own/login\n"
	"hand_down $own\n"
	"for dir in $own $own/login; do\n"
	"\tchown \"$uid\" $dir $dir/cgroup.procs $dir/cgroup.subtree_control $dir/cgroup.threads\n"
	"done\n"
	"echo \"${2:-$PPID}\" >$own/login/cgroup.procs\n"
	"END\n"
	"chmod 755 /usr/local/sbin/hod-delegate\n"
	"for file in common-session common-session-noninteractive base-session system-auth; do\n"
	"\tfile=/etc/pam.d/$file\n"
	"\t[ -f $file ] || continue\n"
	"\tgrep -q hod-delegate $file ||\n"
	"\t\techo 'session optional pam_exec.so quiet /usr/local/sbin/hod-delegate' >>$file\n"
	"done\n"
	"/usr/local/sbin/hod-delegate %s %d\n";

static int find_user(const struct app *app, const char *name, uid_t *uid, char **found,
		     struct error *err)
{
	struct passwd *p;

	errno = 0;
	p = name ? getpwnam(name) : getpwuid(geteuid());
	if (!p && name)
		return error_set(err, ERR_NOTFOUND, "there is no user '%s'", name);
	if (!p)
		return error_set(err, ERR_NOTFOUND, "uid %u has no name; give one with --user",
				 (unsigned)geteuid());
	*uid = p->pw_uid;
	*found = xstrdup(p->pw_name);
	return 0;
}

static int setup_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct setup_args *args = arg;
	auto_done(str) struct str out = { 0 };
	auto_free char *name = NULL;
	uid_t uid = 0;

	if (access("/sys/fs/cgroup/cgroup.controllers", F_OK) < 0) {
		error_set(
			err, ERR_UNSUPPORTED,
			"the controllers of this machine are not in cgroup v2, or there are none");
		return error_hint(err, "boot with systemd.unified_cgroup_hierarchy=1 or "
				       "cgroup_no_v1=all, and mount cgroup2 at /sys/fs/cgroup");
	}
	if (find_user(app, args->user, &uid, &name, err) < 0)
		return -1;
	if (uid == 0)
		return error_set(err, ERR_USAGE, "root needs nothing done; name a user with --user");
	if (name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")])
		return error_set(err, ERR_UNSUPPORTED, "the name '%s' is not for a shell script",
				 name);
	if (access("/run/systemd/system", F_OK) == 0)
		str_addf(&out, systemd_commands, name, name, (unsigned)uid);
	else
		str_addf(&out, plain_commands, name, (int)getppid());
	return output_text(&out, err);
}

const struct command cmd_setup_cgroup = {
	.name = "setup cgroup",
	.summary = "print what root has to run so that a user's containers can have limits",
	.description = "Nothing is changed: look at it, then run it as root, in 'sh'.",
	.opts = opts,
	.args_size = sizeof(struct setup_args),
	.run = setup_run,
	.failure = 1,
};
