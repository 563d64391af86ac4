/*
 * url.c - tests of registry/url and registry/proxy: where we may be sent, and by which way.
 */
#include "unit.h"

#include "registry/client.h"
#include "util/settings.h"

#include <arpa/inet.h>

static const char *const bad[] = {
	"ftp://host/",		 "file:///etc/passwd", "gopher://x/",	 "host/path",
	"https://u:p@host/",	 "https://",	       "https:///x",	 "https://host:0/",
	"https://host:65536/",	 "https://host:x/",    "https://ho st/", "https://host/a b",
	"https://host/\r\nX: y", "https://[::1",       "https://[zz]/",	 "https://h/\x01",
};

START_TEST(an_address_that_is_none_is_refused)
{
	struct url u;
	struct error err = { 0 };

	ck_assert_msg(url_parse(bad[_i], &u, &err) < 0, "%s", bad[_i]);
	ck_assert_int_eq(err.kind, ERR_INVALID);
}
END_TEST

START_TEST(addresses_are_read_and_written)
{
	struct url u;
	struct error err = { 0 };
	auto_free char *text = NULL;

	ck_assert_int_eq(url_parse("HTTPS://Registry.Example:5000/v2/?a=b#c", &u, &err), 0);
	ck_assert(u.https);
	ck_assert_str_eq(u.host, "registry.example");
	ck_assert_uint_eq(u.port, 5000);
	ck_assert_str_eq(u.path, "/v2/?a=b");
	text = url_format(&u);
	ck_assert_str_eq(text, "https://registry.example:5000/v2/?a=b");
	url_done(&u);
	ck_assert_int_eq(url_parse("http://[::1]:80", &u, &err), 0);
	ck_assert_str_eq(u.host, "::1");
	ck_assert_str_eq(u.path, "/");
	url_done(&u);
}
END_TEST

static const struct {
	const char *location, *whole; /* RFC 3986 5.4, as far as servers use it */
} locations[] = {
	{ "https://other/x", "https://other/x" },
	{ "//other/x", "https://other/x" },
	{ "/y?z", "https://base:5000/y?z" },
	{ "y", "https://base:5000/a/y" },
	{ "?q", "https://base:5000/a/b?q" },
	{ "file:///etc/passwd", NULL },
	{ "javascript:x", NULL },
	{ "https://u@h/", NULL },
	{ "/a\nb", NULL },
};

START_TEST(a_location_means_what_rfc_3986_says)
{
	struct url base;
	struct error err = { 0 };
	auto_free char *got = NULL;

	ck_assert_int_eq(url_parse("https://base:5000/a/b?c", &base, &err), 0);
	got = url_resolve(&base, locations[_i].location, &err);
	if (locations[_i].whole)
		ck_assert_str_eq(got, locations[_i].whole);
	else
		ck_assert_ptr_null(got);
	url_done(&base);
}
END_TEST

static const struct {
	const char *host;
	enum address_class class;
} hosts[] = {
	{ "localhost", ADDRESS_LOOPBACK },	{ "127.0.0.1", ADDRESS_LOOPBACK },
	{ "127.1", ADDRESS_LOOPBACK },		{ "2130706433", ADDRESS_LOOPBACK },
	{ "0x7f000001", ADDRESS_LOOPBACK },	{ "169.254.169.254", ADDRESS_LOOPBACK },
	{ "0.0.0.0", ADDRESS_LOOPBACK },	{ "10.1.2.3", ADDRESS_PRIVATE },
	{ "172.31.0.1", ADDRESS_PRIVATE },	{ "172.32.0.1", ADDRESS_PUBLIC },
	{ "192.168.0.1", ADDRESS_PRIVATE },	{ "100.64.0.1", ADDRESS_PRIVATE },
	{ "8.8.8.8", ADDRESS_PUBLIC },		{ "::1", ADDRESS_LOOPBACK },
	{ "fe80::1", ADDRESS_LOOPBACK },	{ "fd00::1", ADDRESS_PRIVATE },
	{ "::ffff:10.0.0.1", ADDRESS_PRIVATE }, { "64:ff9b::a9fe:a9fe", ADDRESS_LOOPBACK },
	{ "2001:db8::1", ADDRESS_PUBLIC },	{ "registry.example", ADDRESS_PUBLIC },
};

START_TEST(addresses_that_are_not_of_the_internet_are_known)
{
	ck_assert_msg(host_class(hosts[_i].host) == hosts[_i].class, "%s", hosts[_i].host);
}
END_TEST

static const struct {
	const char *no_proxy, *url;
	bool bypassed;
} bypasses[] = {
	{ NULL, "https://registry.example/", false },
	{ NULL, "https://localhost/", true },
	{ NULL, "https://127.0.0.1:5000/", true },
	{ "*", "https://registry.example/", true },
	{ "example", "https://registry.example/", true },
	{ ".example", "https://registry.example/", true },
	{ ".registry.example", "https://registry.example/", false },
	{ "xample", "https://registry.example/", false },
	{ "other, registry.example:443", "https://registry.example/", true },
	{ "registry.example:5000", "https://registry.example/", false },
	{ "10.0.0.0/8", "https://10.1.2.3/", true },
	{ "10.0.0.0/8", "https://11.1.2.3/", false },
	{ "fd00::/8", "https://[fd00::1]/", true },
	{ "[fd00::1]:5000", "https://[fd00::1]:5000/", true },
};

