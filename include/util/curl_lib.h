/*
 * curl_lib.h - libcurl, mapped at first use; the GnuTLS build first, else the OpenSSL one.
 */
#ifndef UTIL_CURL_LIB_H
#define UTIL_CURL_LIB_H

#include "util/error.h"

#define CURL_DISABLE_TYPECHECK /* its macros would not let us call through pointers */
#include <curl/curl.h>

#define CURL_LIB_FUNCTIONS(X)                                                                      \
	X(curl_global_init)                                                                        \
	X(curl_easy_init)                                                                          \
	X(curl_easy_setopt)                                                                        \
	X(curl_easy_perform)                                                                       \
	X(curl_easy_getinfo)                                                                       \
	X(curl_easy_reset)                                                                         \
	X(curl_easy_cleanup)                                                                       \
	X(curl_easy_strerror)                                                                      \
	X(curl_slist_append)                                                                       \
	X(curl_slist_free_all)

struct curl_api {
#define CURL_LIB_MEMBER(fn) __typeof__(&(fn)) fn;
	CURL_LIB_FUNCTIONS(CURL_LIB_MEMBER)
#undef CURL_LIB_MEMBER
};
const struct curl_api *curl_lib(struct error *err); /* NULL: ERR_UNSUPPORTED */

#endif
