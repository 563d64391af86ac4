/*
 * git.c - a repository fetched by the git program, which knows all transports and the user's keys.
 *
 * Never  puts a secret on a command line or into a file, asks at the terminal, runs hooks, or lets
 * a repository choose a transport other than those below. What comes from a Dockerfile is never
 * taken for an option. Spec   Dockerfile reference, "ADD"; docker's "Build context", "URL
 * fragments" and "URL queries".
 */
#include "git.h"
#include "util/fd.h"
#include "util/http.h"
#include "util/path.h"
#include "util/program.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

void git_source_done(struct git_source *g)
{
	free(g->url);
	free(g->ref);
	free(g->subdir);
	*g = (struct git_source){ 0 };
}

static bool is_repository(const char *url)
{
	static const char *const always[] = { "git://", "ssh://", "git@" };

	for (size_t i = 0; i < ARRAY_SIZE(always); i++)
		if (strncasecmp(url, always[i], strlen(always[i])) == 0)
			return true;
	if (str_starts(url, "github.com/"))
		return true;
	return (http_is_url(url) || str_starts(url, "file://")) && str_ends(url, ".git");
}

static int set_subdir(struct git_source *g, const char *text, struct error *err)
{
	auto_free char *rooted = xasprintf("/%s", text);
	auto_free char *clean = path_clean(rooted);

	if (strstr(text, "..") && !str_eq(clean + 1, text))
		return error_set(err, ERR_INVALID, "subdirectory '%s': no '..' here", text);
	free(g->subdir);
	g->subdir = clean[1] ? xstrdup(clean + 1) : NULL;
	return 0;
}

static int set_ref(struct git_source *g, const char *text, struct error *err)
{
	if (*text == '-' || strpbrk(text, " \t:?*[\\^~"))
		return error_set(err, ERR_INVALID, "'%s' is no name of a branch, tag or commit",
				 text);
	free(g->ref);
	g->ref = *text ? xstrdup(text) : NULL;
	return 0;
}

static int set_query(struct git_source *g, const char *query, struct error *err)
{
	auto_done(strv) struct strv pairs = { 0 };

	strv_split(&pairs, query, '&');
	strv_each (&pairs, i) {
		const char *eq = strchr(pairs.v[i], '='), *value = eq ? eq + 1 : "";
		size_t n = eq ? (size_t)(eq - pairs.v[i]) : strlen(pairs.v[i]);
		auto_free char *key = xstrndup(pairs.v[i], n), *full = NULL;
		int r;

		if (str_eq(key, "subdir")) {
			r = set_subdir(g, value, err);
		} else if (str_eq(key, "branch") || str_eq(key, "tag")) {
			full = xasprintf("refs/%s/%s", *key == 't' ? "tags" : "heads", value);
			r = set_ref(g, full, err);
		} else if (str_eq(key, "ref") || str_eq(key, "commit") || str_eq(key, "checksum")) {
			r = set_ref(g, value, err);
		} else {
			r = error_set(err, ERR_INVALID, "'%s' is not known in the query", key);
		}
		if (r < 0)
			return -1;
	}
	return 0;
}

static int set_fragment(struct git_source *g, const char *fragment, struct error *err)
{
	const char *colon = strchr(fragment, ':');
	auto_free char *ref =
		xstrndup(fragment, colon ? (size_t)(colon - fragment) : strlen(fragment));

	if (*ref && set_ref(g, ref, err) < 0)
		return -1;
	return colon ? set_subdir(g, colon + 1, err) : 0;
}

int git_source_parse(const char *text, struct git_source *g, struct error *err)
{
	size_t n = strcspn(text, "#?");
	auto_free char *plain = xstrndup(text, n);
	const char *hash = strchr(text, '#'), *mark = text[n] == '?' ? text + n + 1 : NULL;

	*g = (struct git_source){ 0 };
	if (!is_repository(plain))
		return 0;
	g->url = str_starts(plain, "github.com/") ? xasprintf("https://%s", plain) : xstrdup(plain);
	if (mark) {
		auto_free char *query = xstrndup(mark, strcspn(mark, "#"));

		if (set_query(g, query, err) < 0)
			goto failed;
	}
	if (hash && set_fragment(g, hash + 1, err) < 0)
		goto failed;
	return 1;
failed:
	git_source_done(g);
	return error_add(err, "%s", text);
}

/* ---- fetching ---- */

struct repository {
	const char *path;
	struct strv env; /* more of it: what is sent to the server is not for argv */
};

static void repository_done(struct repository *r)
{
	strv_each (&r->env, i)
		explicit_bzero(r->env.v[i], strlen(r->env.v[i]));
	strv_done(&r->env);
}

/* Up to where a header goes: github.com may name another of its repositories, others may not. */
static char *scope(const char *url)
{
	static const char github[] = "https://github.com/";

	return xstrdup(strncasecmp(url, github, strlen(github)) == 0 ? github : url);
}

/* One more setting behind those that the environment has. */
static void set_header(struct repository *r, const char *url, const char *header)
{
	const char *count = getenv("GIT_CONFIG_COUNT");
	auto_free char *where = scope(url);
	int64_t n;

	if (!count || !str_i64(count, &n) || n < 0)
		n = 0;
	strv_addf(&r->env, "GIT_CONFIG_COUNT=%lld", (long long)n + 1);
	strv_addf(&r->env, "GIT_CONFIG_KEY_%lld=http.%s.extraHeader", (long long)n, where);
	strv_addf(&r->env, "GIT_CONFIG_VALUE_%lld=%s", (long long)n, header);
}

