/*
 * copy_sources.c - what COPY and ADD were told to take.
 *
 * Spec   Dockerfile reference, "COPY", "ADD"; FEATURES B14, B18, B21, B22, B26.
 */
#include "copy_sources.h"
#include "store/rootfs.h"
#include "tar_probe.h"
#include "util/path.h"

#include <fcntl.h>
#include <stdio.h>
#include <strings.h>

void copy_sources_done(struct copy_sources *c)
{
	vec_each (&c->v, s) {
		free(s->base);
		free(s->pivot);
		free(s->text);
	}
	vec_done(&c->v);
	vec_each (&c->remotes, r)
		remote_free(*r);
	vec_done(&c->remotes);
	origin_done(&c->from);
	ignore_done(&c->exclude);
}

static int check_remotes(const struct instruction *in, struct copy_sources *c, struct error *err)
{
	const char *checksum = instruction_flag(in, "checksum");
	size_t n = in->args.n - 1, git = 0;

	c->pinned = instruction_is(in, "ADD");
	if (!c->pinned)
		return 0;
	if (checksum && n != 1)
		return error_set(err, ERR_INVALID, "ADD --checksum is for one source");
	for (size_t i = 0; i < n; i++) {
		enum remote_kind kind;

		if (remote_kind(in->args.v[i], &kind, err) < 0 ||
		    (checksum && remote_check_checksum(kind, checksum, err) < 0))
			return -1;
		git += kind == REMOTE_GIT;
		c->pinned = c->pinned && remote_is_pinned(in->args.v[i], kind, checksum);
	}
	if (instruction_has(in, "keep-git-dir") && !git)
		return error_set(err, ERR_INVALID, "ADD --keep-git-dir is for repositories");
	return 0;
}

int copy_sources_open(struct builder *b, const struct instruction *in, struct copy_sources *c,
		      struct error *err)
{
	*c = (struct copy_sources){ .from = ORIGIN_NONE };
	vec_each (&in->flags, f)
		if (strcmp(f->def->name, "exclude") == 0 && ignore_add(&c->exclude, f->value, err) < 0)
			return error_add(err, "--exclude=%s", f->value);
	if (check_remotes(in, c, err) < 0)
		return -1;
	return origin_open(b, instruction_flag(in, "from"), &c->from, err);
}

/* "../a", "/a" and "a/" are all "a": nothing is above the tree's top. */
static char *clamp(const char *word)
{
	auto_free char *rooted = xasprintf("/%s", word);
	char *clean = path_clean(rooted);

	memmove(clean, clean + 1, strlen(clean));
	return clean;
}

struct tree *copy_source_tree(struct copy_sources *c, const struct copy_source *s)
{
	return s->remote ? &s->remote->tree : c->from.tree;
}

static int wants_unpacking(struct tree *t, const struct instruction *in, struct copy_source *s,
			   struct error *err)
{
	const char *unpack = instruction_flag(in, "unpack");
	auto_free char *path = node_path(s->node);
	auto_close int fd = -1;
	int r;

	if (!instruction_is(in, "ADD") || !S_ISREG(s->node->st.st_mode))
		return 0;
	if (str_eq(unpack, "false") || (s->remote && !unpack))
		return 0;
	if (s->remote && s->remote->unfetched) { /* it is looked at when it is fetched */
		s->archive = true;
		return 0;
	}
	fd = rootfs_open(t->root, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, err);
	if (fd < 0)
		return -1;
	r = tar_probe(fd, err);
	if (r == 0 && unpack)
		return error_set(err, ERR_INVALID, "ADD --unpack=true: %s is no archive",
				 s->remote ? t->name : path);
	s->archive = r == 1;
	return r < 0 ? -1 : 0;
}

