/*
 * tree.c - a tree that COPY and ADD take from.
 *
 * Owns   nodes: what was read of the tree so far.
 * Never  opens anything but directories and regular files in it, nor follows a link out of it.
 */
#include "tree.h"
#include "util/fd.h"
#include "util/owner_mark.h"
#include "util/path.h"
#include "util/text.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/xattr.h>

#define LINKS_MAX 40 /* as the kernel's own limit */

void tree_init(struct tree *t, int root, const char *name)
{
	*t = (struct tree){ .root = root, .name = name };
}

static void node_free(struct node *n)
{
	vec_each (&n->children, c)
		node_free(*c);
	vec_done(&n->children);
	free(n->name);
	free(n->link);
	free(n->flags);
	free(n);
}

void tree_done(struct tree *t)
{
	if (t->top)
		node_free(t->top);
	t->top = NULL;
}

static void add_path(const struct node *n, struct str *out)
{
	if (!n->parent)
		return;
	add_path(n->parent, out);
	if (out->len)
		str_addc(out, '/');
	str_add(out, n->name);
}

char *node_path(const struct node *n)
{
	struct str s = { 0 };

	add_path(n, &s);
	return str_take(&s);
}

static int compare_nodes(const void *a, const void *b)
{
	return strcmp((*(struct node *const *)a)->name, (*(struct node *const *)b)->name);
}

static int node_open_dir(struct tree *t, const struct node *n, struct error *err)
{
	auto_free char *path = node_path(n);

	return rootfs_open(t->root, *path ? path : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, err);
}

static int read_link(struct node *n, int dir, struct error *err)
{
	char target[PATH_MAX];
	ssize_t len = readlinkat(dir, n->name, target, sizeof(target) - 1);

	if (len < 0)
		return error_sys(err, "read link %s", n->name);
	n->link = xstrndup(target, (size_t)len);
	return 0;
}

/*
 * Is the child left out? A directory is not when a rule brings something below it back; then it is
 * read at once, and stays only for the sake of what is in it.
 */
static int child_ignored(struct tree *t, const struct node *dir, struct node *n, bool *out,
			 struct error *err)
{
	auto_free char *path = NULL;
	bool is_dir = S_ISDIR(n->st.st_mode);

	*out = false;
	if (!t->ignore || !t->ignore->rules.n)
		return 0;
	path = node_path(n);
	if (is_dir)
		n->flags = xcalloc(t->ignore->rules.n, sizeof(*n->flags));
	*out = ignore_step(t->ignore, path, dir->flags, n->flags);
	if (!*out || !is_dir || !ignore_may_return(t->ignore, path))
		return 0;
	if (node_read(t, n, err) < 0)
		return -1;
	*out = n->children.n == 0;
	return 0;
}

static int read_child(struct tree *t, struct node *dir, int fd, const char *name, struct error *err)
{
	struct node *n = xcalloc(1, sizeof(*n));
	bool ignored = false;
	int r = 0;

	n->name = xstrdup(name);
	n->parent = dir;
	if (fstatat(fd, name, &n->st, AT_SYMLINK_NOFOLLOW) < 0) {
		/* it went away between the two; any other reason is told when it is needed */
		r = errno == ENOENT ? 1 : error_sys(err, "look at %s", name);
	} else {
		if (t->owners) {
			auto_free char *path = node_path(n);

			owner_stack_apply(t->owners, path, &n->st);
		}
		r = child_ignored(t, dir, n, &ignored, err);
		if (r == 0 && !ignored && S_ISLNK(n->st.st_mode))
			r = read_link(n, fd, err);
	}
	if (r != 0 || ignored) {
		node_free(n);
		return r < 0 ? -1 : 0;
	}
	vec_push(&dir->children, n);
	return 0;
}

int node_read(struct tree *t, struct node *n, struct error *err)
{
	int fd, r = 0;
	struct dirent *e;
	DIR *d;

	if (n->read)
		return 0;
	fd = node_open_dir(t, n, err);
	if (fd < 0)
		return -1;
	d = fdopendir(fd);
	if (!d) {
		error_sys(err, "read directory %s", n->name);
		close(fd);
		return -1;
	}
	while (r == 0) {
		errno = 0;
		e = readdir(d);
		if (!e) {
			if (errno)
				r = error_sys(err, "read directory %s", n->name);
			break;
		}
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			r = read_child(t, n, fd, e->d_name, err);
	}
	closedir(d);
	if (r < 0)
		return -1;
	if (n->children.n)
		qsort(n->children.v, n->children.n, sizeof(*n->children.v), compare_nodes);
	n->read = true;
	return 0;
}

