/*
 * serve.c - a read-only registry: requests in, answers out.
 *
 * Never  changes anything, or opens what a client names as a path. Limits: 1,000 connections, 30 s
 *        without a byte.
 * Spec   OCI distribution-spec 1.1: end-1, end-2, end-3, end-8a, end-8b; RFC 9110 14 for ranges.
 */
#include "image/serve.h"

#ifdef HAVE_MICROHTTPD
#include "microhttpd_lib.h"
#include "serve_source.h"
#include "util/fd.h"
#include "util/lazy.h"
#include "util/log.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>

#define CONNECTIONS_MAX 1000U
#define TIMEOUT_S	30U
#define BACKLOG		128
#define THREADS_MAX	8L
#define SONAME		"libmicrohttpd.so.12"

#define MHD_LIB_SYMBOL(fn) LAZY_SYMBOL(struct mhd_api, fn),
static const struct lazy_symbol symbols[] = { MHD_LIB_FUNCTIONS(MHD_LIB_SYMBOL) LAZY_END };
static struct mhd_api mhd;
static struct lazy lazy = LAZY("microhttpd", SONAME, &mhd, symbols);
LAZY_NOTE(microhttpd, SONAME, "serving a registry", "suggested");

const struct mhd_api *mhd_lib(struct error *err)
{
	return lazy_load(&lazy, err) < 0 ? NULL : &mhd;
}

struct serving {
	const struct serve_options *o;
	struct serve_source source;
	pthread_mutex_t lock; /* of the receiver of answers */
};
struct asked {
	struct serving *s;
	struct MHD_Connection *c;
	const char *method, *path;
};

/* ---- answers ---- */

static enum MHD_Result answer(const struct asked *q, unsigned status, struct MHD_Response *r)
{
	enum MHD_Result done = MHD_NO;

	if (r) {
		mhd.MHD_add_response_header(r, "Docker-Distribution-Api-Version", "registry/2.0");
		done = mhd.MHD_queue_response(q->c, status, r);
		mhd.MHD_destroy_response(r);
	}
	if (q->s->o->answered) {
		pthread_mutex_lock(&q->s->lock);
		q->s->o->answered(q->s->o->arg, q->method, q->path, status);
		pthread_mutex_unlock(&q->s->lock);
	}
	return done;
}

static struct MHD_Response *text_response(const char *text, size_t n, const char *type)
{
	struct MHD_Response *r = mhd.MHD_create_response_from_buffer(n, (char *)(uintptr_t)text,
								     MHD_RESPMEM_MUST_COPY);

	if (r)
		mhd.MHD_add_response_header(r, "Content-Type", type);
	return r;
}

static enum MHD_Result answer_error(const struct asked *q, unsigned status, const char *code,
				    const char *message)
{
	auto_done(str) struct str s = { 0 };

	str_addf(&s, "{\"errors\":[{\"code\":\"%s\",\"message\":", code);
	str_add_json(&s, message);
	str_add(&s, "}]}\n");
	return answer(q, status, text_response(s.s, s.len, "application/json"));
}

static enum MHD_Result answer_failure(const struct asked *q, const struct error *err)
{
	char line[ERROR_LINE_MAX];

	log_warn("%s %s: %s", q->method, q->path, error_text(err, line, sizeof(line)));
	return answer_error(q, 500, "UNKNOWN", "the server could not read it");
}

/* ---- the kinds of requests ---- */

/* "bytes=N-" or "bytes=N-M": true when a part is asked for that there is. */
static bool range_parse(const char *text, int64_t size, int64_t *from, int64_t *n)
{
	uint64_t first, last = (uint64_t)size - 1;
	auto_free char *a = NULL;
	const char *dash;

	if (!text || !str_starts(text, "bytes=") || !(dash = strchr(text, '-')))
		return false;
	a = xstrndup(text + 6, (size_t)(dash - text - 6));
	if (!str_u64(a, &first) || (dash[1] && !str_u64(dash + 1, &last)))
		return false;
	last = MIN(last, (uint64_t)size - 1);
	if (first >= (uint64_t)size || last < first)
		return false;
	*from = (int64_t)first;
	*n = (int64_t)(last - first) + 1;
	return true;
}

static enum MHD_Result answer_file(const struct asked *q, int fd, int64_t size, const char *type,
				   const struct digest *d)
{
	const char *wanted = mhd.MHD_lookup_connection_value(q->c, MHD_HEADER_KIND, "Range");
	int64_t from = 0, n = size;
	bool part = range_parse(wanted, size, &from, &n);
	char digest[DIGEST_TEXT_MAX], range[80], etag[DIGEST_TEXT_MAX + 2];
	struct MHD_Response *r =
		mhd.MHD_create_response_from_fd_at_offset64((uint64_t)n, fd, (uint64_t)from);

	if (!r) {
		close(fd);
		return MHD_NO;
	}
	digest_format(d, digest);
	snprintf(etag, sizeof(etag), "\"%s\"", digest);
	snprintf(range, sizeof(range), "bytes %lld-%lld/%lld", (long long)from,
		 (long long)(from + n - 1), (long long)size);
	mhd.MHD_add_response_header(r, "Content-Type", type);
	mhd.MHD_add_response_header(r, "Docker-Content-Digest", digest);
	mhd.MHD_add_response_header(r, "Etag", etag);
	mhd.MHD_add_response_header(r, "Accept-Ranges", "bytes");
	if (part)
		mhd.MHD_add_response_header(r, "Content-Range", range);
	return answer(q, part ? 206 : 200, r);
}

