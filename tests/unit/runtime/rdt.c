/*
 * rdt.c - tests of src/runtime/rdt.c, on a directory with the files that the kernel would make.
 * Expectations are from runtime-spec config-linux.md "IntelRdt".
 */
#include "scratch.h"

#include "runtime/rdt.h"

static struct error err;

/* A class that somebody has made, as the kernel fills it. */
static void class_made(const struct scratch *s, const char *name)
{
	char path[128];

	scratch_dir(s, name);
	snprintf(path, sizeof(path), "%s/tasks", name);
	scratch_file(s, path, "");
	snprintf(path, sizeof(path), "%s/schemata", name);
	scratch_file(s, path, "");
	snprintf(path, sizeof(path), "%s/mon_groups", name);
	scratch_dir(s, path);
}
static const char *content(const struct scratch *s, const char *path)
{
	static char text[256];
	int fd = openat(s->fd, path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	text[n < 0 ? 0 : n] = '\0';
	return text;
}

START_TEST(all_schemata_are_written_a_line_each)
{
	SCRATCH(s);
	char *lines[] = { (char[]){ "L2:0=f" } };
	struct spec_intel_rdt spec = { .clos_id = (char[]){ "gold" },
				       .l3_cache_schema = (char[]){ "L3:0=ff;1=ff" },
				       .mem_bw_schema = (char[]){ "MB:0=20" },
				       .schemata = { .v = lines, .n = 1 } };
	struct rdt r;

	class_made(&s, "gold");
	ck_assert_int_eq(rdt_make(s.fd, &spec, "c1", &r, &err), 0);
	ck_assert_str_eq(content(&s, "gold/schemata"), "L3:0=ff;1=ff\nMB:0=20\nL2:0=f\n");
	ck_assert_int_eq(write(r.tasks[0], "0", 1), 1);
	ck_assert_str_eq(content(&s, "gold/tasks"), "0");
	ck_assert_int_eq(r.tasks[1], -1);
	rdt_done(&r);
}
END_TEST

START_TEST(a_named_class_without_schemata_must_be_there_already)
{
	SCRATCH(s);
	struct spec_intel_rdt spec = { .clos_id = (char[]){ "gold" } };
	struct rdt r;

	ck_assert_int_eq(rdt_make(s.fd, &spec, "c1", &r, &err), -1);
	ck_assert_int_eq(err.kind, ERR_NOTFOUND);
	ck_assert_int_eq(faccessat(s.fd, "gold", F_OK, 0), -1);
	class_made(&s, "gold");
	ck_assert_int_eq(rdt_make(s.fd, &spec, "c1", &r, &err), 0);
	rdt_done(&r);
}
END_TEST

START_TEST(without_a_name_the_class_has_the_containers_id_and_goes_with_it)
{
	SCRATCH(s);
	struct spec_intel_rdt spec = { .l3_cache_schema = (char[]){ "L3:0=f" } };
	struct rdt r;

	/* no kernel fills it here: what was made for nothing is gone again */
	ck_assert_int_eq(rdt_make(s.fd, &spec, "c1", &r, &err), -1);
	ck_assert_int_eq(faccessat(s.fd, "c1", F_OK, 0), -1);
	scratch_dir(&s, "c1");
	rdt_remove(s.fd, &spec, "c1");
	ck_assert_int_eq(faccessat(s.fd, "c1", F_OK, 0), -1);
	rdt_remove(s.fd, &spec, "c1");
}
END_TEST

START_TEST(a_named_class_stays_and_the_monitoring_group_goes)
{
	SCRATCH(s);
	struct spec_intel_rdt spec = { .clos_id = (char[]){ "gold" }, .enable_monitoring = true };
	struct rdt r;

	class_made(&s, "gold");
	scratch_dir(&s, "gold/mon_groups/c1");
	scratch_file(&s, "gold/mon_groups/c1/tasks", "");
	ck_assert_int_eq(rdt_make(s.fd, &spec, "c1", &r, &err), 0);
	ck_assert_int_eq(write(r.tasks[1], "0", 1), 1);
	ck_assert_str_eq(content(&s, "gold/mon_groups/c1/tasks"), "0");
	rdt_done(&r);
	unlinkat(s.fd, "gold/mon_groups/c1/tasks", 0); /* the kernel's file goes by itself */
	rdt_remove(s.fd, &spec, "c1");
	ck_assert_int_eq(faccessat(s.fd, "gold/mon_groups/c1", F_OK, 0), -1);
	ck_assert_int_eq(faccessat(s.fd, "gold", F_OK, 0), 0);
}
END_TEST

START_TEST(a_machine_without_it_is_told)
{
	int root = rdt_open(&err);

	if (root >= 0) {
		close(root);
		return;
	}
	ck_assert_int_eq(err.kind, ERR_UNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(err.text, "resctrl"));
}
END_TEST

UNIT_MAIN("runtime/rdt", TEST(all_schemata_are_written_a_line_each),
	  TEST(a_named_class_without_schemata_must_be_there_already),
	  TEST(without_a_name_the_class_has_the_containers_id_and_goes_with_it),
	  TEST(a_named_class_stays_and_the_monitoring_group_goes), TEST(a_machine_without_it_is_told))
