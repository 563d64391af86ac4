/*
 * proc.h - what /proc tells of a process, so that its number cannot be mistaken for another's.
 */
#ifndef UTIL_PROC_H
#define UTIL_PROC_H

#include "util/error.h"
#include "util/str.h"

#include <stdint.h>
#include <sys/types.h>

/*
 * When it began, in clock ticks since boot (field 22 of /proc/PID/stat); -1: there is no such
 * process. *zombie, when not NULL: it has ended and nobody has asked how.
 */
int64_t process_start_time(pid_t pid, bool *zombie);
/* /proc/sys/kernel/random/boot_id without its newline. */
int boot_id_read(struct str *id, struct error *err);

/*
 * What ps shows of us from now on: the short name (15 characters) and, as far as there is room
 * where our arguments were, the text. Arguments and environment are wiped: they may hold secrets
 * that are no business of ps when a process stays. The environment is empty afterwards.
 */
void process_title(const char *comm, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