static int git(const struct repository *at, struct str *out, struct error *err,
	       const char *const *words)
{
	static const char *const first[] = { "git",
					     "-c",
					     "core.hooksPath=/dev/null",
					     "-c",
					     "protocol.ext.allow=never",
					     "-c",
					     "advice.detachedHead=false",
					     "-c",
					     "gc.auto=0",
					     NULL };
	auto_done(strv) struct strv argv = { 0 }, env = { 0 };
	int r;

	for (size_t i = 0; first[i]; i++)
		strv_add(&argv, first[i]);
	for (size_t i = 0; words[i]; i++)
		strv_add(&argv, words[i]);
	strv_add(&env, "GIT_TERMINAL_PROMPT=0");
	strv_add(&env, "GIT_ASKPASS=true");
	strv_copy(&env, &at->env);
	r = program_run(&argv, &env, at->path, out, err);
	strv_each (&env, i)
		explicit_bzero(env.v[i], strlen(env.v[i]));
	return r;
}
#define GIT(at, out, err, ...) git(at, out, err, (const char *const[]){ __VA_ARGS__, NULL })

static bool is_commit(const char *ref)
{
	size_t n = ref ? strlen(ref) : 0;

	return n >= 7 && n <= 64 && strspn(ref, "0123456789abcdef") == n;
}

/* Some servers give a commit only with all that leads to it, and none knows a shortened one. */
static int fetch_commit(const struct git_source *g, const struct repository *at, struct error *err)
{
	struct error local = { 0 };

	if (strlen(g->ref) >= 40 &&
	    GIT(at, NULL, &local, "fetch", "-q", "--depth=1", "--", "origin", g->ref) == 0)
		return GIT(at, NULL, err, "checkout", "-q", "FETCH_HEAD");
	if (GIT(at, NULL, err, "fetch", "-q", "--tags", "origin",
		"+refs/heads/*:refs/remotes/origin/*") < 0)
		return -1;
	return GIT(at, NULL, err, "checkout", "-q", "--detach", g->ref);
}

static int fetch(const struct git_source *g, const struct repository *at, struct error *err)
{
	if (is_commit(g->ref))
		return fetch_commit(g, at, err);
	if (GIT(at, NULL, err, "fetch", "-q", "--depth=1", "--no-tags", "--", "origin",
		g->ref ? g->ref : "HEAD") < 0) {
		struct error first = *err;

		/* servers that speak plain http cannot give a part */
		error_clear(err);
		if (GIT(at, NULL, err, "fetch", "-q", "--no-tags", "--", "origin",
			g->ref ? g->ref : "HEAD") < 0) {
			*err = first;
			return -1;
		}
	}
	return GIT(at, NULL, err, "checkout", "-q", "FETCH_HEAD");
}

static int submodules(const struct repository *at, struct error *err)
{
	auto_free char *list = xasprintf("%s/.gitmodules", at->path);

	if (access(list, F_OK) < 0)
		return 0;
	return GIT(at, NULL, err, "submodule", "-q", "update", "--init", "--recursive", "--depth=1");
}

/* All files get the time of the commit: that of the checkout would make each build another one. */
static int set_times(int dir, const struct timespec times[2], struct error *err)
{
	auto_done(strv) struct strv names = { 0 };

	if (dir_list(dir, &names, err) < 0)
		return -1;
	strv_each (&names, i) {
		auto_close int sub =
			openat(dir, names.v[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (sub >= 0 && !str_eq(names.v[i], ".git") && set_times(sub, times, err) < 0)
			return -1;
		if (utimensat(dir, names.v[i], times, AT_SYMLINK_NOFOLLOW) < 0)
			return error_sys(err, "set the time of %s", names.v[i]);
	}
	return 0;
}

static int commit_times(const struct repository *at, struct timespec times[2], struct error *err)
{
	auto_done(str) struct str text = { 0 };

	if (GIT(at, &text, err, "log", "-1", "--format=%ct") < 0)
		return -1;
	times[0] = times[1] = (struct timespec){ .tv_sec = (time_t)atoll(str_get(&text)) };
	return 0;
}

int git_fetch(const struct git_source *g, const char *header, const char *path, bool keep_git,
	      char commit[GIT_COMMIT_MAX], struct error *err)
{
	auto_done(repository) struct repository at = { .path = path };
	auto_done(str) struct str head = { 0 };
	struct timespec times[2];
	auto_close int dir = -1;

	if (g->url[0] == '-')
		return error_set(err, ERR_INVALID, "'%s' is no repository", g->url);
	if (header)
		set_header(&at, g->url, header);
	if (mkdir(path, 0755) < 0)
		return error_sys(err, "make a directory for %s", g->url);
	if (GIT(&at, NULL, err, "init", "-q", ".") < 0 ||
	    GIT(&at, NULL, err, "remote", "add", "--", "origin", g->url) < 0 ||
	    fetch(g, &at, err) < 0 || submodules(&at, err) < 0 ||
	    GIT(&at, &head, err, "rev-parse", "HEAD") < 0 || commit_times(&at, times, err) < 0)
		return error_add(err, "fetch %s", g->url);
	if (head.len < 40 || head.len > GIT_COMMIT_MAX)
		return error_set(err, ERR_FAILED, "fetch %s: git tells no commit", g->url);
	memcpy(commit, head.s, head.len);
	commit[strcspn(commit, "\n")] = '\0';
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* path: ours */
	if (dir < 0)
		return error_sys(err, "open %s", path);
	if (!keep_git && tree_remove(dir, ".git", err) < 0)
		return -1;
	if (set_times(dir, times, err) < 0)
		return -1;
	return futimens(dir, times) < 0 ? error_sys(err, "set the time of %s", path) : 0;
}
