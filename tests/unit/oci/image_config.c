/*
 * image_config.c - tests of oci/image_config. tests/data/oci/image_config.json was written by hand
 * in the form in which docker and buildkit write one.
 */
#include "unit.h"

#include "oci/image_config.h"

#define HEX_A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static struct error err;

static int parse(const char *text, struct image_config *c)
{
	return image_config_parse(text, strlen(text), c, &err);
}

/* The same of a file below tests/data. */
static int parse_file(const char *path, struct image_config *c)
{
	char *text = unit_read(path);
	int status = parse(text, c);

	free(text);
	return status;
}

START_TEST(image_config_is_read_with_the_extensions_of_docker)
{
	struct image_config c;
	const struct image_settings *s = &c.config;

	ck_assert_int_eq(parse_file("oci/image_config.json", &c), 0);
	ck_assert_str_eq(c.platform.architecture, "arm64");
	ck_assert_str_eq(c.platform.variant, "v8");
	ck_assert_str_eq(c.platform.os, "linux");
	ck_assert_str_eq(c.created, "2024-05-06T07:08:09.123456789Z");
	ck_assert_str_eq(s->user, "1000:100");
	ck_assert_str_eq(s->env.v[1], "EMPTY=");
	ck_assert(s->has_cmd && s->cmd.n == 0);
	ck_assert(s->has_entrypoint && s->entrypoint.n == 2);
	ck_assert_str_eq(s->exposed_ports.v[1], "53/udp");
	ck_assert_str_eq(s->volumes.v[0], "/data");
	ck_assert_str_eq(strmap_get(&s->labels, "a.b"), "c d");
	ck_assert_str_eq(s->stop_signal, "SIGQUIT");
	ck_assert_str_eq(s->healthcheck->test.v[0], "CMD-SHELL");
	ck_assert_int_eq(s->healthcheck->interval, 30000000000);
	ck_assert(s->healthcheck->start_interval == UNSET);
	ck_assert_int_eq(s->healthcheck->retries, 3);
	ck_assert_str_eq(s->shell.v[1], "-ec");
	ck_assert_str_eq(s->onbuild.v[0], "RUN make");
	ck_assert_uint_eq(c.diff_ids.n, 2);
	ck_assert_uint_eq(c.history.n, 3);
	ck_assert(c.history.v[2].empty_layer);
	image_config_done(&c);
}
END_TEST

START_TEST(image_config_is_written_as_it_was_read)
{
	struct image_config c, copy;
	struct str out = { 0 };

	ck_assert_int_eq(parse_file("oci/image_config.json", &c), 0);
	image_config_copy(&copy, &c);
	image_config_done(&c);
	image_config_format(&copy, &out);
	str_addc(&out, '\n');
	unit_golden("oci/image_config.out.json", out.s);
	image_config_done(&copy);
	str_done(&out);
}
END_TEST

static const struct {
	const char *config;
	bool has_cmd, has_entrypoint;
	const char *written;
} empties[] = {
	{ "{}", false, false, "{}" },
	{ "{\"Cmd\":null,\"Entrypoint\":null}", false, false, "{}" },
	{ "{\"Cmd\":[]}", true, false, "{\"Cmd\":[]}" },
	{ "{\"Entrypoint\":[]}", false, true, "{\"Entrypoint\":[]}" },
	{ "{\"Entrypoint\":[\"\"],\"Cmd\":[]}", true, true, "{\"Entrypoint\":[\"\"],\"Cmd\":[]}" },
};

START_TEST(image_config_tells_empty_from_absent)
{
	struct image_config c;
	struct str text = { 0 };

	str_addf(&text, "{\"config\":%s,\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}",
		 empties[_i].config);
	ck_assert_int_eq(parse(text.s, &c), 0);
	ck_assert(c.config.has_cmd == empties[_i].has_cmd);
	ck_assert(c.config.has_entrypoint == empties[_i].has_entrypoint);
	str_clear(&text);
	image_config_format(&c, &text);
	image_config_done(&c);
	ck_assert_ptr_nonnull(strstr(text.s, empties[_i].written));
	str_done(&text);
}
END_TEST

#define ROOTFS(ids) "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[" ids "]}"
static const struct {
	const char *text, *message;
} refused[] = {
	{ "{}", "image configuration: rootfs: missing" },
	{ "{\"rootfs\":{\"diff_ids\":[]}}", "image configuration: rootfs: type: missing" },
	{ "{\"rootfs\":{\"type\":\"tar\"}}",
	  "image configuration: rootfs: type: 'tar' is not 'layers'" },
	{ "{" ROOTFS("\"x\"") "}", "image configuration: rootfs: diff_ids: [0]: digest 'x' is not "
				   "sha256: and 64 lower-case hex digits" },
	{ "{" ROOTFS("\"" HEX_A "\",\"sha256:/etc\"") "}", NULL },
	{ "{" ROOTFS("") ",\"config\":{\"Env\":\"A=b\"}}",
	  "image configuration: config: Env: expected a list of strings" },
	{ "{" ROOTFS("") ",\"history\":[{\"empty_layer\":\"yes\"}]}",
	  "image configuration: history: [0]: empty_layer: expected true or false" },
	{ "", NULL },
};

START_TEST(image_config_refuses_with_the_path)
{
	struct image_config c;
	char line[ERROR_LINE_MAX];

	ck_assert_int_eq(parse(refused[_i].text, &c), -1);
	ck_assert_int_eq(err.kind, ERR_INVALID);
	if (refused[_i].message)
		ck_assert_str_eq(error_text(&err, line, sizeof(line)), refused[_i].message);
}
END_TEST

UNIT_MAIN("oci/image_config", TEST(image_config_is_read_with_the_extensions_of_docker),
	  TEST(image_config_is_written_as_it_was_read),
	  TEST_LOOP(image_config_tells_empty_from_absent, ARRAY_SIZE(empties)),
	  TEST_LOOP(image_config_refuses_with_the_path, ARRAY_SIZE(refused)))
