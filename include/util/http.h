/*
 * http.h - one file fetched over http or https, by libcurl at first use.
 */
#ifndef UTIL_HTTP_H
#define UTIL_HTTP_H

#include "util/error.h"

#include <stdbool.h>
#include <stdint.h>

#define HTTP_REDIRECTS_MAX 10

struct http_got {
	int64_t last_modified; /* seconds since 1970; -1: not told */
	char *etag;	       /* as told, quotes included, or NULL */
	char *url;	       /* where redirections ended */
	bool unchanged;	       /* 304: nothing was appended */
};
void http_got_done(struct http_got *g);
bool http_is_url(const char *text); /* "http://..." or "https://..." in any case */
/*
 * Appends the body to fd, at most max bytes (ERR_LIMIT). Redirections are followed, to http and
 * https only, and from https to https only. Proxies are those of the environment. ERR_NOTFOUND for
 * 404 and 410; other answers than 200 are ERR_FAILED and name the code; ERR_SYSTEM when the server
 * cannot be reached. ERR_UNSUPPORTED without libcurl.
 * header: one more line of the request, or NULL; an Authorization goes to the URL's own host only.
 */
int http_get(const char *url, const char *header, int fd, int64_t max, struct http_got *got,
	     struct error *err);
/*
 * The same, unless what has this tag (NULL: none) is still all there is. A time is not asked about:
 * servers answer with what is not newer, and files come back that are older.
 */
int http_get_changed(const char *url, const char *header, const char *etag, int fd, int64_t max,
		     struct http_got *got, struct error *err);

#endif