static int tree_top(struct tree *t, struct node **top, struct error *err)
{
	if (!t->top) {
		struct node *n = xcalloc(1, sizeof(*n));

		n->name = xstrdup("");
		if (fstat(t->root, &n->st) < 0) {
			error_sys(err, "look at %s", t->name);
			node_free(n);
			return -1;
		}
		t->top = n;
	}
	*top = t->top;
	return 0;
}

static struct node *child_find(const struct node *n, const char *name)
{
	struct node key = { .name = (char *)(uintptr_t)name }, *k = &key, **found;

	if (!n->children.n)
		return NULL;
	found = bsearch(&k, n->children.v, n->children.n, sizeof(k), compare_nodes);
	return found ? *found : NULL;
}

/* Puts the text of a link in front of what is left of a path. */
static int push_link(const struct node *n, char **rest, unsigned *links, struct error *err)
{
	char *next;

	if (++*links > LINKS_MAX)
		return error_set(err, ERR_INVALID, "%s: too many symbolic links", n->name);
	next = xasprintf("%s/%s", n->link, *rest);
	free(*rest);
	*rest = next;
	return 0;
}

/* Whether the name is there on disk, though not in the tree: then a rule left it out. */
static bool left_out(struct tree *t, const struct node *dir, const char *name)
{
	auto_free char *path = node_path(dir), *full = path_in(path, name);
	struct error ignored = { 0 }; /* only the wording of a message depends on it */
	auto_close int fd = -1;

	return t->ignore && rootfs_find(t->root, full, &fd, &ignored) == 1;
}

int tree_find(struct tree *t, const char *path, struct node **out, bool *ignored, struct error *err)
{
	auto_free char *rest = xstrdup(path);
	struct node *n;
	unsigned links = 0;

	*ignored = false;
	if (tree_top(t, &n, err) < 0)
		return -1;
	while (*rest) {
		size_t start = strspn(rest, "/"), len = strcspn(rest + start, "/");
		auto_free char *name = xstrndup(rest + start, len);
		struct node *child;

		memmove(rest, rest + start + len, strlen(rest + start + len) + 1);
		if (!*name || strcmp(name, ".") == 0)
			continue;
		if (strcmp(name, "..") == 0) {
			n = n->parent ? n->parent : n;
			continue;
		}
		if (!S_ISDIR(n->st.st_mode))
			return 0;
		if (node_read(t, n, err) < 0)
			return -1;
		child = child_find(n, name);
		if (!child) {
			*ignored = left_out(t, n, name);
			return 0;
		}
		if (!child->link) {
			n = child;
			continue;
		}
		if (child->link[0] == '/')
			n = t->top;
		if (push_link(child, &rest, &links, err) < 0)
			return -1;
	}
	*out = n;
	return 1;
}

/*
 * One component of the pattern below n; the rest by recursion: patterns are short. Links on the way
 * are followed as long as all was written out in full; behind a wildcard (wild) they are not.
 */
static int match_below(struct tree *t, struct node *n, const char *pattern, bool wild, nodes *found,
		       struct error *err)
{
	size_t start = strspn(pattern, "/"), len = strcspn(pattern + start, "/");
	auto_free char *part = xstrndup(pattern + start, len);
	const char *rest = pattern + start + len;
	struct glob g = { 0 };
	int r = 0;

	if (!*part) {
		vec_push(found, n);
		return 0;
	}
	if (n->link && wild)
		return 0;
	if (n->link) {
		auto_free char *path = node_path(n);
		bool ignored;

		r = tree_find(t, path, &n, &ignored, err);
		if (r <= 0)
			return r;
	}
	if (!S_ISDIR(n->st.st_mode))
		return 0;
	if (node_read(t, n, err) < 0 || glob_parse(part, GLOB_MATCH, &g, err) < 0)
		return -1;
	r = 0;
	for (size_t i = 0; r == 0 && i < n->children.n; i++)
		if (glob_match(&g, n->children.v[i]->name))
			r = match_below(t, n->children.v[i], rest, wild || glob_is_special(part),
					found, err);
	glob_done(&g);
	return r;
}

