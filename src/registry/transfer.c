/*
 * transfer.c - one HTTP request and its answer.
 *
 * Never  follows a redirection, reads a .netrc, speaks anything but http and https, or keeps more
 *        of an answer than was asked for. Limits: a header line 64 KiB, 300 of them; 15 s to
 *        connect; less than 1 KiB/s for 30 s is the end.
 */
#include "transfer.h"

#include "header.h"
#include "util/curl_lib.h"
#include "util/fd.h"

#include <ctype.h>
#include <errno.h>
#include <sys/socket.h>

#define CONNECT_S     15L
#define STALL_S	      30
#define PATIENT_S     600L
#define STALL_BYTES   1024L
#define HEADERS_MAX   300
#define UPLOAD_BUFFER 524288L
#define READ_BUFFER   262144L

struct transfer {
	const struct curl_api *curl;
	CURL *handle;
	const struct transfer_request *r;
	struct answer *a;
	struct error failure; /* what our own callbacks failed with */
	int64_t sent;
	unsigned lines;
	bool begun, cut;
	bool directory;		 /* authorities are taken from the system's directory, too */
	enum address_class peer; /* of the connection that is kept */
	char text[CURL_ERROR_SIZE];
};

void answer_done(struct answer *a)
{
	strmap_done(&a->headers);
	str_done(&a->text);
	*a = (struct answer){ 0 };
}

const char *answer_header(const struct answer *a, const char *name)
{
	return strmap_get(&a->headers, name);
}

int64_t answer_length(const struct answer *a)
{
	const char *text = answer_header(a, "content-length");
	uint64_t n;

	return text && str_u64(text, &n) && n <= INT64_MAX ? (int64_t)n : -1;
}

/* ---- callbacks: 0 or a wrong count ends the transfer, t->failure says why ---- */

static bool is_success(long status)
{
	return status >= 200 && status < 300;
}

static int body_take(struct transfer *t, const char *bytes, size_t n)
{
	const struct transfer_request *r = t->r;
	struct answer *a = t->a;
	size_t max = is_success(a->status) ? r->text_max : REGISTRY_ERROR_MAX;

	a->received += (int64_t)n;
	if (is_success(a->status) && r->write) {
		if (!t->begun && r->begin && r->begin(r->arg, a, &t->failure) < 0)
			return -1;
		t->begun = true;
		return r->write(r->arg, bytes, n, &t->failure);
	}
	if (n > max - a->text.len) {
		if (is_success(a->status))
			return error_set(&t->failure, ERR_LIMIT,
					 "the answer is larger than %zu bytes", max);
		str_addn(&a->text, bytes, max - a->text.len);
		t->cut = true; /* of an error that much is enough */
		return -1;
	}
	str_addn(&a->text, bytes, n);
	return 0;
}

static size_t on_body(char *bytes, size_t one, size_t n, void *arg)
{
	struct transfer *t = arg;

	t->curl->curl_easy_getinfo(t->handle, CURLINFO_RESPONSE_CODE, &t->a->status);
	return body_take(t, bytes, one * n) < 0 ? 0 : n;
}

