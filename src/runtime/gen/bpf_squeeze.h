/*
 * gen/bpf_squeeze.h - a system call filter as libseccomp compiles it, made short.
 *
 * The kernel checks, converts and compiles a filter at each start of a container, at 0.2 us an
 * instruction. libseccomp spends one comparison and more on every number that it knows; but the
 * numbers of a kind stand together, so that a tree over ranges says the same in a third.
 *
 * Theory of operation. The filter is followed with architecture and number known. It ends in a
 * verdict, or arrives at a look at an argument: the tail from there on is kept as it is. Between
 * two constants that the filter compares a number with, nothing can change, so following it once at
 * each of them tells all ranges, over all 2^32 numbers. Neighbours that fare alike are joined, and
 * the rest becomes a binary tree whose leaves are verdicts and jumps to the tails.
 *
 * Never  trusts itself: squeeze() runs the old and the new filter side by side (squeeze_check).
 *
 * Static functions in a header for the one program that runs at build time, gen/seccomp.c.
 */
#ifndef RUNTIME_GEN_BPF_SQUEEZE_H
#define RUNTIME_GEN_BPF_SQUEEZE_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { SQUEEZE_MAX = BPF_MAXINSNS, SQUEEZE_TAIL = 1 << 30 };

struct bpf {
	struct sock_filter v[SQUEEZE_MAX];
	uint32_t n;
};
/* From this number up to the next range's: a verdict, or where a tail begins. */
struct squeeze_range {
	uint32_t first;
	bool tail;
	uint32_t value;
};
struct squeeze {
	const struct bpf *from;
	struct bpf *to;
	uint32_t cuts[2 * SQUEEZE_MAX];
	size_t n_cuts;
	struct squeeze_range ranges[2 * SQUEEZE_MAX];
	size_t n_ranges;
	struct squeeze_jump {
		uint32_t at;  /* which instruction of the new filter */
		bool if_true; /* a verdict: which way of the two */
		uint32_t to;  /* the verdict; the beginning of a tail, in the old filter */
	} tails[SQUEEZE_MAX], verdicts[SQUEEZE_MAX];
	size_t n_tails, n_verdicts;
};

static void squeeze_die(const char *why)
{
	fprintf(stderr, "gen/bpf_squeeze: %s\n", why);
	exit(1);
}

static bool bpf_compare(const struct sock_filter *f, uint32_t a)
{
	switch (BPF_OP(f->code)) {
	case BPF_JEQ:
		return a == f->k;
	case BPF_JGT:
		return a > f->k;
	case BPF_JGE:
		return a >= f->k;
	case BPF_JSET:
		return a & f->k;
	}
	squeeze_die("a jump that libseccomp does not make");
	return false;
}

/*
 * Runs the filter. data: 16 words as struct seccomp_data; known: how many of them may be looked at.
 * Returns a verdict, or SQUEEZE_TAIL and in *at the load that was one too many.
 */
static uint32_t bpf_run(const struct bpf *p, const uint32_t *data, size_t known, uint32_t *at)
{
	uint32_t a = 0;

	for (uint32_t i = 0; i < p->n; i++) {
		const struct sock_filter *f = &p->v[i];

		if (f->code == (BPF_LD | BPF_W | BPF_ABS)) {
			*at = i;
			if (f->k / 4 >= known)
				return SQUEEZE_TAIL;
			a = data[f->k / 4];
		} else if (f->code == (BPF_ALU | BPF_AND | BPF_K)) {
			a &= f->k;
		} else if (f->code == (BPF_JMP | BPF_JA)) {
			i += f->k;
		} else if (BPF_CLASS(f->code) == BPF_JMP) {
			i += bpf_compare(f, a) ? f->jt : f->jf;
		} else if (f->code == (BPF_RET | BPF_K)) {
			return f->k;
		} else {
			squeeze_die("an instruction that libseccomp does not use");
		}
	}
	squeeze_die("a filter without an end");
	return 0;
}

static struct sock_filter *bpf_add(struct bpf *p, uint16_t code, uint32_t k)
{
	if (p->n >= SQUEEZE_MAX)
		squeeze_die("longer than the kernel takes");
	p->v[p->n] = (struct sock_filter){ .code = code, .k = k };
	return &p->v[p->n++];
}

/* ---- ranges ---- */

