/*
 * lazy.h - libraries off the hot path, mapped by dlopen(3) at first use.
 *
 * Each library has a struct of typed pointers, filled by name from a table; the binary carries ELF
 * .note.dlopen metadata so that packagers see the dependency.
 *
 *	static const struct lazy_symbol zstd_symbols[] = {
 *		LAZY_SYMBOL(struct zstd_api, ZSTD_createDCtx), ..., LAZY_END };
 *	static struct zstd_api zstd;
 *	static struct lazy zstd_lazy = LAZY("zstd", "libzstd.so.1", &zstd, zstd_symbols);
 *	LAZY_NOTE(zstd, "libzstd.so.1", "zstd layers", "recommended");
 *	...
 *	if (lazy_load(&zstd_lazy, err) < 0)
 */
#ifndef UTIL_LAZY_H
#define UTIL_LAZY_H

#include "util/error.h"

#include <stdbool.h>
#include <stddef.h>

struct lazy_symbol {
	const char *name;
	size_t offset; /* of the function pointer in the api struct */
};
struct lazy {
	const char *name, *soname; /* "zstd", "libzstd.so.1" */
	void *api;
	const struct lazy_symbol *symbols;
	void *handle;
};
#define LAZY(n, so, api_, symbols_)                                                                \
	{                                                                                          \
		.name = (n), .soname = (so), .api = (api_), .symbols = (symbols_)                  \
	}
#define LAZY_SYMBOL(type, fn)                                                                      \
	{                                                                                          \
#fn, offsetof(type, fn)                                                            \
	}
#define LAZY_END                                                                                   \
	{                                                                                          \
		NULL, 0                                                                            \
	}

/* Maps it once. ERR_UNSUPPORTED "zstd: libzstd.so.1 is not installed" with a hint. */
int lazy_load(struct lazy *l, struct error *err);

/* The note is JSON, as the ELF package metadata specification for dlopen'ed libraries has it. */
#define LAZY_NOTE(id, so, why, priority)                                                             \
	__attribute__((used, section(".note.dlopen"), aligned(4))) static const struct {             \
		unsigned namesz, descsz, type;                                                       \
		char name[4];                                                                        \
		char desc[sizeof("[{\"soname\":[\"" so "\"],\"description\":\"" why                  \
				 "\",\"priority\":\"" priority "\"}]")] __attribute__((aligned(4))); \
	} lazy_note_##id = { 4, sizeof(lazy_note_##id.desc), 0x407c0c0a, "FDO",                      \
			     "[{\"soname\":[\"" so "\"],\"description\":\"" why                      \
			     "\",\"priority\":\"" priority "\"}]" }

#endif