START_TEST(no_proxy_has_names_ranges_and_ports)
{
	struct url u;
	struct error err = { 0 };

	ck_assert_int_eq(url_parse(bypasses[_i].url, &u, &err), 0);
	ck_assert_msg(proxy_bypassed(bypasses[_i].no_proxy, &u) == bypasses[_i].bypassed, "%s %s",
		      bypasses[_i].no_proxy, bypasses[_i].url);
	url_done(&u);
}
END_TEST

START_TEST(the_proxy_is_the_environments)
{
	struct url u;
	struct error err = { 0 };
	auto_free char *proxy = NULL, *none = NULL, *set = NULL, *by_set = NULL;
	char from_file[] = "http://file:3128", apart[] = "plain.example";
	struct settings s = { .proxies = { .http = from_file, .none = apart } };

	setenv("https_proxy", "http://lower:3128", 1);
	setenv("HTTPS_PROXY", "http://upper:3128", 1);
	setenv("NO_PROXY", "inside.example", 1);
	ck_assert_int_eq(url_parse("https://registry.example/", &u, &err), 0);
	proxy = proxy_for(&u, &s);
	ck_assert_str_eq(proxy, "http://upper:3128");
	url_done(&u);
	ck_assert_int_eq(url_parse("https://a.inside.example/", &u, &err), 0);
	none = proxy_for(&u, &s);
	ck_assert_str_eq(none, "");
	url_done(&u);
	/* of http the environment says nothing: then the settings do */
	ck_assert_int_eq(url_parse("http://registry.example/", &u, &err), 0);
	set = proxy_for(&u, &s);
	ck_assert_str_eq(set, "http://file:3128");
	url_done(&u);
	unsetenv("NO_PROXY");
	ck_assert_int_eq(url_parse("http://plain.example/", &u, &err), 0);
	by_set = proxy_for(&u, &s);
	ck_assert_str_eq(by_set, "");
	url_done(&u);
}
END_TEST

/* registry, http allowed, only the same host, realm, allowed */
static const struct {
	const char *registry;
	bool insecure, same_host;
	const char *realm;
	bool allowed;
} realms[] = {
	{ "https://registry.example/", false, false, "https://registry.example/token", true },
	{ "https://registry-1.docker.io/", false, false, "https://auth.docker.io/token", true },
	{ "https://registry.example/", false, true, "https://auth.example/token", false },
	{ "https://registry.example/", false, true, "https://registry.example:444/token", true },
	{ "https://registry.example/", false, false, "http://registry.example/token", false },
	{ "https://registry.example/", false, false, "http://evil.example/token", false },
	{ "https://registry.example/", false, false, "https://169.254.169.254/token", false },
	{ "https://registry.example/", false, false, "https://localhost/token", false },
	{ "https://registry.example/", false, false, "https://10.0.0.1/token", false },
	{ "http://127.0.0.1:5000/", true, false, "http://127.0.0.1:5001/token", true },
	{ "http://127.0.0.1:5000/", true, false, "http://other.example/token", false },
	{ "https://10.0.0.1/", false, false, "https://10.0.0.1/token", true },
};

START_TEST(credentials_go_to_no_realm_that_they_should_not)
{
	struct url registry, realm;
	struct error err = { 0 };

	ck_assert_int_eq(url_parse(realms[_i].registry, &registry, &err), 0);
	ck_assert_int_eq(url_parse(realms[_i].realm, &realm, &err), 0);
	ck_assert_msg((realm_check(&registry, realms[_i].insecure, realms[_i].same_host, &realm,
				   &err) == 0) == realms[_i].allowed,
		      "%s at %s", realms[_i].realm, realms[_i].registry);
	url_done(&registry);
	url_done(&realm);
}
END_TEST

START_TEST(what_is_shown_of_an_address_has_no_signature)
{
	auto_free char *shown = url_shown("https://s3/blob?X-Signature=secret#x");

	ck_assert_str_eq(shown, "https://s3/blob");
}
END_TEST

UNIT_MAIN("registry/url", TEST_LOOP(an_address_that_is_none_is_refused, ARRAY_SIZE(bad)),
	  TEST(addresses_are_read_and_written),
	  TEST_LOOP(a_location_means_what_rfc_3986_says, ARRAY_SIZE(locations)),
	  TEST_LOOP(addresses_that_are_not_of_the_internet_are_known, ARRAY_SIZE(hosts)),
	  TEST_LOOP(no_proxy_has_names_ranges_and_ports, ARRAY_SIZE(bypasses)),
	  TEST(the_proxy_is_the_environments),
	  TEST_LOOP(credentials_go_to_no_realm_that_they_should_not, ARRAY_SIZE(realms)),
	  TEST(what_is_shown_of_an_address_has_no_signature))
