/* request.c - the values of -v, --mount, --tmpfs, --ulimit and --entrypoint, and the JSON form. */
#include "engine/request.h"
#include "unit.h"

struct volume_case {
	const char *text;
	const char *type, *source, *destination;
	bool readonly;
};

static const struct volume_case volumes_good[] = {
	{ "/a:/b", "bind", "/a", "/b", false },
	{ "/a:/b:ro", "bind", "/a", "/b", true },
	{ "./src:/src", "bind", "./src", "/src", false },
	{ "data:/var/lib/data", "volume", "data", "/var/lib/data", false },
	{ "data:/x:ro,nocopy", "volume", "data", "/x", true },
	{ "/cache", "volume", NULL, "/cache", false },
	{ "/a:/b/../c/", "bind", "/a", "/c", false },
	{ "/a:/b:rw,z", "bind", "/a", "/b", false },
};

START_TEST(volume_is_taken_apart)
{
	const struct volume_case *c = &volumes_good[_i];
	struct error err = { 0 };
	struct run_request r;

	run_request_init(&r);
	ck_assert_int_eq(request_add_volume(&r, c->text, &err), 0);
	ck_assert_uint_eq(r.mounts.n, 1);
	ck_assert_str_eq(r.mounts.v[0].type, c->type);
	ck_assert_pstr_eq(r.mounts.v[0].source, c->source);
	ck_assert_str_eq(r.mounts.v[0].destination, c->destination);
	ck_assert_int_eq(r.mounts.v[0].readonly, c->readonly);
	run_request_done(&r);
}
END_TEST

static const char *const volumes_bad[] = {
	"",	      ":",	"/a:",	 ":/b",	   "relative", "/a:relative", "/a:/", "/a:/b:x",
	"/a:/b:ro:c", "b@d:/b", "-x:/b", "a/b:/c", "/a:/b:O",  "/a:/b:U",     "/",
};

START_TEST(volume_is_refused)
{
	struct error err = { 0 };
	struct run_request r;

	run_request_init(&r);
	ck_assert_int_eq(request_add_volume(&r, volumes_bad[_i], &err), -1);
	ck_assert_int_eq(err.kind, ERR_USAGE);
	ck_assert_uint_eq(r.mounts.n, 0);
	run_request_done(&r);
}
END_TEST

START_TEST(two_mounts_on_one_place_are_refused)
{
	struct error err = { 0 };
	struct run_request r;

	run_request_init(&r);
	ck_assert_int_eq(request_add_volume(&r, "/a:/b", &err), 0);
	ck_assert_int_eq(request_add_tmpfs(&r, "/b/", &err), -1);
	run_request_done(&r);
}
END_TEST

START_TEST(tmpfs_tells_a_wrong_size_from_an_unknown_option)
{
	struct error err = { 0 };
	char line[ERROR_LINE_MAX];
	struct run_request r;

	run_request_init(&r);
	ck_assert_int_eq(request_add_tmpfs(&r, "/t:size=much", &err), -1);
	ck_assert_str_eq(error_text(&err, line, sizeof(line)),
			 "'much' is no size like 64m or 1.5g");
	error_clear(&err);
	ck_assert_int_eq(request_add_tmpfs(&r, "/t:seize=1m", &err), -1);
	ck_assert_str_eq(error_text(&err, line, sizeof(line)),
			 "tmpfs option 'seize=1m' is not known");
	run_request_done(&r);
}
END_TEST

START_TEST(mount_reads_csv_with_quotes)
{
	struct error err = { 0 };
	struct run_request r;

	run_request_init(&r);
	ck_assert_int_eq(request_add_mount(&r, "type=bind,\"source=/a,b\",target=/x,readonly", &err),
			 0);
	ck_assert_str_eq(r.mounts.v[0].source, "/a,b");
	ck_assert(r.mounts.v[0].readonly);
	ck_assert_int_eq(request_add_mount(&r, "type=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=700", &err),
			 0);
	ck_assert_str_eq(r.mounts.v[1].options.v[0], "size=1048576");
	ck_assert_str_eq(r.mounts.v[1].options.v[1], "mode=700");
	ck_assert_int_eq(request_add_mount(&r, "source=data,target=/d", &err), 0);
	ck_assert_str_eq(r.mounts.v[2].type, "volume");
	run_request_done(&r);
}
END_TEST

static const char *const mounts_bad[] = {
	"type=bind,target=/x",		      /* no source */
	"type=bind,source=/a",		      /* no target */
	"type=nfs,target=/x",		      /* unknown type */
	"type=tmpfs,target=/x,source=/a",     /* source does not go with tmpfs */
	"type=bind,source=/a,target=/x,ro=2", /* no boolean */
	"type=bind,source=/a,target=/x,foo=1",
	"type=bind,\"source=/a,target=/x",
	"type=bind,source=/a,target=/x,bind-propagation=up",
	"type=tmpfs,target=/x,tmpfs-mode=9",
};

