/* etc_files.c - hosts and resolv.conf as the container sees them. */
#include "engine/etc_files.h"
#include "unit.h"

static const char host_text[] = "# a comment\n"
				"nameserver 127.0.0.53\n"
				"nameserver 9.9.9.9\n"
				"search example.org\n"
				"options edns0\n";

START_TEST(private_network_drops_loopback_servers)
{
	auto_done(str) struct str out = { 0 };
	struct run_request r;

	run_request_init(&r);
	etc_resolv_make(&r, host_text, true, &out);
	ck_assert_str_eq(out.s, "nameserver 9.9.9.9\nsearch example.org\noptions edns0\n");
	run_request_done(&r);
}
END_TEST

START_TEST(host_network_keeps_them)
{
	auto_done(str) struct str out = { 0 };
	struct run_request r;

	run_request_init(&r);
	etc_resolv_make(&r, host_text, false, &out);
	ck_assert_ptr_nonnull(strstr(out.s, "nameserver 127.0.0.53\n"));
	run_request_done(&r);
}
END_TEST

START_TEST(dns_options_replace_their_own_kind_only)
{
	auto_done(str) struct str out = { 0 };
	struct run_request r;

	run_request_init(&r);
	strv_add(&r.dns, "1.1.1.1");
	strv_add(&r.dns_option, "ndots:2");
	etc_resolv_make(&r, host_text, true, &out);
	ck_assert_str_eq(out.s, "nameserver 1.1.1.1\noptions ndots:2\nsearch example.org\n");
	str_clear(&out);
	strv_done(&r.dns);
	strv_add(&r.dns, "none");
	etc_resolv_make(&r, host_text, true, &out);
	ck_assert_uint_eq(out.len, 0);
	run_request_done(&r);
}
END_TEST

START_TEST(added_hosts_come_with_their_address_first)
{
	auto_done(str) struct str out = { 0 };
	struct error err = { 0 };
	struct run_request r;

	run_request_init(&r);
	strv_add(&r.add_host, "db:10.0.0.7");
	strv_add(&r.add_host, "six=[fe80::1]");
	ck_assert_int_eq(etc_hosts_make(&r, "web", &out, &err), 0);
	ck_assert_ptr_nonnull(strstr(out.s, "\n10.0.0.7\tdb\n"));
	ck_assert_ptr_nonnull(strstr(out.s, "\nfe80::1\tsix\n"));
	ck_assert_ptr_nonnull(strstr(out.s, "127.0.0.1\tlocalhost\n"));
	run_request_done(&r);
}
END_TEST

static const char *const bad_hosts[] = { "db", ":10.0.0.1", "db:", "db:300.1.1.1", "db:x\n1.1.1.1 y" };

START_TEST(bad_host_is_refused)
{
	auto_done(str) struct str out = { 0 };
	struct error err = { 0 };
	struct run_request r;

	run_request_init(&r);
	strv_add(&r.add_host, bad_hosts[_i]);
	ck_assert_int_eq(etc_hosts_make(&r, "web", &out, &err), -1);
	run_request_done(&r);
}
END_TEST

UNIT_MAIN("engine/etc_files", TEST(private_network_drops_loopback_servers),
	  TEST(host_network_keeps_them), TEST(dns_options_replace_their_own_kind_only),
	  TEST(added_hosts_come_with_their_address_first),
	  TEST_LOOP(bad_host_is_refused, ARRAY_SIZE(bad_hosts)))
