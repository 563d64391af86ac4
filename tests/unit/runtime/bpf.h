/*
 * bpf.h - runs a seccomp filter in user space: the few instructions that such filters are made of.
 */
#ifndef TEST_BPF_H
#define TEST_BPF_H

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>

/* The filter's answer, or 0xdead0000 for a program that is malformed. */
static inline unsigned bpf_run(const struct sock_filter *code, size_t n,
			       const struct seccomp_data *data)
{
	unsigned a = 0;

	for (size_t pc = 0, steps = 0; pc < n && steps < 10000; pc++, steps++) {
		const struct sock_filter *i = &code[pc];
		bool yes;

		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (i->k > sizeof(*data) - 4 || i->k % 4)
				return 0xdead0000;
			memcpy(&a, (const char *)data + i->k, 4);
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= i->k;
			continue;
		case BPF_JMP | BPF_JA:
			pc += i->k;
			continue;
		case BPF_RET | BPF_K:
			return i->k;
		case BPF_JMP | BPF_JEQ | BPF_K:
			yes = a == i->k;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			yes = a > i->k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			yes = a >= i->k;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			yes = (a & i->k) != 0;
			break;
		default:
			return 0xdead0000;
		}
		pc += yes ? i->jt : i->jf;
	}
	return 0xdead0000;
}

#endif