static int match_deep(struct tree *t, struct node *n, const struct glob *g, const char *path,
		      nodes *found, struct error *err)
{
	if (node_read(t, n, err) < 0)
		return -1;
	vec_each (&n->children, c) {
		auto_free char *below =
			*path ? xasprintf("%s/%s", path, (*c)->name) : xstrdup((*c)->name);

		if (glob_match(g, below))
			vec_push(found, *c);
		else if (S_ISDIR((*c)->st.st_mode) && glob_may_match_below(g, below) &&
			 match_deep(t, *c, g, below, found, err) < 0)
			return -1;
	}
	return 0;
}

int tree_match_deep(struct tree *t, struct node *top, const struct glob *g, nodes *found,
		    struct error *err)
{
	return S_ISDIR(top->st.st_mode) ? match_deep(t, top, g, "", found, err) : 0;
}

int tree_match(struct tree *t, const char *pattern, nodes *found, struct error *err)
{
	struct node *top;

	if (tree_top(t, &top, err) < 0)
		return -1;
	return match_below(t, top, pattern, false, found, err);
}

static unsigned digit(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static void digest_bytes(const char *hex, unsigned char out[32])
{
	for (int i = 0; i < 32; i++)
		out[i] = (unsigned char)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
}

bool node_unchanged(const struct node *n, const struct stat *now)
{
	const struct stat *seen = &n->st;

	return seen->st_dev == now->st_dev && seen->st_ino == now->st_ino &&
	       seen->st_size == now->st_size && seen->st_mtim.tv_sec == now->st_mtim.tv_sec &&
	       seen->st_mtim.tv_nsec == now->st_mtim.tv_nsec;
}

void node_digest(const struct node *n, char hex[SHA256_HEX])
{
	for (size_t i = 0; i < sizeof(n->digest); i++)
		snprintf(hex + 2 * i, 3, "%02x", n->digest[i]);
}

bool node_is_hashed(struct tree *t, struct node *n)
{
	n->hashed = n->hashed || (t->stats && stat_cache_find(t->stats, &n->st, n->digest));
	return n->hashed;
}

void node_take_digest(struct tree *t, struct node *n, const char *hex, const struct timespec *ctime,
		      int64_t read_ns)
{
	struct stat st = n->st;

	st.st_ctim = *ctime;
	digest_bytes(hex, n->digest);
	n->hashed = true;
	if (t->stats)
		stat_cache_add(t->stats, &st, read_ns, n->digest);
}

int node_hash(struct tree *t, struct node *n, struct error *err)
{
	auto_free char *path = NULL;
	auto_close int fd = -1;
	char hex[SHA256_HEX];
	int64_t now, size;
	struct stat after;

	if (node_is_hashed(t, n))
		return 0;
	path = node_path(n);
	now = time_now_ns();
	fd = rootfs_open(t->root, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, err);
	if (fd < 0 || sha256_fd(fd, hex, &size, err) < 0)
		return -1;
	if (fstat(fd, &after) < 0)
		return error_sys(err, "look at %s", path);
	if (!node_unchanged(n, &after) || size != after.st_size)
		return error_set(err, ERR_BUSY, "%s changed while it was being read", path);
	node_take_digest(t, n, hex, &after.st_ctim, now);
	return 0;
}

/* security.capability, POSIX access lists and the user's own; nothing of overlay, labels, IMA. */
static bool attribute_kept(const char *name)
{
	if (strcmp(name, "security.capability") == 0 || str_starts(name, "system.posix_acl_"))
		return true;
	return str_starts(name, "user.") && !str_starts(name, "user.overlay.") &&
	       !owner_mark_is(name);
}

int attributes_list(int fd, struct strv *names, struct error *err)
{
	char list[65536];
	ssize_t n = flistxattr(fd, list, sizeof(list));

	if (n < 0)
		return errno == ENOTSUP ? 0 : error_sys(err, "list attributes");
	for (ssize_t i = 0; i < n; i += (ssize_t)strlen(list + i) + 1)
		if (attribute_kept(list + i))
			strv_add(names, list + i);
	strv_sort(names);
	return 0;
}

mode_t node_mode(const struct tree *t, const struct node *n)
{
	return n->parent || t->foreign ? n->st.st_mode : (S_IFDIR | 0755);
}
