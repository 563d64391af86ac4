/*
 * zstd_lib.h - private: libzstd, mapped at first use.
 */
#ifndef ZSTD_LIB_H
#define ZSTD_LIB_H

#include "util/error.h"

#include <zstd.h>

#define ZSTD_LIB_FUNCTIONS(X)                                                                      \
	X(ZSTD_createDCtx)                                                                         \
	X(ZSTD_freeDCtx)                                                                           \
	X(ZSTD_DCtx_setParameter)                                                                  \
	X(ZSTD_decompressStream)                                                                   \
	X(ZSTD_createCCtx)                                                                         \
	X(ZSTD_freeCCtx)                                                                           \
	X(ZSTD_CCtx_setParameter)                                                                  \
	X(ZSTD_compressStream2)                                                                    \
	X(ZSTD_isError)                                                                            \
	X(ZSTD_getErrorName)

struct zstd_api {
#define ZSTD_LIB_MEMBER(fn) __typeof__(&fn) fn;
	ZSTD_LIB_FUNCTIONS(ZSTD_LIB_MEMBER)
#undef ZSTD_LIB_MEMBER
};
const struct zstd_api *zstd_lib(struct error *err); /* NULL when it is not installed */

#endif
