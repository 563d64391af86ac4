/*
 * seccomp_plan.h - the rules of seccomp_rules.h worked out for one set of capabilities: a list of
 * items in which no two contradict each other, so that their order does not matter to libseccomp,
 * which every OCI runtime feeds them to; and the same list as OCI linux.seccomp JSON text.
 *
 * Static functions in a header because two programs need them: hod, and the program that runs at
 * build time (gen/seccomp.c), which must not depend on the library it helps to build. Pure.
 */
#ifndef RUNTIME_SECCOMP_PLAN_H
#define RUNTIME_SECCOMP_PLAN_H

#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define CAP_BIT(name) (1ULL << CAP_##name)
/* No capability, but it opens lines in the same way. */
#define SECCOMP_NESTED (1ULL << 63) /* containers inside: namespaces and mounts are allowed */
#define SECCOMP_FAKE_ROOT                                                                          \
	(1ULL << 62) /* a single-id user namespace: chown, mknod pretend success */

enum seccomp_shape { SHAPE_RULE, SHAPE_ONLY, SHAPE_EXCEPT };
enum { SECCOMP_CUBES_MAX = 4, SECCOMP_ALLOW = -1 };

struct seccomp_cube {
	uint32_t mask, value;
};
struct seccomp_row {
	enum seccomp_shape shape;
	int verdict; /* SECCOMP_ALLOW or an errno */
	uint64_t caps;
	const char *names; /* separated by one space */
	unsigned arg, n;
	struct seccomp_cube cubes[SECCOMP_CUBES_MAX];
	bool pair;
	uint32_t value;
	unsigned arg2;
	uint32_t value2;
};
struct seccomp_number {
	const char *name;
	int number;
};

#define VERDICT_A SECCOMP_ALLOW
#define VERDICT_P EPERM
#define VERDICT_N ENOSYS
#define VERDICT_V EINVAL
#define CAP(name) CAP_BIT(name)
#define NESTED	  SECCOMP_NESTED
#define CUBES(...)                                                                                 \
	.cubes = { __VA_ARGS__ },                                                                  \
	.n = sizeof((const struct seccomp_cube[]){ __VA_ARGS__ }) / sizeof(struct seccomp_cube)

/* clang-format off */
static const struct seccomp_row seccomp_rows[] = {
#define RULE(v, c, s)	      { .shape = SHAPE_RULE, .verdict = VERDICT_##v, .caps = (c), .names = (s) },
#define ONLY(v, c, s, a, ...) { .shape = SHAPE_ONLY, .verdict = VERDICT_##v, .caps = (c), .names = (s), .arg = (a), __VA_ARGS__ },
#define EXCEPT(c, s, a, ...)  { .shape = SHAPE_EXCEPT, .caps = (c), .names = (s), .arg = (a), __VA_ARGS__ },
#define EXCEPT_PAIR(c, s, a, cubes_, v1, a2, v2)                                                   \
	{ .shape = SHAPE_EXCEPT, .caps = (c), .names = (s), .arg = (a), cubes_, .pair = true,      \
	  .value = (v1), .arg2 = (a2), .value2 = (v2) },
#define FAKE(s, a, ...)
#define NUMBER(s, n)
#include "seccomp_rules.h"
#undef RULE
#undef ONLY
#undef EXCEPT
#undef EXCEPT_PAIR
#undef FAKE
#undef NUMBER
};
#define RULE(v, c, s)
#define ONLY(v, c, s, a, ...)
#define EXCEPT(c, s, a, ...)
#define EXCEPT_PAIR(c, s, a, cubes_, v1, a2, v2)
static const struct seccomp_row seccomp_fakes[] = {
#define FAKE(s, a, ...) { .shape = SHAPE_ONLY, .names = (s), .arg = (a), __VA_ARGS__ },
#define NUMBER(s, n)
#include "seccomp_rules.h"
#undef FAKE
#undef NUMBER
};
static const struct seccomp_number seccomp_numbers[] = {
#define FAKE(s, a, ...)
#define NUMBER(s, n) { #s, (n) },
#include "seccomp_rules.h"
#undef FAKE
#undef NUMBER
};
#undef RULE
#undef ONLY
#undef EXCEPT
#undef EXCEPT_PAIR
/* clang-format on */
#undef CAP
#undef NESTED
#undef CUBES

#define SECCOMP_ROWS (sizeof(seccomp_rows) / sizeof(seccomp_rows[0]))

enum seccomp_op { SECCOMP_MASKED_EQ, SECCOMP_EQ, SECCOMP_NE };

/* One rule for libseccomp: these names, all of these conditions, this verdict. */
struct seccomp_item {
	int verdict;
	const char *names;
	size_t names_len;
	unsigned n;
	struct {
		unsigned arg;
		enum seccomp_op op;
		struct seccomp_cube cube; /* EQ, NE: value alone */
	} when[2];
};
typedef void seccomp_emit(void *arg, const struct seccomp_item *item);

/* Which capabilities make a difference at all. */
static inline uint64_t seccomp_relevant(uint64_t caps)
{
	uint64_t known = 0;

	for (size_t i = 0; i < SECCOMP_ROWS; i++)
		known |= seccomp_rows[i].caps;
	return caps & known;
}

