/*
 * build_kit.h - what tests of whole builds share: a context, a store, a build without a container,
 * and what came of it as text.
 */
#ifndef UNIT_BUILD_KIT_H
#define UNIT_BUILD_KIT_H

#include "store_env.h"

#include "build/build.h"
#include "store/rootfs.h"

#include <dirent.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>

struct kit {
	struct scratch context, store;
	struct store st;
	struct engine e;
	struct userns u;
	struct str notes;
};

static inline void listen(void *arg, const struct progress_report *r)
{
	struct kit *k = arg;

	if (r->event == PROGRESS_END)
		str_addf(&k->notes, "%s %s\n", r->id, r->text);
	if (r->event == PROGRESS_NOTE)
		str_addf(&k->notes, "%s\n", r->text);
}

static inline void kit_open(struct kit *k)
{
	umask(022);
	setenv("HOD_SYNC", "no", 1);
	k->context = scratch_make();
	k->store = scratch_make();
	OK(userns_enter(false, &k->u, &err));
	OK(store_open(k->store.path, STORE_CREATE, &k->st, &err));
	k->st.single = k->u.mode == USERNS_SINGLE;
	k->e.store = &k->st;
	OK(host_facts_find(&k->u, &k->e.facts, &err));
	k->e.progress = (struct progress){ listen, k };
}

static inline void kit_close(struct kit *k)
{
	host_facts_done(&k->e.facts);
	store_close(&k->st);
	scratch_done(&k->context);
	scratch_done(&k->store);
	str_done(&k->notes);
}
#define KIT(k)                                                                                     \
	__attribute__((cleanup(kit_close))) struct kit k = { 0 };                                  \
	kit_open(&k)

/*
 * Blank-separated: "d/" a directory, "f=text" a file, "l>to" a link, "a~b" another name of b,
 * "p|" a named pipe; "@755" behind a file or directory sets its mode. ';' in a text is a newline.
 */
static inline void make_files(const struct scratch *s, const char *spec)
{
	auto_done(strv) struct strv items = { 0 };

	strv_split(&items, spec, ' ');
	strv_each (&items, i) {
		char *name = items.v[i], *at = strrchr(name, '@'), *p;
		struct timespec times[2] = { { 1000000000, 0 }, { 1000000000, 0 } };

		if (!*name)
			continue;
		if (at)
			*at++ = '\0';
		if ((p = strchr(name, '='))) {
			*p++ = '\0';
			for (char *c = p; *c; c++)
				*c = *c == ';' ? '\n' : *c;
			scratch_file(s, name, p);
		} else if ((p = strchr(name, '>'))) {
			*p++ = '\0';
			scratch_link(s, p, name);
		} else if ((p = strchr(name, '~'))) {
			*p++ = '\0';
			ck_assert_int_eq(linkat(s->fd, p, s->fd, name, 0), 0);
		} else if ((p = strchr(name, '|'))) {
			*p = '\0';
			ck_assert_int_eq(mkfifoat(s->fd, name, 0600), 0);
		} else {
			name[strlen(name) - 1] = '\0';
			scratch_dir(s, name);
		}
		if (at)
			ck_assert_int_eq(fchmodat(s->fd, name, (mode_t)strtol(at, NULL, 8), 0), 0);
		utimensat(s->fd, name, times, AT_SYMLINK_NOFOLLOW);
	}
}

static inline int build(struct kit *k, const char *dockerfile, const char *arg, struct image *i)
{
	struct build_request r;
	struct build_result result = { 0 };
	int code, status;

	err = (struct error){ 0 };
	scratch_file(&k->context, "Dockerfile", dockerfile);
	build_request_init(&r);
	r.context = k->context.path;
	r.platform = "linux/amd64";
	r.epoch = 1700000000;
	if (arg)
		strv_add(&r.args, arg);
	strv_add(&r.tags, "test");
	str_clear(&k->notes);
	status = build_image(&k->e, &r, &result, &code, &err);
	if (status == 0)
		ck_assert_int_eq(image_find(&k->st, "docker.io/library/test:latest", NULL, i, &err),
				 1);
	build_result_done(&result);
	build_request_done(&r);
	return status;
}

static inline int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "path mode uid:gid content" of each entry, sorted, one a line. */
static inline void list(int dir, const char *path, struct str *out)
{
	char *names[256];
	size_t n = 0;
	DIR *d = fdopendir(dup(dir));
	struct dirent *e;

	rewinddir(d);
	while ((e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			names[n++] = xstrdup(e->d_name);
	closedir(d);
	qsort(names, n, sizeof(*names), compare);
	for (size_t i = 0; i < n; i++) {
		auto_free char *full = xasprintf("%s/%s", path, names[i]);
		char buf[256];
		struct stat st;
		ssize_t len = 0;

		fstatat(dir, names[i], &st, AT_SYMLINK_NOFOLLOW);
		str_addf(out, "%s", full);
		if (!S_ISLNK(st.st_mode))
			str_addf(out, " %o", st.st_mode & 07777);
		if (st.st_uid || st.st_gid)
			str_addf(out, " %u:%u", st.st_uid, st.st_gid);
		if (S_ISREG(st.st_mode)) {
			int fd = openat(dir, names[i], O_RDONLY);

			len = read(fd, buf, sizeof(buf));
			close(fd);
			str_addf(out, " =%.*s", (int)len, buf);
			if (st.st_nlink > 1)
				str_addf(out, " x%u", (unsigned)st.st_nlink);
		} else if (S_ISLNK(st.st_mode)) {
			len = readlinkat(dir, names[i], buf, sizeof(buf));
			str_addf(out, " >%.*s", (int)len, buf);
		}
		str_addc(out, '\n');
		if (S_ISDIR(st.st_mode)) {
			int sub = openat(dir, names[i], O_RDONLY | O_DIRECTORY);

			list(sub, full, out);
			close(sub);
		}
		free(names[i]);
	}
}

static inline void list_image(struct kit *k, const struct image *i, struct str *out)
{
	const char *layers[64];
	int root, mount;

	for (size_t n = 0; n < i->diff_ids.n; n++)
		layers[n] = i->diff_ids.v[n].hex;
	mount = rootfs_mount(&k->st, layers, i->diff_ids.n, -1, 0, &err);
	OK(mount);
	root = openat(mount, ".", O_RDONLY | O_DIRECTORY);
	list(root, "", out);
	close(root);
	close(mount);
}

#endif
