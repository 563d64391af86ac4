/*
 * device_filter.c - device rules -> an eBPF program, by hand: no compiler and no library.
 *
 * Theory of operation: cgroup v2 has no devices controller; a program on the cgroup is asked
 * instead (BPF_CGROUP_DEVICE), with the kind of device, its numbers and what is wanted of it as
 * bits. Ours goes through the rules from the last to the first and keeps in r3 which of the wanted
 * bits no rule has decided yet: one that allows takes its bits away, and none left means yes; one
 * that denies a bit that is left means no. So "r" allowed by one rule and "w" by another make "rw".
 *
 *	r2 kind   r3 wanted bits   r4 major   r5 minor   r6 scratch
 *
 * Spec   runtime-spec 1.2 config-linux.md, "Allowed Device list"; uapi/linux/bpf.h.
 */
#include "device_filter.h"

#include "util/fd.h"
#include "util/log.h"
#include "util/userns.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#define RULES_MAX     500
#define PROGRAMS_MAX  64 /* on one cgroup */
#define ACCESS_ALL    (BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)
#define NUMBER_ANY(n) ((n) == UNSET || (n) < 0)

/* What every container has (config-linux.md, "Default Devices"), and nodes that lead nowhere. */
static const struct {
	const char *type, *access;
	int major, minor;
} always[] = {
	{ "c", "m", -1, -1 }, { "b", "m", -1, -1 },    { "c", "rwm", 1, 3 }, { "c", "rwm", 1, 5 },
	{ "c", "rwm", 1, 7 }, { "c", "rwm", 1, 8 },    { "c", "rwm", 1, 9 }, { "c", "rwm", 5, 0 },
	{ "c", "rwm", 5, 2 }, { "c", "rwm", 136, -1 },
};

static void emit(device_program *p, unsigned char code, unsigned dst, unsigned src, int16_t off,
		 int32_t imm)
{
	vec_push(p, ((struct bpf_insn){ .code = code,
					.dst_reg = dst & 15,
					.src_reg = src & 15,
					.off = off,
					.imm = imm }));
}

static void emit_verdict(device_program *p, bool allow)
{
	emit(p, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, allow);
	emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static void emit_load(device_program *p, unsigned reg, size_t offset)
{
	emit(p, BPF_LDX | BPF_MEM | BPF_W, reg, BPF_REG_1, (int16_t)offset, 0);
}

static void emit_head(device_program *p)
{
	emit_load(p, BPF_REG_2, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	emit(p, BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_3, BPF_REG_2, 0, 0);
	emit(p, BPF_ALU64 | BPF_RSH | BPF_K, BPF_REG_3, 0, 0, 16);
	emit(p, BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_2, 0, 0, 0xffff);
	emit_load(p, BPF_REG_4, offsetof(struct bpf_cgroup_dev_ctx, major));
	emit_load(p, BPF_REG_5, offsetof(struct bpf_cgroup_dev_ctx, minor));
}

/* Jumps over the rest of the rule; where that ends is filled in when it is known. */
static void emit_unless_equal(device_program *p, unsigned reg, int64_t value)
{
	emit(p, BPF_JMP32 | BPF_JNE | BPF_K, reg, 0, 0, (int32_t)value);
}

static int access_bits(const char *access)
{
	int bits = 0;

	if (!access)
		return ACCESS_ALL;
	for (; *access; access++)
		bits |= *access == 'r'	 ? BPF_DEVCG_ACC_READ
			: *access == 'w' ? BPF_DEVCG_ACC_WRITE
			: *access == 'm' ? BPF_DEVCG_ACC_MKNOD
					 : 0;
	return bits;
}

static int kind_of(const char *type)
{
	if (str_empty(type) || type[0] == 'a')
		return 0; /* any */
	return type[0] == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;
}

/* true: it decides all that is left, so that nothing can come behind it */
static bool emit_rule(device_program *p, const struct spec_device_rule *r)
{
	int bits = access_bits(r->access), kind = kind_of(r->type);
	size_t start = p->n;
	bool conditions;

	if (str_eq(r->type, "p")) /* a FIFO is no device to the kernel */
		return false;
	if (kind)
		emit_unless_equal(p, BPF_REG_2, kind);
	if (!NUMBER_ANY(r->major))
		emit_unless_equal(p, BPF_REG_4, r->major);
	if (!NUMBER_ANY(r->minor))
		emit_unless_equal(p, BPF_REG_5, r->minor);
	if (bits != ACCESS_ALL && r->allow) {
		emit(p, BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_3, 0, 0, ~bits);
		emit(p, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_3, 0, 0, 0);
	} else if (bits != ACCESS_ALL) {
		emit(p, BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_6, BPF_REG_3, 0, 0);
		emit(p, BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_6, 0, 0, bits);
		emit(p, BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_6, 0, 0, 0);
	}
	conditions = p->n > start;
	emit_verdict(p, r->allow);
	for (size_t i = start; i < p->n; i++) {
		unsigned class = p->v[i].code & 7, op = p->v[i].code & 0xf0;

		if ((class == BPF_JMP || class == BPF_JMP32) && (op == BPF_JNE || op == BPF_JEQ))
			p->v[i].off = (int16_t)(p->n - i - 1);
	}
	return !conditions;
}

int device_program_make(const struct spec_resources *r, device_program *p, struct error *err)
{
	bool all = false;

	if (r->devices.n > RULES_MAX)
		return error_set(err, ERR_LIMIT,
				 "linux.resources.devices: %zu rules, the limit is %d",
				 r->devices.n, RULES_MAX);
	emit_head(p);
	for (size_t i = ARRAY_SIZE(always); i-- > 0;) {
		auto_free char *type = xstrdup(always[i].type), *access = xstrdup(always[i].access);
		struct spec_device_rule rule = {
			.allow = true,
			.type = type,
			.access = access,
			.major = always[i].major,
			.minor = always[i].minor,
		};

		emit_rule(p, &rule);
	}
	for (size_t i = r->devices.n; i-- > 0 && !all;)
		all = emit_rule(p, &r->devices.v[i]);
	if (!all)
		emit_verdict(p, false);
	return 0;
}

/* ---- into the kernel ---- */

static int bpf(int command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static int program_load(const device_program *p)
{
	union bpf_attr attr = { 0 };

	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uintptr_t)p->v;
	attr.insn_cnt = (unsigned)p->n;
	attr.license = (uintptr_t) "GPL";
	memcpy(attr.prog_name, "hod_devices", sizeof("hod_devices"));
	return bpf(BPF_PROG_LOAD, &attr);
}

/* Before Linux 5.11 programs count as locked memory, of which there is little by default. */
static int program_load_roomy(const device_program *p)
{
	struct rlimit limit, roomy;
	int fd = program_load(p), saved;

	if (fd >= 0 || errno != EPERM || getrlimit(RLIMIT_MEMLOCK, &limit) < 0)
		return fd;
	roomy = limit;
	roomy.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_MEMLOCK, &roomy) < 0) {
		errno = EPERM;
		return -1;
	}
	fd = program_load(p);
	saved = errno;
	setrlimit(RLIMIT_MEMLOCK, &limit);
	errno = saved;
	return fd;
}