static inline bool seccomp_row_open(const struct seccomp_row *row, uint64_t caps)
{
	return row->caps == 0 || (row->caps & caps) != 0;
}

static inline bool seccomp_row_has(const struct seccomp_row *row, const char *name, size_t n)
{
	for (const char *p = row->names; *p; p += strcspn(p, " "), p += *p == ' ')
		if (strcspn(p, " ") == n && memcmp(p, name, n) == 0)
			return true;
	return false;
}

/*
 * Is the name dealt with elsewhere: for an open row, by an open row before it; for a closed one, by
 * any open row, or by a closed one before it that has already denied it?
 */
static inline bool seccomp_owned(size_t row, const char *name, size_t n, uint64_t caps)
{
	bool closed = !seccomp_row_open(&seccomp_rows[row], caps);

	for (size_t i = 0; i < (closed ? SECCOMP_ROWS : row); i++)
		if (i != row && (i < row || seccomp_row_open(&seccomp_rows[i], caps)) &&
		    (closed || seccomp_row_open(&seccomp_rows[i], caps)) &&
		    seccomp_row_has(&seccomp_rows[i], name, n))
			return true;
	return false;
}

/*
 * Emits what lies outside all the cubes, as disjoint cubes: halves the space bit by bit, from the
 * top, as long as a cube reaches into the half at hand.
 */
static inline void seccomp_outside(const struct seccomp_cube *cubes, unsigned n, int bit,
				   struct seccomp_item *item, seccomp_emit *emit, void *arg)
{
	struct seccomp_cube keep = item->when[0].cube;
	uint32_t any = 0, b;

	if (n == 0) {
		emit(arg, item);
		return;
	}
	for (unsigned i = 0; i < n; i++)
		any |= cubes[i].mask;
	while (bit >= 0 && !(any & (1u << bit))) /* a bit that no cube looks at splits nothing */
		bit--;
	if (bit < 0)
		return;
	b = 1u << bit;
	for (unsigned side = 0; side < 2; side++) {
		struct seccomp_cube in[SECCOMP_CUBES_MAX + 1];
		unsigned k = 0;

		for (unsigned i = 0; i < n; i++)
			if (!(cubes[i].mask & b) || !(cubes[i].value & b) == !side)
				in[k++] = cubes[i];
		item->when[0].cube.mask = keep.mask | b;
		item->when[0].cube.value = keep.value | (side ? b : 0);
		seccomp_outside(in, k, bit - 1, item, emit, arg);
	}
	item->when[0].cube = keep;
}

static inline void seccomp_emit_inside(const struct seccomp_row *row, int verdict,
				       struct seccomp_item *item, seccomp_emit *emit, void *arg)
{
	item->verdict = verdict;
	item->n = 1;
	item->when[0].arg = row->arg;
	for (unsigned i = 0; i < row->n; i++) {
		item->when[0].cube = row->cubes[i];
		emit(arg, item);
	}
}

static inline void seccomp_emit_shape(const struct seccomp_row *row, struct seccomp_item *item,
				      seccomp_emit *emit, void *arg)
{
	struct seccomp_cube cubes[SECCOMP_CUBES_MAX + 1];
	int inside = row->shape == SHAPE_ONLY ? SECCOMP_ALLOW : EPERM;
	int outside = row->shape == SHAPE_ONLY ? row->verdict : SECCOMP_ALLOW;
	unsigned n = row->n;

	seccomp_emit_inside(row, inside, item, emit, arg);
	memcpy(cubes, row->cubes, sizeof(row->cubes));
	if (row->pair) {
		cubes[n] = (struct seccomp_cube){ 0xffffffff, row->value };
		item->n = 2;
		item->when[0].cube = cubes[n++];
		item->when[1].arg = row->arg2;
		item->when[1].cube.value = row->value2;
		item->when[1].op = SECCOMP_EQ;
		item->verdict = EINVAL;
		emit(arg, item);
		item->when[1].op = SECCOMP_NE;
		item->verdict = SECCOMP_ALLOW;
		emit(arg, item);
	}
	if (outside == ENOSYS) /* as every number that is not mentioned */
		return;
	item->verdict = outside;
	item->n = 1;
	item->when[0].cube = (struct seccomp_cube){ 0, 0 };
	seccomp_outside(cubes, n, 31, item, emit, arg);
}

/* Emits every item of the profile for these capabilities (and SECCOMP_ bits). */
static inline void seccomp_plan(uint64_t caps, seccomp_emit *emit, void *arg)
{
	for (size_t i = 0; i < SECCOMP_ROWS; i++) {
		const struct seccomp_row *row = &seccomp_rows[i];
		bool open = seccomp_row_open(row, caps);

		for (const char *p = row->names; *p; p += strcspn(p, " "), p += *p == ' ') {
			struct seccomp_item item = { .names = p, .names_len = strcspn(p, " ") };

			if (seccomp_owned(i, p, item.names_len, caps))
				continue;
			item.verdict = open ? row->verdict : EPERM;
			if (!open || row->shape == SHAPE_RULE)
				emit(arg, &item);
			else
				seccomp_emit_shape(row, &item, emit, arg);
		}
	}
}

