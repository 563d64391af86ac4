/*
 * do_copy.c - COPY and ADD: from the context, a stage or an image into a layer of their own.
 *
 * Spec   Dockerfile reference, "COPY", "ADD"; FEATURES B14-B24, B26.
 */
#include "copy_sources.h"
#include "copy_tree.h"
#include "image/layer_tar.h"
#include "store/rootfs.h"
#include "util/path.h"
#include "util/userdb.h"

#include <fcntl.h>
#include <stdio.h>

#define ARCHIVE_MAX ((int64_t)1 << 40)

/* Where it goes, by the last argument. */
struct destination {
	char *path;	/* absolute, cleaned */
	bool directory; /* it ends in "/", or is "." or "..": a directory, there or not */
};

static void destination_done(struct destination *d)
{
	free(d->path);
}

static int destination_parse(const struct stage_state *s, const char *word, struct destination *d,
			     struct error *err)
{
	const char *workdir = s->config.config.working_dir;
	auto_free char *from = path_join("/", str_empty(workdir) ? "/" : workdir);
	const char *last = path_base(word);

	if (!*word)
		return error_set(err, ERR_INVALID, "the destination is empty");
	d->path = path_join(from, word);
	d->directory = str_ends(word, "/") || strcmp(last, ".") == 0 || strcmp(last, "..") == 0;
	return 0;
}

struct copying {
	struct builder *b;
	const struct instruction *in;
	struct copy_sources sources;
	struct destination dest;
	struct mode_change chmod;
	struct draft draft;
	struct copier copier;
	struct copied copied;
	struct str resolved; /* of the destination */
	bool is_directory;   /* what is at resolved, or will be */
	bool link;	     /* --link: nothing of the stage's files is looked at */
	struct strv below;   /* the layers that the new one is made above: none with --link */
	int empty;	     /* their view with --link */
};

static void copying_done(struct copying *c)
{
	copier_done(&c->copier);
	copied_done(&c->copied);
	draft_done(&c->draft);
	copy_sources_done(&c->sources);
	destination_done(&c->dest);
	mode_done(&c->chmod);
	str_done(&c->resolved);
	strv_done(&c->below);
	auto_close_fd(&c->empty);
}

/* Rules about how many sources go where (B14). */
static int check_destination(struct copying *c, struct error *err)
{
	const char *word = c->in->args.v[c->in->args.n - 1];
	struct stat st;
	int r = draft_resolve(&c->draft, c->dest.path, &c->resolved, &st, err);

	if (r < 0)
		return -1;
	if (r == 1 && c->dest.directory && !S_ISDIR(st.st_mode))
		return error_set(err, ERR_INVALID, "%s is not a directory", c->dest.path);
	c->is_directory = c->dest.directory || (r == 1 && S_ISDIR(st.st_mode)) ||
			  instruction_has(c->in, "parents");
	if (c->in->args.n > 2 && !c->dest.directory)
		return error_set(err, ERR_INVALID,
				 "%s of more than one source: the destination '%s' must end in /",
				 c->in->def->name, word);
	if (c->sources.v.n > 1 && !c->is_directory)
		return error_set(err, ERR_INVALID,
				 "%s: the pattern matches %zu names, so '%s' must end in /",
				 c->in->def->name, c->sources.v.n, word);
	return 0;
}

static int unpack(struct copying *c, const struct copy_source *s, struct error *err)
{
	struct copier *k = &c->copier;
	struct layer_apply_options o = { .form = LAYER_PLAIN,
					 .uid = k->chown ? (int64_t)k->uid : -1,
					 .gid = k->chown ? (int64_t)k->gid : -1,
					 .owners = &c->draft.owners,
					 .single = c->b->st->single,
					 .prefix = c->resolved.s + 1 };
	auto_free char *path = node_path(s->node);
	struct layer_stats stats = { 0 };
	auto_close int from = -1, merged = -1, dir = -1;
	struct stream *in;
	int r;

	dir = draft_dir(&c->draft, c->resolved.s, k->chown ? k->uid : 0, k->chown ? k->gid : 0, err);
	from = dir < 0 ? -1
		       : rootfs_open(copy_source_tree(&c->sources, s)->root, path,
				     O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, err);
	if (from < 0)
		return -1;
	merged = draft_mount(&c->draft, err);
	if (merged < 0)
		return -1;
	in = stream_open(from, ARCHIVE_MAX, err);
	if (!in)
		return -1;
	r = layer_apply(in, merged, &o, &stats, err);
	stream_close(in);
	return r < 0 ? error_add(err, "unpack %s", path) : 0;
}

