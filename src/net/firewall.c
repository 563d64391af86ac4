/*
 * firewall.c - one table of nftables, "inet hod".
 *
 * Theory of operation: rules are the same for all networks and ports; what comes and goes are
 * elements of its sets and maps, so that a change is one small transaction. Nothing outside of the
 * table is read or written. The rules:
 *	publish	    a connection to an address of the host and a published port goes to the
 *		    container; the client's address stays. Not for containers: where bridged packets are
 *		    shown to the firewall, one translated back to its own port would be lost; the
 *		    forwarder serves them
 *	postrouting containers are seen outside by the host's address; the host's loopback is
 *		    masked, so that answers come back
 *	forward	    networks do not reach each other, and internal ones nobody
 *	guard	    127.0.0.0/8 of the host is not for containers (route_localnet opens it)
 * What a firewall of the host forbids stays forbidden: a packet must please every table.
 *
 * libnftables is mapped at first use: with the first network and with published ports.
 */
#include "firewall.h"

#include "group.h"

#include "util/fd.h"
#include "util/lazy.h"
#include "util/log.h"

#include <sys/socket.h>
#include <errno.h>
#include <nftables/libnftables.h>

#define NFT_FUNCTIONS(X)                                                                           \
	X(nft_ctx_new)                                                                             \
	X(nft_ctx_free)                                                                            \
	X(nft_ctx_buffer_error)                                                                    \
	X(nft_ctx_buffer_output)                                                                   \
	X(nft_ctx_get_error_buffer)                                                                \
	X(nft_run_cmd_from_buffer)
#define NFT_MEMBER(fn) __typeof__(&fn) fn;
static struct nft_api {
	NFT_FUNCTIONS(NFT_MEMBER)
} nft;
#define NFT_SYMBOL(fn) LAZY_SYMBOL(struct nft_api, fn),
static const struct lazy_symbol nft_symbols[] = { NFT_FUNCTIONS(NFT_SYMBOL) LAZY_END };
static struct lazy nft_lazy = LAZY("firewall", "libnftables.so.1", &nft, nft_symbols);
LAZY_NOTE(nft, "libnftables.so.1", "address translation of bridge networks", "recommended");

#define TABLE "inet hod"
#define MADE  "table" /* the file that says that the table was made */

/* ---- text ---- */

