/*
 * etc_files.c - hosts, hostname and resolv.conf of a container, in its directory.
 *
 * The only files that are mounted without being asked for. They are plain files in the container's
 * directory so that later members of a network can rewrite them in place.
 */
#include "etc_files.h"

#include "util/fd.h"

#include <arpa/inet.h>
#include <errno.h>

#define RESOLV_MAX (64 << 10) /* bytes of the host's resolv.conf that are read */

static bool is_address(const char *s)
{
	unsigned char buf[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, s, buf) == 1 || inet_pton(AF_INET6, s, buf) == 1;
}

/* One word of these files: nothing that would begin another word, line or comment. */
static bool is_word(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] <= ' ' || s[i] == 127 || s[i] == '#')
			return false;
	return n > 0;
}

/* NAME:IP or NAME=IP, the IP of version 6 perhaps in brackets */
static int add_host(struct str *out, const char *text, struct error *err)
{
	size_t n = strcspn(text, "=:");
	auto_free char *ip = NULL;

	if (!text[n] || !is_word(text, n))
		return error_set(err, ERR_USAGE, "--add-host '%s': expected NAME:IP", text);
	ip = xstrdup(text + n + 1);
	if (ip[0] == '[' && str_ends(ip, "]")) {
		ip[strlen(ip) - 1] = '\0';
		memmove(ip, ip + 1, strlen(ip));
	}
	if (strcmp(ip, "host-gateway") == 0)
		return 0; /* its line is written with those of the network */
	if (!is_address(ip))
		return error_set(err, ERR_USAGE, "--add-host '%s': '%s' is no IP address", text, ip);
	str_addf(out, "%s\t%.*s\n", ip, (int)n, text);
	return 0;
}

int etc_hosts_make(const struct run_request *r, const char *hostname, struct str *out,
		   struct error *err)
{
	str_add(out, "127.0.0.1\tlocalhost\n"
		     "::1\tlocalhost ip6-localhost ip6-loopback\n"
		     "fe00::\tip6-localnet\n"
		     "ff00::\tip6-mcastprefix\n"
		     "ff02::1\tip6-allnodes\n"
		     "ff02::2\tip6-allrouters\n");
	strv_each (&r->add_host, i)
		if (add_host(out, r->add_host.v[i], err) < 0)
			return -1;
	if (r->domainname)
		str_addf(out, "127.0.1.1\t%s.%s %s\n", hostname, r->domainname, hostname);
	else
		str_addf(out, "127.0.1.1\t%s\n", hostname);
	return 0;
}

static bool is_loopback_server(const char *line)
{
	char word[64];

	return sscanf(line, "nameserver %63s", word) == 1 &&
	       (str_starts(word, "127.") || strcmp(word, "::1") == 0);
}

static bool keeps_line(const struct run_request *r, const char *line, bool own_network)
{
	if (str_starts(line, "nameserver"))
		return r->dns.n == 0 && !(own_network && is_loopback_server(line));
	if (str_starts(line, "search") || str_starts(line, "domain"))
		return r->dns_search.n == 0;
	if (str_starts(line, "options"))
		return r->dns_option.n == 0;
	return false;
}

void etc_resolv_make(const struct run_request *r, const char *host, bool own_network, struct str *out)
{
	auto_done(strv) struct strv lines = { 0 };

	if (r->dns.n == 1 && strcmp(r->dns.v[0], "none") == 0)
		return;
	strv_each (&r->dns, i)
		str_addf(out, "nameserver %s\n", r->dns.v[i]);
	if (r->dns_search.n && strcmp(r->dns_search.v[0], ".") != 0) {
		auto_free char *names = strv_join(&r->dns_search, " ");

		str_addf(out, "search %s\n", names);
	}
	if (r->dns_option.n) {
		auto_free char *names = strv_join(&r->dns_option, " ");

		str_addf(out, "options %s\n", names);
	}
	strv_split(&lines, host, '\n');
	strv_each (&lines, i)
		if (keeps_line(r, lines.v[i], own_network))
			str_addf(out, "%s\n", lines.v[i]);
}

