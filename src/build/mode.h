/*
 * mode.h - --chmod: octal, or symbolic as chmod(1) has it.
 */
#ifndef BUILD_MODE_H
#define BUILD_MODE_H

#include "util/error.h"
#include "util/vec.h"

#include <stdbool.h>
#include <sys/types.h>

struct mode_op {
	mode_t who;  /* which of 07777 are touched: u 04700, g 02070, o 01007 (of a: all) */
	char op;     /* + - = */
	mode_t bits; /* as if for everybody: 0777, 07000 */
	bool x_if;   /* X: execute, if a directory or executable by somebody */
	char copy;   /* 'u', 'g', 'o': take their bits; or 0 */
};
struct mode_change {
	bool octal;
	mode_t mode;
	VEC(struct mode_op) ops;
};
int mode_parse(const char *text, struct mode_change *m, struct error *err);  /* ERR_INVALID */
mode_t mode_apply(const struct mode_change *m, mode_t mode, bool directory); /* 07777 only */
void mode_done(struct mode_change *m);

#endif
