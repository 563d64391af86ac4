/*
 * proc.c - what /proc tells of a process, and what it is to tell of us.
 */
#include "util/proc.h"

#include "util/fd.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#define STAT_MAX 4096

int64_t process_start_time(pid_t pid, bool *zombie)
{
	auto_done(str) struct str text = { 0 };
	struct error gone = { 0 }; /* no such process has no start time */
	char path[32], state;
	unsigned long long start;
	const char *p;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (file_read(AT_FDCWD, path, &text, STAT_MAX, &gone) < 0)
		return -1;
	/* the command in field 2 may hold anything but ends at the last ')' */
	p = strrchr(str_get(&text), ')');
	if (!p || sscanf(p + 1,
			 " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d "
			 "%*d %*d %*d %llu",
			 &state, &start) != 2)
		return -1;
	if (zombie)
		*zombie = state == 'Z' || state == 'X';
	return (int64_t)start;
}

int boot_id_read(struct str *id, struct error *err)
{
	if (file_read(AT_FDCWD, "/proc/sys/kernel/random/boot_id", id, 128, err) < 0)
		return -1;
	while (id->len && id->s[id->len - 1] == '\n')
		id->s[--id->len] = '\0';
	return 0;
}

static void wipe(size_t from, size_t to)
{
	if (from && from < to)
		memset((void *)from, 0, to - from);
}

/* The kernel shows our memory where both were: fields 48 to 51 of our stat. */
void process_title(const char *comm, const char *fmt, ...)
{
	auto_done(str) struct str stat = { 0 };
	struct error ignored = { 0 }; /* without /proc the title stays */
	size_t arg, arg_end, env, env_end;
	const char *at;
	char text[256];
	va_list ap;

	prctl(PR_SET_NAME, comm);
	va_start(ap, fmt); /* before the memory goes that it may be made of */
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (file_read(AT_FDCWD, "/proc/self/stat", &stat, STAT_MAX, &ignored) < 0)
		return;
	at = strrchr(stat.s, ')');
	for (int field = 2; at && field < 48; field++)
		at = strchr(at + 1, ' ');
	if (!at || sscanf(at, " %zu %zu %zu %zu", &arg, &arg_end, &env, &env_end) != 4)
		return;
	wipe(arg, arg_end);
	wipe(env, env_end);
	if (arg && arg < arg_end)
		snprintf((char *)arg, arg_end - arg, "%s", text);
}
