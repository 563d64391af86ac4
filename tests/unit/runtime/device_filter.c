/*
 * Device rules as an eBPF program, carried out by a small interpreter of the instructions that it
 * is made of; and, where the kernel lets us, given to its verifier.
 */
#include "runtime/device_filter.h"
#include "oci/spec.h"
#include "unit.h"
#include "util/str.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct error err;

/* Bits as the kernel has them: 1 mknod, 2 read, 4 write; kinds 1 block, 2 char. */
static int bits(const char *access)
{
	return (strchr(access, 'm') ? 1 : 0) | (strchr(access, 'r') ? 2 : 0) |
	       (strchr(access, 'w') ? 4 : 0);
}

static int interpret(const device_program *p, uint32_t access_type, uint32_t major, uint32_t minor)
{
	uint32_t ctx[3] = { access_type, major, minor };
	uint64_t r[11] = { 0 };

	for (size_t i = 0, steps = 0; i < p->n; i++) {
		const struct bpf_insn *in = &p->v[i];
		uint64_t k = (uint64_t)(int64_t)in->imm;

		ck_assert_uint_lt(steps++, 100000);
		switch (in->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			ck_assert_int_eq(in->src_reg, BPF_REG_1);
			ck_assert(in->off % 4 == 0 && in->off < 12);
			r[in->dst_reg] = ctx[in->off / 4];
			break;
		case BPF_ALU64 | BPF_MOV | BPF_X:
			r[in->dst_reg] = r[in->src_reg];
			break;
		case BPF_ALU64 | BPF_MOV | BPF_K:
			r[in->dst_reg] = k;
			break;
		case BPF_ALU64 | BPF_RSH | BPF_K:
			r[in->dst_reg] >>= k;
			break;
		case BPF_ALU64 | BPF_AND | BPF_K:
			r[in->dst_reg] &= k;
			break;
		case BPF_JMP32 | BPF_JNE | BPF_K:
			i += (uint32_t)r[in->dst_reg] != (uint32_t)k ? (size_t)in->off : 0;
			break;
		case BPF_JMP | BPF_JNE | BPF_K:
			i += r[in->dst_reg] != k ? (size_t)in->off : 0;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			i += r[in->dst_reg] == k ? (size_t)in->off : 0;
			break;
		case BPF_JMP | BPF_EXIT:
			return (int)r[0];
		default:
			ck_abort_msg("instruction %02x", in->code);
		}
	}
	ck_abort_msg("the program runs out of its end");
}

static void make(const char *rules, struct spec_resources *r, device_program *p)
{
	auto_free char *text = xasprintf("{\"devices\":[%s]}", rules);

	ck_assert_msg(spec_resources_parse(text, strlen(text), r, &err) == 0, "%s", err.text);
	ck_assert_int_eq(device_program_make(r, p, &err), 0);
}

#define DENY "{\"allow\":false,\"access\":\"rwm\"}"
#define RULE(allow, type, major, minor, access)                                                    \
	"{\"allow\":" #allow ",\"type\":\"" type "\",\"major\":" #major ",\"minor\":" #minor       \
	",\"access\":\"" access "\"}"

