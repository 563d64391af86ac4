/*
 * address.c - addresses and subnets of both versions, as text and as numbers. Pure.
 */
#include "net/address.h"

#include <sys/socket.h>
#include <arpa/inet.h>
#include <stdio.h>

bool ip_parse(const char *text, struct ip *ip)
{
	size_t n = strlen(text);
	char bare[IP_TEXT_MAX];

	memset(ip, 0, sizeof(*ip));
	if (text[0] == '[' && n > 2 && n < sizeof(bare) && text[n - 1] == ']') {
		memcpy(bare, text + 1, n - 2);
		bare[n - 2] = '\0';
		text = bare;
	}
	if (inet_pton(AF_INET, text, ip->b) == 1)
		ip->family = AF_INET;
	else if (inet_pton(AF_INET6, text, ip->b) == 1)
		ip->family = AF_INET6;
	return ip->family != 0;
}

const char *ip_format(const struct ip *ip, char buf[IP_TEXT_MAX])
{
	buf[0] = '\0';
	if (ip->family)
		inet_ntop(ip->family, ip->b, buf, IP_TEXT_MAX);
	return buf;
}

size_t ip_size(const struct ip *ip)
{
	return ip->family == AF_INET ? 4 : 16;
}

bool ip_equal(const struct ip *a, const struct ip *b)
{
	return a->family == b->family && memcmp(a->b, b->b, ip_size(a)) == 0;
}

bool ip_any(const struct ip *ip)
{
	static const uint8_t zero[16];

	return memcmp(ip->b, zero, ip_size(ip)) == 0;
}

/* Clears what is behind the prefix; true when something was set there. */
static bool cut(struct ip *ip, int prefix)
{
	bool had = false;

	for (size_t i = 0; i < ip_size(ip); i++) {
		int bits = prefix - (int)i * 8;
		uint8_t mask = (uint8_t)(bits >= 8 ? 0xff : bits <= 0 ? 0 : 0xff << (8 - bits));

		had |= (ip->b[i] & ~mask) != 0;
		ip->b[i] &= mask;
	}
	return had;
}

int subnet_parse(const char *text, struct subnet *s, struct error *err)
{
	const char *slash = strchr(text, '/');
	auto_free char *address = slash ? xstrndup(text, (size_t)(slash - text)) : NULL;
	uint64_t prefix;
	int max;

	if (!slash || !ip_parse(address, &s->base) || !str_u64(slash + 1, &prefix))
		return error_set(err, ERR_USAGE, "'%s' is no subnet: expected ADDRESS/BITS", text);
	max = s->base.family == AF_INET ? 30 : 126;
	if (prefix < 8 || prefix > (uint64_t)max)
		return error_set(err, ERR_USAGE, "subnet '%s': the prefix must be 8 to %d", text,
				 max);
	s->prefix = (int)prefix;
	if (cut(&s->base, s->prefix)) {
		char buf[IP_TEXT_MAX];

		return error_set(err, ERR_USAGE,
				 "subnet '%s' has bits behind its prefix: %s/%d is meant?", text,
				 ip_format(&s->base, buf), s->prefix);
	}
	return 0;
}

char *subnet_around(const struct ip *ip, int prefix)
{
	struct ip base = *ip;
	char buf[IP_TEXT_MAX];

	cut(&base, prefix);
	return xasprintf("%s/%d", ip_format(&base, buf), prefix);
}

bool subnet_has(const struct subnet *s, const struct ip *ip)
{
	struct ip base = *ip;

	if (ip->family != s->base.family)
		return false;
	cut(&base, s->prefix);
	return ip_equal(&base, &s->base);
}

bool subnet_overlaps(const struct subnet *a, const struct subnet *b)
{
	return subnet_has(a, &b->base) || subnet_has(b, &a->base);
}

struct ip subnet_nth(const struct subnet *s, uint32_t n)
{
	struct ip ip = s->base;

	for (size_t i = ip_size(&ip); i-- > 0 && n; n >>= 8) {
		n += ip.b[i];
		ip.b[i] = (uint8_t)n;
	}
	return ip;
}

uint32_t subnet_size(const struct subnet *s)
{
	int bits = (int)ip_size(&s->base) * 8 - s->prefix;

	return 1U << MIN(bits, 24);
}

void mac_from_ip(const struct ip *ip, uint8_t mac[6])
{
	mac[0] = 0x02;
	mac[1] = 0x42;
	memcpy(mac + 2, ip->b + ip_size(ip) - 4, 4);
}

bool mac_parse(const char *text, uint8_t mac[6])
{
	char sep[6], end;
	unsigned v[6];

	memset(sep, 0, sizeof(sep));
	if (sscanf(text, "%2x%c%2x%c%2x%c%2x%c%2x%c%2x%c", &v[0], &sep[0], &v[1], &sep[1], &v[2],
		   &sep[2], &v[3], &sep[3], &v[4], &sep[4], &v[5], &end) != 11)
		return false;
	for (int i = 0; i < 6; i++) {
		if (i < 5 && sep[i] != ':' && sep[i] != '-')
			return false;
		mac[i] = (uint8_t)v[i];
	}
	return strlen(text) == 17 && !(mac[0] & 1);
}

char *mac_format(const uint8_t mac[6])
{
	return xasprintf("%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
			 mac[5]);
}
