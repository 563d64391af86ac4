/*
 * image_names.h - private: how the user named an image.
 */
#ifndef IMAGE_NAMES_H
#define IMAGE_NAMES_H

#include "store/image.h"

typedef VEC(struct image) image_list;

/* The canonical name when text is the name that image was found by; NULL for an ID, a digest or a
 * "<none>". Yours. */
char *image_name_typed(const char *text, const struct image *image);

#endif
