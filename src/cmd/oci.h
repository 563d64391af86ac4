/*
 * oci.h - private to cmd: `hod oci`, the command line of an OCI runtime as engines call it.
 *
 *	ROOT/ID/	state.json	what `state` tells, and how to find the process
 *			config.json	as it was at create: it is not read from the bundle again
 *			start		socket on which init waits for `start`; gone once it was told
 *
 * Spec   runtime-spec 1.2 runtime.md: "State", "Lifecycle", "Operations".
 */
#ifndef OCI_H
#define OCI_H

#include <signal.h>

#include "cmd/command.h"
#include "oci/spec.h"
#include "runtime/hooks.h"
#include "runtime/runtime.h"

/* The options before the command's word. */
struct oci {
	char *root, *log, *log_format, *rootless, *cgroup_manager, *criu;
	bool debug, systemd_cgroup, version;
};

enum oci_status { OCI_CREATED, OCI_RUNNING, OCI_PAUSED, OCI_STOPPED };
struct oci_state {
	char *oci_version, *id, *bundle, *cgroup, *boot_id, *rootfs;
	int64_t pid, pid_start, created_ns, owner;
	struct strmap annotations;
	/* not in the file: */
	enum oci_status status;
	int dir; /* ROOT/ID, or -1 */
};
#define OCI_START_SOCKET "start"

void oci_state_init(struct oci_state *s);
void oci_state_done(struct oci_state *s);
/* The directory of all; made when missing and make is set: ERR_NOTFOUND else. Yours. */
int oci_root_open(const struct app *app, bool make, struct error *err);
/* ERR_INVALID for an ID that is no single harmless name. */
int oci_id_check(const char *id, struct error *err);
/* Makes ROOT/ID: ERR_EXISTS. */
int oci_state_make(const struct app *app, const char *id, struct oci_state *s, struct error *err);
int oci_state_save(const struct oci_state *s, struct error *err);
/* With its status now. ERR_NOTFOUND "container does not exist". */
int oci_state_load(const struct app *app, const char *id, struct oci_state *s, struct error *err);
int oci_state_remove(const struct app *app, struct oci_state *s, struct error *err);
const char *oci_status_name(enum oci_status status);
/* A pidfd that is certainly its init's, or ERR_BUSY "container not running". */
int oci_state_pidfd(const struct oci_state *s, struct error *err);
/* The config.json it was created with. s was initialised by spec_init. */
int oci_state_spec(const struct oci_state *s, struct spec *spec, struct error *err);

/* ---- shared by create, run and exec ---- */

/* What they lend to the new process. */
struct oci_stdio {
	char *console_socket, *pidfd_socket, *pid_file;
	int64_t preserve_fds; /* 3, 4, ... so many; UNSET: 0 */
};
struct oci_lent {
	int console; /* connected, or -1 */
	int *preserve;
	size_t n_preserve;
};
/* Connects and checks what is to be lent; *o points into *l. */
int oci_lend(const struct oci_stdio *io, struct oci_lent *l, struct runtime_options *o,
	     struct error *err);
void oci_lent_done(struct oci_lent *l);
/* Tells who waits for it: the pid file (atomically) and the pidfd over its socket. */
int oci_announce(const struct oci_stdio *io, const struct runtime_process *p, struct error *err);
/* Could the process write our executable (CVE-2019-5736)? */
bool oci_owned_binary(void);
/* The foreground: signals are passed on, its end is waited for. The exit code, or -1. */
int oci_wait(int pidfd, int master, struct error *err);
/* From here on ours wait for oci_wait: before a process runs that may ask for one. */
sigset_t oci_hold_signals(void);

/*
 * An ordinary user mounts as root of a user namespace of his own, which was entered by now. Does
 * the bundle ask for the very same one, then this is it, and spec asks for none any more; else one
 * is made below, with maps in our ids. ERR_DENIED: ids that are not the caller's.
 */
int oci_ids_fit(const struct userns *u, struct spec *spec, struct error *err);

/* The config.json of create, for its hooks; what cannot be read any more has none. Warns. */
void oci_late_hooks_load(const struct oci_state *s, struct spec *spec);
/* Runs those of HOOK_POSTSTART or HOOK_POSTSTOP. They only warn. */
void oci_late_hooks(const struct oci_state *s, const struct spec *spec, enum hook_kind kind);
/*
 * Kills, removes the cgroup and the directory, then runs the poststop hooks. known: its
 * config.json, by who has it still; NULL: it is read.
 */
int oci_delete(const struct app *app, struct oci_state *s, const struct spec *known,
	       struct error *err);

#endif
