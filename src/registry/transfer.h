/*
 * transfer.h - private: one HTTP request and its answer, by libcurl; nothing is followed, nothing
 * is made again, no credential is known here.
 */
#ifndef TRANSFER_H
#define TRANSFER_H

#include "registry/registry.h"
#include "url.h"

/* How a server is spoken to. */
struct transfer_tls {
	bool verify;
	char *ca_file; /* NULL: the system's, those in a directory only too */
	char *cert, *key;
};
struct answer {
	long status;
	struct strmap headers;	 /* lower case names; several of one are joined by ", " */
	struct str text;	 /* the body, when it did not go to a sink */
	int64_t received;	 /* bytes of bodies */
	bool broken;		 /* on failure: for a reason that may pass */
	bool refused;		 /* nobody listens there, or does not speak TLS */
	enum address_class peer; /* of whom we spoke to */
};
void answer_done(struct answer *a);
const char *answer_header(const struct answer *a, const char *name); /* or NULL */
int64_t answer_length(const struct answer *a);			     /* Content-Length, -1 */

struct transfer_request {
	const char *method, *url;
	struct strv headers; /* "Name: value" */
	const void *body;    /* NULL: none, or body_fd */
	int body_fd;	     /* -1: none */
	int64_t body_from, body_size;
	void (*sent)(void *arg, int64_t bytes);
	void *sent_arg;
	/* Bodies of 2xx go here when it is set: begin is called before the first byte. */
	int (*begin)(void *arg, const struct answer *a, struct error *err);
	int (*write)(void *arg, const void *bytes, size_t n, struct error *err);
	void *arg;
	size_t text_max; /* of a 2xx without a sink: ERR_LIMIT; errors are cut at REGISTRY_ERROR_MAX */
	const struct transfer_tls *tls;
	const char *proxy; /* "": none */
	bool public_only;  /* refuse to connect to an address that is not of the internet */
	bool patient;	   /* the server may think for long */
	int64_t stall_s;
};

const char *transfer_authorities(void); /* the file with all of the system's, or NULL */

struct transfer;
struct transfer *transfer_open(struct error *err);
void transfer_close(struct transfer *t); /* NULL is nothing */
/*
 * 0: an answer came, whatever its status. -1: see a->broken. a is emptied first; must be initialised.
 */
int transfer_perform(struct transfer *t, const struct transfer_request *r, struct answer *a,
		     struct error *err);

/*
 * The proxy for an address by HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY in either case, and
 * where they say nothing by the settings; "" none. Yours.
 */
struct settings;
char *proxy_for(const struct url *u, const struct settings *s);
/* NO_PROXY: names with their subdomains, addresses, CIDR, each with an optional port, or "*". */
bool proxy_bypassed(const char *no_proxy, const struct url *u);

#endif