int copy_sources_add(const struct instruction *in, struct copy_sources *c, struct node *n,
		     const char *base, const char *pivot, struct error *err)
{
	struct copy_source *s = vec_add(&c->v);

	s->node = n;
	s->base = xstrdup(base);
	s->pivot = xstrdup_or_null(pivot);
	return wants_unpacking(c->from.tree, in, s, err);
}

int copy_sources_take(const struct instruction *in, struct copy_sources *c, struct remote *r,
		      struct node *n, const char *base, struct error *err)
{
	struct copy_source *s = vec_add(&c->v);

	s->node = n;
	s->base = xstrdup(base);
	s->remote = r;
	return wants_unpacking(&r->tree, in, s, err);
}

int copy_sources_missing(const struct copy_sources *c, const char *path, bool ignored,
			 struct error *err)
{
	error_set(err, ERR_NOTFOUND, "'%s' is not in %s", path, c->from.tree->name);
	return ignored ? error_hint(err, "the ignore file leaves it out") : -1;
}

static int find_one(const struct instruction *in, struct copy_sources *c, const char *path,
		    const char *base, struct error *err)
{
	struct node *n;
	bool ignored;
	int r = tree_find(c->from.tree, path, &n, &ignored, err);

	if (r < 0)
		return -1;
	if (r == 0)
		return copy_sources_missing(c, path, ignored, err);
	return copy_sources_add(in, c, n, base, NULL, err);
}

static int find_pattern(const struct instruction *in, struct copy_sources *c, const char *pattern,
			struct error *err)
{
	nodes found = { 0 };
	int r = tree_match(c->from.tree, pattern, &found, err);

	c->wildcard = true;
	for (size_t i = 0; r == 0 && i < found.n; i++) {
		const struct node *n = found.v[i];
		auto_free char *path = node_path(n);

		/* what a pattern names one by one is left out by its name */
		if (!S_ISDIR(n->st.st_mode) && ignore_path(&c->exclude, n->name))
			continue;
		r = find_one(in, c, path, n->name, err);
	}
	vec_done(&found);
	return r;
}

static void add_heredoc(struct copy_sources *c, const struct heredoc *doc)
{
	struct copy_source *s = vec_add(&c->v);

	s->base = xstrdup(doc->word);
	s->text = heredoc_text(doc);
}

static int find_word(struct builder *b, const struct instruction *in, struct copy_sources *c,
		     const char *word, struct error *err)
{
	auto_free char *path = NULL, *plain = NULL;
	enum remote_kind kind = REMOTE_NONE;

	if (instruction_is(in, "ADD") && remote_kind(word, &kind, err) < 0)
		return -1;
	if (kind != REMOTE_NONE)
		return copy_remote_find(b, in, c, kind, word, err);
	if (c->from.tree->root < 0)
		return error_set(err, ERR_INVALID,
				 "%s %s: there is no build context, the Dockerfile came from "
				 "standard input",
				 in->def->name, word);
	if (instruction_has(in, "parents"))
		return copy_parents_find(in, c, word, err);
	path = clamp(word);
	if (!glob_is_special(path))
		return find_one(in, c, path, path_base(path), err);
	plain = glob_plain(path);
	/* an escaped character alone makes no pattern */
	if (!strpbrk(path, "*?["))
		return find_one(in, c, plain, path_base(plain), err);
	return find_pattern(in, c, path, err);
}

int copy_sources_find(struct builder *b, const struct instruction *in, struct copy_sources *c,
		      struct error *err)
{
	size_t docs = 0;

	if (c->v.n)
		return 0;
	if (origin_mount(b, &c->from, err) < 0)
		return -1;
	for (size_t i = 0; i + 1 < in->args.n; i++) {
		struct heredoc h = { 0 };

		if (docs < in->docs.n && !in->exec && heredoc_word(in->args.v[i], &h)) {
			free(h.word);
			add_heredoc(c, &in->docs.v[docs++]);
			continue;
		}
		if (find_word(b, in, c, in->args.v[i], err) < 0)
			return -1;
	}
	return 0;
}

