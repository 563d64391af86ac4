/*
 * address.h - addresses, subnets and published ports as values. Pure.
 */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include "util/error.h"
#include "util/fields.h"
#include "util/str.h"
#include "util/vec.h"

#include <stdbool.h>
#include <stdint.h>

#define IP_TEXT_MAX 48

struct ip {
	int family; /* AF_INET, AF_INET6; 0: none */
	uint8_t b[16];
};
struct subnet {
	struct ip base; /* host bits are zero */
	int prefix;
};
bool ip_parse(const char *text, struct ip *ip); /* also in brackets, as ports have version 6 */
const char *ip_format(const struct ip *ip, char buf[IP_TEXT_MAX]);
size_t ip_size(const struct ip *ip); /* 4 or 16 */
bool ip_equal(const struct ip *a, const struct ip *b);
bool ip_any(const struct ip *ip);
/* "10.1.0.0/16": ERR_USAGE for host bits that are set, prefixes over 30 and 126. */
int subnet_parse(const char *text, struct subnet *s, struct error *err);
bool subnet_has(const struct subnet *s, const struct ip *ip);
bool subnet_overlaps(const struct subnet *a, const struct subnet *b);
/* "10.1.2.3" of /16 -> "10.1.0.0/16"; yours */
char *subnet_around(const struct ip *ip, int prefix);
struct ip subnet_nth(const struct subnet *s, uint32_t n); /* base + n */
uint32_t subnet_size(const struct subnet *s);		  /* addresses, at most 2^24 */
/* 02:42 and the address's last four bytes, so that a neighbour's cache stays right. */
void mac_from_ip(const struct ip *ip, uint8_t mac[6]);
bool mac_parse(const char *text, uint8_t mac[6]); /* unicast only */
char *mac_format(const uint8_t mac[6]);		  /* yours */

/* One published port. */
struct port {
	char *host;		      /* address; NULL: all, of both versions */
	int64_t host_port, host_last; /* 0: the kernel chooses; a range: the first that is free */
	int64_t port;		      /* in the container */
	char *proto;		      /* "tcp", "udp" */
};
typedef VEC(struct port) port_list;
extern const struct field port_fields[];
void ports_done(port_list *l);
/* -p [ADDRESS:][HOST[-HOST]:]PORT[-PORT][/PROTO]: appends one for each port; ERR_USAGE */
int ports_parse(const char *text, port_list *l, struct error *err);
/* --expose, EXPOSE: PORT[-PORT][/PROTO] -> "80/tcp" ... */
int ports_parse_exposed(const char *text, struct strv *l, struct error *err);

#endif
