/*
 * The default system call profile, evaluated in user space for every number and for the arguments
 * that matter, against a table written down here from SECURITY.md 3g. It lists what is *not*
 * allowed, while the profile lists what is, so that neither can be copied from the other.
 */
#include <stdbool.h>

#include "bpf.h"
#include "runtime/defaults.h"
#include "runtime/filter.h"
#include "unit.h"
#include "util/fd.h"

#include <errno.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64

enum verdict { ALLOW = -1 };
enum { NONE, ROOTISH, SYS_ADMIN, EVERYTHING, PTRACE, ADMIN_NO_CHROOT, SETS };
static const char *const sets[SETS][48] = {
	[NONE] = { NULL },
	[ROOTISH] = { "CAP_CHOWN", "CAP_SYS_CHROOT", NULL },
	[SYS_ADMIN] = { "CAP_SYS_CHROOT", "CAP_SYS_ADMIN", NULL },
	[PTRACE] = { "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", NULL },
	[ADMIN_NO_CHROOT] = { "CAP_SYS_ADMIN", "CAP_SYS_TIME", NULL }, /* not embedded */
};

static void filter_for(int set, bool foreign, struct seccomp_filter *f)
{
	auto_done(strv) struct strv caps = { 0 };
	const char *shared;
	auto_free char *text = NULL;
	auto_done(str) struct str spaced = { 0 };
	struct error err = { 0 };

	if (set == EVERYTHING)
		for (size_t i = 0; capability_all[i]; i++)
			strv_add(&caps, capability_all[i]);
	else
		for (size_t i = 0; sets[set][i]; i++)
			strv_add(&caps, sets[set][i]);
	text = seccomp_default(&caps, &shared);
	ck_assert((text == NULL) == (shared != NULL));
	str_add(&spaced, shared ? shared : text);
	if (foreign) /* no longer our own text: libseccomp compiles it */
		str_add(&spaced, "\n");
	ck_assert_msg(seccomp_compile(spaced.s, -1, f, &err) == 0, "%s", err.text);
	ck_assert_int_gt(f->n, 0);
}

