/*
 * idle.c - waiting without the memory that only work needs.
 *
 * Theory of operation. A monitor sleeps nearly all its life, and there is one for each container.
 * Before it sleeps it gives back
 *
 *	heap	  what is free of it
 *	stack	  what deeper calls have left below
 *	clean	  the program and its libraries, as far as they are as in their files: what is
 *		  touched again is mapped again from the page cache
 *	tables	  the program's constants that hold addresses. The loader has made them private
 *		  by adding the program's base to each; here their pages become those of the file
 *		  again, and before anything else runs the base is added again, as the loader
 *		  did it.
 *
 * So it sleeps with its data, one page of code, and those tables that are relocated in other ways.
 *
 * Never  touches in sleep_without() what it has given away.
 */
#include "idle.h"
#include "util/mem.h"

#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef DT_RELR
#define DT_RELRSZ 35
#define DT_RELR	  36
#endif

#define CLEAN_MAX  48
#define STACK_USED ((uintptr_t)256 << 10) /* at most, by what came before */
#define STACK_NEAR 1024			  /* of sleep_without and the system calls it makes */

#if __has_attribute(noplt) /* clang has none */
extern __typeof__(syscall) syscall __attribute__((noplt));
#endif

struct range {
	uintptr_t from, to; /* whole pages; equal: none */
};
struct spare {
	uintptr_t page;
	struct range clean[CLEAN_MAX], tables;
	size_t n;
	uintptr_t base;		 /* of the program */
	const ElfW(Addr) * relr; /* its relative relocations, packed; NULL: not so */
	size_t n_relr;
};
struct waiting {
	int epoll, max, timeout_ms;
	struct epoll_event *events;
};

static void relative(uintptr_t where, const struct spare *s)
{
	if (where >= s->tables.from && where < s->tables.to)
		*(uintptr_t *)where += s->base;
}

/* DT_RELR: an address, then odd words that are bitmaps of the 63 words behind the last one. */
static void tables_restore(const struct spare *s)
{
	const uintptr_t word = sizeof(uintptr_t), bits = 8 * word - 1;
	uintptr_t where = 0;

	for (size_t i = 0; i < s->n_relr; i++) {
		uintptr_t entry = s->relr[i];

		if (!(entry & 1)) {
			where = s->base + entry;
			relative(where, s);
			where += word;
			continue;
		}
		for (uintptr_t at = where; entry >>= 1; at += word)
			if (entry & 1)
				relative(at, s);
		where += bits * word;
	}
	mprotect((void *)s->tables.from, s->tables.to - s->tables.from, PROT_READ);
}

/* Only what this whole file can make again may go: what else is relocated stays. */
static uintptr_t lowest_other(const ElfW(Rela) * r, size_t bytes, uintptr_t lowest)
{
	for (size_t i = 0; r && i < bytes / sizeof(*r); i++)
		lowest = MIN(lowest, (uintptr_t)r[i].r_offset);
	return lowest;
}

/* What the loader protects after it has relocated it, up to what is not relocated in our way. */
static void tables_find(struct spare *s, uintptr_t from, uintptr_t to, const ElfW(Dyn) * dynamic)
{
	uintptr_t end = MIN(to, (uintptr_t)dynamic - s->base);
	const ElfW(Rela) *rela = NULL, *plt = NULL;
	size_t rela_bytes = 0, plt_bytes = 0;

	for (const ElfW(Dyn) *d = dynamic; d->d_tag != DT_NULL; d++) {
		uintptr_t at = d->d_un.d_ptr;

		at += at < s->base ? s->base : 0; /* some loaders have made an address of it */
		if (d->d_tag == DT_RELR)
			s->relr = (const ElfW(Addr) *)at;
		else if (d->d_tag == DT_RELRSZ)
			s->n_relr = d->d_un.d_val / sizeof(*s->relr);
		else if (d->d_tag == DT_RELA)
			rela = (const ElfW(Rela) *)at;
		else if (d->d_tag == DT_RELASZ)
			rela_bytes = d->d_un.d_val;
		else if (d->d_tag == DT_JMPREL)
			plt = (const ElfW(Rela) *)at;
		else if (d->d_tag == DT_PLTRELSZ)
			plt_bytes = d->d_un.d_val;
	}
	if (!s->relr)
		return;
	end = lowest_other(rela, rela_bytes, end);
	end = lowest_other(plt, plt_bytes, end);
	from &= ~(s->page - 1);
	end &= ~(s->page - 1);
	if (end > from)
		s->tables = (struct range){ s->base + from, s->base + end };
}

static int object_find(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct spare *s = arg;
	const ElfW(Phdr) *relro = NULL, *dynamic = NULL;
	bool program = s->n == 0; /* it is the first */

	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &info->dlpi_phdr[i];
		uintptr_t from = info->dlpi_addr + h->p_vaddr;

		if (h->p_type == PT_GNU_RELRO)
			relro = h;
		else if (h->p_type == PT_DYNAMIC)
			dynamic = h;
		/* what may have been written to is not in the file */
		else if (h->p_type == PT_LOAD && !(h->p_flags & PF_W) && s->n < CLEAN_MAX)
			s->clean[s->n++] = (struct range){ from & ~(s->page - 1), from + h->p_memsz };
	}
	if (!program || !relro || !dynamic)
		return 0;
	s->base = info->dlpi_addr;
	tables_find(s, relro->p_vaddr, relro->p_vaddr + relro->p_memsz,
		    (const ElfW(Dyn) *)(s->base + dynamic->p_vaddr));
	return 0;
}

/*
 * On one page, which stays: the first argument of the alignment, and why there is no other call in
 * it than of syscall(2), which brings one piece of the C library back.
 */
static int __attribute__((noinline, aligned(1024)))
sleep_without(const struct spare *s, const struct waiting *w)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	uintptr_t to = (here - STACK_NEAR) & ~(s->page - 1);
	const struct range *tables = &s->tables;

	/* below the end of the mapping it says ENOMEM, and has dropped what there was */
	syscall(SYS_madvise, to - STACK_USED, STACK_USED, MADV_DONTNEED);
	if (tables->to > tables->from)
		syscall(SYS_madvise, tables->from, tables->to - tables->from, MADV_DONTNEED);
	for (const struct range *r = s->clean; r < s->clean + s->n; r++)
		syscall(SYS_madvise, r->from, r->to - r->from, MADV_DONTNEED);
	return (int)syscall(SYS_epoll_pwait, w->epoll, w->events, w->max, w->timeout_ms, NULL,
			    (size_t)8);
}

int idle_wait(int epoll, struct epoll_event *events, int max, int timeout_ms, bool alone)
{
	const struct waiting w = { epoll, max, timeout_ms, events };
	struct spare s = { .page = (uintptr_t)sysconf(_SC_PAGESIZE) };
	uintptr_t code = (uintptr_t)sleep_without & ~(s.page - 1);
	int n;

	malloc_trim(0);
	dl_iterate_phdr(object_find, &s);
	/* the kernel maps 16 pages around one that is touched, but none beyond such a border */
	madvise((void *)code, s.page, MADV_RANDOM);
	/* writable before it goes: if that cannot be had, it cannot be restored */
	if (!alone || s.tables.to == s.tables.from ||
	    mprotect((void *)s.tables.from, s.tables.to - s.tables.from, PROT_READ | PROT_WRITE) < 0)
		s.tables = (struct range){ 0, 0 };
	n = sleep_without(&s, &w);
	if (s.tables.to)
		tables_restore(&s);
	return n;
}
