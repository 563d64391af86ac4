/*
 * copy_remote.c - ADD from a URL or a repository: fetched below the build's staging directory, as a
 * tree of its own.
 *
 * A file is 0600 and has the server's time; of a repository all files have the commit's time, for
 * git would give them ours.
 * Never  uses bytes before their checksum was compared, nor takes file: URLs, which are ours.
 * Spec   Dockerfile reference, "ADD"; FEATURES B23, B24.
 */
#include "copy_sources.h"
#include "git.h"
#include "secret.h"
#include "store/rootfs.h"
#include "tar_probe.h"
#include "util/fd.h"
#include "util/http.h"
#include "util/path.h"
#include "util/program.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <strings.h>

#define ETAG_MAX    128			/* longer ones are not kept */
#define ADD_URL_MAX ((int64_t)64 << 30) /* bytes of one file */

void remote_free(struct remote *r)
{
	if (!r)
		return;
	tree_done(&r->tree);
	auto_close_fd(&r->root);
	free(r->identity);
	free(r->etag);
	free(r);
}

/* 1 a repository, 0 not, -1. */
static int parse_git(const char *word, struct git_source *g, struct error *err)
{
	int r;

	*g = (struct git_source){ 0 };
	/* these look like what is in the context, or are not far away */
	if (str_starts(word, "github.com/") || strncasecmp(word, "file:", 5) == 0)
		return 0;
	r = git_source_parse(word, g, err);
	if (r == 0)
		git_source_done(g);
	return r;
}

int remote_kind(const char *word, enum remote_kind *kind, struct error *err)
{
	struct git_source g;
	int r = parse_git(word, &g, err);

	if (strncasecmp(word, "file://", 7) == 0)
		return error_set(err, ERR_UNSUPPORTED, "ADD %s: file URLs are not taken", word);
	*kind = r == 1 ? REMOTE_GIT : http_is_url(word) ? REMOTE_HTTP : REMOTE_NONE;
	git_source_done(&g);
	return r < 0 ? -1 : 0;
}

static bool is_hex(const char *s, size_t min, size_t max)
{
	size_t n = strlen(s);

	return n >= min && n <= max && strspn(s, "0123456789abcdef") == n;
}

/* Is it always the same, whenever it is fetched? */
bool remote_is_pinned(const char *word, enum remote_kind kind, const char *checksum)
{
	struct error ignored = { 0 }; /* it was parsed before */
	struct git_source g;
	bool pinned = checksum && kind == REMOTE_HTTP;

	if (kind == REMOTE_GIT && parse_git(word, &g, &ignored) == 1) {
		pinned = (g.ref && is_hex(g.ref, 40, 64)) || (checksum && is_hex(checksum, 40, 64));
		git_source_done(&g);
	}
	return pinned;
}

int remote_check_checksum(enum remote_kind kind, const char *checksum, struct error *err)
{
	struct digest d;

	if (kind == REMOTE_NONE)
		return error_set(err, ERR_INVALID, "ADD --checksum is for URLs and repositories");
	if (kind == REMOTE_GIT)
		return is_hex(checksum, 7, 64)
			       ? 0
			       : error_set(err,
					   ERR_INVALID, "ADD --checksum=%s: a commit, or at least its first 7 digits",
					   checksum);
	return digest_parse(checksum, &d, err) < 0 ? error_add(err, "ADD --checksum=%s", checksum)
						   : 0;
}

/* ---- http ---- */

