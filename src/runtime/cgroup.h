/*
 * cgroup.h - the v2 cgroup of a container, where there is one to be had: what the runtime's own
 * files share.
 *
 *	cgroup.c	   the tree: where it is mounted, paths, freezing, killing, removing
 *	cgroup_make.c	   one made for a spec, on the first rung of the ladder that does
 *	cgroup_systemd.c   a scope, asked for from a service manager
 *	cgroup_settings.c  linux.resources -> writes
 *	cgroup_apply.c	   the writes made; and why one cannot be
 *	cgroup_stats.c	   figures
 *	cgroup_describe.c  which rung it would be
 */
#ifndef RUNTIME_CGROUP_H
#define RUNTIME_CGROUP_H

#include "cgroup_settings.h"
#include "runtime/cgroup.h"
#include "util/str.h"

#define CGROUP_TEXT_MAX (256 << 10) /* bytes of one of its files */
#define CGROUP_HOME	"hod"	    /* the directory that ours are made in; removed when empty */

enum cgroup_tree { CGROUP_TREE_NONE, CGROUP_TREE_HYBRID, CGROUP_TREE_PURE };

/*
 * Makes the cgroup that the spec names and applies the spec's resources. *fd is its directory and
 * *path what the public functions take; -1 and NULL where none can be made, which is an error only
 * when limits were asked for: *required tells that it must be entered, too.
 */
int cgroup_make(const struct spec *spec, int *fd, char **path, bool *required, struct error *err);
/* Were limits asked for? Then a process that cannot enter the cgroup must not run. */
bool cgroup_is_required(const struct spec *spec);
/* Moves us to where we may make a process in that cgroup: by the manager of its scope. */
int cgroup_approach(const char *cgroup, struct error *err);

/* Where the v2 tree is mounted: a descriptor, or -1. */
int cgroup_mount_open(enum cgroup_tree *tree);
int cgroup_mount_clone(void);	      /* that mount, detached, or -1 */
int cgroup_open_of(pid_t pid);	      /* the directory of a process's v2 cgroup, or -1 */
int cgroup_open_at(const char *path); /* as in the "0::" line; -1 and errno */
char *cgroup_path_of(pid_t pid);      /* the "0::" line, 0: our own; yours, or NULL */
int cgroup_put(int dir, const char *file, const char *text); /* -1 and errno */
/* A file's text without its last newline; "" when it cannot be read. Yours. */
char *cgroup_get(int dir, const char *file);
bool cgroup_has_word(const char *list, const char *word); /* separated by blanks */

/* dir is that of path. */
int cgroup_settings_apply(int dir, const char *path, const cgroup_settings *s, struct error *err);
/* ERR_UNSUPPORTED: why there is no such controller in the cgroup (NULL: without one). */
int cgroup_missing(const char *path, const char *controller, const char *what, struct error *err);

/*
 * A transient scope from the service manager of who we are, with us in it. *path is where it is.
 * slice may be NULL. ERR_UNSUPPORTED: there is no manager, or it does not answer.
 */
int cgroup_scope_enter(const char *name, const char *slice, char **path, struct error *err);
/* Moves us into a subgroup ("/leaf") of a unit that is delegated. */
int cgroup_scope_attach(const char *unit, const char *below, struct error *err);
bool cgroup_systemd_runs(void);
/* The socket of the manager of who we are, and who that is. Yours. */
char *cgroup_manager_socket(uid_t *uid);
/* Was our cgroup delegated to us? Its path is cut to what was, where we are in our own leaf of it. */
bool cgroup_is_ours(char **own);

#endif
