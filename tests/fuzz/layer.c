/*
 * Unpacking a layer. Whatever the tar says, nothing outside the target changes; and what was
 * unpacked gives a canonical tar that, unpacked again, gives the same bytes.
 */
#include "fuzz.h"

#include "image/layer_tar.h"
#include "util/fd.h"

#include <dirent.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static char top[64];
static int top_fd = -1, canary_fd;
static struct stat canary[4];
static const char *const canaries[4] = { ".", "outside", "outside/dir", "outside/file" };

static void leave(void)
{
	struct error err = { 0 };

	tree_remove(AT_FDCWD, top, &err);
}

static void look(struct stat now[4])
{
	for (int i = 0; i < 4; i++)
		FUZZ_CHECK(fstatat(top_fd, canaries[i], &now[i], AT_SYMLINK_NOFOLLOW) == 0);
}

static void begin(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(top, sizeof(top), "%s/hod-fuzz-XXXXXX", tmp && strlen(tmp) < 32 ? tmp : "/tmp");
	FUZZ_CHECK(mkdtemp(top) != NULL);
	atexit(leave);
	top_fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	FUZZ_CHECK(mkdirat(top_fd, "outside", 0700) == 0);
	FUZZ_CHECK(mkdirat(top_fd, "outside/dir", 0700) == 0);
	canary_fd = openat(top_fd, "outside/file", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	FUZZ_CHECK(write(canary_fd, "canary", 6) == 6);
	FUZZ_CHECK(mkdirat(top_fd, "a", 0700) == 0 && mkdirat(top_fd, "b", 0700) == 0);
	look(canary);
}

static void check_outside(void)
{
	struct stat now[4];

	look(now);
	for (int i = 0; i < 4; i++)
		FUZZ_CHECK(now[i].st_ino == canary[i].st_ino && now[i].st_mode == canary[i].st_mode &&
			   now[i].st_uid == canary[i].st_uid && now[i].st_size == canary[i].st_size &&
			   now[i].st_nlink == canary[i].st_nlink &&
			   memcmp(&now[i].st_mtim, &canary[i].st_mtim, sizeof(struct timespec)) == 0);
}

static int apply(const char *dir, const void *bytes, size_t n, bool single)
{
	struct owners owners = { 0 };
	struct layer_apply_options o = { .form = LAYER_OVERLAY,
					 .uid = -1,
					 .gid = -1,
					 .owners = single ? &owners : NULL,
					 .single = single };
	int fd = memfd_create("tar", MFD_CLOEXEC), r = -1;
	int root = openat(top_fd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct error err = { 0 };
	struct stream *s;

	FUZZ_CHECK(fd >= 0 && root >= 0 && write(fd, bytes, n) == (ssize_t)n);
	lseek(fd, 0, SEEK_SET);
	s = stream_open(fd, -1, &err);
	if (s)
		r = layer_apply(s, root, &o, NULL, &err);
	stream_close(s);
	FUZZ_CHECK((r < 0) == (err.kind != ERR_NONE) && err.kind != ERR_BUG);
	owners_done(&owners);
	close(root);
	close(fd);
	return r;
}

static int add(void *arg, const void *bytes, size_t n, struct error *err)
{
	struct str *out = arg;

	if (out->len + n > 64 << 20)
		return error_set(err, ERR_LIMIT, "enough");
	str_addn(out, bytes, n);
	return 0;
}

static int tar_of(const char *dir, struct str *out)
{
	int root = openat(top_fd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;
	struct error err = { 0 };

	r = layer_tar_write(root, NULL, -1, &(struct layer_sink){ add, out }, NULL, &err);
	close(root);
	return r;
}

static void empty(const char *dir)
{
	struct error err = { 0 };

	FUZZ_CHECK(tree_remove(top_fd, dir, &err) == 0);
	FUZZ_CHECK(mkdirat(top_fd, dir, 0700) == 0);
}

/* A fuzzer does not find checksums by itself: every block that says it is a header gets a right one. */
static void mend_sums(uint8_t *t, size_t n)
{
	for (; n >= 512; t += 512, n -= 512) {
		unsigned sum = 0;

		if (memcmp(t + 257, "ustar", 5) != 0)
			continue;
		memset(t + 148, ' ', 8);
		for (int i = 0; i < 512; i++)
			sum += t[i];
		snprintf((char *)t + 148, 7, "%06o", sum & 0777777);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str first = { 0 }, second = { 0 };
	uint8_t *mended;

	if (size < 2)
		return 0;
	if (top_fd < 0)
		begin();
	mended = malloc(size);
	memcpy(mended, data, size);
	if (data[0] & 1) /* the name's first byte decides: raw, or with right sums */
		mend_sums(mended, size);
	if (apply("a", mended, size, data[1] & 1) == 0 && tar_of("a", &first) == 0) {
		FUZZ_CHECK(apply("b", first.s, first.len, false) == 0);
		FUZZ_CHECK(tar_of("b", &second) == 0);
		FUZZ_CHECK(first.len == second.len && memcmp(first.s, second.s, first.len) == 0);
	}
	empty("a");
	empty("b");
	/* the directories a and b were made anew: only the time of the top is ours */
	FUZZ_CHECK(fstatat(top_fd, ".", &canary[0], 0) == 0);
	check_outside();
	str_done(&first);
	str_done(&second);
	free(mended);
	return 0;
}
