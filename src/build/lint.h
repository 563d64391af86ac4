/*
 * lint.h - what is legal in a Dockerfile but probably not meant. The rules have docker's names.
 */
#ifndef BUILD_LINT_H
#define BUILD_LINT_H

#include "dockerignore.h"
#include "oci/image_config.h"
#include "stages.h"

struct lint_rule {
	const char *name;
	const char *about;
	bool experimental; /* only when "# check=experimental=..." asks for it */
};
extern const struct lint_rule lint_rules[];
extern const size_t n_lint_rules;
const struct lint_rule *lint_rule_find(const char *name); /* or NULL */

struct lint_input {
	const struct ignore *ignore; /* of the context; NULL: none */
	const struct strv *predefined;
	/* The settings of the image that a stage begins with, borrowed; NULL: they are not known. */
	const struct image_settings *(*base)(void *arg, size_t stage);
	/*
	 * Is the image that a stage begins with known to be for another platform than it should be?
	 * Both as text, yours then. NULL: it is never known.
	 */
	bool (*foreign_base)(void *arg, size_t stage, char **have, char **want);
	void *arg;
};
/* Pure: adds to df's lints what parsing could not see, and sorts them by line. */
void dockerfile_lint(struct dockerfile *df, const struct stages *s, const struct lint_input *in);

/* "skip=A,B;error=true;experimental=A": of "# check=" and BUILDKIT_DOCKERFILE_CHECK. */
struct lint_options {
	struct strv skip, experimental; /* "all" is all of them */
	bool error;
};
int lint_options_parse(const char *text, struct lint_options *o, struct error *err); /* or NULL */
void lint_options_done(struct lint_options *o);
/* Takes away what the options, or a comment "# check=skip=..." above the instruction, do not want. */
void dockerfile_lint_filter(struct dockerfile *df, const struct lint_options *o);
/* Does a variable of this name hold what nobody should see? API_KEY, token; not PUBLIC_KEY. */
bool lint_is_secret(const char *name);

#endif
