/*
 * resolve.c - from what the user typed to an image in the store.
 *
 * Never  opens a socket: names that are not here are said to be absent.
 */
#include "image/resolve.h"

#include "image/archive.h"
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

static int resolve_name(struct store *st, const char *text, const struct platform *platform,
			enum pull_policy policy, struct image *i, struct error *err)
{
	int found;

	if (policy == PULL_ALWAYS)
		return error_set(err, ERR_UNSUPPORTED,
				 "image '%s': cannot be pulled, this version has no registry "
				 "client (use --pull missing)",
				 text);
	found = image_find(st, text, platform, i, err);
	if (found == 0) {
		error_set(err, ERR_NOTFOUND, "image '%s' is not in the store", text);
		return error_hint(err, "see 'hod images'; 'hod load' and 'hod import' bring images "
				       "in, or name a file: oci-archive:FILE");
	}
	return found < 0 ? -1 : check_platform(platform, i, text, err);
}

int image_resolve(struct store *st, const char *text, const struct platform *platform,
		  enum pull_policy policy, const struct progress *p, struct image *i,
		  struct error *err)
{
	struct error no_name = { 0 }; /* an ID or a prefix is no reference, and is found all the same */
	struct reference r = { 0 };
	int status;

	if (reference_parse(text, &r, &no_name) == 0 && r.transport != TRANSPORT_NONE)
		status = resolve_file(st, &r, platform, p, i, err);
	else
		status = resolve_name(st, text, platform, policy, i, err);
	reference_done(&r);
	return status;
}
