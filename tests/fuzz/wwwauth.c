/*
 * wwwauth.c - WWW-Authenticate: what is read has schemes and keys that are words, in lower case,
 * and a realm that is accepted keeps to the rule.
 */
#include "fuzz.h"

#include "registry/client.h"

static void check_realm(const char *text)
{
	struct url registry = { 0 }, realm = { 0 };
	struct error err = { 0 };

	if (url_parse(text, &realm, &err) < 0)
		return;
	FUZZ_CHECK(url_parse("https://registry.example/", &registry, &err) == 0);
	if (realm_check(&registry, false, false, &realm, &err) == 0)
		FUZZ_CHECK(realm.https && (host_class(realm.host) == ADDRESS_PUBLIC));
	if (realm_check(&registry, false, true, &realm, &err) == 0)
		FUZZ_CHECK(strcmp(realm.host, registry.host) == 0);
	url_done(&registry);
	url_done(&realm);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = xstrndup((const char *)data, size);
	struct error err = { 0 };
	challenges l = { 0 };

	if (challenges_parse(text, &l, &err) < 0)
		FUZZ_CHECK(err.kind == ERR_INVALID || err.kind == ERR_LIMIT);
	vec_each (&l, c) {
		FUZZ_CHECK(c->scheme[0] &&
			   !strpbrk(c->scheme, " \t\r\n,=\"ABCDEFGHIJKLMNOPQRSTUVWXYZ"));
		for (size_t i = 0; i < c->params.n; i++)
			FUZZ_CHECK(!strpbrk(c->params.v[i].key, " \t\r\n,=\""));
		if (strmap_get(&c->params, "realm"))
			check_realm(strmap_get(&c->params, "realm"));
	}
	challenges_done(&l);
	return 0;
}
