/*
 * proc.c - what /proc tells of a process.
 */
#include "util/proc.h"

#include "util/fd.h"

#include <stdio.h>

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
