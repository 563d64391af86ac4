/*
 * state.c - our own files on disk, after anything may have happened to them: a record, a state, a
 * name of an image, a sidecar of owners. A text that is accepted is written and read to the same
 * again; one that is not leaves an empty struct and a reason.
 *
 * The first byte of the input says which file it is.
 */
#include "fuzz.h"

#include "store/container_private.h"
#include "store/image.h"
#include "store/owners.h"
#include "store/store_private.h"
#include "util/fd.h"

#include <fcntl.h>
#include <unistd.h>

static struct error err;

static void refused(void)
{
	FUZZ_CHECK(err.kind == ERR_INVALID || err.kind == ERR_LIMIT);
	FUZZ_CHECK(err.used > 0);
}

static void fuzz_record(const char *text, size_t n)
{
	struct container a, b;
	auto_done(str) struct str out = { 0 }, again = { 0 };

	container_init(&a);
	container_init(&b);
	if (container_record_parse(text, n, &a.record, &err) < 0) {
		refused();
		FUZZ_CHECK(!a.record.id && !a.record.request && !a.record.layers.n);
	} else {
		FUZZ_CHECK(a.record.id && a.record.name);
		fields_format(container_record_fields, &a.record, false, &out);
		str_add(&out, "\nnull\nnull\n");
		FUZZ_CHECK(container_record_parse(out.s, out.len, &b.record, &err) == 0);
		fields_format(container_record_fields, &b.record, false, &again);
		FUZZ_CHECK(strncmp(out.s, again.s, again.len) == 0);
	}
	container_done(&a);
	container_done(&b);
}

static void fuzz_state(const char *text, size_t n)
{
	struct container a, b;
	auto_done(str) struct str out = { 0 }, again = { 0 };

	container_init(&a);
	container_init(&b);
	if (container_state_parse(text, n, &a.state, &err) < 0) {
		refused();
	} else {
		FUZZ_CHECK(a.state.pid >= 0 && a.state.monitor_pid >= 0);
		FUZZ_CHECK(a.state.exit_code == UNSET ||
			   (a.state.exit_code >= 0 && a.state.exit_code <= 255));
		fields_format(container_state_fields, &a.state, false, &out);
		FUZZ_CHECK(container_state_parse(out.s, out.len, &b.state, &err) == 0);
		fields_format(container_state_fields, &b.state, false, &again);
		FUZZ_CHECK(strcmp(out.s, again.s) == 0);
	}
	container_done(&a);
	container_done(&b);
}

static void fuzz_name(const char *text, size_t n)
{
	struct image_name name;

	if (image_name_parse(text, n, &name, &err) < 0) {
		refused();
		FUZZ_CHECK(!name.name);
		return;
	}
	FUZZ_CHECK(name.name && digest_is_hex(name.target.digest.hex) && name.target.size >= 0);
	image_name_done(&name);
}

static void fuzz_owners(const char *text, size_t n)
{
	auto_done(owners) struct owners a = { 0 }, b = { 0 };
	char dir[] = "/tmp/fuzz-owners-XXXXXX";
	auto_close int fd = -1;

	FUZZ_CHECK(mkdtemp(dir) != NULL);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	FUZZ_CHECK(file_write(fd, "owners", text, n, 0600, false, &err) == 0);
	if (owners_load(fd, &a, &err) < 0) {
		refused();
		FUZZ_CHECK(a.v.n == 0);
	} else {
		FUZZ_CHECK(owners_save(fd, &a, &err) == 0 && owners_load(fd, &b, &err) == 0);
		FUZZ_CHECK(a.v.n == b.v.n);
		for (size_t i = 0; i < a.v.n; i++)
			FUZZ_CHECK(strcmp(a.v.v[i].path, b.v.v[i].path) == 0 &&
				   a.v.v[i].uid == b.v.v[i].uid && a.v.v[i].mode == b.v.v[i].mode);
	}
	unlinkat(fd, "owners", 0);
	rmdir(dir);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const files[])(const char *, size_t) = { fuzz_record, fuzz_state, fuzz_name,
							       fuzz_owners };

	if (size == 0)
		return 0;
	error_clear(&err);
	files[data[0] % 4]((const char *)data + 1, size - 1);
	return 0;
}
