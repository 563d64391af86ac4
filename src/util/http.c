/*
 * http.c - one file fetched over http or https.
 *
 * Never  speaks another protocol, whatever a redirection says, and never goes on from https to
 * http. Spec   RFC 9110.
 */
#include "util/http.h"

#include "util/fd.h"
#include "util/lazy.h"
#include "util/mem.h"
#include "util/str.h"

#define CURL_DISABLE_TYPECHECK /* its macros would not let us call through pointers */
#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#define CONNECT_S	    30L
#define STALLED_S	    60L /* so long at less than STALLED_BYTES a second is the end */
#define STALLED_BYTES	    1L
#define CURL_SONAME	    "libcurl-gnutls.so.4"
#define CURL_SONAME_OPENSSL "libcurl.so.4"

#define CURL_FUNCTIONS(X)                                                                          \
	X(curl_global_init)                                                                        \
	X(curl_easy_init)                                                                          \
	X(curl_easy_setopt)                                                                        \
	X(curl_easy_perform) X(curl_easy_getinfo) X(curl_easy_cleanup) X(curl_easy_strerror)
struct curl_api {
#define CURL_MEMBER(fn) __typeof__(&(fn)) fn;
	CURL_FUNCTIONS(CURL_MEMBER)
};
#define CURL_SYMBOL(fn) LAZY_SYMBOL(struct curl_api, fn),
static const struct lazy_symbol symbols[] = { CURL_FUNCTIONS(CURL_SYMBOL) LAZY_END };
static struct curl_api curl;
static struct lazy gnutls = LAZY("curl", CURL_SONAME, &curl, symbols);
static struct lazy openssl = LAZY("curl", CURL_SONAME_OPENSSL, &curl, symbols);
LAZY_NOTE(curl, CURL_SONAME, "fetching over http", "recommended");

static int load(struct error *err)
{
	struct error first = { 0 };

	if (lazy_load(&gnutls, &first) < 0 && lazy_load(&openssl, err) < 0) {
		*err = first;
		return -1;
	}
	return curl.curl_global_init(CURL_GLOBAL_DEFAULT)
		       ? error_set(err, ERR_UNSUPPORTED, "curl does not start")
		       : 0;
}

void http_got_done(struct http_got *g)
{
	free(g->etag);
	free(g->url);
	*g = (struct http_got){ .last_modified = -1 };
}

bool http_is_url(const char *text)
{
	return strncasecmp(text, "http://", 7) == 0 || strncasecmp(text, "https://", 8) == 0;
}

struct transfer {
	CURL *handle;
	int fd;
	int64_t left;
	struct http_got *got;
	struct error *err; /* what our own callbacks failed with */
};

static size_t on_body(char *bytes, size_t one, size_t n, void *arg)
{
	struct transfer *t = arg;
	long code = 0;

	/* the page that tells of an error is no part of the file */
	curl.curl_easy_getinfo(t->handle, CURLINFO_RESPONSE_CODE, &code);
	if (code != 200)
		return n * one;
	if ((int64_t)n > t->left) {
		error_set(t->err, ERR_LIMIT, "it is larger than allowed");
		return 0;
	}
	t->left -= (int64_t)n;
	return fd_write_all(t->fd, bytes, n, t->err) < 0 ? 0 : n;
}

static size_t on_header(char *bytes, size_t one, size_t n, void *arg)
{
	struct transfer *t = arg;
	size_t skip = strlen("etag:");

	(void)one;
	if (n > 5 && memcmp(bytes, "HTTP/", 5) == 0) { /* the next answer of a chain */
		free(t->got->etag);
		t->got->etag = NULL;
	}
	if (n <= skip || strncasecmp(bytes, "etag:", skip) != 0)
		return n;
	while (skip < n && (bytes[skip] == ' ' || bytes[skip] == '\t'))
		skip++;
	free(t->got->etag);
	t->got->etag = xstrndup(bytes + skip, n - skip);
	t->got->etag[strcspn(t->got->etag, "\r\n")] = '\0';
	return n;
}

static void set_options(struct transfer *t, const char *url)
{
	bool secure = strncasecmp(url, "https:", 6) == 0;

	curl.curl_easy_setopt(t->handle, CURLOPT_URL, url);
	curl.curl_easy_setopt(t->handle, CURLOPT_PROTOCOLS_STR, "http,https");
	curl.curl_easy_setopt(t->handle, CURLOPT_REDIR_PROTOCOLS_STR,
			      secure ? "https" : "http,https");
	curl.curl_easy_setopt(t->handle, CURLOPT_FOLLOWLOCATION, 1L);
	curl.curl_easy_setopt(t->handle, CURLOPT_MAXREDIRS, (long)HTTP_REDIRECTS_MAX);
	curl.curl_easy_setopt(t->handle, CURLOPT_NOSIGNAL, 1L);
	curl.curl_easy_setopt(t->handle, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
	curl.curl_easy_setopt(t->handle, CURLOPT_LOW_SPEED_LIMIT, STALLED_BYTES);
	curl.curl_easy_setopt(t->handle, CURLOPT_LOW_SPEED_TIME, STALLED_S);
	curl.curl_easy_setopt(t->handle, CURLOPT_FILETIME, 1L);
	curl.curl_easy_setopt(t->handle, CURLOPT_USERAGENT, "hod");
	curl.curl_easy_setopt(t->handle, CURLOPT_WRITEFUNCTION, on_body);
	curl.curl_easy_setopt(t->handle, CURLOPT_WRITEDATA, t);
	curl.curl_easy_setopt(t->handle, CURLOPT_HEADERFUNCTION, on_header);
	curl.curl_easy_setopt(t->handle, CURLOPT_HEADERDATA, t);
}

static int judge(struct transfer *t, CURLcode r, struct error *err)
{
	char *where = NULL;
	curl_off_t modified = -1;
	long code = 0;

	if (t->err->kind)
		return -1;
	if (r != CURLE_OK)
		return error_set(err, ERR_SYSTEM, "%s", curl.curl_easy_strerror(r));
	curl.curl_easy_getinfo(t->handle, CURLINFO_RESPONSE_CODE, &code);
	if (code != 200)
		return error_set(err, code == 404 || code == 410 ? ERR_NOTFOUND : ERR_FAILED,
				 "the server answers %ld", code);
	curl.curl_easy_getinfo(t->handle, CURLINFO_FILETIME_T, &modified);
	curl.curl_easy_getinfo(t->handle, CURLINFO_EFFECTIVE_URL, &where);
	t->got->last_modified = modified;
	t->got->url = xstrdup(where ? where : "");
	return 0;
}

int http_get(const char *url, int fd, int64_t max, struct http_got *got, struct error *err)
{
	struct transfer t = { .fd = fd, .left = max, .got = got, .err = err };
	int r;

	*got = (struct http_got){ .last_modified = -1 };
	if (load(err) < 0)
		return error_add(err, "fetch %s", url);
	t.handle = curl.curl_easy_init();
	if (!t.handle)
		return error_set(err, ERR_BUG, "fetch %s: curl gives no handle", url);
	set_options(&t, url);
	r = judge(&t, curl.curl_easy_perform(t.handle), err);
	curl.curl_easy_cleanup(t.handle);
	if (r < 0) {
		http_got_done(got);
		return error_add(err, "fetch %s", url);
	}
	return 0;
}
