/*
 * url.h - private: the addresses of servers, and where a server may send us.
 */
#ifndef URL_H
#define URL_H

#include "util/error.h"
#include "util/str.h"

#include <sys/socket.h>

#define URL_MAX 8192 /* bytes of one that a server gave us; signed ones are long */

struct url {
	bool https;
	char *host; /* lower case; an IPv6 address without its brackets */
	unsigned port;
	char *path; /* with the query; begins with '/' */
};
void url_done(struct url *u);
/*
 * http and https, without user names, fragments, blanks and control bytes. ERR_INVALID; the text of
 * the error shows no query, because that may hold a signature.
 */
int url_parse(const char *text, struct url *u, struct error *err);
/* What a Location header means, seen from base (RFC 3986 5.2, for what servers send). Yours. */
char *url_resolve(const struct url *base, const char *location, struct error *err);
char *url_format(const struct url *u); /* yours */
bool url_same_origin(const struct url *a, const struct url *b);
/* The text up to the query: for logs and messages. Yours. */
char *url_shown(const char *text);
/* Appends with all but unreserved characters percent-encoded. */
void url_add_encoded(struct str *s, const char *text);

enum address_class { ADDRESS_PUBLIC, ADDRESS_PRIVATE, ADDRESS_LOOPBACK };
/* Link-local and unspecified ones count as loopback: nobody else may name them. */
enum address_class address_class(const struct sockaddr *a);
/* Is the host an address, or a name that means this machine? Then its class; names are PUBLIC. */
enum address_class host_class(const char *host);

#endif