static int copy_parents(struct copying *c, const struct copy_source *s, struct error *err)
{
	auto_free char *part = xstrdup(s->base), *to = path_in(c->resolved.s, s->base);
	const char *slash = part;
	nodes parents = { 0 };
	int r = copy_parents_nodes(&c->sources, s, &parents, err);

	for (size_t i = 0; r == 0 && i < parents.n; i++) {
		auto_free char *name = NULL, *dir = NULL;

		slash = strchr(slash + 1, '/');
		name = xstrndup(part, (size_t)(slash - part));
		dir = path_in(c->resolved.s, name);
		r = copier_directory(&c->copier, parents.v[i], dir, err);
	}
	vec_done(&parents);
	return r < 0 ? -1 : copier_copy(&c->copier, s->node, to, s->base, err);
}

static int copy_source(struct copying *c, const struct copy_source *s, struct error *err)
{
	auto_free char *to =
		c->is_directory ? path_in(c->resolved.s, s->base) : xstrdup(c->resolved.s);
	struct stat st;
	int r;

	if (c->is_directory && !*s->base && s->remote && !S_ISDIR(s->node->st.st_mode) && !s->archive)
		return error_set(err, ERR_INVALID, "%s names no file, so the destination %s must",
				 s->remote->tree.name, c->dest.path);
	c->copier.tree = copy_source_tree(&c->sources, s);
	c->copied.replaced = c->copied.replaced || s->archive; /* it may take away what is there */
	if (s->archive)
		return unpack(c, s, err);
	if (s->pivot)
		return copy_parents(c, s, err);
	if (s->text)
		return copier_write(&c->copier, s->text, strlen(s->text), to, err);
	if (!S_ISDIR(s->node->st.st_mode))
		return copier_copy(&c->copier, s->node, to, "", err);
	/* a directory's contents go into the destination, which becomes one */
	r = draft_find(&c->draft, c->resolved.s, &st, err);
	if (r < 0)
		return -1;
	if (r == 1 && !S_ISDIR(st.st_mode))
		return error_set(err, ERR_INVALID, "cannot copy a directory onto the file %s",
				 c->dest.path);
	return copier_copy(&c->copier, s->node, c->resolved.s, "", err);
}

/* Names are those of the stage, with --link too; then the key has their numbers. */
static int set_owner(struct copying *c, struct stage_state *s, struct error *err)
{
	const char *chown = instruction_flag(c->in, "chown");
	int view;

	if (!chown)
		return 0;
	view = stage_view(c->b, s, err);
	c->copier.chown = true;
	if (view < 0)
		return -1;
	if (user_find_owner(view, chown, &c->copier.uid, &c->copier.gid, err) < 0)
		return error_add(err, "--chown=%s", chown);
	return 0;
}

/* What the new layer is made above. */
static int view_below(struct copying *c, struct stage_state *s, struct error *err)
{
	if (!c->link) {
		strv_copy(&c->below, &s->layers);
		return stage_view(c->b, s, err);
	}
	if (c->empty < 0)
		c->empty = rootfs_mount(c->b->st, NULL, 0, -1, ROOTFS_NODEV, err);
	return c->empty;
}

/* That the owner is looked up. */
static int note_names(struct copying *c, struct error *err)
{
	static const char *const files[] = { "/etc/passwd", "/etc/group" };

	for (size_t i = 0; instruction_flag(c->in, "chown") && i < ARRAY_SIZE(files); i++) {
		auto_done(str) struct str resolved = { 0 };
		struct stat st;

		if (draft_resolve(&c->draft, files[i], &resolved, &st, err) < 0)
			return -1;
	}
	return 0;
}

/* unread: files' digests are to be learnt on the way. */
static int perform(struct copying *c, struct stage_state *s, bool unread, struct digest *layer,
		   struct error *err)
{
	struct layer_watch watch;
	int view = view_below(c, s, err);