static int ask_arch(const struct seccomp_filter *f, unsigned arch, long nr, unsigned long long a0,
		    unsigned long long a1, unsigned long long a2)
{
	struct seccomp_data d = { .nr = (int)nr, .arch = arch, .args = { a0, a1, a2 } };
	unsigned r = bpf_run(f->code, f->n, &d);

	if (r == SECCOMP_RET_ALLOW)
		return ALLOW;
	ck_assert_msg((r & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO, "%ld: answer %#x", nr, r);
	return (int)(r & SECCOMP_RET_DATA);
}

static int ask(const struct seccomp_filter *f, long nr, unsigned long long a0,
	       unsigned long long a1, unsigned long long a2)
{
	return ask_arch(f, NATIVE, nr, a0, a1, a2);
}

static const struct {
	short nr;
	int verdict;
	const char *opened_by; /* a capability that makes it ALLOW, two separated by a blank */
} not_allowed[] = {
	{ SYS_acct, EPERM, "CAP_SYS_PACCT" },
	{ SYS_add_key, EPERM, NULL },
	{ SYS_afs_syscall, ENOSYS, NULL },
	{ SYS_bpf, EPERM, "CAP_SYS_ADMIN CAP_BPF" },
	{ SYS_chroot, EPERM, "CAP_SYS_CHROOT" },
	{ SYS_clock_settime, EPERM, "CAP_SYS_TIME" },
	{ SYS_clone3, ENOSYS, "CAP_SYS_ADMIN" },
	{ SYS_create_module, EPERM, NULL },
	{ SYS_delete_module, EPERM, "CAP_SYS_MODULE" },
	{ SYS_fanotify_init, EPERM, "CAP_SYS_ADMIN" },
	{ SYS_finit_module, EPERM, "CAP_SYS_MODULE" },
	{ SYS_fsconfig, EPERM, "CAP_SYS_ADMIN" },
	{ SYS_fsmount, EPERM, "CAP_SYS_ADMIN" },
	{ SYS_fsopen, EPERM, "CAP_SYS_ADMIN" },
	{ SYS_fspick, EPERM, "CAP_SYS_ADMIN" },
	{ SYS_get_kernel_syms, EPERM, NULL },
	{ SYS_getpmsg, ENOSYS, NULL },
	{ SYS_init_module, EPERM, "CAP_SYS_MODULE" },
	{ SYS_io_uring_enter, ENOSYS, NULL },
	{ SYS_io_uring_register, ENOSYS, NULL },
	{ SYS_io_uring_setup, ENOSYS, NULL },
	{ SYS_ioperm, EPERM, "CAP_SYS_RAWIO" },
	{ SYS_iopl, EPERM, "CAP_SYS_RAWIO" },
	{ SYS_kcmp, EPERM, "CAP_SYS_PTRACE" },
	{ SYS_kexec_file_load, EPERM, NULL },
	{ SYS_kexec_load, EPERM, NULL },
	{ SYS_keyctl, EPERM, NULL },
	{ SYS_lookup_dcookie, EPERM, "CAP_SYS_ADMIN" },
	{ SYS_migrate_pages, EPERM, NULL },
	{ SYS_mount, EPERM, "CAP_SYS_ADMIN" },
	{ SYS_mount_setattr, EPERM, "CAP_SYS_ADMIN" },
	{ SYS_move_mount, EPERM, "CAP_SYS_ADMIN" },
	{ SYS_move_pages, EPERM, NULL },
	{ SYS_nfsservctl, EPERM, NULL },
	{ SYS_open_by_handle_at, EPERM, "CAP_DAC_READ_SEARCH" },
	{ SYS_open_tree, EPERM, "CAP_SYS_ADMIN" },
	{ 467 /* open_tree_attr */, EPERM, "CAP_SYS_ADMIN" },
	{ SYS_perf_event_open, EPERM, "CAP_SYS_ADMIN CAP_PERFMON" },
	{ SYS_pidfd_getfd, EPERM, "CAP_SYS_PTRACE" },
	{ SYS_pivot_root, EPERM, "CAP_SYS_ADMIN" },
	{ SYS_process_madvise, EPERM, "CAP_SYS_PTRACE" },
	{ SYS_putpmsg, ENOSYS, NULL },
	{ SYS_query_module, EPERM, NULL },
	{ SYS_quotactl, EPERM, "CAP_SYS_ADMIN" },
	{ SYS_quotactl_fd, EPERM, "CAP_SYS_ADMIN" },
	{ SYS_reboot, EPERM, "CAP_SYS_BOOT" },
	{ SYS_request_key, EPERM, NULL },
	{ SYS_security, ENOSYS, NULL },
	{ SYS_setdomainname, EPERM, "CAP_SYS_ADMIN" },
	{ SYS_sethostname, EPERM, "CAP_SYS_ADMIN" },
	{ SYS_setns, EPERM, "CAP_SYS_ADMIN" },
	{ SYS_settimeofday, EPERM, "CAP_SYS_TIME" },
	{ SYS_swapoff, EPERM, NULL },
	{ SYS_swapon, EPERM, NULL },
	{ SYS__sysctl, EPERM, NULL },
	{ SYS_sysfs, EPERM, NULL },
	{ SYS_syslog, EPERM, "CAP_SYS_ADMIN CAP_SYSLOG" },
	{ SYS_tuxcall, ENOSYS, NULL },
	{ SYS_umount2, EPERM, "CAP_SYS_ADMIN" },
	{ SYS_unshare, EPERM, "CAP_SYS_ADMIN" },
	{ SYS_uselib, EPERM, NULL },
	{ SYS_userfaultfd, EPERM, NULL },
	{ SYS_ustat, EPERM, NULL },
	{ SYS_vhangup, EPERM, "CAP_SYS_TTY_CONFIG" },
	{ SYS_vmsplice, EPERM, NULL },
	{ SYS_vserver, ENOSYS, NULL },
	{ 470 /* listns */, EPERM, NULL },
};

static bool set_has(int set, const char *opened_by)
{
	if (!opened_by)
		return false;
	if (set == EVERYTHING)
		return true;
	for (size_t i = 0; sets[set][i]; i++)
		if (strstr(opened_by, sets[set][i]))
			return true;
	return false;
}

/* Arguments 0 are harmless for the calls whose arguments matter. */
static int expected(int set, long nr)
{
	for (size_t i = 0; i < ARRAY_SIZE(not_allowed); i++)
		if (not_allowed[i].nr == nr)
			return set_has(set, not_allowed[i].opened_by) ? ALLOW
								      : not_allowed[i].verdict;
	return nr <= 335 || (nr >= 424 && nr <= 470) ? ALLOW : ENOSYS; /* the gap, and the future */
}

START_TEST(default_profile_answers_as_the_table_for_every_number)
{
	struct seccomp_filter f;

	filter_for(_i, false, &f);
	for (long nr = 0; nr <= 500; nr++)
		if (nr < 457 || _i != ADMIN_NO_CHROOT) /* libseccomp 2.5 does not know those */
			ck_assert_msg(ask(&f, nr, 0, 0, 0) == expected(_i, nr) ||
					      (nr == 335 && _i == ADMIN_NO_CHROOT),
				      "system call %ld: %d, expected %d", nr, ask(&f, nr, 0, 0, 0),
				      expected(_i, nr));
	seccomp_filter_done(&f);
}
END_TEST

START_TEST(json_text_compiled_by_libseccomp_gives_the_same_filter)
{
	static const unsigned arches[] = { NATIVE, AUDIT_ARCH_I386 };
	static const unsigned long long args[] = { 0,
						   1,
						   8,
						   9,
						   15,
						   16,
						   17,
						   37,
						   38,
						   39,
						   40,
						   41,
						   0x5401,
						   0x5412,
						   0x541c,
						   0x20000,
						   0x20008,
						   0x10000000,
						   0x7e020000,
						   0xffffffff,
						   0x100000026ULL,
						   0xffffffff00005412ULL };
	struct seccomp_filter ours, theirs;

	filter_for(_i, false, &ours);
	filter_for(_i, true, &theirs);
	for (size_t a = 0; a < ARRAY_SIZE(arches); a++)
		for (long nr = 0; nr < 457; nr++)
			for (size_t i = 0; nr != 335 && i < ARRAY_SIZE(args); i++)
				for (size_t k = 0; k < 3; k++) {
					unsigned long long a2 = k == 2 ? 9 : args[i];
					unsigned long long a1 = k == 1 ? 0 : args[i];

					ck_assert_msg(ask_arch(&ours, arches[a], nr, args[i], a1,
							       a2) == ask_arch(&theirs, arches[a],
									       nr, args[i], a1, a2),
						      "call %ld(%llx, %llx, %llx) of %x", nr,
						      args[i], a1, a2, arches[a]);
				}
	seccomp_filter_done(&ours);
	seccomp_filter_done(&theirs);
}
END_TEST

START_TEST(arguments_are_looked_at_in_their_low_32_bits)
{
	const unsigned long long high = 0x500000000ULL;
	struct seccomp_filter f;

	filter_for(ROOTISH, false, &f);
	for (unsigned long long up = 0; up <= high; up += high) {
		ck_assert_int_eq(ask(&f, SYS_ioctl, 0, up | 0x5412, 0), EPERM); /* TIOCSTI */
		ck_assert_int_eq(ask(&f, SYS_ioctl, 0, up | 0x541c, 0), EPERM); /* TIOCLINUX */
		ck_assert_int_eq(ask(&f, SYS_socket, up | 38, 5, 0), EPERM);	/* AF_ALG */
		ck_assert_int_eq(ask(&f, SYS_socket, up | 40, 1, 0), EPERM);	/* AF_VSOCK */
		ck_assert_int_eq(ask(&f, SYS_socket, up | 16, 3, 9), EINVAL);	/* audit */
		ck_assert_int_eq(ask(&f, SYS_socket, up | 16, 3, 0), ALLOW);
		ck_assert_int_eq(ask(&f, SYS_clone, up | 0x10000000, 0, 0), EPERM);
		ck_assert_int_eq(ask(&f, SYS_personality, up | 0xffffffff, 0, 0), ALLOW);
	}
	seccomp_filter_done(&f);
}
END_TEST

START_TEST(only_the_forbidden_arguments_are_refused)
{
	struct seccomp_filter f;

	filter_for(ROOTISH, false, &f);
	for (unsigned request = 0; request < 0x10000; request++)
		ck_assert_int_eq(ask(&f, SYS_ioctl, 0, request, 0),
				 request == 0x5412 || request == 0x541c ? EPERM : ALLOW);
	ck_assert_int_eq(ask(&f, SYS_ioctl, 0, 0xffffffff80045430ULL, 0), ALLOW); /* TIOCGPTN */
	for (unsigned family = 0; family < 300; family++)
		ck_assert_int_eq(ask(&f, SYS_socket, family, 1, 0),
				 family == 38 || family == 40 ? EPERM : ALLOW);
	for (unsigned bit = 0; bit < 32; bit++)
		ck_assert_int_eq(ask(&f, SYS_clone, 1u << bit, 0, 0),
				 (0x7e020000u >> bit) & 1 ? EPERM : ALLOW);
	for (unsigned bit = 0; bit < 32; bit++)
		ck_assert_int_eq(ask(&f, SYS_personality, 1u << bit, 0, 0),
				 bit == 3 || bit == 17 ? ALLOW : ENOSYS);
	seccomp_filter_done(&f);
}
END_TEST

START_TEST(audit_socket_is_open_with_its_capability)
{
	auto_done(strv) struct strv caps = { 0 };
	struct seccomp_filter f;
	struct error err = { 0 };
	const char *shared;

	strv_add(&caps, "CAP_AUDIT_WRITE");
	strv_add(&caps, "CAP_SYS_CHROOT");
	ck_assert_ptr_null(seccomp_default(&caps, &shared));
	ck_assert_int_eq(seccomp_compile(shared, -1, &f, &err), 0);
	ck_assert_int_eq(ask(&f, SYS_socket, 16, 3, 9), ALLOW);
	ck_assert_int_eq(ask(&f, SYS_socket, 38, 3, 9), EPERM);
}
END_TEST

START_TEST(nested_profile_opens_namespaces_and_mounts_alone)
{
	static const short open[] = { SYS_unshare, SYS_mount,	    SYS_setns,	    SYS_pivot_root,
				      SYS_clone3,  SYS_sethostname, SYS_move_mount, SYS_keyctl };
	auto_done(strv) struct strv caps = { 0 };
	struct seccomp_filter f;
	struct error err = { 0 };
	const char *shared;

	strv_add(&caps, "CAP_SYS_CHROOT");
	ck_assert_ptr_null(seccomp_nested(&caps, &shared));
	ck_assert_int_eq(seccomp_compile(shared, -1, &f, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(open); i++)
		ck_assert_int_eq(ask(&f, open[i], 0, 0, 0), ALLOW);
	ck_assert_int_eq(ask(&f, SYS_clone, 0x10000000, 0, 0), ALLOW);
	ck_assert_int_eq(ask(&f, SYS_bpf, 0, 0, 0), EPERM);
}
END_TEST

START_TEST(thirty_two_bit_calls_are_filtered_and_other_abis_do_not_exist)
{
	struct seccomp_filter f;

	filter_for(ROOTISH, false, &f);
	ck_assert_int_eq(ask_arch(&f, AUDIT_ARCH_I386, 3 /* read */, 0, 0, 0), ALLOW);
	ck_assert_int_eq(ask_arch(&f, AUDIT_ARCH_I386, 21 /* mount */, 0, 0, 0), EPERM);
	for (unsigned call = 0; call < 21; call++)
		ck_assert_int_eq(ask_arch(&f, AUDIT_ARCH_I386, 102 /* socketcall */, call, 0, 0),
				 EPERM);
	ck_assert_int_eq(ask_arch(&f, AUDIT_ARCH_I386, 359 /* socket */, 38, 0, 0), EPERM);
	ck_assert_int_eq(ask_arch(&f, AUDIT_ARCH_I386, 359 /* socket */, 2, 0, 0), ALLOW);
	ck_assert_int_eq(ask(&f, 0x40000000 | SYS_read, 0, 0, 0), ENOSYS); /* x32 */
	ck_assert_int_eq(ask_arch(&f, AUDIT_ARCH_AARCH64, 63, 0, 0, 0), ENOSYS);
	seccomp_filter_done(&f);
}
END_TEST

START_TEST(fake_owners_filter_answers_chown_and_device_nodes_with_success)
{
	struct seccomp_filter f;

	seccomp_fake_owners(&f);
	ck_assert_int_eq(ask(&f, SYS_chown, 0, 5, 5), 0);
	ck_assert_int_eq(ask(&f, SYS_fchownat, 0, 0, 5), 0);
	ck_assert_int_eq(ask(&f, SYS_mknod, 0, 0020666, 0), 0);
	ck_assert_int_eq(ask(&f, SYS_mknod, 0, 0060666, 0), 0);
	ck_assert_int_eq(ask(&f, SYS_mknod, 0, 0010666, 0), ALLOW); /* a FIFO is really made */
	ck_assert_int_eq(ask(&f, SYS_mknodat, 0, 0, 0020666), 0);
	ck_assert_int_eq(ask(&f, SYS_mknodat, 0, 0020666, 0100644), ALLOW);
	ck_assert_int_eq(ask(&f, SYS_openat, 0, 0, 0), ALLOW);
}
END_TEST

START_TEST(docker_profile_is_resolved_for_the_capabilities)
{
	static const char text[] =
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"archMap\":[{\"architecture\":\"SCMP_ARCH_"
		"X86_64\","
		"\"subArchitectures\":[\"SCMP_ARCH_X86\"]}],\"syscalls\":["
		"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"comment\":\"\"},"
		"{\"name\":\"write\",\"action\":\"SCMP_ACT_ALLOW\"},"
		"{\"names\":[\"chroot\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"caps\":["
		"\"CAP_X\"]}},"
		"{\"names\":[\"getpid\"],\"action\":\"SCMP_ACT_ALLOW\",\"excludes\":{\"caps\":["
		"\"CAP_X\"]}},"
		"{\"names\":[\"getuid\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"arches\":["
		"\"s390\"]}}]}";
	auto_done(strv) struct strv caps = { 0 };
	struct error err = { 0 };
	auto_free char *oci = NULL;
	struct seccomp_filter f;

	strv_add(&caps, "CAP_X");
	oci = seccomp_from_profile(text, sizeof(text) - 1, &caps, &err);
	ck_assert_msg(oci != NULL, "%s", err.text);
	ck_assert_int_eq(seccomp_compile(oci, -1, &f, &err), 0);
	ck_assert_int_eq(ask(&f, SYS_read, 0, 0, 0), ALLOW);
	ck_assert_int_eq(ask(&f, SYS_write, 0, 0, 0), ALLOW);
	ck_assert_int_eq(ask(&f, SYS_chroot, 0, 0, 0), ALLOW);
	ck_assert_int_eq(ask(&f, SYS_getpid, 0, 0, 0), EPERM);
	ck_assert_int_eq(ask(&f, SYS_getuid, 0, 0, 0), EPERM);
	ck_assert_int_eq(ask_arch(&f, AUDIT_ARCH_I386, 3, 0, 0, 0), ALLOW);
	seccomp_filter_done(&f);
}
END_TEST

static const struct {
	const char *text;
	enum error_kind kind;
} bad[] = {
	{ "{\"defaultAction\":\"SCMP_ACT_MAYBE\"}", ERR_INVALID },
	{ "{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}", ERR_UNSUPPORTED },
	{ "{\"syscalls\":[]}", ERR_INVALID },
	{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"comment\":\"\"}", ERR_INVALID },
	{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerMetadata\":\"x\"}", ERR_INVALID },
	{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"/x\",\"syscalls\":[{\"names\":["
	  "\"mkdir\",\"sendmsg\"],\"action\":\"SCMP_ACT_NOTIFY\"}]}",
	  ERR_UNSUPPORTED },
	{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_PDP11\"]}",
	  ERR_INVALID },
	{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[\"SECCOMP_FILTER_FLAG_NEW\"]}",
	  ERR_UNSUPPORTED },
	{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],\"action\":"
	  "\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":6,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]}]}",
	  ERR_INVALID },
	{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],\"action\":"
	  "\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_LIKE\"}]}]}",
	  ERR_INVALID },
};

