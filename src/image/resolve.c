/*
 * resolve.c - from what the user typed to an image in the store.
 *
 * Never  opens a socket when the policy is never, or for what is no name.
 */
#include "image/resolve.h"

#include "image/archive.h"
#include "image/pull.h"
#include "util/log.h"

bool pull_policy_parse(const char *text, enum pull_policy *p)
{
	static const struct {
		const char *name;
		enum pull_policy policy;
	} all[] = { { "missing", PULL_MISSING },
		    { "always", PULL_ALWAYS },
		    { "never", PULL_NEVER },
		    { "newer", PULL_NEWER } };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (strcmp(all[i].name, text) == 0) {
			*p = all[i].policy;
			return true;
		}
	return false;
}

/* oci:DIR and the like: loaded into the store, then taken by its ID. */
static int resolve_file(struct store *st, const struct reference *r, const struct platform *platform,
			const struct progress *p, struct image *i, struct error *err)
{
	auto_done(archive_loaded) struct archive_loaded loaded = { 0 };
	int found;

	if (archive_load(st, r->path, r->tag, p, &loaded, err) < 0)
		return -1;
	if (loaded.ids.n > 1)
		return error_set(err, ERR_INVALID, "%s holds %zu images: say which, by %s:NAME",
				 r->path, loaded.ids.n, r->text);
	found = image_find(st, loaded.id.hex, platform, i, err);
	if (found == 0)
		return error_set(err, ERR_BUG, "the image loaded from %s is not there", r->path);
	return found < 0 ? -1 : 0;
}

/* An image of another platform may still run, by binfmt; one asked for must be it. */
static int check_platform(const struct platform *wanted, const struct image *i, const char *text,
			  struct error *err)
{
	auto_free char *have = platform_format(&i->config.platform);
	auto_free char *want = NULL;
	struct platform host = { 0 };

	if (wanted) {
		if (platform_match(wanted, &i->config.platform))
			return 0;
		want = platform_format(wanted);
		return error_set(err, ERR_NOTFOUND, "image '%s' is for %s, not for %s", text, have,
				 want);
	}
	platform_host(&host);
	if (!platform_match(&host, &i->config.platform)) {
		want = platform_format(&host);
		log_warn("image '%s' is for %s, this machine is %s", text, have, want);
	}
	platform_done(&host);
	return 0;
}

/*
 * The image of a name in the store: 1; 0 absent, or of another platform than asked for, which
 * *other then names (yours); -1
 */
static int find_fitting(struct store *st, const char *text, const struct platform *platform,
			struct image *i, char **other, struct error *err)
{
	int found = image_find(st, text, platform, i, err);

	/* an index without an entry for the platform, or whose entry is not here, can be completed */
	if (found < 0 && err->kind == ERR_NOTFOUND) {
		error_clear(err);
		return 0;
	}
	if (found == 1 && platform && !platform_match(platform, &i->config.platform)) {
		*other = platform_format(&i->config.platform);
		image_done(i);
		image_init(i);
		return 0;
	}
	return found;
}

/* Not fetched: what is here, or why not. */
static int resolve_local(struct store *st, const char *text, const struct platform *platform,
			 struct image *i, struct error *err)
{
	int found = image_find(st, text, platform, i, err);

	if (found == 0) {
		error_set(err, ERR_NOTFOUND, "image '%s' is not in the store", text);
		return error_hint(err, "see 'hod images'; 'hod pull', 'hod load' and 'hod import' "
				       "bring images in");
	}
	return found < 0 ? -1 : check_platform(platform, i, text, err);
}

static int resolve_pulled(struct store *st, const char *text, const struct platform *platform,
			  const struct progress *p, struct image *i, struct error *err)
{
	struct pull_options o;
	struct pulled pulled;
	int found;

	pull_options_init(&o);
	o.platform = platform;
	if (image_pull(st, text, &o, p, &pulled, err) < 0)
		return -1;
	found = image_find(st, pulled.name, platform, i, err);
	if (found == 0)
		error_set(err, ERR_BUG, "the image '%s' is not there after its pull", text);
	pulled_done(&pulled);
	return found > 0 ? check_platform(platform, i, text, err) : -1;
}

static int resolve_name(struct store *st, const char *text, const struct platform *platform,
			enum pull_policy policy, const struct progress *p, struct image *i,
			struct error *err)
{
	char line[ERROR_LINE_MAX];
	auto_free char *other = NULL;
	int here;

	if (policy == PULL_NEVER)
		return resolve_local(st, text, platform, i, err);
	if (policy == PULL_ALWAYS)
		return resolve_pulled(st, text, platform, p, i, err);
	here = find_fitting(st, text, platform, i, &other, err);
	if (here < 0)
		return -1;
	if (here && policy == PULL_MISSING)
		return check_platform(platform, i, text, err);
	image_done(i);
	image_init(i);
	if (resolve_pulled(st, text, platform, p, i, err) == 0)
		return 0;
	if (!here)
		return other ? error_hint(err, "the one that is here is for %s", other) : -1;
	/* the newer one cannot be had: the one that is here will do */
	progress_note(p, "%s; taking the one that is here", error_text(err, line, sizeof(line)));
	error_clear(err);
	return resolve_local(st, text, platform, i, err);
}

int image_resolve(struct store *st, const char *text, const struct platform *platform,
		  enum pull_policy policy, const struct progress *p, struct image *i,
		  struct error *err)
{
	struct error no_name = { 0 }; /* an ID or a prefix is no reference, and is found all the same */
	struct reference r = { 0 };
	int status;

	if (reference_parse(text, &r, &no_name) < 0)
		policy = PULL_NEVER;
	if (r.transport != TRANSPORT_NONE)
		status = resolve_file(st, &r, platform, p, i, err);
	else
		status = resolve_name(st, text, platform, policy, p, i, err);
	reference_done(&r);
	return status;
}