static int cut_order(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void find_cuts(struct squeeze *s)
{
	s->cuts[s->n_cuts++] = 0;
	for (uint32_t i = 0; i < s->from->n; i++) {
		const struct sock_filter *f = &s->from->v[i];

		if (BPF_CLASS(f->code) != BPF_JMP || f->code == (BPF_JMP | BPF_JA))
			continue;
		s->cuts[s->n_cuts++] = f->k;
		if (f->k + 1 != 0)
			s->cuts[s->n_cuts++] = f->k + 1;
	}
	qsort(s->cuts, s->n_cuts, sizeof(s->cuts[0]), cut_order);
}

static void find_ranges(struct squeeze *s, uint32_t arch)
{
	s->n_ranges = 0;
	for (size_t i = 0; i < s->n_cuts; i++) {
		uint32_t data[2] = { s->cuts[i], arch }, at = 0;
		uint32_t verdict = bpf_run(s->from, data, 2, &at);
		struct squeeze_range r = { .first = s->cuts[i], .tail = verdict == SQUEEZE_TAIL };
		struct squeeze_range *last = s->n_ranges ? &s->ranges[s->n_ranges - 1] : NULL;

		r.value = r.tail ? at : verdict;
		if (!last || last->tail != r.tail || last->value != r.value)
			s->ranges[s->n_ranges++] = r;
	}
}

/* ---- tree ---- */

static void tree(struct squeeze *s, size_t first, size_t n);

/* One way of the comparison at this place: straight to a verdict, or on to the code that comes now. */
static void branch(struct squeeze *s, uint32_t at, bool if_true, size_t first, size_t n)
{
	const struct squeeze_range *r = &s->ranges[first];
	uint32_t skip = s->to->n - at - 1;

	if (n == 1 && !r->tail) {
		s->verdicts[s->n_verdicts++] = (struct squeeze_jump){ at, if_true, r->value };
		return;
	}
	if (skip > 255)
		squeeze_die("half a tree is too long for a jump");
	if (if_true)
		s->to->v[at].jt = (uint8_t)skip;
	tree(s, first, n);
}

static void tree(struct squeeze *s, size_t first, size_t n)
{
	size_t half = n / 2;
	uint32_t at = s->to->n;

	if (n == 1) { /* a tail: a verdict only where it is the only range */
		s->tails[s->n_tails++] = (struct squeeze_jump){ at, true, s->ranges[first].value };
		bpf_add(s->to, BPF_JMP | BPF_JA, 0);
		return;
	}
	bpf_add(s->to, BPF_JMP | BPF_JGE | BPF_K, s->ranges[first + half].first);
	branch(s, at, false, first, half);
	branch(s, at, true, first + half, n - half);
}

/* One RET for each verdict, behind the tree that jumps to it. */
static void add_verdicts(struct squeeze *s)
{
	while (s->n_verdicts) {
		uint32_t verdict = s->verdicts[0].to;
		size_t left = 0;

		for (size_t i = 0; i < s->n_verdicts; i++) {
			struct squeeze_jump j = s->verdicts[i];
			uint32_t skip = s->to->n - j.at - 1;

			if (j.to != verdict) {
				s->verdicts[left++] = j;
				continue;
			}
			if (skip > 255)
				squeeze_die("a verdict is too far away");
			*(j.if_true ? &s->to->v[j.at].jt : &s->to->v[j.at].jf) = (uint8_t)skip;
		}
		s->n_verdicts = left;
		bpf_add(s->to, BPF_RET | BPF_K, verdict);
	}
}

/* ---- tails ---- */

/*
 * Where the filter really goes on when it comes to i. A look at the upper half of an argument of which
 * only the lower counts is "load, and 0, is it 0?": nothing, when what follows loads anew or ends.
 */
static uint32_t onward(const struct bpf *p, uint32_t i)
{
	const struct sock_filter *f = &p->v[i];

	for (;; f = &p->v[i]) {
		uint32_t next;

		if (f->code == (BPF_JMP | BPF_JA)) {
			i += 1 + f->k;
			continue;
		}
		if (f[0].code != (BPF_LD | BPF_W | BPF_ABS) ||
		    f[1].code != (BPF_ALU | BPF_AND | BPF_K) || f[1].k != 0 ||
		    f[2].code != (BPF_JMP | BPF_JEQ | BPF_K) || f[2].k != 0)
			return i;
		next = onward(p, i + 3 + f[2].jt);
		if (p->v[next].code != (BPF_LD | BPF_W | BPF_ABS) &&
		    BPF_CLASS(p->v[next].code) != BPF_RET)
			return i;
		i = next;
	}
}

/* What can be reached from the tails, in the same order: jumps go forward and grow no longer. */
static void add_tails(struct squeeze *s)
{
	static uint32_t place[SQUEEZE_MAX];
	static bool reached[SQUEEZE_MAX];
	const struct bpf *from = s->from;
	uint32_t next = s->to->n;

	for (uint32_t i = 0; i < from->n; i++)
		reached[i] = false;
	for (size_t t = 0; t < s->n_tails; t++)
		reached[onward(from, s->tails[t].to)] = true;
	for (uint32_t i = 0; i < from->n; i++) {
		const struct sock_filter *f = &from->v[i];

		if (!reached[i])
			continue;
		place[i] = next++;
		if (BPF_CLASS(f->code) == BPF_JMP)
			reached[onward(from, i + 1 + f->jt)] =
				reached[onward(from, i + 1 + f->jf)] = true;
		else if (BPF_CLASS(f->code) != BPF_RET)
			reached[i + 1] = true;
	}
	for (uint32_t i = 0; i < from->n; i++) {
		const struct sock_filter *old = &from->v[i];
		struct sock_filter *f;
		uint32_t yes, no;

		if (!reached[i])
			continue;
		f = bpf_add(s->to, old->code, old->k);
		if (BPF_CLASS(f->code) != BPF_JMP)
			continue;
		if (f->code == (BPF_JMP | BPF_JA))
			squeeze_die("a load that is followed by a jump");
		yes = place[onward(from, i + 1 + old->jt)] - place[i] - 1;
		no = place[onward(from, i + 1 + old->jf)] - place[i] - 1;
		if (yes > 255 || no > 255)
			squeeze_die("a tail is too long for a jump");
		f->jt = (uint8_t)yes;
		f->jf = (uint8_t)no;
	}
	for (size_t t = 0; t < s->n_tails; t++)
		s->to->v[s->tails[t].at].k = place[onward(from, s->tails[t].to)] - s->tails[t].at - 1;
}

/* ---- the whole ---- */

static uint32_t squeeze_random(void)
{
	static uint64_t state = 88172645463325252ULL; /* xorshift: the same at each build */

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 16);
}