static const char base[] =
	"add table " TABLE "\n"
	"add set " TABLE " inside4 { type ipv4_addr; flags interval; }\n"
	"add set " TABLE " inside6 { type ipv6_addr; flags interval; }\n"
	"add set " TABLE " same { type ifname . ifname; }\n"
	"add set " TABLE " internal { type ifname; }\n"
	"add map " TABLE " tcp4 { type inet_service : ipv4_addr . inet_service; }\n"
	"add map " TABLE " udp4 { type inet_service : ipv4_addr . inet_service; }\n"
	"add map " TABLE " tcp6 { type inet_service : ipv6_addr . inet_service; }\n"
	"add map " TABLE " udp6 { type inet_service : ipv6_addr . inet_service; }\n"
	"add map " TABLE " tcp4_at { type ipv4_addr . inet_service : ipv4_addr . inet_service; }\n"
	"add map " TABLE " udp4_at { type ipv4_addr . inet_service : ipv4_addr . inet_service; }\n"
	"add map " TABLE " tcp6_at { type ipv6_addr . inet_service : ipv6_addr . inet_service; }\n"
	"add map " TABLE " udp6_at { type ipv6_addr . inet_service : ipv6_addr . inet_service; }\n"
	"add map " TABLE " groups4 { type inet_service : verdict; }\n"
	"add map " TABLE " groups6 { type inet_service : verdict; }\n"
	"add map " TABLE " groups4_at { type ipv4_addr . inet_service : verdict; }\n"
	"add map " TABLE " groups6_at { type ipv6_addr . inet_service : verdict; }\n"
	"add chain " TABLE " publish\n"
	"add chain " TABLE " guard { type filter hook prerouting priority raw; }\n"
	"add chain " TABLE " prerouting { type nat hook prerouting priority dstnat; }\n"
	"add chain " TABLE " output { type nat hook output priority -100; }\n"
	"add chain " TABLE " postrouting { type nat hook postrouting priority srcnat; }\n"
	"add chain " TABLE " forward { type filter hook forward priority filter; }\n"
	"flush chain " TABLE " publish\n"
	"flush chain " TABLE " guard\n"
	"flush chain " TABLE " prerouting\n"
	"flush chain " TABLE " output\n"
	"flush chain " TABLE " postrouting\n"
	"flush chain " TABLE " forward\n"
	"add rule " TABLE " publish ip daddr . tcp dport vmap @groups4_at\n"
	"add rule " TABLE " publish ip6 daddr . tcp dport vmap @groups6_at\n"
	"add rule " TABLE " publish meta nfproto ipv4 tcp dport vmap @groups4\n"
	"add rule " TABLE " publish meta nfproto ipv6 ip6 daddr != ::1 tcp dport vmap @groups6\n"
	"add rule " TABLE " publish dnat ip to ip daddr . tcp dport map @tcp4_at\n"
	"add rule " TABLE " publish dnat ip to ip daddr . udp dport map @udp4_at\n"
	"add rule " TABLE " publish dnat ip6 to ip6 daddr . tcp dport map @tcp6_at\n"
	"add rule " TABLE " publish dnat ip6 to ip6 daddr . udp dport map @udp6_at\n"
	"add rule " TABLE " publish dnat ip to tcp dport map @tcp4\n"
	"add rule " TABLE " publish dnat ip to udp dport map @udp4\n"
	"add rule " TABLE
	" publish meta nfproto ipv6 ip6 daddr != ::1 dnat ip6 to tcp dport map @tcp6\n"
	"add rule " TABLE
	" publish meta nfproto ipv6 ip6 daddr != ::1 dnat ip6 to udp dport map @udp6\n"
	"add rule " TABLE " guard iifname \"hod*\" ip daddr 127.0.0.0/8 drop\n"
	"add rule " TABLE " prerouting iifname != \"hod*\" fib daddr type local jump publish\n"
	"add rule " TABLE " output fib daddr type local jump publish\n"
	"add rule " TABLE " postrouting oifname \"hod*\" ip saddr 127.0.0.0/8 masquerade\n"
	"add rule " TABLE
	" postrouting oifname \"hod*\" ct status dnat ip saddr @inside4 masquerade\n"
	"add rule " TABLE
	" postrouting oifname \"hod*\" ct status dnat ip6 saddr @inside6 masquerade\n"
	"add rule " TABLE " postrouting oifname != \"hod*\" ip saddr @inside4 masquerade\n"
	"add rule " TABLE " postrouting oifname != \"hod*\" ip6 saddr @inside6 masquerade\n"
	"add rule " TABLE " forward ct state established,related accept\n"
	"add rule " TABLE " forward iifname . oifname @same accept\n"
	"add rule " TABLE " forward iifname @internal drop\n"
	"add rule " TABLE " forward ct status dnat accept\n"
	"add rule " TABLE " forward oifname @internal drop\n"
	"add rule " TABLE " forward iifname \"hod*\" oifname \"hod*\" drop\n";

void firewall_text_base(struct str *out)
{
	str_add(out, base);
}

static void element(struct str *out, bool add, const char *set, const char *text)
{
	/* `destroy` is young: what may be absent is added first, so that deleting it succeeds */
	str_addf(out, "add element " TABLE " %s { %s }\n", set, text);
	if (!add)
		str_addf(out, "delete element " TABLE " %s { %s }\n", set, text);
}

void firewall_text_network(const struct attachment *a, bool add, struct str *out)
{
	auto_free char *same = xasprintf("\"%s\" . \"%s\"", a->link, a->link);
	auto_free char *link = xasprintf("\"%s\"", a->link);

	element(out, add, "same", same);
	if (a->internal)
		element(out, add, "internal", link);
	if (a->subnet && !a->internal)
		element(out, add, "inside4", a->subnet);
	if (a->subnet6 && !a->internal)
		element(out, add, "inside6", a->subnet6);
}

