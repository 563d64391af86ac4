/*
 * log_rotate.c - the files of a log: opened at need, renamed when full, the oldest removed.
 *
 * Owns   the names in a container's directory that begin with the driver's file name.
 * Never  copies or truncates what was written: a reader that has a file open loses nothing.
 */
#include "log_driver.h"
#include "util/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_OPEN (O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW)

void log_file_name(char *buf, size_t size, const char *file, uint64_t generation, bool index)
{
	const char *suffix = index ? LOG_INDEX_SUFFIX : "";

	if (generation)
		snprintf(buf, size, "%s.%llu%s", file, (unsigned long long)generation, suffix);
	else
		snprintf(buf, size, "%s%s", file, suffix);
}

uint64_t log_name_generation(const char *name, const char *file)
{
	size_t n = strlen(file);
	uint64_t generation = 0;

	if (strncmp(name, file, n) != 0 || name[n] != '.' || name[n + 1] == '0')
		return 0;
	for (name += n + 1; *name >= '0' && *name <= '9'; name++) {
		generation = generation * 10 + (uint64_t)(*name - '0');
		if (generation > LOG_GENERATION_MAX)
			return 0;
	}
	return *name == 0 || strcmp(name, LOG_INDEX_SUFFIX) == 0 ? generation : 0;
}

/* The highest generation among rotated files. Only asked where a log is there already. */
static uint64_t last_generation(const struct log_writer *w)
{
	int fd = openat(w->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	uint64_t last = 0;

	if (!d) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	for (const struct dirent *e; (e = readdir(d));)
		last = MAX(last, log_name_generation(e->d_name, w->ops->file));
	closedir(d);
	return last;
}

static int index_append(struct log_writer *w, const void *what, size_t n)
{
	if (pwrite(w->index, what, n, (off_t)w->index_size) != (ssize_t)n)
		return -1;
	w->index_size += n;
	return 0;
}

/* Goes on behind what an earlier monitor wrote; bytes without a record get one. */
static int index_resume(struct log_writer *w)
{
	struct log_index_header h = { .generation = w->generation };
	struct log_index_record r = { .stream = 1, .kind = LOG_BYTES };
	uint64_t indexed = 0;
	struct stat st, log;

	memcpy(h.magic, LOG_INDEX_MAGIC, sizeof(h.magic));
	if (fstat(w->index, &st) < 0 || fstat(w->fd, &log) < 0)
		return -1;
	w->index_size = (uint64_t)st.st_size - (uint64_t)st.st_size % sizeof(r);
	if (w->index_size < sizeof(h)) {
		w->index_size = 0;
		if (index_append(w, &h, sizeof(h)) < 0)
			return -1;
	}
	if (w->index_size > sizeof(h)) {
		if (pread(w->index, &r, sizeof(r), (off_t)(w->index_size - sizeof(r))) !=
		    (ssize_t)sizeof(r))
			return -1;
		indexed = r.kind == LOG_BYTES ? r.offset + r.length : r.offset;
	}
	if (w->size > indexed) {
		r = (struct log_index_record){
			.time_ns = log.st_mtim.tv_sec * 1000000000LL + log.st_mtim.tv_nsec,
			.offset = indexed,
			.length = w->size - indexed,
			.stream = 1,
		};
		return index_append(w, &r, sizeof(r));
	}
	w->size = indexed;
	return 0;
}

/* A rotation that was cut short renamed the bytes and left the index behind. */
static void index_adopt(const struct log_writer *w)
{
	char rotated[LOG_NAME_MAX], index[LOG_NAME_MAX];

	if (w->generation < 2)
		return;
	log_file_name(index, sizeof(index), w->ops->file, 0, true);
	log_file_name(rotated, sizeof(rotated), w->ops->file, w->generation - 1, true);
	if (faccessat(w->dir, rotated, F_OK, 0) < 0)
		renameat(w->dir, index, w->dir, rotated);
}

int log_files_open(struct log_writer *w)
{
	char name[LOG_NAME_MAX];
	struct stat st;
	bool fresh = true;

	if (w->fd >= 0)
		return 0;
	w->size = w->index_size = w->end[0] = w->end[1] = 0;
	w->fd = openat(w->dir, w->ops->file, LOG_OPEN | O_EXCL, 0600);
	if (w->fd < 0 && errno == EEXIST) {
		fresh = false;
		w->fd = openat(w->dir, w->ops->file, LOG_OPEN, 0600);
	}
	if (w->fd < 0)
		return -1;
	if (!fresh && fstat(w->fd, &st) == 0)
		w->size = (uint64_t)st.st_size;
	if (!w->generation) {
		w->generation = last_generation(w) + 1;
		if (fresh && w->ops->indexed)
			index_adopt(w);
	}
	if (!w->ops->indexed)
		return 0;
	log_file_name(name, sizeof(name), w->ops->file, 0, true);
	w->index = openat(w->dir, name, LOG_OPEN, 0600);
	if (w->index < 0 || index_resume(w) < 0) {
		log_files_close(w);
		return -1;
	}
	return 0;
}

void log_files_close(struct log_writer *w)
{
	auto_close_fd(&w->fd);
	auto_close_fd(&w->index);
	w->fd = w->index = -1;
}

static void remove_generation(const struct log_writer *w, uint64_t generation)
{
	char name[LOG_NAME_MAX];

	log_file_name(name, sizeof(name), w->ops->file, generation, false);
	unlinkat(w->dir, name, 0);
	if (!w->ops->indexed)
		return;
	log_file_name(name, sizeof(name), w->ops->file, generation, true);
	unlinkat(w->dir, name, 0);
}

int log_rotate(struct log_writer *w)
{
	char from[LOG_NAME_MAX], to[LOG_NAME_MAX];
	uint64_t keep = (uint64_t)w->o.max_file - 1; /* beside the present one */

	for (int index = 0; index <= (int)w->ops->indexed; index++) {
		log_file_name(from, sizeof(from), w->ops->file, 0, index);
		log_file_name(to, sizeof(to), w->ops->file, w->generation, index);
		if (renameat(w->dir, from, w->dir, to) < 0)
			return -1; /* goes on in the same file, and tries again later */
	}
	if (w->generation > keep)
		remove_generation(w, w->generation - keep);
	w->generation++;
	log_files_close(w);
	return log_files_open(w);
}

int64_t log_room(const struct log_writer *w)
{
	if (w->o.max_size < 0)
		return INT64_MAX;
	return w->o.max_size - (int64_t)(w->size + w->index_size);
}

/* Does the other stream stand inside a line? Its last byte is asked for only when it matters. */
static bool line_open(const struct log_writer *w, int stream)
{
	char last = '\n';

	if (!w->ops->indexed)
		return w->open_line[stream - 1];
	if (w->end[stream - 1] > 0 && pread(w->fd, &last, 1, (off_t)w->end[stream - 1] - 1) != 1)
		return false;
	return last != '\n';
}

/*
 * Lines stay whole, in either stream, as long as they are not longer than a file may be: an endless
 * line must not fill the disk.
 */
bool log_rotation_due(struct log_writer *w, int stream, bool line_ended)
{
	if (log_room(w) > 0)
		return false;
	if (line_ended && !line_open(w, stream == 1 ? 2 : 1))
		return true;
	return -log_room(w) > w->o.max_size;
}