static void header_keep(struct answer *a, const char *line, size_t n)
{
	const char *colon = memchr(line, ':', n);
	auto_free char *name = NULL, *value = NULL, *joined = NULL;
	const char *before;
	size_t skip;

	if (!colon || memchr(line, '\0', n))
		return;
	name = xstrndup(line, (size_t)(colon - line));
	for (char *c = name; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	skip = (size_t)(colon - line) + 1;
	while (skip < n && (line[skip] == ' ' || line[skip] == '\t'))
		skip++;
	while (n > skip && strchr(" \t\r\n", line[n - 1]))
		n--;
	value = xstrndup(line + skip, n - skip);
	before = strmap_get(&a->headers, name);
	if (before && (str_eq(name, "www-authenticate") || str_eq(name, "link")))
		joined = xasprintf("%s, %s", before, value);
	strmap_set(&a->headers, name, joined ? joined : value);
}

static size_t on_header(char *bytes, size_t one, size_t n, void *arg)
{
	struct transfer *t = arg;

	n *= one;
	if (n > 5 && memcmp(bytes, "HTTP/", 5) == 0) { /* behind "100 Continue" or a proxy's */
		strmap_done(&t->a->headers);
		t->lines = 0;
	}
	if (n > HEADER_MAX || ++t->lines > HEADERS_MAX) {
		error_set(&t->failure, ERR_LIMIT, "the answer has too many headers");
		return 0;
	}
	header_keep(t->a, bytes, n);
	return n;
}

static size_t on_read(char *buf, size_t one, size_t n, void *arg)
{
	struct transfer *t = arg;
	const struct transfer_request *r = t->r;
	size_t want = MIN(one * n, (size_t)(r->body_size - t->sent));
	ssize_t got;

	if (r->body) {
		memcpy(buf, (const char *)r->body + t->sent, want);
		got = (ssize_t)want;
	} else {
		got = pread(r->body_fd, buf, want, r->body_from + t->sent);
	}
	if (got < 0 || (got == 0 && want)) {
		if (got < 0)
			error_sys(&t->failure, "read what is to be sent");
		else
			error_set(&t->failure, ERR_INVALID, "what is to be sent became shorter");
		return CURL_READFUNC_ABORT;
	}
	t->sent += got;
	if (r->sent)
		r->sent(r->sent_arg, t->sent);
	return (size_t)got;
}

static int on_seek(void *arg, curl_off_t offset, int origin)
{
	struct transfer *t = arg;

	if (origin != SEEK_SET)
		return CURL_SEEKFUNC_CANTSEEK;
	t->sent = offset;
	return CURL_SEEKFUNC_OK;
}

static curl_socket_t on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct transfer *t = arg;
	enum address_class class = address_class(&a->addr);
	int fd;

	(void)purpose;
	if (t->r->public_only && class != ADDRESS_PUBLIC) {
		error_set(&t->failure, ERR_DENIED,
			  "it leads to an address of a private network, which is not followed");
		return CURL_SOCKET_BAD;
	}
	t->peer = class;
	fd = socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

/* ---- options ---- */

#define SET(option, value) t->curl->curl_easy_setopt(t->handle, option, value)

const char *transfer_authorities(void)
{
	static const char *const places[] = { "/etc/ssl/certs/ca-certificates.crt",
					      "/etc/pki/tls/certs/ca-bundle.crt",
					      "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem" };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (access(places[i], R_OK) == 0)
			return places[i];
	return NULL;
}

/*
 * GnuTLS reads all authorities for every connection, whether it shall verify or not; from a
 * directory that has each of them under two names that is 25 ms, from one file 7. So those of the
 * directory are asked only when the file has none that fits.
 */
static void set_tls(struct transfer *t, const struct transfer_tls *tls)
{
	const char *file = tls->ca_file ? tls->ca_file : transfer_authorities();

	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_SSL_VERIFYPEER, tls->verify ? 1L : 0L);
	SET(CURLOPT_SSL_VERIFYHOST, tls->verify ? 2L : 0L);
	if (!tls->verify || (file && !t->directory)) {
		SET(CURLOPT_CAINFO, tls->verify ? file : NULL);
		SET(CURLOPT_CAPATH, NULL);
	}
	if (tls->cert) {
		SET(CURLOPT_SSLCERT, tls->cert);
		SET(CURLOPT_SSLKEY, tls->key);
	}
}

static void set_body(struct transfer *t, const struct transfer_request *r)
{
	if (strcmp(r->method, "HEAD") == 0) {
		SET(CURLOPT_NOBODY, 1L);
		return;
	}
	if (r->body || r->body_fd >= 0) {
		SET(CURLOPT_UPLOAD, 1L);
		SET(CURLOPT_INFILESIZE_LARGE, (curl_off_t)r->body_size);
		SET(CURLOPT_READFUNCTION, on_read);
		SET(CURLOPT_READDATA, t);
		SET(CURLOPT_SEEKFUNCTION, on_seek);
		SET(CURLOPT_SEEKDATA, t);
		SET(CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_BUFFER);
	}
	SET(CURLOPT_CUSTOMREQUEST, r->method);
}

