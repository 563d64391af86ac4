/*
 * microhttpd_lib.h - private: libmicrohttpd, mapped at first use.
 */
#ifndef MICROHTTPD_LIB_H
#define MICROHTTPD_LIB_H

#include "util/error.h"

#include <sys/types.h> /* the next one wants it */

#include <microhttpd.h>

#define MHD_LIB_FUNCTIONS(X)                                                                       \
	X(MHD_start_daemon)                                                                        \
	X(MHD_stop_daemon)                                                                         \
	X(MHD_queue_response)                                                                      \
	X(MHD_create_response_from_buffer)                                                         \
	X(MHD_create_response_from_fd_at_offset64)                                                 \
	X(MHD_add_response_header)                                                                 \
	X(MHD_destroy_response)                                                                    \
	X(MHD_lookup_connection_value)

struct mhd_api {
#define MHD_LIB_MEMBER(fn) __typeof__(&(fn)) fn;
	MHD_LIB_FUNCTIONS(MHD_LIB_MEMBER)
#undef MHD_LIB_MEMBER
};
const struct mhd_api *mhd_lib(struct error *err); /* NULL: ERR_UNSUPPORTED */

#endif
