/*
 * firewall.h - private to net: our table of nftables, as root only.
 */
#ifndef NET_FIREWALL_H
#define NET_FIREWALL_H

#include "net/network.h"

/* The rules of one network (by its attachment), and the table when there is none. */
int firewall_network(struct netdir *d, const struct attachment *a, bool add, struct error *err);
/* The published ports of a lease come or go, in one transaction. Failing is told in the log. */
void firewall_publish(struct netdir *d, const struct lease *l, bool add);
/* The chains of the group of l: who of all serves. Failing is told in the log. */
void firewall_group(struct netdir *d, const struct lease *l, const leases *all);
/* What l has left, which is not among the living. */
void firewall_withdraw(struct netdir *d, const struct lease *l, const leases *living);
/* All anew, whatever the table holds. */
int firewall_rebuild(struct netdir *d, const leases *all, struct error *err);
int firewall_clear(struct netdir *d, struct error *err); /* the table goes */
/* The text of it, for nft -f; pure. */
void firewall_text_base(struct str *out);
void firewall_text_network(const struct attachment *a, bool add, struct str *out);
void firewall_text_ports(const struct lease *l, bool add, struct str *out);
void firewall_text_group(const struct lease *l, const leases *all, struct str *out);

#endif
