/*
 * mode.c - --chmod: octal, or symbolic as chmod(1) has it. No umask takes part.
 *
 * Spec   POSIX, chmod, "EXTENDED DESCRIPTION"; FEATURES B17.
 */
#include "mode.h"
#include "util/str.h"

static bool parse_octal(const char *text, struct mode_change *m)
{
	unsigned value = 0;
	size_t n = strlen(text);

	if (!n || n > 5 || strspn(text, "01234567") != n)
		return false;
	for (; *text; text++)
		value = value * 8 + (unsigned)(*text - '0');
	m->octal = true;
	m->mode = value;
	return value <= 07777;
}

static mode_t parse_who(const char **p)
{
	mode_t who = 0;

	for (;; (*p)++) {
		if (**p == 'u')
			who |= 04700;
		else if (**p == 'g')
			who |= 02070;
		else if (**p == 'o')
			who |= 01007;
		else if (**p == 'a')
			who |= 07777;
		else
			return who ? who : 07777;
	}
}

static bool parse_permissions(const char **p, struct mode_op *op)
{
	if (**p && strchr("ugo", **p)) {
		op->copy = *(*p)++;
		return true;
	}
	for (;; (*p)++)
		switch (**p) {
		case 'r':
			op->bits |= 0444;
			break;
		case 'w':
			op->bits |= 0222;
			break;
		case 'x':
			op->bits |= 0111;
			break;
		case 'X':
			op->x_if = true;
			break;
		case 's':
			op->bits |= 06000;
			break;
		case 't':
			op->bits |= 01000;
			break;
		default:
			return true;
		}
}

static bool parse_symbolic(const char *p, struct mode_change *m)
{
	do {
		mode_t who = parse_who(&p);

		if (!*p || !strchr("+-=", *p))
			return false;
		while (*p && strchr("+-=", *p)) {
			struct mode_op op = { .who = who, .op = *p++ };

			if (!parse_permissions(&p, &op))
				return false;
			vec_push(&m->ops, op);
		}
	} while (*p == ',' && p++);
	return !*p;
}

int mode_parse(const char *text, struct mode_change *m, struct error *err)
{
	*m = (struct mode_change){ 0 };
	if (parse_octal(text, m) || (!m->octal && parse_symbolic(text, m)))
		return 0;
	mode_done(m);
	return error_set(err, ERR_INVALID,
			 "--chmod '%s': neither octal up to 7777 nor like u=rwX,go=rX", text);
}

static mode_t op_apply(const struct mode_op *op, mode_t mode, bool directory)
{
	mode_t bits = op->bits, shift = op->copy == 'u' ? 6 : op->copy == 'g' ? 3 : 0;

	if (op->copy)
		bits = ((mode >> shift) & 7) * 0111;
	if (op->x_if && (directory || (mode & 0111)))
		bits |= 0111;
	/* the sticky bit belongs to all; it is not o's alone */
	if (op->bits & 01000 && (op->who & 07777) != 07777 && !(op->who & 01000))
		bits &= ~(mode_t)01000;
	bits &= op->who;
	if (op->op == '+')
		return mode | bits;
	if (op->op == '-')
		return mode & ~bits;
	/* as chmod(1): '=' keeps setuid and setgid of directories unless they are named */
	return (mode & ~(op->who & (directory ? 01777 : 07777))) | bits;
}

mode_t mode_apply(const struct mode_change *m, mode_t mode, bool directory)
{
	mode &= 07777;
	if (m->octal)
		return m->mode;
	vec_each (&m->ops, op)
		mode = op_apply(op, mode, directory);
	return mode;
}

void mode_done(struct mode_change *m)
{
	vec_done(&m->ops);
}