	if (view < 0 || copy_sources_find(c->b, c->in, &c->sources, err) < 0 ||
	    copy_remote_complete(c->b, c->in, &c->sources, err) < 0 ||
	    draft_begin(c->b->st, &c->below, view, &c->draft, err) < 0)
		return -1;
	if (c->draft.looks && note_names(c, err) < 0)
		return -1;
	c->copier.draft = &c->draft;
	c->copier.copied = unread ? &c->copied : NULL;
	c->copier.exclude = c->sources.exclude.rules.n ? &c->sources.exclude : NULL;
	c->copier.chmod = instruction_flag(c->in, "chmod") ? &c->chmod : NULL;
	if ((!c->link && set_owner(c, s, err) < 0) || check_destination(c, err) < 0)
		return -1;
	vec_each (&c->sources.v, source)
		if (copy_source(c, source, err) < 0)
			return -1;
	watch = copied_watch(&c->copied);
	return draft_commit(&c->draft, c->b->epoch, unread ? &watch : NULL, layer, err);
}

/* what: "sources", whose digest it is, or "outline" */
static void make_key(struct copying *c, const struct stage_state *s, const char *what,
		     const char *digest, char key[SHA256_HEX])
{
	struct key k;

	key_begin(&k, c->in->def->name);
	if (c->link) {
		key_int(&k, "link", c->copier.chown);
		key_int(&k, "uid", c->copier.uid);
		key_int(&k, "gid", c->copier.gid);
	} else {
		key_list(&k, "layers", &s->layers);
		key_add(&k, "chown", instruction_flag(c->in, "chown"));
	}
	key_add(&k, what, digest);
	key_int(&k, "arguments", (int64_t)c->in->args.n);
	key_add(&k, "to", c->dest.path);
	key_int(&k, "directory", c->dest.directory);
	key_int(&k, "parents", instruction_has(c->in, "parents"));
	key_add(&k, "chmod", instruction_flag(c->in, "chmod"));
	key_int(&k, "epoch", c->b->epoch);
	key_end(&k, key);
}

static char *history_line(const struct instruction *in)
{
	auto_done(str) struct str text = { 0 };

	str_add(&text, in->def->name);
	vec_each (&in->flags, f)
		if (f->def->kind == FLAG_BOOL && str_eq(f->value, "true"))
			str_addf(&text, " --%s", f->def->name);
		else
			str_addf(&text, " --%s=%s", f->def->name, f->value);
	strv_each (&in->args, i)
		str_addf(&text, " %s", in->args.v[i]);
	return str_take(&text);
}

static void note_skipped(struct copying *c)
{
	if (c->copier.skipped)
		progress_note(&c->b->e->progress, "%s: %u sockets or named pipes were left out",
			      c->in->def->name, c->copier.skipped);
}

static int finish(struct copying *c, struct stage_state *s, const char *sources,
		  const char *outline, const struct digest *layer, struct error *err)
{
	auto_free char *created_by = history_line(c->in);
	char key[SHA256_HEX], seen[SHA256_HEX];

	note_skipped(c);
	/* both before the layer is on top */
	make_key(c, s, "sources", sources, key);
	make_key(c, s, "outline", outline, seen);
	if (step_finish(c->b, s, key, layer, created_by, err) < 0)
		return -1;
	return *outline ? cache_put_text(c->b->st, seen, "seen", err) : 0;
}

static int find_result(struct copying *c, struct stage_state *s, const char *sources,
		       struct error *err)
{
	auto_free char *created_by = history_line(c->in);
	char key[SHA256_HEX];

	make_key(c, s, "sources", sources, key);
	return step_find(c->b, s, key, created_by, err);
}

/*
 * Theory of operation: the key takes the contents of all sources, and so does the layer. When no
 * step with the same outline (names, modes, sizes) was ever carried out here, no key can be a hit:
 * then the layer is made first, and what is read for its digest gives the files' digests too. Else
 * what is not known yet is read for the key, and again should that be a miss. That outlines were
 * seen is a hint like any entry of the cache: a lost one costs work and gives the same layer.
 */
static int copy_now(struct copying *c, struct stage_state *s, struct error *err)
{
	char sources[SHA256_HEX], outline[SHA256_HEX] = "", key[SHA256_HEX];
	struct digest layer;
	bool unread;
	int r, is_new = 0;

	r = copy_sources_recall(c->b, c->in, &c->sources, sources, err);
	if (r < 0)
		return -1;
	if (r == 0) {
		if (copy_sources_find(c->b, c->in, &c->sources, err) < 0 ||
		    copy_sources_outline(&c->sources, outline, &unread, err) < 0)
			return -1;
		make_key(c, s, "outline", outline, key);
		is_new = unread ? step_is_new(c->b, key, err) : 0;
		if (is_new < 0 ||
		    (!is_new && copy_sources_digest(c->b, c->in, &c->sources, sources, err) < 0))
			return -1;
	}
	if (!is_new) {
		r = find_result(c, s, sources, err);
		if (r != 0)
			return r < 0 ? -1 : 0;
	}
	ahead_begin(c->b, s);
	if (perform(c, s, is_new, &layer, err) < 0 ||
	    (is_new && copy_sources_digest(c->b, c->in, &c->sources, sources, err) < 0))
		return -1;
	return finish(c, s, sources, outline, &layer, err);
}