/* The first attachment with an address of that version that the outside may reach. */
static const char *target(const struct lease *l, bool six)
{
	vec_each (&l->attachments, a) {
		const char *ip = six ? a->ip6 : a->ip;

		if (ip && !a->internal)
			return ip;
	}
	return NULL;
}

static void one_port(const struct lease *l, const struct port *p, bool six, bool add, struct str *out)
{
	const char *to = target(l, six);
	struct ip host = { 0 };
	bool any = !p->host || (ip_parse(p->host, &host) && ip_any(&host));
	auto_free char *set = xasprintf("%s%c%s", p->proto, six ? '6' : '4', any ? "" : "_at");
	auto_free char *text = NULL;

	if (!to || (p->host && (host.family == AF_INET6) != six))
		return;
	text = any ? xasprintf("%lld : %s . %lld", (long long)p->host_port, to, (long long)p->port)
		   : xasprintf("%s . %lld : %s . %lld", p->host, (long long)p->host_port, to,
			       (long long)p->port);
	element(out, add, set, text);
}

void firewall_text_ports(const struct lease *l, bool add, struct str *out)
{
	vec_each (&l->ports, p)
		for (int six = 0; six < 2; six++)
			one_port(l, p, six, add, out);
}

/* ---- groups ---- */

/* Where a member has what comes in at p; NULL: not by this version. Yours. */
static char *member_target(const struct lease *m, const struct port *p, bool six)
{
	const char *to = target(m, six);

	if (!to || !group_serves(m))
		return NULL;
	vec_each (&m->ports, q)
		if (q->host_port == p->host_port && str_eq(q->host, p->host))
			return xasprintf("%s . %lld", to, (long long)q->port);
	return NULL;
}

/* "group_8080_4", "group_8080_4_127_0_0_1": a chain for each port of a group */
static char *group_chain(const struct port *p, bool six, bool any)
{
	char *name = xasprintf("group_%lld_%c%s%s", (long long)p->host_port, six ? '6' : '4',
			       any ? "" : "_", any ? "" : p->host);

	for (char *c = name; *c; c++)
		if (*c == '.' || *c == ':')
			*c = '_';
	return name;
}

static void group_port(const struct lease *l, const struct port *p, const leases *all, struct str *out)
{
	struct ip host = { 0 };
	bool known = p->host && ip_parse(p->host, &host), any = known && ip_any(&host);
	bool six = host.family == AF_INET6;
	auto_free char *chain = group_chain(p, six, any);
	auto_free char *set = xasprintf("groups%c%s", six ? '6' : '4', any ? "" : "_at");
	auto_free char *key = any ? xasprintf("%lld", (long long)p->host_port)
				  : xasprintf("%s . %lld", p->host, (long long)p->host_port);
	auto_free char *jump = xasprintf("%s : jump %s", key, chain);
	auto_done(str) struct str map = { 0 };
	int n = 0;

	vec_each (all, m) {
		auto_free char *to = str_eq(m->group, l->group) ? member_target(m, p, six) : NULL;

		if (to) {
			str_addf(&map, "%s%d : %s", n ? ", " : "", n, to);
			n++;
		}
	}
	str_addf(out, "add chain " TABLE " %s\nflush chain " TABLE " %s\n", chain, chain);
	element(out, n > 0, set, jump);
	if (n)
		str_addf(out,
			 "add rule " TABLE
			 " %s tcp dport %lld dnat ip%s to numgen inc mod %d map { %s }\n",
			 chain, (long long)p->host_port, six ? "6" : "", n, map.s);
	else
		str_addf(out, "delete chain " TABLE " %s\n", chain);
}

void firewall_text_group(const struct lease *l, const leases *all, struct str *out)
{
	vec_each (&l->ports, p)
		group_port(l, p, all, out);
}

/* ---- carrying it out ---- */

