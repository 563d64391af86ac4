/* request_network.c - the values of --network, and the way back to them. */
#include "engine/request.h"
#include "unit.h"

struct good {
	const char *first, *second; /* as typed */
	const char *network, *ip, *alias, *mac;
	const char *more; /* the second as it is formatted */
};
static const struct good goods[] = {
	{ "host", NULL, "host", NULL, NULL, NULL, NULL },
	{ "container:web", NULL, "container:web", NULL, NULL, NULL, NULL },
	{ "a", NULL, "a", NULL, NULL, NULL, NULL },
	{ "a", "b", "a", NULL, NULL, NULL, "name=b" },
	{ "a:ip=10.1.2.3,alias=x,mac=02:11:22:33:44:55", NULL, "a", "10.1.2.3", "x",
	  "02:11:22:33:44:55", NULL },
	{ "name=a,alias=x,mac-address=02:11:22:33:44:55", NULL, "a", NULL, "x", "02:11:22:33:44:55",
	  NULL },
	{ "alias=x,name=a", NULL, "a", NULL, "x", NULL, NULL },
	{ "a", "b:alias=y,ip=10.1.3.4,alias=z", "a", NULL, NULL, NULL,
	  "name=b,ip=10.1.3.4,alias=y,alias=z" },
	{ "a", "name=b,ip6=fd00::7,mac-address=02:11:22:33:44:55", "a", NULL, NULL, NULL,
	  "name=b,ip6=fd00::7,mac-address=02:11:22:33:44:55" },
	{ "bridge:ip=10.87.0.9", NULL, "bridge", "10.87.0.9", NULL, NULL, NULL },
};

START_TEST(network_is_taken_apart)
{
	const struct good *c = &goods[_i];
	struct error err = { 0 };
	struct run_request r;

	run_request_init(&r);
	ck_assert_int_eq(request_add_network(&r, c->first, &err), 0);
	if (c->second)
		ck_assert_int_eq(request_add_network(&r, c->second, &err), 0);
	ck_assert_int_eq(request_network_check(&r, &err), 0);
	ck_assert_str_eq(r.network, c->network);
	ck_assert_pstr_eq(r.ip, c->ip);
	ck_assert_pstr_eq(r.mac_address, c->mac);
	ck_assert_uint_eq(r.network_alias.n, c->alias ? 1 : 0);
	if (c->alias)
		ck_assert_str_eq(r.network_alias.v[0], c->alias);
	ck_assert_uint_eq(r.more_networks.n, c->second ? 1 : 0);
	if (c->more) {
		auto_free char *text = request_network_format(&r.more_networks.v[0]);

		ck_assert_str_eq(text, c->more);
	}
	run_request_done(&r);
}
END_TEST

static const struct {
	const char *first, *second, *says;
} bads[] = {
	{ "", NULL, "a name is missing" },
	{ ":ip=10.1.2.3", NULL, "a name is missing" },
	{ "ip=10.1.2.3", NULL, "a name is missing" },
	{ "none:ip=10.1.2.3", NULL, "'none' has no options" },
	{ "name=host,alias=x", NULL, "'host' has no options" },
	{ "a:colour=red", NULL, "must be ip=, ip6=, mac= or alias=" },
	{ "a:", NULL, "must be ip=" },
	{ "a:ip=10.1.2.3,ip=10.1.2.4", NULL, "given twice" },
	{ "none", "a", "'none' is the only network" },
	{ "a", "container:b", "'container:b' is the only network" },
	{ "host", "host", "'host' is the only network" },
	{ "a", "a", "'a' is given twice" },
};

START_TEST(network_is_refused)
{
	struct error err = { 0 };
	struct run_request r;
	char text[512];
	int status;

	run_request_init(&r);
	status = request_add_network(&r, bads[_i].first, &err);
	if (status == 0 && bads[_i].second)
		status = request_add_network(&r, bads[_i].second, &err);
	ck_assert_int_eq(status, -1);
	ck_assert_int_eq(err.kind, ERR_USAGE);
	error_text(&err, text, sizeof(text));
	ck_assert_msg(strstr(text, bads[_i].says) != NULL, "%s", text);
	run_request_done(&r);
}
END_TEST

static const char *const places_bad[] = {
	"b:ip=10.1.2", "b:ip=fd00::1", "b:ip6=10.1.2.3", "b:mac=01:00:00:00:00:00",
	"b:alias=",    "b:alias=x y",
};

START_TEST(place_on_a_further_network_is_checked)
{
	struct error err = { 0 };
	struct run_request r;

	run_request_init(&r);
	ck_assert_int_eq(request_add_network(&r, "a", &err), 0);
	ck_assert_int_eq(request_add_network(&r, places_bad[_i], &err), 0);
	ck_assert_int_eq(request_network_check(&r, &err), -1);
	ck_assert_int_eq(err.kind, ERR_USAGE);
	run_request_done(&r);
}
END_TEST

START_TEST(address_is_given_once_with_the_name_or_apart)
{
	struct error err = { 0 };
	struct run_request r;

	run_request_init(&r);
	r.ip = xstrdup("10.1.2.3");
	ck_assert_int_eq(request_add_network(&r, "a:ip=10.1.2.4", &err), -1);
	ck_assert_int_eq(err.kind, ERR_USAGE);
	run_request_done(&r);
}
END_TEST

UNIT_MAIN("engine/request_network", TEST_LOOP(network_is_taken_apart, ARRAY_SIZE(goods)),
	  TEST_LOOP(network_is_refused, ARRAY_SIZE(bads)),
	  TEST_LOOP(place_on_a_further_network_is_checked, ARRAY_SIZE(places_bad)),
	  TEST(address_is_given_once_with_the_name_or_apart))