/* Emits the second filter, whose default is to allow: verdict 0 is errno 0. */
static inline void seccomp_plan_fakes(seccomp_emit *emit, void *arg)
{
	for (size_t i = 0; i < sizeof(seccomp_fakes) / sizeof(seccomp_fakes[0]); i++) {
		const struct seccomp_row *row = &seccomp_fakes[i];

		for (const char *p = row->names; *p; p += strcspn(p, " "), p += *p == ' ') {
			struct seccomp_item item = { .names = p, .names_len = strcspn(p, " ") };

			if (row->cubes[0].mask)
				seccomp_emit_inside(row, 0, &item, emit, arg);
			else
				emit(arg, &item);
		}
	}
}

/* ---- as JSON, in the order and spacing that jansson's compact form has ---- */

struct seccomp_writer {
	void (*put)(void *arg, const char *text, size_t n);
	void *arg;
	int pass;	    /* the verdict whose unconditional names are listed now */
	bool conditional;   /* or: the items with conditions */
	const char *before; /* what separates the next entry from the one before */
	const char *name;   /* of the entry that is open */
	int verdict;
};

static inline void seccomp_put(struct seccomp_writer *w, const char *text)
{
	w->put(w->arg, text, strlen(text));
}

static inline void seccomp_put_number(struct seccomp_writer *w, uint32_t v)
{
	char digits[16], *p = digits + sizeof(digits) - 1;

	*p = 0;
	do
		*--p = (char)('0' + v % 10);
	while (v /= 10);
	seccomp_put(w, p);
}

static inline void seccomp_put_action(struct seccomp_writer *w, int verdict)
{
	if (verdict == SECCOMP_ALLOW) {
		seccomp_put(w, "\"action\":\"SCMP_ACT_ALLOW\"");
		return;
	}
	seccomp_put(w, "\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":");
	seccomp_put_number(w, (uint32_t)verdict);
}

static inline void seccomp_put_name(struct seccomp_writer *w, const struct seccomp_item *item)
{
	seccomp_put(w, w->before);
	seccomp_put(w, "\"");
	w->put(w->arg, item->names, item->names_len);
	seccomp_put(w, "\"");
	w->before = ",";
}

/*
 * Conditions on one argument are written as one entry: runc, crun and we take several conditions on
 * the same index as alternatives.
 */
static inline void seccomp_put_conditions(struct seccomp_writer *w, const struct seccomp_item *item)
{
	static const char *const ops[] = { "MASKED_EQ", "EQ", "NE" };
	bool more = item->n == 1 && w->name == item->names && w->verdict == item->verdict;

	if (!more) {
		seccomp_put(w, w->name ? "]},{\"names\":[" : ",{\"names\":[");
		w->before = "";
		seccomp_put_name(w, item);
		seccomp_put(w, "],");
		seccomp_put_action(w, item->verdict);
		seccomp_put(w, ",\"args\":[");
	}
	for (unsigned i = 0; i < item->n; i++) {
		seccomp_put(w, more || i ? ",{\"index\":" : "{\"index\":");
		seccomp_put_number(w, item->when[i].arg);
		seccomp_put(w, ",\"value\":");
		if (item->when[i].op == SECCOMP_MASKED_EQ) {
			seccomp_put_number(w, item->when[i].cube.mask);
			seccomp_put(w, ",\"valueTwo\":");
		}
		seccomp_put_number(w, item->when[i].cube.value);
		seccomp_put(w, ",\"op\":\"SCMP_CMP_");
		seccomp_put(w, ops[item->when[i].op]);
		seccomp_put(w, "\"}");
	}
	w->name = item->n == 1 ? item->names : "";
	w->verdict = item->verdict;
}

static inline void seccomp_put_item(void *arg, const struct seccomp_item *item)
{
	struct seccomp_writer *w = arg;

	if (w->conditional && item->n)
		seccomp_put_conditions(w, item);
	else if (!w->conditional && !item->n && item->verdict == w->pass)
		seccomp_put_name(w, item);
}

/* architectures is JSON: "\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\"" */
static inline void seccomp_json(uint64_t caps, const char *architectures, struct seccomp_writer *w)
{
	static const int verdicts[] = { EPERM, SECCOMP_ALLOW }; /* ENOSYS is the default */

	seccomp_put(w, "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,"
		       "\"architectures\":[");
	seccomp_put(w, architectures);
	seccomp_put(w, "],\"syscalls\":[");
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		w->pass = verdicts[i];
		w->before = i ? ",{\"names\":[" : "{\"names\":[";
		seccomp_plan(caps, seccomp_put_item, w);
		seccomp_put(w, "],");
		seccomp_put_action(w, w->pass);
		seccomp_put(w, "}");
	}
	w->conditional = true;
	w->name = NULL;
	seccomp_plan(caps, seccomp_put_item, w);
	w->conditional = false;
	seccomp_put(w, "]}]}");
}

#endif
