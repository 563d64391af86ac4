/*
 * hooks.h - the programs that a config.json wants to be run at points of a container's life.
 *
 * runtime_create() runs those that belong to it: prestart, createRuntime, createContainer, and the
 * process itself, when it is started, startContainer; with `start` also poststart. The other two
 * are run by who starts and who deletes a container that was created before.
 *
 * Spec   runtime-spec 1.2 config.md "POSIX-platform Hooks", runtime.md "State", "Lifecycle".
 */
#ifndef RUNTIME_HOOKS_H
#define RUNTIME_HOOKS_H

#include "oci/spec.h"
#include "util/error.h"

#include <stdbool.h>
#include <sys/types.h>

enum hook_kind {
	HOOK_PRESTART,
	HOOK_CREATE_RUNTIME,
	HOOK_CREATE_CONTAINER,
	HOOK_START_CONTAINER,
	HOOK_POSTSTART,
	HOOK_POSTSTOP,
};
/* What a hook reads on its standard input. */
struct hook_state {
	const char *id, *bundle; /* NULL: "" */
	pid_t pid;		 /* 0: there is none any more */
	const struct strmap *annotations;
};

bool hooks_present(const struct spec *s, enum hook_kind kind);
/*
 * Runs them one after the other; the first that fails (status, signal, timeout: ERR_FAILED) is
 * the last. Of poststart and poststop all are run, and a failure is only warned of.
 */
int hooks_run(const struct spec *s, enum hook_kind kind, const struct hook_state *st,
	      struct error *err);

#endif
