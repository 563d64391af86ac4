/*
 * image_names.c - how the user named an image: removing and saving treat names and IDs differently.
 */
#include "image_names.h"

char *image_name_typed(const char *text, const struct image *image)
{
	struct reference r = { 0 };
	struct error no_name = { 0 }; /* an ID */
	char *name = NULL;

	if (!image->name || reference_parse(text, &r, &no_name) < 0)
		return NULL;
	if (r.transport == TRANSPORT_NONE && !digest_is_set(&r.digest))
		name = reference_name(&r);
	reference_done(&r);
	if (name && strcmp(name, image->name) != 0) {
		free(name);
		name = NULL;
	}
	return name;
}