static int key_parents(struct copy_sources *c, const struct copy_source *s, struct key *k,
		       struct error *err)
{
	nodes parents = { 0 };
	int r = copy_parents_nodes(c, s, &parents, err);

	vec_each (&parents, n) {
		key_int(k, "parent", (*n)->st.st_mode);
		if (!c->from.tree->foreign)
			continue;
		key_int(k, "uid", (*n)->st.st_uid);
		key_int(k, "gid", (*n)->st.st_gid);
	}
	vec_done(&parents);
	return r;
}

/* unread: NULL, or only sizes count. */
static int digest_found(struct copy_sources *c, char hex[SHA256_HEX], bool *unread, struct error *err)
{
	struct key k;

	key_begin(&k, "SOURCES");
	key_int(&k, "wildcard", c->wildcard);
	vec_each (&c->v, s) {
		const struct ignore *exclude = c->exclude.rules.n ? &c->exclude : NULL;
		const char *as = s->pivot ? s->base : "";
		struct tree *t = copy_source_tree(c, s);
		int r = 0;

		key_add(&k, "as", s->base);
		key_int(&k, "unpack", s->archive);
		key_add(&k, "text", s->text);
		if (s->pivot && key_parents(c, s, &k, err) < 0)
			return -1;
		if (s->remote && s->remote->identity)
			key_add(&k, "repository", s->remote->identity);
		else if (s->node)
			r = unread ? node_outline(t, s->node, exclude, as, &k, unread, err)
				   : node_key(t, s->node, exclude, as, &k, err);
		if (r < 0)
			return -1;
	}
	key_end(&k, hex);
	return 0;
}

int copy_sources_outline(struct copy_sources *c, char hex[SHA256_HEX], bool *unread, struct error *err)
{
	*unread = false;
	return digest_found(c, hex, unread, err);
}

/*
 * Another stage is told by its layers, and what was once taken from these need not be read again;
 * nor is fetched again what can only be the same. False: neither.
 */
static bool key_of_taken(const struct instruction *in, const struct copy_sources *c,
			 char hex[SHA256_HEX])
{
	struct key k;

	if (!c->from.layered && !c->pinned)
		return false;
	key_begin(&k, "TAKEN");
	key_add(&k, "instruction", in->def->name);
	key_list(&k, "layers", &c->from.layers);
	key_list(&k, "words", &in->args);
	vec_each (&in->flags, f)
		if (f->def->kind == FLAG_BOOL || strcmp(f->def->name, "exclude") == 0 ||
		    strcmp(f->def->name, "checksum") == 0)
			key_add(&k, f->def->name, f->value);
	vec_each (&in->docs, d)
		key_add(&k, d->word, d->body);
	key_end(&k, hex);
	return true;
}

int copy_sources_recall(struct builder *b, const struct instruction *in, struct copy_sources *c,
			char hex[SHA256_HEX], struct error *err)
{
	char key[SHA256_HEX];
	int r;

	if (!key_of_taken(in, c, key))
		return 0;
	r = b->r->no_cache ? 0 : cache_find_text(b->st, key, hex, SHA256_HEX, err);
	share_note(b, key, NULL, 0);
	if (r == 0 && !b->r->no_cache && share_fetch(b, key, err) == 1)
		r = cache_find_text(b->st, key, hex, SHA256_HEX, err);
	return r;
}

/* Yet the step's key holds what was taken, so that another stage with the same result is a hit. */
int copy_sources_digest(struct builder *b, const struct instruction *in, struct copy_sources *c,
			char hex[SHA256_HEX], struct error *err)
{
	char key[SHA256_HEX];

	if (copy_sources_find(b, in, c, err) < 0 || digest_found(c, hex, NULL, err) < 0 ||
	    copy_remote_note(b, c, err) < 0)
		return -1;
	return key_of_taken(in, c, key) ? cache_put_text(b->st, key, hex, err) : 0;
}