static enum MHD_Result do_blob(const struct asked *q, const char *repository, const char *reference)
{
	struct error err = { 0 };
	struct digest d;
	int64_t size;
	int fd, r;

	(void)repository; /* whoever may read one may read all */
	if (digest_parse(reference, &d, &err) < 0)
		return answer_error(q, 400, "DIGEST_INVALID", "not a sha256 digest");
	r = serve_blob(&q->s->source, &d, &fd, &size, &err);
	if (r < 0)
		return answer_failure(q, &err);
	if (r == 0)
		return answer_error(q, 404, "BLOB_UNKNOWN", "blob unknown to this registry");
	return answer_file(q, fd, size, "application/octet-stream", &d);
}

static enum MHD_Result do_manifest(const struct asked *q, const char *repository,
				   const char *reference)
{
	auto_done(descriptor) struct descriptor d = { 0 };
	struct error err = { 0 };
	int64_t size;
	int fd, r;

	if (strchr(reference, ':') && digest_parse(reference, &d.digest, &err) < 0)
		return answer_error(q, 400, "DIGEST_INVALID", "not a sha256 digest");
	r = serve_find(&q->s->source, repository, reference, &d, &err);
	if (r > 0)
		r = serve_blob(&q->s->source, &d.digest, &fd, &size, &err);
	if (r < 0)
		return answer_failure(q, &err);
	if (r == 0)
		return answer_error(q, 404, "MANIFEST_UNKNOWN", "manifest unknown to this registry");
	return answer_file(q, fd, size, d.media_type, &d.digest);
}

/* Those behind ?last, at most ?n of them; a Link leads to the rest. */
static enum MHD_Result answer_list(const struct asked *q, const char *head, const struct strv *all)
{
	const char *last = mhd.MHD_lookup_connection_value(q->c, MHD_GET_ARGUMENT_KIND, "last");
	const char *n_text = mhd.MHD_lookup_connection_value(q->c, MHD_GET_ARGUMENT_KIND, "n");
	auto_done(str) struct str s = { 0 }, link = { 0 };
	uint64_t n = 0, count = 0;
	const char *end = NULL;
	struct MHD_Response *r;
	bool more = false;

	if (!n_text || !str_u64(n_text, &n))
		n = UINT64_MAX;
	str_add(&s, head);
	strv_each (all, i) {
		if (last && strcmp(all->v[i], last) <= 0)
			continue;
		if (count == n) {
			more = true;
			break;
		}
		str_add(&s, count++ ? "," : "");
		str_add_json(&s, all->v[i]);
		end = all->v[i];
	}
	str_add(&s, "]}\n");
	r = text_response(s.s, s.len, "application/json");
	if (r && more && end) {
		str_addf(&link, "<%s?n=%llu&last=%s>; rel=\"next\"", q->path, (unsigned long long)n,
			 end);
		mhd.MHD_add_response_header(r, "Link", link.s);
	}
	return answer(q, 200, r);
}

static enum MHD_Result do_tags(const struct asked *q, const char *repository, const char *what)
{
	auto_done(strv) struct strv tags = { 0 };
	auto_done(str) struct str head = { 0 };
	struct error err = { 0 };
	int r;

	if (strcmp(what, "list") != 0)
		return answer_error(q, 404, "UNSUPPORTED", "no such endpoint");
	r = serve_tags(&q->s->source, repository, &tags, &err);
	if (r < 0)
		return answer_failure(q, &err);
	if (r == 0)
		return answer_error(q, 404, "NAME_UNKNOWN", "repository unknown to this registry");
	str_add(&head, "{\"name\":");
	str_add_json(&head, repository);
	str_add(&head, ",\"tags\":[");
	return answer_list(q, head.s, &tags);
}

static enum MHD_Result do_catalog(const struct asked *q)
{
	auto_done(strv) struct strv all = { 0 };
	struct error err = { 0 };

	if (serve_catalog(&q->s->source, &all, &err) < 0)
		return answer_failure(q, &err);
	return answer_list(q, "{\"repositories\":[", &all);
}

static const struct {
	const char *word;
	enum MHD_Result (*fn)(const struct asked *q, const char *repository, const char *last);
} endpoints[] = {
	{ "/manifests/", do_manifest },
	{ "/blobs/", do_blob },
	{ "/tags/", do_tags },
};

/* /v2/REPOSITORY/word/last */
static enum MHD_Result route(const struct asked *q)
{
	const char *path = q->path;