/* A word that some comparison of the filter may care for, or any. */
static uint32_t squeeze_word(const struct bpf *p)
{
	uint32_t k = p->v[squeeze_random() % p->n].k;

	switch (squeeze_random() % 4) {
	case 0:
		return 0;
	case 1:
		return squeeze_random();
	case 2:
		return k;
	}
	return k ^ 1u << squeeze_random() % 32;
}

static void squeeze_check(const struct squeeze *s, const uint32_t *arches, size_t n_arches)
{
	uint32_t data[16], at;

	for (size_t a = 0; a < n_arches; a++)
		for (size_t i = 0; i < s->n_cuts; i++)
			for (int try = 0; try < 100; try++) {
				data[0] = s->cuts[i] - (try & 1);
				data[1] = arches[a];
				for (size_t w = 2; w < 16; w++)
					data[w] = squeeze_word(s->from);
				if (bpf_run(s->from, data, 16, &at) != bpf_run(s->to, data, 16, &at))
					squeeze_die("the short filter says otherwise");
			}
}

/* arches: those that the filter tells apart; all others get the verdict of one. */
static void squeeze(const struct bpf *from, struct bpf *to, const uint32_t *arches, size_t n_arches)
{
	static struct squeeze s;
	uint32_t other[3] = { 0, 0x12345678, 0 }, none = 0;

	s = (struct squeeze){ .from = from, .to = to };
	to->n = 0;
	find_cuts(&s);
	bpf_add(to, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
	for (size_t a = 0; a < n_arches; a++) {
		uint32_t at = to->n;

		bpf_add(to, BPF_JMP | BPF_JEQ | BPF_K, arches[a]);
		to->v[at].jf = 1;
		bpf_add(to, BPF_JMP | BPF_JA, 0); /* to the tree, set below */
	}
	bpf_add(to, BPF_RET | BPF_K, bpf_run(from, other, 2, &none));
	for (size_t a = 0; a < n_arches; a++) {
		uint32_t at = (uint32_t)(2 + 2 * a);

		to->v[at].k = to->n - at - 1;
		bpf_add(to, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
		find_ranges(&s, arches[a]);
		if (s.n_ranges == 1)
			squeeze_die("a filter that tells no numbers apart");
		tree(&s, 0, s.n_ranges);
		add_verdicts(&s);
	}
	add_tails(&s);
	if (to->n > from->n) /* a small one, whose jumps were dearer than its comparisons */
		*to = *from;
	squeeze_check(&s, arches, n_arches);
	squeeze_check(&s, other + 1, 1);
}

#endif
