/*
 * build_call.h - `build --call=check|outline|targets`: told, not built.
 */
#ifndef CMD_BUILD_CALL_H
#define CMD_BUILD_CALL_H

#include "build/call.h"
#include "cmd/command.h"

/*
 * call: "check", "outline", "targets", each perhaps with ",format=json" or ",format=text"; others
 * are ERR_USAGE. 0; 1: warnings that are errors, or with JSON a Dockerfile that cannot be built; -1.
 */
int build_call_run(struct app *app, const struct build_request *r, const char *call,
		   struct error *err);

#endif
