/*
 * curl_lib.c - libcurl by first use: no command that opens no connection pays for it.
 */
#include "util/curl_lib.h"

#include "util/lazy.h"

#include <pthread.h>

#define SONAME_GNUTLS  "libcurl-gnutls.so.4"
#define SONAME_OPENSSL "libcurl.so.4"

#define CURL_LIB_SYMBOL(fn) LAZY_SYMBOL(struct curl_api, fn),
static const struct lazy_symbol symbols[] = { CURL_LIB_FUNCTIONS(CURL_LIB_SYMBOL) LAZY_END };
static struct curl_api curl;
static struct lazy gnutls = LAZY("curl", SONAME_GNUTLS, &curl, symbols);
static struct lazy openssl = LAZY("curl", SONAME_OPENSSL, &curl, symbols);
LAZY_NOTE(curl, SONAME_GNUTLS, "registries, and fetching over http", "recommended");

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode started;

static void start(void)
{
	started = curl.curl_global_init(CURL_GLOBAL_DEFAULT);
}

const struct curl_api *curl_lib(struct error *err)
{
	struct error second = { 0 }; /* the first names the library that we prefer */

	if (lazy_load(&gnutls, err) < 0) {
		if (lazy_load(&openssl, &second) < 0)
			return NULL;
		error_clear(err);
	}
	pthread_once(&once, start);
	if (started != CURLE_OK) {
		error_set(err, ERR_UNSUPPORTED, "curl does not start");
		return NULL;
	}
	return &curl;
}