START_TEST(mount_is_refused)
{
	struct error err = { 0 };
	struct run_request r;

	run_request_init(&r);
	ck_assert_int_eq(request_add_mount(&r, mounts_bad[_i], &err), -1);
	ck_assert_int_eq(err.kind, ERR_USAGE);
	run_request_done(&r);
}
END_TEST

START_TEST(mount_names_the_nearest_key)
{
	struct error err = { 0 };
	struct run_request r;

	run_request_init(&r);
	ck_assert_int_eq(request_add_mount(&r, "type=bind,soruce=/a,target=/x", &err), -1);
	ck_assert_str_eq(err.hint, "did you mean 'source'?");
	run_request_done(&r);
}
END_TEST

START_TEST(ulimit_has_soft_and_hard)
{
	struct error err = { 0 };
	struct run_request r;

	run_request_init(&r);
	ck_assert_int_eq(request_add_ulimit(&r, "nofile=10:20", &err), 0);
	ck_assert_int_eq(request_add_ulimit(&r, "core=-1", &err), 0);
	ck_assert_int_eq(request_add_ulimit(&r, "nofile=30", &err), 0);
	ck_assert_uint_eq(r.ulimits.n, 2);
	ck_assert_int_eq(r.ulimits.v[0].soft, 30);
	ck_assert_int_eq(r.ulimits.v[0].hard, 30);
	ck_assert_int_eq(r.ulimits.v[1].soft, -1);
	ck_assert_int_eq(request_add_ulimit(&r, "nofile=20:10", &err), -1);
	ck_assert_int_eq(request_add_ulimit(&r, "files=20", &err), -1);
	ck_assert_int_eq(request_add_ulimit(&r, "nofile", &err), -1);
	ck_assert_int_eq(request_add_ulimit(&r, "nofile=1x", &err), -1);
	run_request_done(&r);
}
END_TEST

START_TEST(entrypoint_is_a_word_or_a_json_list)
{
	struct error err = { 0 };
	struct run_request r;

	run_request_init(&r);
	ck_assert_int_eq(request_set_entrypoint(&r, "/bin/sh -c", &err), 0);
	ck_assert_uint_eq(r.entrypoint.n, 1);
	ck_assert_str_eq(r.entrypoint.v[0], "/bin/sh -c");
	ck_assert_int_eq(request_set_entrypoint(&r, "[\"/bin/sh\",\"-c\"]", &err), 0);
	ck_assert_uint_eq(r.entrypoint.n, 2);
	ck_assert_int_eq(request_set_entrypoint(&r, "", &err), 0);
	ck_assert_uint_eq(r.entrypoint.n, 0);
	ck_assert(r.has_entrypoint);
	run_request_done(&r);
}
END_TEST

START_TEST(request_survives_its_json)
{
	const struct fields_limits limits = { .max_bytes = 1 << 16, .max_depth = 16 };
	auto_done(str) struct str text = { 0 };
	struct run_request a, b;
	struct error err = { 0 };

	run_request_init(&a);
	run_request_init(&b);
	a.image = xstrdup("alpine");
	strv_add(&a.args, "echo");
	strv_add(&a.args, "\"quoted\"\n");
	a.has_entrypoint = true;
	a.stop_timeout = 0;
	strmap_set(&a.labels, "k", "v");
	ck_assert_int_eq(request_add_ulimit(&a, "nofile=1:2", &err), 0);
	fields_format(run_request_fields, &a, false, &text);
	ck_assert_int_eq(fields_parse(run_request_fields, text.s, text.len, &limits, FIELDS_STRICT,
				      &b, &err),
			 0);
	ck_assert_str_eq(b.image, "alpine");
	ck_assert_str_eq(b.args.v[1], "\"quoted\"\n");
	ck_assert(b.has_entrypoint);
	ck_assert_int_eq(b.stop_timeout, 0);
	ck_assert(b.timeout == UNSET);
	ck_assert_ptr_null(b.user);
	ck_assert_int_eq(b.ulimits.v[0].hard, 2);
	run_request_done(&a);
	run_request_done(&b);
}
END_TEST

UNIT_MAIN("engine/request", TEST_LOOP(volume_is_taken_apart, ARRAY_SIZE(volumes_good)),
	  TEST_LOOP(volume_is_refused, ARRAY_SIZE(volumes_bad)),
	  TEST(two_mounts_on_one_place_are_refused),
	  TEST(tmpfs_tells_a_wrong_size_from_an_unknown_option), TEST(mount_reads_csv_with_quotes),
	  TEST_LOOP(mount_is_refused, ARRAY_SIZE(mounts_bad)), TEST(mount_names_the_nearest_key),
	  TEST(ulimit_has_soft_and_hard), TEST(entrypoint_is_a_word_or_a_json_list),
	  TEST(request_survives_its_json))
