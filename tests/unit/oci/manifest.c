/*
 * manifest.c - tests of oci/manifest: image manifests, indexes, and what is neither.
 */
#include "unit.h"

#include "oci/manifest.h"

#define HEX_A  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX_B  "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define CONFIG "{\"mediaType\":\"" MEDIA_OCI_CONFIG "\",\"digest\":\"sha256:" HEX_A "\",\"size\":7}"
#define LAYER                                                                                      \
	"{\"mediaType\":\"" MEDIA_OCI_LAYER_GZIP "\",\"digest\":\"sha256:" HEX_B "\",\"size\":0}"
#define IMAGE(x) "{\"schemaVersion\":2,\"config\":" CONFIG ",\"layers\":[" LAYER "]" x "}"

static struct error err;

static int parse(const char *text, const char *media_type, struct manifest *m)
{
	return manifest_parse(text, strlen(text), media_type, m, &err);
}

START_TEST(manifest_of_an_image_is_read)
{
	struct manifest m;

	ck_assert_int_eq(parse(IMAGE(",\"annotations\":{\"a\":\"b\"},\"future\":[{}]"),
			       MEDIA_DOCKER_MANIFEST "; charset=utf-8", &m),
			 0);
	ck_assert(!m.is_index);
	ck_assert_ptr_null(m.media_type);
	ck_assert_str_eq(m.config.digest.hex, HEX_A);
	ck_assert_int_eq(m.config.size, 7);
	ck_assert_uint_eq(m.layers.n, 1);
	ck_assert_str_eq(m.layers.v[0].digest.hex, HEX_B);
	ck_assert_str_eq(m.layers.v[0].media_type, MEDIA_OCI_LAYER_GZIP);
	ck_assert_str_eq(strmap_get(&m.annotations, "a"), "b");
	manifest_done(&m);
}
END_TEST

#define INDEX_START "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX "\",\"manifests\":["
#define ENTRY(hex, platform)                                                                       \
	"{\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"digest\":\"sha256:" hex                       \
	"\",\"size\":1" platform "}"
#define PLATFORM(arch, rest)                                                                       \
	",\"platform\":{\"architecture\":\"" arch "\",\"os\":\"linux\"" rest "}"
#define HEX_C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
#define ATTESTATION                                                                                \
	",\"platform\":{\"architecture\":\"unknown\",\"os\":\"unknown\"},"                         \
	"\"annotations\":{\"vnd.docker.reference.type\":\"attestation-manifest\"}"
static const char index_text[] = INDEX_START ENTRY(HEX_A, PLATFORM("arm", ",\"variant\":\"v6\"")) "," ENTRY(
	HEX_B,
	PLATFORM("arm", ",\"variant\":\"v7\"")) "," ENTRY(HEX_C,
							  PLATFORM("amd64",
								   "")) "," ENTRY(HEX_A,
										  ATTESTATION) "]}";

static const struct {
	const char *wanted, *hex; /* NULL: none */
} choices[] = {
	{ "linux/amd64", HEX_C }, { "linux/arm/v7", HEX_B }, { "linux/arm/v6", HEX_A },
	{ "linux/arm/v5", NULL }, { "linux/s390x", NULL },
};

START_TEST(index_offers_the_entry_that_fits_best)
{
	struct manifest m;
	struct platform wanted;
	const struct descriptor *d;

	ck_assert_int_eq(parse(index_text, NULL, &m), 0);
	ck_assert(m.is_index);
	ck_assert_int_eq(platform_parse(choices[_i].wanted, &wanted, &err), 0);
	d = manifest_choose(&m, &wanted, &err);
	if (choices[_i].hex) {
		ck_assert_ptr_nonnull(d);
		ck_assert_str_eq(d->digest.hex, choices[_i].hex);
	} else {
		ck_assert_ptr_null(d);
		ck_assert_int_eq(err.kind, ERR_NOTFOUND);
	}
	platform_done(&wanted);
	manifest_done(&m);
}
END_TEST

START_TEST(index_names_the_platforms_it_has)
{
	struct manifest m;
	struct platform wanted;
	char line[ERROR_LINE_MAX];

	ck_assert_int_eq(parse(index_text, NULL, &m), 0);
	ck_assert_int_eq(platform_parse("linux/s390x", &wanted, &err), 0);
	ck_assert_ptr_null(manifest_choose(&m, &wanted, &err));
	ck_assert_str_eq(
		error_text(&err, line, sizeof(line)),
		"no image for linux/s390x, only for linux/arm/v6, linux/arm/v7, linux/amd64");
	platform_done(&wanted);
	manifest_done(&m);
}
END_TEST

START_TEST(index_entry_without_platform_is_the_last_choice)
{
	struct manifest m;
	struct platform wanted;

	ck_assert_int_eq(platform_parse("linux/amd64", &wanted, &err), 0);
	ck_assert_int_eq(parse(INDEX_START ENTRY(HEX_A, "") "," ENTRY(HEX_B, PLATFORM("amd64", "")) "]}",
			       NULL, &m),
			 0);
	ck_assert_str_eq(manifest_choose(&m, &wanted, &err)->digest.hex, HEX_B);
	manifest_done(&m);
	ck_assert_int_eq(parse(INDEX_START ENTRY(HEX_A, "") "]}", NULL, &m), 0);
	ck_assert_str_eq(manifest_choose(&m, &wanted, &err)->digest.hex, HEX_A);
	manifest_done(&m);
	platform_done(&wanted);
}
END_TEST

