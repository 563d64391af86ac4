/*
 * pull.h - images from registries into the store.
 */
#ifndef IMAGE_PULL_H
#define IMAGE_PULL_H

#include "registry/registry.h"
#include "store/image.h"
#include "util/progress.h"
#include "util/settings.h"

struct pull_options {
	struct registry_options registry;
	const struct platform *platform; /* NULL: the host's */
	int64_t parallel;		 /* layers at once; UNSET: 4, of small ones 8 */
};
void pull_options_init(struct pull_options *o);
struct pulled {
	char *name;	      /* canonical, as it is in the store now */
	struct digest digest; /* of what the registry has under the name: manifest or index */
	struct digest id;
	bool changed; /* false: what was here was up to date */
};
void pulled_done(struct pulled *p);
/*
 * Fetches what is missing. A name that is up to date costs one request, one with a digest that is
 * here none. ERR_NOTFOUND, ERR_DENIED, ... as registry.h has them; nothing is visible before it is
 * whole. The caller holds no store lock. What a pull cut short has received is taken up by the next.
 */
int image_pull(struct store *st, const char *text, const struct pull_options *o,
	       const struct progress *p, struct pulled *result, struct error *err);
/* The tags of a repository, sorted. */
int image_remote_tags(const char *text, const struct registry_options *o, struct strv *tags,
		      struct error *err);

#endif
