/*
 * trampoline.c - see trampoline.h.
 */
#include "trampoline.h"

#include "process.h"
#include "trampoline_program.h" /* generated */
#include "util/compat.h"
#include "util/fd.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

static int sealed_copy(struct error *err)
{
	auto_close int fd = sys_memfd("trampoline", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);

	if (fd < 0)
		return error_sys(err, "memfd_create");
	if (fd_write_all(fd, trampoline_program, sizeof(trampoline_program), err) < 0)
		return -1;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return error_sys(err, "seal the trampoline");
	return take_fd(&fd);
}

int trampoline_make(struct plan_process *p, int *errors, struct error *err)
{
	size_t argc = p->spec->args.n;
	int fds[2];

	p->trampoline = sealed_copy(err);
	if (p->trampoline < 0 || fd_pipe(fds, err) < 0)
		return -1;
	*errors = fds[0];
	p->trampoline_error = fds[1];
	/* it is put right behind the descriptors that the container keeps */
	snprintf(p->trampoline_fd, sizeof(p->trampoline_fd), "%zu", 3 + p->n_preserve);
	p->trampoline_argv = xcalloc(argc + 3, sizeof(char *));
	p->trampoline_argv[0] = p->argv[0];
	p->trampoline_argv[1] = p->trampoline_fd;
	memcpy(p->trampoline_argv + 2, p->argv, argc * sizeof(char *));
	return 0;
}

int trampoline_wait(const struct plan_process *p, int errors, struct error *err)
{
	int sys;

	if (fd_read_full(errors, &sys, sizeof(sys), err) != sizeof(sys))
		return 0; /* the pipe was closed by the exec */
	/* it was there and executable before the trampoline was started */
	return command_error(p, p->trampoline_argv[0], FOUND_FILE, sys, err);
}
