/*
 * userdb.c - /etc/passwd and /etc/group of an image, and the text of USER: the input is the text up
 * to the first newline, then both files. Nothing becomes uid 0 that does not say so.
 */
#include "fuzz.h"

#include "util/fd.h"
#include "util/userdb.h"

/* Does the file have an entry of that name with a uid that reads as zero? */
static bool names_root(const char *file, const char *name)
{
	size_t n = strlen(name);

	for (const char *line = file; line; line = strchr(line, '\n')) {
		const char *uid;

		line += *line == '\n';
		if (strncmp(line, name, n) != 0 || line[n] != ':')
			continue;
		uid = strchrnul(line + n + 1, ':');
		if (*uid && strspn(uid + 1, "0") > 0)
			return true;
	}
	return false;
}

static char dir[] = "/tmp/fuzz-userdb-XXXXXX";

static void clean(void)
{
	struct error ignored = { 0 }; /* a leftover in /tmp is no finding */

	tree_remove(AT_FDCWD, dir, &ignored);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int root = -1;
	auto_free char *all = xstrndup((const char *)data, size);
	char *text = all, *files = strchrnul(all, '\n');
	struct user u;
	struct error err = { 0 };

	if (root < 0) {
		FUZZ_CHECK(mkdtemp(dir));
		atexit(clean);
		root = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
		FUZZ_CHECK(mkdirat(root, "etc", 0755) == 0);
	}
	if (*files)
		*files++ = '\0';
	FUZZ_CHECK(file_write(root, "etc/passwd", files, strlen(files), 0644, false, &err) == 0);
	FUZZ_CHECK(file_write(root, "etc/group", files, strlen(files), 0644, false, &err) == 0);
	if (user_find(root, text, &u, &err) < 0)
		return 0;
	text[strcspn(text, ":")] = '\0';
	FUZZ_CHECK(u.uid != UINT32_MAX && u.gid != UINT32_MAX);
	FUZZ_CHECK(u.uid != 0 || strspn(text, "0") == strlen(text) || strcmp(text, "root") == 0 ||
		   names_root(files, text));
	user_done(&u);
	return 0;
}
