/*
 * http.c - one file fetched over http or https.
 *
 * Never  speaks another protocol, whatever a redirection says, and never goes on from https to
 * http. Spec   RFC 9110.
 */
#include "util/http.h"

#include "util/curl_lib.h"
#include "util/fd.h"
#include "util/mem.h"
#include "util/str.h"

#include <string.h>
#include <strings.h>

#define CONNECT_S     30L
#define STALLED_S     60L /* so long at less than STALLED_BYTES a second is the end */
#define STALLED_BYTES 1L

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
	const struct curl_api *curl;
	CURL *handle;
	int fd;
	int64_t left;
	bool conditional;
	struct http_got *got;
	struct error *err; /* what our own callbacks failed with */
};

static size_t on_body(char *bytes, size_t one, size_t n, void *arg)
{
	struct transfer *t = arg;
	long code = 0;

	/* the page that tells of an error is no part of the file */
	t->curl->curl_easy_getinfo(t->handle, CURLINFO_RESPONSE_CODE, &code);
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

	t->curl->curl_easy_setopt(t->handle, CURLOPT_URL, url);
	t->curl->curl_easy_setopt(t->handle, CURLOPT_PROTOCOLS_STR, "http,https");
	t->curl->curl_easy_setopt(t->handle, CURLOPT_REDIR_PROTOCOLS_STR,
				  secure ? "https" : "http,https");
	t->curl->curl_easy_setopt(t->handle, CURLOPT_FOLLOWLOCATION, 1L);
	t->curl->curl_easy_setopt(t->handle, CURLOPT_MAXREDIRS, (long)HTTP_REDIRECTS_MAX);
	t->curl->curl_easy_setopt(t->handle, CURLOPT_NOSIGNAL, 1L);
	t->curl->curl_easy_setopt(t->handle, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
	t->curl->curl_easy_setopt(t->handle, CURLOPT_LOW_SPEED_LIMIT, STALLED_BYTES);
	t->curl->curl_easy_setopt(t->handle, CURLOPT_LOW_SPEED_TIME, STALLED_S);
	t->curl->curl_easy_setopt(t->handle, CURLOPT_FILETIME, 1L);
	t->curl->curl_easy_setopt(t->handle, CURLOPT_USERAGENT, "hod");
	t->curl->curl_easy_setopt(t->handle, CURLOPT_WRITEFUNCTION, on_body);
	t->curl->curl_easy_setopt(t->handle, CURLOPT_WRITEDATA, t);
	t->curl->curl_easy_setopt(t->handle, CURLOPT_HEADERFUNCTION, on_header);
	t->curl->curl_easy_setopt(t->handle, CURLOPT_HEADERDATA, t);
}

static int judge(struct transfer *t, CURLcode r, struct error *err)
{
	char *where = NULL;
	curl_off_t modified = -1;
	long code = 0;

	if (t->err->kind)
		return -1;
	if (r != CURLE_OK)
		return error_set(err, ERR_SYSTEM, "%s", t->curl->curl_easy_strerror(r));
	t->curl->curl_easy_getinfo(t->handle, CURLINFO_RESPONSE_CODE, &code);
	if (code == 304 && t->conditional)
		t->got->unchanged = true;
	else if (code != 200)
		return error_set(err, code == 404 || code == 410 ? ERR_NOTFOUND : ERR_FAILED,
				 "the server answers %ld", code);
	t->curl->curl_easy_getinfo(t->handle, CURLINFO_FILETIME_T, &modified);
	t->curl->curl_easy_getinfo(t->handle, CURLINFO_EFFECTIVE_URL, &where);
	t->got->last_modified = modified;
	t->got->url = xstrdup(where ? where : "");
	return 0;
}

int http_get(const char *url, const char *header, int fd, int64_t max, struct http_got *got,
	     struct error *err)
{
	return http_get_changed(url, header, NULL, fd, max, got, err);
}

int http_get_changed(const char *url, const char *header, const char *etag, int fd, int64_t max,
		     struct http_got *got, struct error *err)
{
	struct transfer t = { .fd = fd, .left = max, .got = got, .err = err };
	struct curl_slist *headers = NULL;
	int r;

	*got = (struct http_got){ .last_modified = -1 };
	t.curl = curl_lib(err);
	if (!t.curl)
		return error_add(err, "fetch %s", url);
	t.handle = t.curl->curl_easy_init();
	if (!t.handle)
		return error_set(err, ERR_BUG, "fetch %s: curl gives no handle", url);
	set_options(&t, url);
	if (header)
		headers = t.curl->curl_slist_append(NULL, header);
	if (etag) {
		auto_free char *line = xasprintf("If-None-Match: %s", etag);

		headers = t.curl->curl_slist_append(headers, line);
		t.conditional = true;
	}
	if (headers)
		t.curl->curl_easy_setopt(t.handle, CURLOPT_HTTPHEADER, headers);
	r = judge(&t, t.curl->curl_easy_perform(t.handle), err);
	t.curl->curl_easy_cleanup(t.handle);
	t.curl->curl_slist_free_all(headers);
	if (r < 0) {
		http_got_done(got);
		return error_add(err, "fetch %s", url);
	}
	return 0;
}
