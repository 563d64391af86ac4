/*
 * network.c - definitions of networks: one small file each, put into place by link(2).
 *
 * Owns   <root>/networks.
 */
#include "store/network.h"

#include "store/container.h"
#include "store_private.h"
#include "util/fd.h"

#include <errno.h>
#include <stdio.h>

#define NETWORK_MAX (1 << 20) /* bytes of one definition */
#define SUFFIX	    ".json"

static char *file_name(const char *name)
{
	return xasprintf("%s" SUFFIX, name);
}

int network_file_add(struct store *st, const char *name, const char *text, size_t n, struct error *err)
{
	int dir = store_dir(st, STORE_NETWORKS, err);
	auto_free char *file = file_name(name);
	auto_close int fd = -1;
	char path[40];

	if (dir < 0)
		return -1;
	if (!container_name_valid(name) || strlen(name) > 128)
		return error_set(err, ERR_INVALID,
				 "'%s' is no name for a network: must be "
				 "[a-zA-Z0-9][a-zA-Z0-9_.-]*",
				 name);
	fd = openat(dir, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_sys(err, "make the file of network '%s'", name);
	if (fd_write_all(fd, text, n, err) < 0 || store_sync(st, fd, err) < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, path, dir, file, AT_SYMLINK_FOLLOW) < 0) {
		if (errno == EEXIST)
			return error_set(err, ERR_EXISTS, "there is a network '%s' already", name);
		return error_sys(err, "publish network '%s'", name);
	}
	return store_sync(st, dir, err);
}

int network_file_read(struct store *st, const char *name, struct str *text, struct error *err)
{
	int dir, r = store_dir_find(st, STORE_NETWORKS, &dir, err);
	auto_free char *file = file_name(name);
	struct error why = { 0 };

	if (r <= 0 || !container_name_valid(name))
		return r < 0 ? -1 : 0;
	if (file_read(dir, file, text, NETWORK_MAX, &why) == 0)
		return 1;
	if (why.kind == ERR_NOTFOUND)
		return 0;
	*err = why;
	return error_add(err, "network '%s'", name);
}

int network_file_list(struct store *st, struct strv *names, struct error *err)
{
	auto_done(strv) struct strv all = { 0 };
	int dir, r = store_dir_find(st, STORE_NETWORKS, &dir, err);

	if (r <= 0)
		return r;
	if (dir_list(dir, &all, err) < 0)
		return error_add(err, "list networks");
	strv_each (&all, i)
		if (str_ends(all.v[i], SUFFIX))
			strv_take(names, xstrndup(all.v[i], strlen(all.v[i]) - strlen(SUFFIX)));
	return 0;
}

int network_file_remove(struct store *st, const char *name, struct error *err)
{
	int dir = store_dir(st, STORE_NETWORKS, err);
	auto_free char *file = file_name(name);

	if (dir < 0)
		return -1;
	if (unlinkat(dir, file, 0) < 0)
		return error_sys(err, "remove network '%s'", name);
	return store_sync(st, dir, err);
}