static int run(const struct str *text, struct error *err)
{
	struct nft_ctx *ctx;
	int status = 0;

	if (!text->len)
		return 0;
	if (lazy_load(&nft_lazy, err) < 0)
		return -1;
	ctx = nft.nft_ctx_new(NFT_CTX_DEFAULT);
	if (!ctx)
		return error_set(err, ERR_SYSTEM, "open nftables");
	nft.nft_ctx_buffer_error(ctx);
	nft.nft_ctx_buffer_output(ctx);
	if (nft.nft_run_cmd_from_buffer(ctx, text->s) != 0) {
		const char *why = nft.nft_ctx_get_error_buffer(ctx);
		auto_free char *line = xstrndup(why ? why : "", why ? strcspn(why, "\n") : 0);
		const char *last = strstr(line, "Error: ");

		log_debug("net: nftables refused\n%s", text->s);
		last = last ? last + 7 : line;
		status = error_set(err, strstr(last, "not permitted") ? ERR_DENIED : ERR_UNSUPPORTED,
				   "nftables: %s", *last ? last : "refused");
	}
	nft.nft_ctx_free(ctx);
	return status;
}

static int mark_made(struct netdir *d, struct error *err)
{
	auto_close int fd = openat(d->fd, MADE, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	return fd < 0 ? error_sys(err, "note the table") : 0;
}

int firewall_network(struct netdir *d, const struct attachment *a, bool add, struct error *err)
{
	auto_done(str) struct str text = { 0 };
	bool made = file_exists(d->fd, MADE);

	if (!add && !made)
		return 0;
	if (add)
		firewall_text_base(&text);
	firewall_text_network(a, add, &text);
	if (run(&text, err) < 0)
		return -1;
	return made ? 0 : mark_made(d, err);
}

void firewall_publish(struct netdir *d, const struct lease *l, bool add)
{
	auto_done(str) struct str text = { 0 };
	struct error e = { 0 };
	char line[ERROR_LINE_MAX];

	if (!l->group)
		firewall_text_ports(l, add, &text);
	if (run(&text, &e) == 0)
		return;
	/* the table was flushed behind our back: ports are then served by the forwarder alone */
	if (add)
		log_warn("published ports do not show the client's address: %s",
			 error_text(&e, line, sizeof(line)));
	else
		log_debug("net: %s", error_text(&e, line, sizeof(line)));
}

void firewall_group(struct netdir *d, const struct lease *l, const leases *all)
{
	auto_done(str) struct str text = { 0 };
	struct error e = { 0 };
	char line[ERROR_LINE_MAX];

	if (!file_exists(d->fd, MADE))
		return;
	/* the table may be of a version that had no groups */
	firewall_text_base(&text);
	firewall_text_group(l, all, &text);
	if (run(&text, &e) < 0)
		log_warn("group '%s': %s", l->group, error_text(&e, line, sizeof(line)));
}

void firewall_withdraw(struct netdir *d, const struct lease *l, const leases *living)
{
	if (l->group)
		firewall_group(d, l, living);
	else
		firewall_publish(d, l, false);
}

int firewall_rebuild(struct netdir *d, const leases *all, struct error *err)
{
	auto_done(str) struct str text = { 0 };

	str_add(&text, "add table " TABLE "\ndelete table " TABLE "\n");
	firewall_text_base(&text);
	vec_each (all, l)
		vec_each (&l->attachments, a)
			if (a->link)
				firewall_text_network(a, true, &text);
	vec_each (all, l)
		if (l->group)
			firewall_text_group(l, all, &text);
		else
			firewall_text_ports(l, true, &text);
	return run(&text, err) < 0 ? -1 : mark_made(d, err);
}

int firewall_clear(struct netdir *d, struct error *err)
{
	struct str text = { 0 };
	int status;

	if (!file_exists(d->fd, MADE))
		return 0;
	str_add(&text, "add table " TABLE "\ndelete table " TABLE "\n");
	status = run(&text, err);
	str_done(&text);
	if (status == 0 && unlinkat(d->fd, MADE, 0) < 0 && errno != ENOENT)
		return error_sys(err, "forget the table");
	return status;
}
