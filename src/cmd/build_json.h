/*
 * build_json.h - --progress rawjson: what a build tells as objects, one on each line.
 */
#ifndef CMD_BUILD_JSON_H
#define CMD_BUILD_JSON_H

#include "util/progress.h"
#include "util/str.h"

/* text: the instruction, of a step that begins or ends. Nothing is added for what has no object. */
void build_json_add(struct str *out, const struct progress_report *r, const char *text);

#endif