/* The layer was made ahead: all but the making. */
static int take_made(struct copying *c, struct stage_state *s, const struct ahead_result *made,
		     struct error *err)
{
	char sources[SHA256_HEX]; /* what is recalled is the same, and noted as used */
	int r = copy_sources_recall(c->b, c->in, &c->sources, sources, err);

	if (r >= 0)
		r = find_result(c, s, made->sources, err);
	if (r != 0)
		return r < 0 ? -1 : 0;
	ahead_begin(c->b, s);
	c->copier.skipped = (unsigned)made->skipped;
	return finish(c, s, made->sources, made->outline, &made->layer, err);
}

static int not_ahead(struct error *err)
{
	return error_set(err, ERR_UNSUPPORTED, "it has to wait for its turn");
}

static int refuse_ahead(struct copying *c, struct error *err)
{
	const char *chown = instruction_flag(c->in, "chown");

	if (c->link && chown && chown[strspn(chown, "0123456789:")])
		return not_ahead(err); /* names are those of the stage */
	for (size_t i = 0; i + 1 < c->in->args.n; i++) {
		enum remote_kind kind = REMOTE_NONE;

		if (instruction_is(c->in, "ADD") && remote_kind(c->in->args.v[i], &kind, err) < 0)
			return -1;
		if (kind != REMOTE_NONE)
			return not_ahead(err);
	}
	return 0;
}

/* In a fork: into what is told to its maker. */
static int make_ahead(struct copying *c, struct stage_state *s, struct error *err)
{
	struct ahead_result *made = c->b->making;
	struct cache_entry e;
	char key[SHA256_HEX];
	bool unread;

	if (copy_sources_find(c->b, c->in, &c->sources, err) < 0 ||
	    copy_sources_outline(&c->sources, made->outline, &unread, err) < 0)
		return -1;
	vec_each (&c->sources.v, source)
		if (source->archive)
			return not_ahead(err);
	if (c->link && !unread) { /* its key is known by now */
		if (copy_sources_digest(c->b, c->in, &c->sources, made->sources, err) < 0)
			return -1;
		make_key(c, s, "sources", made->sources, key);
		if (!c->b->r->no_cache && cache_peek(c->b->st, key, &e) == 1)
			return not_ahead(err);
	}
	c->draft.looks = c->link ? NULL : &made->looks;
	if (perform(c, s, true, &made->layer, err) < 0)
		return -1;
	made->skipped = c->copier.skipped;
	return copy_sources_digest(c->b, c->in, &c->sources, made->sources, err);
}

static int copy(struct copying *c, struct stage_state *s, struct error *err)
{
	struct ahead_result made = { 0 };
	int r;

	if (c->b->making)
		return refuse_ahead(c, err) < 0 ? -1 : make_ahead(c, s, err);
	r = ahead_take(c->b, s, &made, err);
	if (r >= 0)
		r = r ? take_made(c, s, &made, err) : copy_now(c, s, err);
	ahead_result_done(&made);
	return r;
}

static int open_and_copy(struct copying *c, struct stage_state *s, struct error *err)
{
	const char *chmod = instruction_flag(c->in, "chmod");

	if (chmod && mode_parse(chmod, &c->chmod, err) < 0)
		return -1;
	c->link = instruction_has(c->in, "link");
	if (c->link && set_owner(c, s, err) < 0)
		return -1;
	if (destination_parse(s, c->in->args.v[c->in->args.n - 1], &c->dest, err) < 0 ||
	    copy_sources_open(c->b, c->in, &c->sources, err) < 0)
		return -1;
	return copy(c, s, err);
}

int do_copy(struct builder *b, struct stage_state *s, const struct instruction *in, struct error *err)
{
	struct copying c = { .b = b, .in = in, .draft = DRAFT_NONE, .empty = -1 };
	int r;

	c.sources.from = (struct origin)ORIGIN_NONE;
	r = open_and_copy(&c, s, err);
	copying_done(&c);
	return r;
}

int do_add(struct builder *b, struct stage_state *s, const struct instruction *in, struct error *err)
{
	return do_copy(b, s, in, err);
}
