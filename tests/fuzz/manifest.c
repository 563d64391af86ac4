/*
 * manifest.c - manifests and indexes: what is accepted can be written and read again.
 */
#include "fuzz.h"

#include "oci/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_done(str) struct str out = { 0 };
	auto_done(platform) struct platform host = { 0 };
	struct manifest m, again;
	struct error err = { 0 };

	if (manifest_parse((const char *)data, size, NULL, &m, &err) < 0)
		return 0;
	FUZZ_CHECK(m.is_index || digest_is_hex(m.config.digest.hex));
	vec_each (&m.layers, d)
		FUZZ_CHECK(digest_is_hex(d->digest.hex) && d->size >= 0);
	platform_host(&host);
	if (m.is_index)
		manifest_choose(&m, &host, &err);
	manifest_format(&m, &out);
	FUZZ_CHECK(manifest_parse(out.s, out.len, m.media_type, &again, &err) == 0);
	FUZZ_CHECK(again.layers.n == m.layers.n && again.manifests.n == m.manifests.n);
	manifest_done(&again);
	manifest_done(&m);
	return 0;
}