static int read_host_resolv(struct str *text, struct error *err)
{
	/* behind systemd-resolved's stub the real servers are here */
	static const char *const files[] = { "/etc/resolv.conf",
					     "/run/systemd/resolve/resolv.conf" };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct error missing = { 0 }; /* a host without the file has no servers */

		str_clear(text);
		if (file_read(AT_FDCWD, files[i], text, RESOLV_MAX, &missing) < 0)
			continue;
		if (i == 0 && !strstr(str_get(text), "nameserver 127.0.0.53"))
			return 0;
	}
	return 0;
}

static int check_dns(const struct run_request *r, struct error *err)
{
	strv_each (&r->dns, i)
		if (!is_address(r->dns.v[i]) && !(r->dns.n == 1 && strcmp(r->dns.v[i], "none") == 0))
			return error_set(err, ERR_USAGE, "--dns '%s': no IP address", r->dns.v[i]);
	strv_each (&r->dns_search, i)
		if (!is_word(r->dns_search.v[i], strlen(r->dns_search.v[i])))
			return error_set(err, ERR_USAGE, "--dns-search '%s': no domain name",
					 r->dns_search.v[i]);
	strv_each (&r->dns_option, i)
		if (!is_word(r->dns_option.v[i], strlen(r->dns_option.v[i])))
			return error_set(err, ERR_USAGE, "--dns-option '%s': no option",
					 r->dns_option.v[i]);
	return 0;
}

/* In place, without a temporary file: only the container sees it, and it does not run yet. */
static int put(int dir, const char *name, const char *text, size_t n, struct error *err)
{
	auto_close int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0)
		return error_sys(err, "create %s", name);
	if (fchmod(fd, 0644) < 0)
		return error_sys(err, "set mode of %s", name);
	return fd_write_all(fd, text, n, err);
}

/* The host's file with another name server. */
static void replace_servers(struct str *host, const char *dns)
{
	auto_done(strv) struct strv lines = { 0 };
	struct str new = { 0 };

	str_addf(&new, "nameserver %s\n", dns);
	strv_split(&lines, str_get(host), '\n');
	strv_each (&lines, i)
		if (!str_starts(lines.v[i], "nameserver"))
			str_addf(&new, "%s\n", lines.v[i]);
	str_done(host);
	*host = new;
}

static int check_gateway(const struct run_request *r, struct error *err)
{
	strv_each (&r->add_host, i)
		if (str_ends(r->add_host.v[i], ":host-gateway"))
			return error_set(err, ERR_INVALID,
					 "--add-host '%s': the container has no network of its own "
					 "with a way to the host",
					 r->add_host.v[i]);
	return 0;
}

int etc_resolv_write(int dir, const struct run_request *r, const char *dns, struct error *err)
{
	bool host_network = r->network && strcmp(r->network, "host") == 0;
	auto_done(str) struct str host = { 0 };
	auto_done(str) struct str text = { 0 };

	if (read_host_resolv(&host, err) < 0)
		return -1;
	if (dns)
		replace_servers(&host, dns);
	etc_resolv_make(r, str_get(&host), !host_network, &text);
	return put(dir, "resolv.conf", str_get(&text), text.len, err);
}

int etc_files_write(int dir, const struct run_request *r, const char *hostname, const char *dns,
		    bool gateway, struct error *err)
{
	auto_done(str) struct str text = { 0 };

	if (!gateway && check_gateway(r, err) < 0)
		return -1;
	if (check_dns(r, err) < 0 || etc_hosts_make(r, hostname, &text, err) < 0 ||
	    put(dir, "hosts", str_get(&text), text.len, err) < 0)
		return -1;
	str_clear(&text);
	str_addf(&text, "%s\n", hostname);
	if (put(dir, "hostname", str_get(&text), text.len, err) < 0)
		return -1;
	return etc_resolv_write(dir, r, dns, err);
}