START_TEST(odd_profile_is_refused)
{
	struct seccomp_filter f = { 0 };
	struct error err = { 0 };

	ck_assert_int_eq(seccomp_compile(bad[_i].text, -1, &f, &err), -1);
	ck_assert_msg(err.kind == bad[_i].kind, "%d: %s", err.kind, err.text);
	seccomp_filter_done(&f);
}
END_TEST

START_TEST(compiled_profile_is_kept_in_the_cache)
{
	static const char text[] =
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":"
		"[\"SECCOMP_FILTER_FLAG_LOG\"],\"syscalls\":[{\"names\":[\"read\"],"
		"\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":5}]}";
	char dir[] = "/tmp/hod-filter-XXXXXX";
	struct seccomp_filter first, second;
	struct error err = { 0 };
	auto_close int fd = -1;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	fd = open(dir, O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(seccomp_compile(text, fd, &first, &err), 0);
	ck_assert_int_eq(seccomp_compile(text, fd, &second, &err), 0);
	ck_assert_int_eq(first.n, second.n);
	ck_assert_uint_eq(second.flags, SECCOMP_FILTER_FLAG_LOG);
	ck_assert_mem_eq(first.code, second.code, first.n * sizeof(*first.code));
	ck_assert_int_eq(ask(&second, SYS_read, 0, 0, 0), 5);
	seccomp_filter_done(&first);
	seccomp_filter_done(&second);
	tree_remove(AT_FDCWD, dir, &err);
}
END_TEST

UNIT_MAIN("runtime/filter", TEST_LOOP(default_profile_answers_as_the_table_for_every_number, SETS),
	  TEST_LOOP(json_text_compiled_by_libseccomp_gives_the_same_filter, ADMIN_NO_CHROOT),
	  TEST(arguments_are_looked_at_in_their_low_32_bits),
	  TEST(only_the_forbidden_arguments_are_refused),
	  TEST(audit_socket_is_open_with_its_capability),
	  TEST(nested_profile_opens_namespaces_and_mounts_alone),
	  TEST(thirty_two_bit_calls_are_filtered_and_other_abis_do_not_exist),
	  TEST(fake_owners_filter_answers_chown_and_device_nodes_with_success),
	  TEST(docker_profile_is_resolved_for_the_capabilities),
	  TEST_LOOP(odd_profile_is_refused, ARRAY_SIZE(bad)),
	  TEST(compiled_profile_is_kept_in_the_cache))
#else
UNIT_MAIN("runtime/filter")
#endif
