/*
 * hosts.c - names of neighbours, in the hosts file of each container.
 *
 * Why hosts files and no name server: nothing to run, to crash or to answer slowly; every resolver
 * reads the file first; a name server would have to be found by containers whose resolv.conf is
 * their own. What depends on the network stands behind a mark and is written anew whenever
 * somebody comes or goes; what is before the mark is the engine's or the container's own.
 */
#include "hosts.h"

#include "util/fd.h"
#include "util/log.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <net/if.h>

#define MARK	  "# hod: names of the network\n"
#define HOSTS_MAX (1 << 20)
#define SHORT_ID  12

static void add_line(struct str *out, const char *ip, const char *names)
{
	if (ip && *ip)
		str_addf(out, "%s\t%s\n", ip, names);
}

/* Name, short ID and aliases of a neighbour, as one blank-separated list. */
static char *names_of(const struct lease *l, const struct attachment *a)
{
	struct str s = { 0 };

	if (l->name)
		str_addf(&s, "%s ", l->name);
	str_addf(&s, "%.*s", SHORT_ID, l->id);
	strv_each (&a->aliases, i)
		str_addf(&s, " %s", a->aliases.v[i]);
	return str_take(&s);
}

static void add_neighbours(const struct attachment *mine, const struct lease *self,
			   const leases *all, struct str *out)
{
	vec_each (all, l)
		vec_each (&l->attachments, a) {
			auto_free char *names = NULL;

			if (!str_eq(a->network_id, mine->network_id) || str_eq(l->id, self->id))
				continue;
			names = names_of(l, a);
			add_line(out, a->ip, names);
			add_line(out, a->ip6, names);
		}
}

void hosts_make(const struct lease *self, const leases *all, const char *gateway, struct str *out)
{
	str_add(out, MARK);
	vec_each (&self->attachments, a) {
		auto_free char *others = a->plain ? NULL : names_of(self, a);
		auto_free char *names = others ? xasprintf("%s %s", self->hostname, others)
					       : xstrdup(self->hostname);

		add_line(out, a->ip, names);
		add_line(out, a->ip6, names);
	}
	if (!str_empty(gateway)) {
		str_addf(out, "%s\thost.containers.internal host.docker.internal\n", gateway);
		strv_each (&self->host_gateway, i)
			add_line(out, gateway, self->host_gateway.v[i]);
	}
	vec_each (&self->attachments, a)
		if (!a->plain)
			add_neighbours(a, self, all, out);
}

/* An address of the host that containers behind a helper reach it by. */
static char *host_address(void)
{
	struct ifaddrs *list, *i;
	char buf[IP_TEXT_MAX];
	char *found = NULL;

	if (getifaddrs(&list) < 0)
		return NULL;
	for (i = list; i && !found; i = i->ifa_next) {
		struct ip ip = { .family = AF_INET };

		if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET ||
		    (i->ifa_flags & IFF_LOOPBACK) || !(i->ifa_flags & IFF_UP))
			continue;
		memcpy(ip.b, &((const struct sockaddr_in *)(const void *)i->ifa_addr)->sin_addr, 4);
		found = xstrdup(ip_format(&ip, buf));
	}
	freeifaddrs(list);
	return found;
}

static char *gateway_of(const struct lease *l)
{
	if (!str_eq(l->mode, "bridge"))
		return host_address();
	vec_each (&l->attachments, a)
		if (!a->internal && a->gateway)
			return xstrdup(a->gateway);
	return NULL;
}

/* A container with an address is called by that, and not by one of its loopback. */
static void drop_own_line(struct str *s)
{
	char *line = s->len ? strstr(s->s, "127.0.1.1\t") : NULL, *end;

	if (!line)
		return;
	end = strchr(line, '\n');
	end = end ? end + 1 : s->s + s->len;
	memmove(line, end, strlen(end) + 1);
	s->len = strlen(s->s);
}

/* Shorter or longer in place: a reader may see the old, the new, or for a moment a cut list. */
static int rewrite(const struct lease *l, const leases *all, struct error *err)
{
	auto_close int fd = open(l->hosts, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	auto_free char *gateway = gateway_of(l);
	auto_done(str) struct str text = { 0 }, new = { 0 };
	const char *mark;

	if (fd < 0)
		return error_sys(err, "open %s", l->hosts);
	if (fd_read_all(fd, &text, HOSTS_MAX, err) < 0)
		return -1;
	mark = strstr(str_get(&text), MARK);
	str_addn(&new, str_get(&text), mark ? (size_t)(mark - text.s) : text.len);
	if (!mark)
		drop_own_line(&new);
	hosts_make(l, all, gateway, &new);
	if (new.len == text.len && memcmp(new.s, text.s, new.len) == 0)
		return 0;
	if (pwrite(fd, new.s, new.len, 0) != (ssize_t) new.len || ftruncate(fd, (off_t) new.len) < 0)
		return error_sys(err, "write %s", l->hosts);
	return 0;
}

void hosts_refresh(const leases *all)
{
	vec_each (all, l) {
		struct error e = { 0 };
		char text[ERROR_LINE_MAX];

		/* a container that has just ended has taken its file along */
		if (l->hosts && rewrite(l, all, &e) < 0 && e.kind != ERR_NOTFOUND)
			log_warn("names of the network: %s", error_text(&e, text, sizeof(text)));
	}
}