static void set_options(struct transfer *t, const struct transfer_request *r)
{
	t->curl->curl_easy_reset(t->handle); /* its connections stay */
	SET(CURLOPT_URL, r->url);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_CONNECTTIMEOUT, CONNECT_S);
	SET(CURLOPT_LOW_SPEED_LIMIT, STALL_BYTES);
	SET(CURLOPT_LOW_SPEED_TIME,
	    r->patient ? PATIENT_S : (long)(r->stall_s > 0 ? r->stall_s : STALL_S));
	SET(CURLOPT_TCP_NODELAY, 1L);
	SET(CURLOPT_BUFFERSIZE, READ_BUFFER);
	SET(CURLOPT_USERAGENT, "hod");
	SET(CURLOPT_PROXY, r->proxy ? r->proxy : "");
	SET(CURLOPT_NOPROXY, "");
	SET(CURLOPT_PATH_AS_IS, 1L);
	SET(CURLOPT_ERRORBUFFER, t->text);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, t);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, t);
	SET(CURLOPT_OPENSOCKETFUNCTION, on_socket);
	SET(CURLOPT_OPENSOCKETDATA, t);
	set_tls(t, r->tls);
	set_body(t, r);
}

/* ---- the verdict ---- */

static int failed(struct transfer *t, CURLcode code, struct error *err)
{
	struct answer *a = t->a;
	const char *why = t->text[0] ? t->text : t->curl->curl_easy_strerror(code);

	switch (code) {
	case CURLE_COULDNT_CONNECT:
	case CURLE_SSL_CONNECT_ERROR:
		a->refused = true;
		break;
	case CURLE_PEER_FAILED_VERIFICATION:
		error_set(err, ERR_DENIED, "its certificate is not accepted: %.300s", why);
		return error_hint(err, "put its authority's certificate into "
				       "/etc/hod/certs.d/HOST/ca.crt, or see --tls-verify");
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
		break;
	default:
		a->broken = true;
	}
	return error_set(err, ERR_SYSTEM, "%.400s", why);
}

static int headers_make(struct transfer *t, const struct transfer_request *r,
			struct curl_slist **list, struct error *err)
{
	strv_each (&r->headers, i) {
		struct curl_slist *more;

		if (strpbrk(r->headers.v[i], "\r\n"))
			return error_set(err, ERR_INVALID, "a header of two lines");
		more = t->curl->curl_slist_append(*list, r->headers.v[i]);
		if (more)
			*list = more;
	}
	return 0;
}

static CURLcode perform(struct transfer *t, const struct transfer_request *r,
			struct curl_slist *headers)
{
	CURLcode code;

	t->failure = (struct error){ 0 };
	t->sent = 0;
	t->lines = 0;
	t->begun = t->cut = false;
	t->text[0] = '\0';
	set_options(t, r);
	SET(CURLOPT_HTTPHEADER, headers);
	code = t->curl->curl_easy_perform(t->handle);
	SET(CURLOPT_HTTPHEADER, NULL);
	return code;
}

int transfer_perform(struct transfer *t, const struct transfer_request *r, struct answer *a,
		     struct error *err)
{
	struct curl_slist *headers = NULL;
	CURLcode code;

	answer_done(a);
	t->r = r;
	t->a = a;
	if (headers_make(t, r, &headers, err) < 0) {
		t->curl->curl_slist_free_all(headers);
		return -1;
	}
	code = perform(t, r, headers);
	if (code == CURLE_PEER_FAILED_VERIFICATION && !t->directory && !r->tls->ca_file) {
		t->directory = true; /* nothing has been sent yet */
		code = perform(t, r, headers);
	}
	t->curl->curl_slist_free_all(headers);
	t->curl->curl_easy_getinfo(t->handle, CURLINFO_RESPONSE_CODE, &a->status);
	a->peer = t->peer;
	if (t->failure.kind) {
		*err = t->failure;
		return -1;
	}
	/* an answer that came before all was sent is the answer */
	if (code == CURLE_SEND_ERROR && a->status >= 400)
		return 0;
	if (code != CURLE_OK && !t->cut)
		return failed(t, code, err);
	if (is_success(a->status) && r->write && !t->begun && r->begin)
		return r->begin(r->arg, a, err);
	return 0;
}

struct transfer *transfer_open(struct error *err)
{
	const struct curl_api *curl = curl_lib(err);
	struct transfer *t;

	if (!curl)
		return NULL;
	t = xcalloc(1, sizeof(*t));
	t->curl = curl;
	t->handle = curl->curl_easy_init();
	if (t->handle)
		return t;
	free(t);
	error_set(err, ERR_BUG, "curl gives no handle");
	return NULL;
}

void transfer_close(struct transfer *t)
{
	if (!t)
		return;
	t->curl->curl_easy_cleanup(t->handle);
	free(t);
}