static const struct {
	const char *rules;
	char kind;
	unsigned major, minor;
	const char *access;
	bool allowed;
} cases[] = {
	{ DENY, 'c', 10, 200, "rw", false },
	{ DENY, 'b', 8, 0, "r", false },
	/* what every container has, whatever is denied */
	{ DENY, 'c', 1, 3, "rw", true },
	{ DENY, 'c', 1, 9, "r", true },
	{ DENY, 'c', 1, 4, "r", false }, /* /dev/port */
	{ DENY, 'c', 1, 1, "r", false }, /* /dev/mem */
	{ DENY, 'c', 5, 0, "rw", true },
	{ DENY, 'c', 5, 2, "rw", true },
	{ DENY, 'c', 5, 1, "rw", false }, /* the console of the host */
	{ DENY, 'c', 136, 7, "rw", true },
	/* a node may be made, but not opened */
	{ DENY, 'b', 8, 0, "m", true },
	{ DENY, 'b', 8, 0, "rm", false },
	{ DENY "," RULE(true, "c", 10, 200, "rwm"), 'c', 10, 200, "rw", true },
	{ DENY "," RULE(true, "c", 10, 200, "rwm"), 'c', 10, 201, "rw", false },
	{ DENY "," RULE(true, "c", 10, 200, "rwm"), 'b', 10, 200, "rw", false },
	{ DENY "," RULE(true, "b", 8, -1, "r"), 'b', 8, 17, "r", true },
	{ DENY "," RULE(true, "b", 8, -1, "r"), 'b', 8, 17, "rw", false },
	{ DENY "," RULE(true, "b", 8, -1, "r"), 'b', 9, 17, "r", false },
	/* each kind of access is decided by itself */
	{ DENY "," RULE(true, "b", 8, 0, "r") "," RULE(true, "b", 8, -1, "w"), 'b', 8, 0, "rw", true },
	/* the last rule that matches counts */
	{ RULE(true, "b", 8, 0, "rw") "," DENY, 'b', 8, 0, "r", false },
	{ DENY "," RULE(true, "b", 8, -1, "rw") "," RULE(false, "b", 8, 1, "w"), 'b', 8, 1, "r",
	  true },
	{ DENY "," RULE(true, "b", 8, -1, "rw") "," RULE(false, "b", 8, 1, "w"), 'b', 8, 1, "rw",
	  false },
	{ DENY "," RULE(true, "b", 8, -1, "rw") "," RULE(false, "b", 8, 1, "w"), 'b', 8, 2, "rw",
	  true },
	{ "{\"allow\":true,\"access\":\"rwm\"}", 'b', 8, 0, "rwm", true },
	{ RULE(true, "a", -1, -1, "rwm"), 'b', 8, 0, "rwm", true },
	/* not said is refused */
	{ RULE(true, "b", 8, 0, "r"), 'b', 8, 1, "r", false },
	/* numbers beyond the sign bit are numbers */
	{ RULE(true, "c", 4294967295, 1, "r"), 'c', 4294967295u, 1, "r", true },
};

START_TEST(program_decides_as_the_rules_say)
{
	struct spec_resources r;
	device_program p = { 0 };
	uint32_t kind = cases[_i].kind == 'b' ? 1 : 2;
	int got;

	make(cases[_i].rules, &r, &p);
	got = interpret(&p, (uint32_t)bits(cases[_i].access) << 16 | kind, cases[_i].major,
			cases[_i].minor);
	ck_assert_msg(got == cases[_i].allowed, "%s: %c %u:%u %s: %d", cases[_i].rules,
		      cases[_i].kind, cases[_i].major, cases[_i].minor, cases[_i].access, got);
	vec_done(&p);
	spec_resources_done(&r);
}
END_TEST

/* The verifier refuses what cannot be reached and what has no end. */
START_TEST(kernel_takes_the_program)
{
	struct spec_resources r;
	device_program p = { 0 };
	union bpf_attr attr = { 0 };
	static char log[65536];
	int fd;

	make(cases[_i].rules, &r, &p);
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uintptr_t)p.v;
	attr.insn_cnt = (unsigned)p.n;
	attr.license = (uintptr_t) "GPL";
	attr.log_buf = (uintptr_t)log;
	attr.log_size = sizeof(log);
	attr.log_level = 1;
	fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	if (fd < 0 && (errno == EPERM || errno == ENOSYS)) {
		if (_i == 0)
			fprintf(stderr,
				"runtime/device_filter: skipped: bpf(2) is not allowed here\n");
	} else {
		ck_assert_msg(fd >= 0, "%s: %s", strerror(errno), log);
		close(fd);
	}
	vec_done(&p);
	spec_resources_done(&r);
}
END_TEST

START_TEST(too_many_rules_are_refused)
{
	struct spec_resources r;
	device_program p = { 0 };

	spec_resources_init(&r);
	for (int i = 0; i < 501; i++) {
		struct spec_device_rule *d = vec_add(&r.devices);

		d->major = d->minor = UNSET;
	}
	ck_assert_int_eq(device_program_make(&r, &p, &err), -1);
	ck_assert_int_eq(err.kind, ERR_LIMIT);
	vec_done(&p);
	spec_resources_done(&r);
}
END_TEST

UNIT_MAIN("runtime/device_filter", TEST_LOOP(program_decides_as_the_rules_say, ARRAY_SIZE(cases)),
	  TEST_LOOP(kernel_takes_the_program, ARRAY_SIZE(cases)), TEST(too_many_rules_are_refused))
