/*
 * idle.c - a process that waits without the memory it does not need, and has all of it afterwards.
 */
#include "unit.h"

#include "monitor/idle.h"
#include "util/error.h"
#include "util/fd.h"
#include "util/mem.h"

#include <inttypes.h>
#include <link.h>
#ifndef DT_RELR
#define DT_RELR 36
#endif
#include <stdint.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A table that the loader has to relocate, larger than some pages. */
static const char *const words[] = { "one", "two", "three" };
static const char *const *const table[4096] = { [0 ... 4095] = words };

struct segment {
	const char *at;
	size_t n;
};

static int find_relro(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct segment *s = arg;

	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_GNU_RELRO) {
			s->at = (const char *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
			s->n = info->dlpi_phdr[i].p_memsz;
		}
	return 1; /* the first is the program */
}

/* Only relocations in the packed form are made again; not every linker packs them. */
static int find_packed(struct dl_phdr_info *info, size_t size, void *arg)
{
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Dyn) *d =
			(const ElfW(Dyn) *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);

		if (info->dlpi_phdr[i].p_type != PT_DYNAMIC)
			continue;
		for (; d->d_tag != DT_NULL; d++)
			*(bool *)arg |= d->d_tag == DT_RELR;
	}
	return 1;
}

/* Without the sanitizer: there are gaps between the constants. */
static uint64_t __attribute__((no_sanitize("address"))) sum(const struct segment *s)
{
	uint64_t sum = 0;

	for (size_t i = 0; i + sizeof(uint64_t) <= s->n; i += sizeof(uint64_t))
		sum = sum * 31 + *(const uint64_t *)(const void *)(s->at + i);
	return sum;
}

static int watch_pipe(int fd)
{
	struct epoll_event e = { .events = EPOLLIN, .data.u64 = 7 };
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	ck_assert_int_ge(epoll, 0);
	ck_assert_int_eq(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e), 0);
	return epoll;
}

START_TEST(what_the_loader_relocated_is_the_same_after_a_wait)
{
	struct segment s = { 0 };
	struct epoll_event e;
	struct error err = { 0 };
	uint64_t before;
	int pipe[2], epoll;

	ck_assert_int_eq(fd_pipe(pipe, &err), 0);
	epoll = watch_pipe(pipe[0]);
	dl_iterate_phdr(find_relro, &s);
	ck_assert_uint_gt(s.n, sizeof(table));
	before = sum(&s);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(idle_wait(epoll, &e, 1, 20, i != 1), 0);
		ck_assert(sum(&s) == before);
	}
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		ck_assert_str_eq(table[i][i % 3], words[i % 3]);
	close(epoll);
}
END_TEST

START_TEST(what_is_ready_is_returned)
{
	struct epoll_event e = { 0 };
	struct error err = { 0 };
	int pipe[2], epoll;

	ck_assert_int_eq(fd_pipe(pipe, &err), 0);
	epoll = watch_pipe(pipe[0]);
	ck_assert_int_eq(write(pipe[1], "x", 1), 1);
	ck_assert_int_eq(idle_wait(epoll, &e, 1, -1, true), 1);
	ck_assert_uint_eq(e.data.u64, 7);
	ck_assert_uint_eq(e.events, EPOLLIN);
	close(epoll);
}
END_TEST

/* How much of the table is a process's own, in bytes; -1: not to be read. */
static long table_dirty(pid_t pid)
{
	char path[64], line[512];
	uintptr_t from = 0, to, want = (uintptr_t)table + sizeof(table) / 2;
	long kb = 0, found = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/smaps", (int)pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &from, &to) == 2 && from <= want &&
		    want < to)
			found = 0;
		else if (found == 0 && sscanf(line, "Private_Dirty: %ld kB", &kb) == 1)
			break;
	}
	if (f)
		fclose(f);
	return found < 0 ? -1 : kb * 1024;
}

START_TEST(the_tables_are_not_kept_meanwhile)
{
	const struct timespec pause = { .tv_nsec = 10000000 };
	struct epoll_event e;
	struct error err = { 0 };
	bool packed = false;
	long dirty = -1;
	int pipe[2], status;
	pid_t pid;

	dl_iterate_phdr(find_packed, &packed);
	if (!packed)
		return;
	ck_assert_int_eq(fd_pipe(pipe, &err), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		int epoll = watch_pipe(pipe[0]);

		close(pipe[1]);
		_exit(idle_wait(epoll, &e, 1, 50000, true) == 1 && table[5][1] == words[1] ? 0 : 1);
	}
	for (int i = 0; i < 1000; i++) {
		dirty = table_dirty(pid);
		if (dirty >= 0 && dirty < (long)sizeof(table) / 2)
			break;
		nanosleep(&pause, NULL);
	}
	close(pipe[1]); /* the event: its end */
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_int_ge(dirty, 0);
	ck_assert_int_lt(dirty, (long)sizeof(table) / 2);
}
END_TEST

UNIT_MAIN("monitor/idle", TEST(what_the_loader_relocated_is_the_same_after_a_wait),
	  TEST(what_is_ready_is_returned), TEST(the_tables_are_not_kept_meanwhile))
