/*
 * path.h - names that mean a place inside a rootfs, and the cleaning of path strings.
 *
 * Everything under a container's or image's control is reached through rootfs_open() and worked on
 * by descriptor (SECURITY.md, rule 1). The root is a directory descriptor; symbolic links are
 * resolved inside it, magic links never.
 */
#ifndef UTIL_PATH_H
#define UTIL_PATH_H

#include "util/error.h"
#include "util/mem.h"

#include <sys/types.h>

/*
 * openat2(root, path, flags | O_CLOEXEC, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS); an absolute path
 * is taken from root. O_NOFOLLOW in flags keeps the last component from being followed. With
 * O_CREAT, mode counts. Errors: ERR_NOTFOUND, ERR_DENIED, ERR_SYSTEM.
 */
int rootfs_open(int root, const char *path, int flags, mode_t mode, struct error *err);
/* 1 and *fd (O_PATH), 0 absent (or a parent that is no directory), -1 */
int rootfs_find(int root, const char *path, int *fd, struct error *err);
/*
 * Opens (O_PATH|O_DIRECTORY) the directory at path, making what is missing, one component at a
 * time, each with mode and owner uid:gid (-1: the maker's). Links on the way are followed inside the root.
 */
int rootfs_mkdirs(int root, const char *path, mode_t mode, uid_t uid, gid_t gid, struct error *err);
/*
 * Opens the parent directory of path (made with 0755 when make) and gives the last
 * component's name, which is neither "." nor "..", nor empty: ERR_INVALID else. *name is yours.
 */
int rootfs_parent(int root, const char *path, bool make, char **name, struct error *err);

char *path_clean(const char *path);		  /* as Go's path.Clean */
char *path_join(const char *a, const char *b);	  /* b when b is absolute; cleaned */
char *path_in(const char *dir, const char *name); /* "dir/name", cleaned, name taken as relative */
const char *path_base(const char *path);	  /* behind the last '/', never NULL */
bool path_is_below(const char *path, const char *dir); /* equal counts; both cleaned */

#endif
