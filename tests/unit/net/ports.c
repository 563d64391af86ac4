/* Ports and subnets as they are typed: docker's forms, and what is refused. */
#include "net/address.h"
#include "unit.h"
#include "util/mem.h"

static const struct {
	const char *text, *host, *proto;
	int64_t from, last, port;
	size_t n;
} good[] = {
	{ "80", NULL, "tcp", 0, 0, 80, 1 },
	{ "8080:80", NULL, "tcp", 8080, 8080, 80, 1 },
	{ "8080:80/udp", NULL, "udp", 8080, 8080, 80, 1 },
	{ "127.0.0.1:8080:80", "127.0.0.1", "tcp", 8080, 8080, 80, 1 },
	{ "127.0.0.1::80", "127.0.0.1", "tcp", 0, 0, 80, 1 },
	{ "[::1]:8080:80/tcp", "::1", "tcp", 8080, 8080, 80, 1 },
	{ "8000-8002:80-82", NULL, "tcp", 8000, 8000, 80, 3 },
	{ "8000-8010:80", NULL, "tcp", 8000, 8010, 80, 1 },
	{ "80-82", NULL, "tcp", 0, 0, 80, 3 },
};

START_TEST(port_is_read_in_every_form)
{
	port_list l = { 0 };
	struct error err = { 0 };

	ck_assert_int_eq(ports_parse(good[_i].text, &l, &err), 0);
	ck_assert_uint_eq(l.n, good[_i].n);
	if (good[_i].host)
		ck_assert_str_eq(l.v[0].host, good[_i].host);
	else
		ck_assert_ptr_null(l.v[0].host);
	ck_assert_str_eq(l.v[0].proto, good[_i].proto);
	ck_assert_int_eq(l.v[0].host_port, good[_i].from);
	ck_assert_int_eq(l.v[0].host_last, good[_i].last);
	ck_assert_int_eq(l.v[l.n - 1].port, good[_i].port + (int64_t)l.n - 1);
	ports_done(&l);
}
END_TEST

static const char *const bad[] = { "",	      "0",	 "65536",	    "x:80",	   "80-79",
				   "80/icmp", "80/sctp", "8000-8002:80-83", "1.2.3:80:80", "8080:",
				   ":::80" };

START_TEST(port_that_is_none_is_refused)
{
	port_list l = { 0 };
	struct error err = { 0 };

	ck_assert_int_eq(ports_parse(bad[_i], &l, &err), -1);
	ck_assert_int_ne(err.kind, ERR_NONE);
	ports_done(&l);
}
END_TEST

START_TEST(subnet_knows_its_addresses_and_its_neighbours)
{
	struct error err = { 0 };
	struct subnet a, b;
	char text[IP_TEXT_MAX];
	struct ip ip;

	ck_assert_int_eq(subnet_parse("10.89.0.0/16", &a, &err), 0);
	ck_assert_int_eq(subnet_parse("10.89.4.0/24", &b, &err), 0);
	ck_assert(subnet_overlaps(&a, &b) && subnet_overlaps(&b, &a));
	ip = subnet_nth(&a, 300);
	ck_assert_str_eq(ip_format(&ip, text), "10.89.1.44");
	ck_assert(subnet_has(&a, &ip) && !subnet_has(&b, &ip));
	ck_assert_int_eq(subnet_parse("10.89.0.1/16", &a, &err), -1);
}
END_TEST

START_TEST(hardware_address_is_of_one_interface)
{
	uint8_t mac[6];

	ck_assert(mac_parse("02:42:0a:57:00:02", mac) && mac[5] == 2);
	ck_assert(!mac_parse("03:42:0a:57:00:02", mac)); /* a group's */
	ck_assert(!mac_parse("02:42:0a:57:00", mac));
	ck_assert(!mac_parse("02:42:0a:57:00:02:", mac));
}
END_TEST

UNIT_MAIN("net/ports", TEST_LOOP(port_is_read_in_every_form, ARRAY_SIZE(good)),
	  TEST_LOOP(port_that_is_none_is_refused, ARRAY_SIZE(bad)),
	  TEST(subnet_knows_its_addresses_and_its_neighbours),
	  TEST(hardware_address_is_of_one_interface))