static int hex_value(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

char *remote_base(const char *url)
{
	const char *path = strstr(url, "://") + 3, *slash;
	struct str name = { 0 };

	path += strcspn(path, "/?#");
	if (*path != '/')
		return NULL;
	for (const char *p = path; *p && !strchr("?#", *p); p++) {
		char c = *p;

		if (c == '%' && isxdigit((unsigned char)p[1]) && isxdigit((unsigned char)p[2])) {
			c = (char)(hex_value(p[1]) << 4 | hex_value(p[2]));
			p += 2;
		}
		str_addc(&name, c ? c : '/'); /* a NUL is in no name */
	}
	slash = strrchr(str_get(&name), '/');
	if (!slash || !slash[1] || strcmp(slash + 1, ".") == 0 || strcmp(slash + 1, "..") == 0) {
		str_done(&name);
		return NULL;
	}
	memmove(name.s, slash + 1, strlen(slash + 1) + 1);
	return str_take(&name);
}

static int check_digest(const char *hex, const char *checksum, struct error *err)
{
	struct digest want;

	if (!checksum)
		return 0;
	if (digest_parse(checksum, &want, err) < 0)
		return -1;
	if (strcmp(hex, want.hex) != 0)
		return error_set(err, ERR_INVALID, "its checksum is sha256:%s, not %s", hex,
				 checksum);
	return 0;
}

static int check_file(int fd, const char *checksum, struct error *err)
{
	char hex[SHA256_HEX];
	int64_t size;

	if (!checksum)
		return 0;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return error_sys(err, "read what was fetched");
	return sha256_fd(fd, hex, &size, err) < 0 ? -1 : check_digest(hex, checksum, err);
}

/* What is known of a URL since it was fetched, in the cache: "HEX SIZE SECONDS ETAG". */
struct known_file {
	char hex[SHA256_HEX], etag[ETAG_MAX + 1];
	int64_t size, last_modified;
};

static void key_of_url(const char *url, char hex[SHA256_HEX])
{
	struct key k;

	key_begin(&k, "FETCHED");
	key_add(&k, "url", url);
	key_end(&k, hex);
}

/* 1, 0, -1 */
static int find_known(struct builder *b, const char *url, struct known_file *f, struct error *err)
{
	char key[SHA256_HEX], text[CACHE_TEXT_MAX];
	int r;

	if (b->r->no_cache)
		return 0;
	key_of_url(url, key);
	r = cache_find_text(b->st, key, text, sizeof(text), err);
	if (r <= 0)
		return r;
	return sscanf(text, "%64[0-9a-f] %" SCNd64 " %" SCNd64 " %128s", f->hex, &f->size,
		      &f->last_modified, f->etag) == 4 &&
	       digest_is_hex(f->hex) && f->size >= 0;
}

int copy_remote_note(struct builder *b, struct copy_sources *c, struct error *err)
{
	vec_each (&c->remotes, each) {
		struct remote *r = *each;
		char key[SHA256_HEX], hex[SHA256_HEX];
		auto_free char *text = NULL;

		if (!r->node || r->unfetched || !r->node->hashed || !r->etag)
			continue;
		node_digest(r->node, hex);
		key_of_url(r->tree.name, key);
		text = xasprintf("%s %lld %lld %s", hex, (long long)r->node->st.st_size,
				 (long long)r->last_modified, r->etag);
		if (cache_put_text(b->st, key, text, err) < 0)
			return -1;
	}
	return 0;
}

/* One that fits where it is kept. */
static char *take_etag(struct http_got *got)
{
	char *etag = take_ptr(&got->etag);

	for (const char *p = etag; p && *p; p++)
		if (!isgraph((unsigned char)*p) || p - etag >= ETAG_MAX || !etag[1]) {
			free(etag);
			return NULL;
		}
	return etag && *etag ? etag : (free(etag), NULL);
}

static int get(struct builder *b, const char *url, const struct known_file *f, int fd,
	       struct http_got *got, struct error *err)
{
	struct str authorization = { 0 };
	int r = secret_authorization(b->r, url, &authorization, err);

	if (r >= 0)
		r = http_get_changed(url, authorization.s, f ? f->etag : NULL, fd, ADD_URL_MAX, got,
				     err);
	secret_done(&authorization);
	return r;
}

static int set_time(int fd, int64_t last_modified, const char *url, struct error *err)
{
	time_t t = last_modified > 0 ? (time_t)last_modified : 0;
	struct timespec times[2] = { { .tv_sec = t }, { .tv_sec = t } };

	return futimens(fd, times) < 0 ? error_sys(err, "set the time of %s", url) : 0;
}

static int take_known(struct builder *b, struct remote *r, const char *url, const char *checksum,
		      const struct known_file *f, int fd, struct error *err)
{
	r->unfetched = true;
	r->last_modified = f->last_modified;
	if (ftruncate(fd, f->size) < 0)
		return error_sys(err, "keep %s", url);
	if (check_digest(f->hex, checksum, err) < 0 || pinned_digest(b, url, f->hex, err) < 0)
		return error_add(err, "%s", url);
	return 0;
}

/* f: what is known, and becomes the node's digest if the server agrees; NULL: nothing. */
static int fetch_file(struct builder *b, struct remote *r, const char *url, const char *checksum,
		      const struct known_file *f, struct error *err)
{
	auto_close int fd = openat(r->root, "file", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct http_got got;

	if (fd < 0)
		return error_sys(err, "keep %s", url);
	if (get(b, url, f, fd, &got, err) < 0)
		return -1;
	if (got.unchanged) {
		http_got_done(&got);
		if (take_known(b, r, url, checksum, f, fd, err) < 0)
			return -1;
		return set_time(fd, r->last_modified, url, err);
	}
	free(r->etag);
	r->etag = take_etag(&got);
	r->last_modified = got.last_modified;
	http_got_done(&got);
	if (check_file(fd, checksum, err) < 0 || pinned_file(b, url, fd, err) < 0)
		return error_add(err, "%s", url);
	return set_time(fd, r->last_modified, url, err);
}

/* The bytes of what was not fetched, which must have the digest that the key was made of. */
static int complete(struct builder *b, struct remote *r, struct error *err)
{
	auto_free char *url = xstrdup(r->tree.name);
	char hex[SHA256_HEX], want[SHA256_HEX];
	auto_close int fd = -1;
	int64_t size;

	node_digest(r->node, want);
	if (fetch_file(b, r, url, NULL, NULL, err) < 0)
		return -1;
	fd = rootfs_open(r->root, "file", O_RDONLY | O_NOFOLLOW, 0, err);
	if (fd < 0 || sha256_fd(fd, hex, &size, err) < 0)
		return -1;
	if (strcmp(hex, want) != 0)
		return error_set(err, ERR_BUSY,
				 "%s changed, though the server said that it had not", url);
	if (fstat(fd, &r->node->st) < 0)
		return error_sys(err, "look at what was fetched");
	r->unfetched = false;
	return 0;
}

int copy_remote_complete(struct builder *b, const struct instruction *in, struct copy_sources *c,
			 struct error *err)
{
	vec_each (&c->v, s) {
		auto_close int fd = -1;
		int tar;

		if (!s->remote || !s->remote->unfetched)
			continue;
		if (complete(b, s->remote, err) < 0)
			return -1;
		if (!instruction_has(in, "unpack"))
			continue;
		fd = rootfs_open(s->remote->root, "file", O_RDONLY | O_NOFOLLOW, 0, err);
		tar = fd < 0 ? -1 : tar_probe(fd, err);
		if (tar < 0)
			return -1;
		if (!tar)
			return error_set(err, ERR_INVALID, "ADD --unpack=true: %s is no archive",
					 s->remote->tree.name);
	}
	return 0;
}

/* ---- git ---- */

static int commit_time(const char *path, time_t *t, struct error *err)
{
	static const char *const words[] = { "git", "log", "-1", "--format=%ct" };
	auto_done(strv) struct strv argv = { 0 }, env = { 0 };
	auto_done(str) struct str out = { 0 };
	int64_t seconds;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		strv_add(&argv, words[i]);
	if (program_run(&argv, &env, path, &out, err) < 0)
		return -1;
	out.s = out.s ? out.s : xstrdup("");
	out.s[strcspn(out.s, "\n")] = '\0';
	*t = str_i64(out.s, &seconds) ? (time_t)seconds : 0;
	return 0;
}

/* Gives all below dir one time, and without keep_git takes away what submodules have of git. */
static int dress(int dir, const struct timespec times[2], bool keep_git, struct error *err)
{
	auto_done(strv) struct strv names = { 0 };

	if (dir_list(dir, &names, err) < 0)
		return -1;
	strv_each (&names, i) {
		const char *name = names.v[i];
		struct stat st;

		if (!keep_git && strcmp(name, ".git") == 0) {
			if (tree_remove(dir, name, err) < 0)
				return -1;
			continue;
		}
		if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return error_sys(err, "look at %s", name);
		if (S_ISDIR(st.st_mode)) {
			auto_close int sub = dir_open(dir, name, err);

			if (sub < 0 || dress(sub, times, keep_git, err) < 0)
				return -1;
		}
		if (utimensat(dir, name, times, AT_SYMLINK_NOFOLLOW) < 0)
			return error_sys(err, "set the time of %s", name);
	}
	return 0;
}

static int fetch_git(struct builder *b, struct remote *r, const char *name, const char *word,
		     bool keep_git, const char *checksum, char **subdir, struct error *err)
{
	auto_free char *path = xasprintf("%s/tmp/%s/%s", b->st->path, b->staging.name, name);
	struct timespec times[2] = { { 0 }, { 0 } };
	char commit[GIT_COMMIT_MAX];
	struct str header = { 0 };
	struct git_source g;
	int status = parse_git(word, &g, err) == 1 ? 0 : -1;

	if (status == 0)
		status = secret_git_authorization(b->r, g.url, &header, err) < 0 ? -1 : 0;
	if (status == 0)
		status = git_fetch(&g, header.s, path, true, commit, err);
	secret_done(&header);
	if (status == 0 && checksum && !str_starts(commit, checksum))
		status = error_set(err, ERR_INVALID, "%s: its commit is %s, not %s", word, commit,
				   checksum);
	if (status == 0)
		status = pinned_commit(b, word, commit, err);
	if (status == 0)
		status = commit_time(path, &times[0].tv_sec, err);
	if (status == 0) {
		times[1] = times[0];
		*subdir = xstrdup(g.subdir ? g.subdir : "");
		r->identity = xasprintf("%s %s %s %d", g.url, commit, *subdir, keep_git);
		r->root = dir_open(b->staging.fd, name, err);
		status = r->root < 0 ? -1 : dress(r->root, times, keep_git, err);
		if (status == 0 && futimens(r->root, times) < 0)
			status = error_sys(err, "set the time of %s", word);
	}
	git_source_done(&g);
	return status;
}

/* ---- both ---- */

static int fetch(struct builder *b, const struct instruction *in, struct copy_sources *c,
		 struct remote *r, enum remote_kind kind, const char *word, struct error *err)
{
	const char *checksum = instruction_flag(in, "checksum");
	auto_free char *base = NULL, *path = NULL;
	struct known_file known = { 0 };
	char name[32] = "remote-";
	struct node *n;
	bool ignored;
	int found;

	random_hex(name + 7, 16);
	if (kind == REMOTE_HTTP) {
		base = remote_base(word);
		path = xstrdup("file");
		r->root = dir_make_open(b->staging.fd, name, 0700, err);
		found = r->root < 0 ? -1 : find_known(b, word, &known, err);
		if (found < 0 || fetch_file(b, r, word, checksum, found ? &known : NULL, err) < 0)
			return -1;
	} else if (fetch_git(b, r, name, word, instruction_has(in, "keep-git-dir"), checksum, &path,
			     err) < 0) {
		return -1;
	}
	tree_init(&r->tree, r->root, word);
	found = tree_find(&r->tree, path, &n, &ignored, err);
	if (found <= 0)
		return found < 0 ? -1 : error_set(err, ERR_NOTFOUND, "'%s' is not in %s", path, word);
	r->node = kind == REMOTE_HTTP ? n : NULL;
	if (r->unfetched)
		node_take_digest(&r->tree, n, known.hex, &n->st.st_ctim, 0);
	if (!base)
		base = xstrdup(kind == REMOTE_GIT ? n->name : "");
	return copy_sources_take(in, c, r, n, base, err);
}

int copy_remote_find(struct builder *b, const struct instruction *in, struct copy_sources *c,
		     enum remote_kind kind, const char *word, struct error *err)
{
	struct remote *r = xcalloc(1, sizeof(*r));

	r->root = -1;
	r->last_modified = -1;
	r->tree.root = -1;
	vec_push(&c->remotes, r);
	return fetch(b, in, c, r, kind, word, err);
}