	if (!str_starts(path, "/v2"))
		return answer_error(q, 404, "UNSUPPORTED", "no such endpoint");
	path += strlen("/v2");
	if (!*path || strcmp(path, "/") == 0)
		return answer(q, 200, text_response("{}\n", 3, "application/json"));
	if (strcmp(path, "/_catalog") == 0)
		return do_catalog(q);
	for (size_t i = 0; i < ARRAY_SIZE(endpoints); i++) {
		const char *at = NULL;

		/* the last one: a repository may have such a word in it */
		for (const char *s = path; (s = strstr(s, endpoints[i].word)); s++)
			at = s;
		if (at && at > path + 1 && !strchr(at + strlen(endpoints[i].word), '/')) {
			auto_free char *repository = xstrndup(path + 1, (size_t)(at - path - 1));

			return endpoints[i].fn(q, repository, at + strlen(endpoints[i].word));
		}
	}
	return answer_error(q, 404, "UNSUPPORTED", "no such endpoint");
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *c, const char *path,
				  const char *method, const char *version, const char *data,
				  size_t *size, void **state)
{
	struct asked q = { arg, c, method, path };

	(void)version;
	(void)data;
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
		/* what is sent is read to its end before the answer, or it would not arrive */
		if (!*state) {
			*state = c;
			return MHD_YES;
		}
		if (*size) {
			*size = 0;
			return MHD_YES;
		}
		return answer_error(&q, 405, "UNSUPPORTED", "this registry can only be read");
	}
	return route(&q);
}

/* ---- the socket ---- */

static int address_split(const char *text, char **host, char **port, struct error *err)
{
	const char *colon = strrchr(text, ':');

	if (!colon) {
		*host = NULL;
		*port = xstrdup(text);
	} else {
		size_t n = (size_t)(colon - text);
		bool v6 = n >= 2 && text[0] == '[' && text[n - 1] == ']';

		*host = n ? xstrndup(v6 ? text + 1 : text, v6 ? n - 2 : n) : xstrdup("::");
		*port = xstrdup(colon + 1);
	}
	if (!**port || (*port)[strspn(*port, "0123456789")]) {
		free(*host);
		free(*port);
		return error_set(err, ERR_USAGE, "--listen '%s': expected host:port", text);
	}
	return 0;
}

/* A number alone means this machine; ":5000" everybody. */
static int listen_at(const char *text, char **address, struct error *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE }, *all = NULL;
	char *host, *port, name[NI_MAXHOST], number[NI_MAXSERV];
	struct sockaddr_storage own;
	socklen_t size = sizeof(own);
	int fd = -1, one = 1, zero = 0, r;

	if (address_split(text, &host, &port, err) < 0)
		return -1;
	r = getaddrinfo(host ? host : "127.0.0.1", port, &hints, &all);
	free(host);
	free(port);
	if (r)
		return error_set(err, ERR_INVALID, "--listen '%s': %s", text, gai_strerror(r));
	fd = socket(all->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		if (all->ai_family == AF_INET6)
			setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	}
	if (fd < 0 || bind(fd, all->ai_addr, all->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0) {
		error_sys(err, "listen on '%s'", text);
		freeaddrinfo(all);
		auto_close_fd(&fd);
		return -1;
	}
	freeaddrinfo(all);
	if (getsockname(fd, (struct sockaddr *)&own, &size) == 0 &&
	    getnameinfo((struct sockaddr *)&own, size, name, sizeof(name), number, sizeof(number),
			NI_NUMERICHOST | NI_NUMERICSERV) == 0)
		*address = xasprintf(strchr(name, ':') ? "[%s]:%s" : "%s:%s", name, number);
	else
		*address = xstrdup(text);
	return fd;
}

int registry_serve(struct store *st, const struct serve_options *o, struct error *err)
{
	struct serving s = { .o = o, .lock = PTHREAD_MUTEX_INITIALIZER };
	unsigned threads = (unsigned)MIN(MAX(sysconf(_SC_NPROCESSORS_ONLN), 1L), THREADS_MAX);
	auto_free char *address = NULL;
	struct MHD_Daemon *d;
	int fd;

	if (!mhd_lib(err) || serve_source_open(st, o->dir, &s.source, err) < 0)
		return -1;
	fd = listen_at(o->listen, &address, err);
	if (fd < 0)
		return -1;
	d = mhd.MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, on_request, &s,
				 MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE,
				 threads > 1 ? threads : 0U, MHD_OPTION_CONNECTION_LIMIT,
				 CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, TIMEOUT_S,
				 MHD_OPTION_END);
	if (!d) {
		auto_close_fd(&fd);
		return error_set(err, ERR_SYSTEM, "the server does not start");
	}
	if (o->ready(o->arg, address, err) < 0) {
		mhd.MHD_stop_daemon(d);
		serve_source_close(&s.source);
		return -1;
	}
	for (;;)
		pause();
}
#else
int registry_serve(struct store *st, const struct serve_options *o, struct error *err)
{
	(void)st;
	(void)o;
	return error_set(err, ERR_UNSUPPORTED,
			 "this hod was built without libmicrohttpd, which serving needs");
}
#endif
