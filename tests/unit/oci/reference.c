/*
 * reference.c - tests of oci/reference against the grammar of distribution/reference.
 */
#include "unit.h"

#include "oci/reference.h"
#include "util/str.h"

#define HEX    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define DIGEST "sha256:" HEX

static const struct {
	const char *text, *host, *repository, *tag;
	bool digest;
	const char *name;
} good[] = {
	{ "alpine", "docker.io", "library/alpine", NULL, false, "docker.io/library/alpine:latest" },
	{ "alpine:3.20", "docker.io", "library/alpine", "3.20", false,
	  "docker.io/library/alpine:3.20" },
	{ "user/app", "docker.io", "user/app", NULL, false, "docker.io/user/app:latest" },
	{ "docker.io/alpine", "docker.io", "library/alpine", NULL, false,
	  "docker.io/library/alpine:latest" },
	{ "index.docker.io/alpine", "docker.io", "library/alpine", NULL, false,
	  "docker.io/library/alpine:latest" },
	{ "docker.io/library/alpine", "docker.io", "library/alpine", NULL, false,
	  "docker.io/library/alpine:latest" },
	{ "localhost/x", "localhost", "x", NULL, false, "localhost/x:latest" },
	{ "localhost:5000/x:1", "localhost:5000", "x", "1", false, "localhost:5000/x:1" },
	/* one part with a colon is a name and a tag, never a host */
	{ "localhost:5000", "docker.io", "library/localhost", "5000", false,
	  "docker.io/library/localhost:5000" },
	{ "quay.io/a/b/c:t", "quay.io", "a/b/c", "t", false, "quay.io/a/b/c:t" },
	{ "Example.COM/a", "Example.COM", "a", NULL, false, "Example.COM/a:latest" },
	{ "127.0.0.1:5000/a/b", "127.0.0.1:5000", "a/b", NULL, false, "127.0.0.1:5000/a/b:latest" },
	{ "[::1]:5000/a", "[::1]:5000", "a", NULL, false, "[::1]:5000/a:latest" },
	{ "[fd00:1:2::3]/a:b", "[fd00:1:2::3]", "a", "b", false, "[fd00:1:2::3]/a:b" },
	{ "xn--n3h.com/a", "xn--n3h.com", "a", NULL, false, "xn--n3h.com/a:latest" },
	{ "a__b/c---d/e.f", "docker.io", "a__b/c---d/e.f", NULL, false,
	  "docker.io/a__b/c---d/e.f:latest" },
	{ "0/1", "docker.io", "0/1", NULL, false, "docker.io/0/1:latest" },
	{ "app:_.-A", "docker.io", "library/app", "_.-A", false, "docker.io/library/app:_.-A" },
	{ "app@" DIGEST, "docker.io", "library/app", NULL, true, "docker.io/library/app@" DIGEST },
	{ "app:1@" DIGEST, "docker.io", "library/app", "1", true, "docker.io/library/app:1@" DIGEST },
	{ "r.io:443/a:b@" DIGEST, "r.io:443", "a", "b", true, "r.io:443/a:b@" DIGEST },
	/* 63 or 65 digits are no ID */
	{ "3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "docker.io",
	  "library/3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", NULL,
	  false, "docker.io/library/3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855:latest" },
	{ "x/" HEX, "docker.io", "x/" HEX, NULL, false, "docker.io/x/" HEX ":latest" },
};

START_TEST(reference_completes_names)
{
	struct reference r;
	struct error err = { 0 };
	char *name;

	ck_assert_int_eq(reference_parse(good[_i].text, &r, &err), 0);
	ck_assert_int_eq(r.transport, TRANSPORT_NONE);
	ck_assert_str_eq(r.text, good[_i].text);
	ck_assert_str_eq(r.host, good[_i].host);
	ck_assert_str_eq(r.repository, good[_i].repository);
	ck_assert(str_eq(r.tag, good[_i].tag));
	ck_assert(digest_is_set(&r.digest) == good[_i].digest);
	name = reference_name(&r);
	ck_assert_str_eq(name, good[_i].name);
	reference_done(&r);
	/* the full name means itself */
	ck_assert_int_eq(reference_parse(name, &r, &err), 0);
	ck_assert_str_eq(r.repository, good[_i].repository);
	free(name);
	reference_done(&r);
}
END_TEST

static const char *const bad[] = {
	"",
	":tag",
	"/",
	"/a",
	"a/",
	"a//b",
	"-a",
	"a-",
	"a/-b",
	"_a",
	"a..b",
	"a._b",
	"a___b",
	"A",
	"App:1",
	"docker.io/App",
	"Docker/docker", /* a part without dot or colon is no host */
	"quay.io/a/B",
	"a b",
	"a\nb",
	"a\xc3\xa9",
	"../etc/passwd",
	"a/../b",
	"a:",
	"a:-tag",
	"a:.tag",
	"a:t ag",
	"a:b:c",
	"https://github.com/docker/docker",
	"-r.io/a",
	"r-.io/a",
	"r..io/a",
	"r.io./a",
	".io/a",
	"r.io:/a",
	"r.io:port/a",
	"r_x.io/a",
	"[::1/a",
	"[]/a",
	"[fe80::1%eth0]/a",
	"[::1]5000/a",
	"r.io/",
	"a@",
	"a@sha256:abc",
	"a@" DIGEST "0",
	"a@" DIGEST "@" DIGEST,
	"a@sha512:" HEX HEX,
	"@" DIGEST,
	HEX,
};