START_TEST(index_may_be_empty)
{
	struct manifest m;

	ck_assert_int_eq(parse(INDEX_START "]}", MEDIA_OCI_INDEX, &m), 0);
	ck_assert(m.is_index);
	ck_assert_uint_eq(m.manifests.n, 0);
	manifest_done(&m);
}
END_TEST

static const struct {
	const char *text, *media_type, *message;
} refused[] = {
	{ IMAGE(",\"manifests\":[]"), NULL, "manifest: both an image and an index" },
	{ IMAGE(""), MEDIA_OCI_INDEX,
	  "manifest: media type " MEDIA_OCI_INDEX ", but the text is an image manifest" },
	{ IMAGE(",\"mediaType\":\"" MEDIA_DOCKER_LIST "\""), NULL,
	  "manifest: media type " MEDIA_DOCKER_LIST ", but the text is an image manifest" },
	{ INDEX_START "]}", MEDIA_OCI_MANIFEST,
	  "manifest: media type " MEDIA_OCI_MANIFEST ", but the text is an index" },
	{ IMAGE(",\"mediaType\":\"text/plain\""), MEDIA_OCI_MANIFEST, NULL },
	{ "{\"schemaVersion\":1,\"fsLayers\":[]}", NULL,
	  "manifest: docker's schema 1 is not supported" },
	{ "{\"layers\":[],\"config\":" CONFIG "}", NULL, "manifest: schemaVersion is not 2" },
	{ "{\"schemaVersion\":2}", NULL, "manifest: neither layers nor manifests" },
	{ "{\"schemaVersion\":2,\"layers\":[]}", NULL, "manifest: config: missing" },
	{ "{\"schemaVersion\":2,\"layers\":[{\"mediaType\":\"x\",\"size\":1}],\"config\":" CONFIG "}",
	  NULL, "manifest: layers: [0]: digest: missing" },
	{ "{\"schemaVersion\":2,\"layers\":[{\"mediaType\":\"x\",\"digest\":\"sha256:" HEX_A
	  "\",\"size\":-1}],\"config\":" CONFIG "}",
	  NULL, "manifest: layers: [0]: size -1 is negative" },
	{ "{\"schemaVersion\":2,\"layers\":[{\"mediaType\":\"x\",\"digest\":\"sha256:../x\","
	  "\"size\":1}],\"config\":" CONFIG "}",
	  NULL, "manifest: layers: [0]: digest 'sha256:../x' is not sha256: and 64 lower-case hex digits" },
	{ "[]", NULL, "manifest: expected an object" },
	{ "{", NULL, NULL },
	{ "", NULL, NULL },
};

START_TEST(manifest_refuses_what_is_ambiguous_or_wrong)
{
	struct manifest m;
	char line[ERROR_LINE_MAX];

	ck_assert_int_eq(parse(refused[_i].text, refused[_i].media_type, &m), -1);
	ck_assert_int_eq(err.kind, ERR_INVALID);
	if (refused[_i].message)
		ck_assert_str_eq(error_text(&err, line, sizeof(line)), refused[_i].message);
}
END_TEST

START_TEST(manifest_limits_the_layers)
{
	struct str text = { 0 };
	struct manifest m;

	str_add(&text, "{\"schemaVersion\":2,\"config\":" CONFIG ",\"layers\":[" LAYER);
	for (int i = 1; i <= MANIFEST_LAYERS_MAX; i++)
		str_add(&text, "," LAYER);
	str_add(&text, "]}");
	ck_assert_int_eq(parse(text.s, NULL, &m), -1);
	ck_assert_int_eq(err.kind, ERR_LIMIT);
	str_done(&text);
}
END_TEST

START_TEST(manifest_is_written_canonically)
{
	struct digest a = { HEX_A }, b = { HEX_B };
	struct manifest m = { 0 };
	struct descriptor copy;
	struct str out = { 0 };

	m.media_type = xstrdup(MEDIA_OCI_MANIFEST);
	descriptor_set(&m.config, MEDIA_OCI_CONFIG, &a, 7);
	descriptor_set(vec_add(&m.layers), MEDIA_OCI_LAYER_GZIP, &b, 123456789012);
	strmap_set(&m.annotations, "org.opencontainers.image.created", "2006-01-02T15:04:05Z");
	descriptor_copy(&copy, &m.layers.v[0]);
	ck_assert(digest_eq(&copy.digest, &b));
	ck_assert_int_eq(copy.size, 123456789012);
	descriptor_done(&copy);
	manifest_format(&m, &out);
	str_addc(&out, '\n');
	unit_golden("oci/manifest.json", out.s);
	manifest_done(&m);
	str_clear(&out);
	m.is_index = true;
	descriptor_set(vec_add(&m.manifests), MEDIA_OCI_MANIFEST, &a, 7);
	m.manifests.v[0].platform = xcalloc(1, sizeof(struct platform));
	ck_assert_int_eq(platform_parse("linux/arm64/v8", m.manifests.v[0].platform, &err), 0);
	manifest_format(&m, &out);
	str_addc(&out, '\n');
	unit_golden("oci/index.json", out.s);
	manifest_done(&m);
	str_done(&out);
}
END_TEST

UNIT_MAIN("oci/manifest", TEST(manifest_of_an_image_is_read),
	  TEST_LOOP(index_offers_the_entry_that_fits_best, ARRAY_SIZE(choices)),
	  TEST(index_names_the_platforms_it_has),
	  TEST(index_entry_without_platform_is_the_last_choice), TEST(index_may_be_empty),
	  TEST_LOOP(manifest_refuses_what_is_ambiguous_or_wrong, ARRAY_SIZE(refused)),
	  TEST(manifest_limits_the_layers), TEST(manifest_is_written_canonically))