static size_t programs_on(int cgroup, unsigned ids[PROGRAMS_MAX])
{
	union bpf_attr attr = { 0 };

	attr.query.target_fd = (unsigned)cgroup;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uintptr_t)ids;
	attr.query.prog_cnt = PROGRAMS_MAX;
	return bpf(BPF_PROG_QUERY, &attr) < 0 ? 0 : attr.query.prog_cnt;
}

static void program_detach(int cgroup, unsigned id)
{
	union bpf_attr attr = { 0 };
	auto_close int fd = -1;

	attr.prog_id = id;
	fd = bpf(BPF_PROG_GET_FD_BY_ID, &attr);
	if (fd < 0)
		return;
	attr = (union bpf_attr){ 0 };
	attr.target_fd = (unsigned)cgroup;
	attr.attach_bpf_fd = (unsigned)fd;
	attr.attach_type = BPF_CGROUP_DEVICE;
	bpf(BPF_PROG_DETACH, &attr);
}

static bool in_user_namespace(void)
{
	id_maps uids = { 0 }, gids = { 0 };
	struct error ignored = { 0 }; /* then it is the host's */
	bool inside = userns_maps(&uids, &gids, &ignored) == 0 &&
		      !(uids.n == 1 && uids.v[0].count == UINT32_MAX);

	vec_done(&uids);
	vec_done(&gids);
	return inside;
}

int device_filter_attach(int cgroup, const struct spec_resources *r, struct error *err)
{
	device_program p = { 0 };
	unsigned old[PROGRAMS_MAX];
	union bpf_attr attr = { 0 };
	auto_close int fd = -1;
	size_t n;

	if (device_program_make(r, &p, err) < 0) {
		vec_done(&p);
		return -1;
	}
	fd = program_load_roomy(&p);
	vec_done(&p);
	if (fd < 0 && errno == EPERM && in_user_namespace()) {
		log_debug("runtime: device rules are the kernel's business in a user namespace");
		return 0;
	}
	if (fd < 0)
		return error_sys(err, "linux.resources.devices: load the device filter");
	n = programs_on(cgroup, old);
	attr.target_fd = (unsigned)cgroup;
	attr.attach_bpf_fd = (unsigned)fd;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (bpf(BPF_PROG_ATTACH, &attr) < 0)
		return error_sys(err, "linux.resources.devices: attach the device filter");
	for (size_t i = 0; i < n; i++)
		program_detach(cgroup, old[i]);
	return 0;
}