START_TEST(reference_refuses_what_the_grammar_does_not_have)
{
	struct reference r;
	struct error err = { 0 };

	ck_assert_msg(reference_parse(bad[_i], &r, &err) == -1, "'%s'", bad[_i]);
	ck_assert_int_eq(err.kind, ERR_INVALID);
	ck_assert_ptr_null(r.host);
}
END_TEST

START_TEST(reference_says_what_is_wrong)
{
	struct reference r;
	struct error err = { 0 };
	char line[ERROR_LINE_MAX];

	ck_assert_int_eq(reference_parse("quay.io/My/App:1", &r, &err), -1);
	ck_assert_str_eq(error_text(&err, line, sizeof(line)),
			 "image name 'quay.io/My/App:1': repository 'My/App' must be lower case");
	error_clear(&err);
	ck_assert_int_eq(reference_parse(HEX, &r, &err), -1);
	ck_assert_str_eq(error_text(&err, line, sizeof(line)),
			 "image name '" HEX "': 64 hex digits are an image ID, not a name");
}
END_TEST

START_TEST(reference_limits_tags_and_names)
{
	struct reference r;
	struct error err = { 0 };
	char text[400];

	/* 128 and 129 characters of tag */
	memset(text, 'a', sizeof(text));
	text[1] = ':';
	text[2 + 129] = '\0';
	ck_assert_int_eq(reference_parse(text, &r, &err), -1);
	ck_assert_int_eq(err.kind, ERR_INVALID);
	error_clear(&err);
	text[2 + 128] = '\0';
	ck_assert_int_eq(reference_parse(text, &r, &err), 0);
	reference_done(&r);
	/* host, slash and path: 255 and 256 */
	memset(text, 'a', sizeof(text));
	memcpy(text, "r.io/", 5);
	text[256] = '\0';
	ck_assert_int_eq(reference_parse(text, &r, &err), -1);
	ck_assert_int_eq(err.kind, ERR_LIMIT);
	error_clear(&err);
	text[255] = '\0';
	ck_assert_int_eq(reference_parse(text, &r, &err), 0);
	reference_done(&r);
}
END_TEST

static const struct {
	const char *text;
	enum transport transport;
	const char *path, *tag;
} transports[] = {
	{ "oci:dir", TRANSPORT_OCI, "dir", NULL },
	{ "oci:/a/b:latest", TRANSPORT_OCI, "/a/b", "latest" },
	{ "oci-archive:x.tar", TRANSPORT_OCI_ARCHIVE, "x.tar", NULL },
	{ "docker-archive:./My File.tar:docker.io/library/a:1", TRANSPORT_DOCKER_ARCHIVE,
	  "./My File.tar", "docker.io/library/a:1" },
};

START_TEST(reference_knows_transports)
{
	struct reference r;
	struct error err = { 0 };
	char *name;

	ck_assert_int_eq(reference_parse(transports[_i].text, &r, &err), 0);
	ck_assert_int_eq(r.transport, transports[_i].transport);
	ck_assert_str_eq(r.path, transports[_i].path);
	ck_assert(str_eq(r.tag, transports[_i].tag));
	name = reference_name(&r);
	ck_assert_str_eq(name, transports[_i].text);
	free(name);
	reference_done(&r);
}
END_TEST

static const char *const bad_transports[] = { "oci:", "oci::x", "oci-archive:", "docker-archive:a:" };

START_TEST(reference_refuses_a_transport_without_path)
{
	struct reference r;
	struct error err = { 0 };

	ck_assert_int_eq(reference_parse(bad_transports[_i], &r, &err), -1);
	ck_assert_int_eq(err.kind, ERR_INVALID);
}
END_TEST

static const struct {
	const char *name, *familiar, *repository, *tag;
} shown[] = {
	{ "docker.io/library/x:latest", "x:latest", "x", "latest" },
	{ "docker.io/user/x:1", "user/x:1", "user/x", "1" },
	{ "docker.io/library/x/y:1", "library/x/y:1", "library/x/y", "1" },
	{ "quay.io/library/x:1", "quay.io/library/x:1", "quay.io/library/x", "1" },
	{ "localhost/x:1", "localhost/x:1", "localhost/x", "1" },
	{ "localhost:5000/x:1", "localhost:5000/x:1", "localhost:5000/x", "1" },
	{ "docker.io/library/x@" DIGEST, "x@" DIGEST, "x", "<none>" },
	{ "docker.io/library/x:1@" DIGEST, "x:1@" DIGEST, "x", "1" },
	{ "localhost:5000/x@" DIGEST, "localhost:5000/x@" DIGEST, "localhost:5000/x", "<none>" },
};

START_TEST(reference_is_shown_as_docker_does)
{
	char *familiar = reference_familiar(shown[_i].name);
	char *repository = reference_familiar_repository(shown[_i].name);
	char *tag = reference_tag(shown[_i].name);

	ck_assert_str_eq(familiar, shown[_i].familiar);
	ck_assert_str_eq(repository, shown[_i].repository);
	ck_assert_str_eq(tag, shown[_i].tag);
	free(familiar);
	free(repository);
	free(tag);
}
END_TEST

UNIT_MAIN("oci/reference", TEST_LOOP(reference_completes_names, ARRAY_SIZE(good)),
	  TEST_LOOP(reference_refuses_what_the_grammar_does_not_have, ARRAY_SIZE(bad)),
	  TEST(reference_says_what_is_wrong), TEST(reference_limits_tags_and_names),
	  TEST_LOOP(reference_knows_transports, ARRAY_SIZE(transports)),
	  TEST_LOOP(reference_refuses_a_transport_without_path, ARRAY_SIZE(bad_transports)),
	  TEST_LOOP(reference_is_shown_as_docker_does, ARRAY_SIZE(shown)))
