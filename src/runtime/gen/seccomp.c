/*
 * gen/seccomp.c - runs when hod is built: has libseccomp compile the default profile once, so that
 * the start of a container does not (it takes 10 ms), and prints it as the header seccomp_bpf.h:
 * for each set of capabilities that common flags make, the BPF and the OCI JSON text.
 *
 * Depends on libseccomp, bpf_squeeze.h and seccomp_plan.h alone. The NUMBER names of the table are
 * compiled only for the architecture that we run on, which is the only one whose numbers libseccomp
 * takes as they are; that is also the only one whose filter the hod built beside it loads.
 */
#include "bpf_squeeze.h"
#include "seccomp_plan.h"

#include <linux/filter.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct arch {
	const char *macro;	   /* says in C that this is what hod is built for */
	uint32_t main, sub;	   /* sub 0: none */
	const char *architectures; /* in JSON */
};
static const struct arch arches[] = {
	{ "__x86_64__", SCMP_ARCH_X86_64, SCMP_ARCH_X86, "\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\"" },
	{ "__aarch64__", SCMP_ARCH_AARCH64, SCMP_ARCH_ARM, "\"SCMP_ARCH_AARCH64\",\"SCMP_ARCH_ARM\"" },
	{ "__riscv", SCMP_ARCH_RISCV64, 0, "\"SCMP_ARCH_RISCV64\"" },
};
static const struct {
	uint64_t caps;
	const char *why;
} variants[] = {
	{ CAP_BIT(SYS_CHROOT), "the default set" },
	{ CAP_BIT(SYS_CHROOT) | CAP_BIT(AUDIT_WRITE), "docker's set" },
	{ 0, "--cap-drop all" },
	{ CAP_BIT(SYS_CHROOT) | CAP_BIT(SYS_PTRACE), "--cap-add sys_ptrace" },
	{ CAP_BIT(SYS_CHROOT) | CAP_BIT(SYS_ADMIN), "--cap-add sys_admin" },
	{ (1ULL << (CAP_LAST_CAP + 1)) - 1, "--cap-add all" },
	{ CAP_BIT(SYS_CHROOT) | SECCOMP_NESTED, "--security-opt seccomp=nested" },
};

static void die(const char *what, int rc)
{
	fprintf(stderr, "gen/seccomp: %s: %s\n", what, strerror(rc < 0 ? -rc : errno));
	exit(1);
}

struct target {
	scmp_filter_ctx ctx;
	uint32_t token;
};

static int number_of(const struct target *t, const char *name)
{
	int nr = seccomp_syscall_resolve_name(name);

	if (nr != __NR_SCMP_ERROR)
		return nr;
	for (size_t i = 0; i < sizeof(seccomp_numbers) / sizeof(seccomp_numbers[0]); i++)
		if (strcmp(seccomp_numbers[i].name, name) == 0 && t->token == seccomp_arch_native())
			return seccomp_numbers[i].number;
	return __NR_SCMP_ERROR;
}

static void add(void *arg, const struct seccomp_item *item)
{
	struct target *t = arg;
	static const enum scmp_compare ops[] = { SCMP_CMP_MASKED_EQ, SCMP_CMP_EQ, SCMP_CMP_NE };
	struct scmp_arg_cmp when[2];
	char name[64];
	int nr, rc;

	snprintf(name, sizeof(name), "%.*s", (int)item->names_len, item->names);
	nr = number_of(t, name);
	if (nr == __NR_SCMP_ERROR || item->verdict == ENOSYS) /* ENOSYS is what the others get */
		return;
	for (unsigned i = 0; i < item->n; i++) {
		const struct seccomp_cube *cube = &item->when[i].cube;

		when[i] = item->when[i].op == SECCOMP_MASKED_EQ
				  ? SCMP_CMP(item->when[i].arg, SCMP_CMP_MASKED_EQ, cube->mask,
					     cube->value)
				  : SCMP_CMP(item->when[i].arg, ops[item->when[i].op], cube->value);
	}
	rc = seccomp_rule_add_array(t->ctx,
				    item->verdict == SECCOMP_ALLOW
					    ? SCMP_ACT_ALLOW
					    : SCMP_ACT_ERRNO((uint32_t)item->verdict),
				    nr, item->n, when);
	if (rc < 0)
		die(name, rc);
}

static scmp_filter_ctx compile(uint32_t token, const uint64_t *caps)
{
	struct target t = { seccomp_init(caps ? SCMP_ACT_ERRNO(ENOSYS) : SCMP_ACT_ALLOW), token };
	int rc;

	if (!t.ctx)
		die("seccomp_init", -ENOMEM);
	if (token != seccomp_arch_native() &&
	    ((rc = seccomp_arch_add(t.ctx, token)) < 0 ||
	     (rc = seccomp_arch_remove(t.ctx, seccomp_arch_native())) < 0))
		die("architecture", rc);
	/* what is neither of our architectures (x32 too) does not exist */
	if ((rc = seccomp_attr_set(t.ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS))) < 0 ||
	    (rc = seccomp_attr_set(t.ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2)) < 0)
		die("attribute", rc);
	if (caps)
		seccomp_plan(*caps, add, &t);
	else
		seccomp_plan_fakes(add, &t);
	return t.ctx;
}

/* caps NULL: the filter of the fakes */
static void print_bpf(const struct arch *a, const char *name, const char *why, const uint64_t *caps)
{
	scmp_filter_ctx ctx = compile(a->main, caps);
	const uint32_t arches_told[] = { a->main, a->sub };
	static struct bpf full, brief;
	FILE *f = tmpfile();
	int rc;

	if (a->sub && (rc = seccomp_merge(ctx, compile(a->sub, caps))) < 0)
		die("merge", rc);
	if (!f)
		die("temporary file", 0);
	if ((rc = seccomp_export_bpf(ctx, fileno(f))) < 0)
		die("export", rc);
	rewind(f);
	full.n = (uint32_t)fread(full.v, sizeof(full.v[0]), SQUEEZE_MAX, f);
	squeeze(&full, &brief, arches_told, a->sub ? 2 : 1);
	printf("/* %s; %u instructions before they were squeezed */\n", why, full.n);
	printf("static const struct sock_filter seccomp_bpf_%s[] = {\n", name);
	for (uint32_t n = 0; n < brief.n; n++)
		printf("{%u,%u,%u,%#xu},\n", brief.v[n].code, brief.v[n].jt, brief.v[n].jf,
		       brief.v[n].k);
	printf("};\n");
	fclose(f);
	seccomp_release(ctx);
}

/* Prints JSON as a C string, in pieces that every compiler takes. */
static void put(void *arg, const char *text, size_t n)
{
	unsigned *column = arg;

	for (size_t i = 0; i < n; i++) {
		if (text[i] == '"' || text[i] == '\\')
			putchar('\\');
		putchar(text[i]);
		if (++*column % 90 == 0)
			fputs("\"\n\"", stdout);
	}
}

int main(void)
{
	printf("/* written by src/runtime/gen/seccomp.c from seccomp_rules.h */\n");
	for (size_t a = 0; a < sizeof(arches) / sizeof(arches[0]); a++) {
		printf("#%s defined(%s)\n", a ? "elif" : "if", arches[a].macro);
		printf("#define SECCOMP_ARCHITECTURES \"");
		for (const char *p = arches[a].architectures; *p; p++)
			printf("%s%c", *p == '"' ? "\\" : "", *p);
		printf("\"\n");
		for (size_t v = 0; v < sizeof(variants) / sizeof(variants[0]); v++) {
			struct seccomp_writer w = { .put = put };
			unsigned column = 0;
			char name[8];

			w.arg = &column;
			snprintf(name, sizeof(name), "%zu", v);
			print_bpf(&arches[a], name, variants[v].why, &variants[v].caps);
			printf("static const char seccomp_json_%zu[] = \"", v);
			seccomp_json(variants[v].caps, arches[a].architectures, &w);
			printf("\";\n");
		}
		print_bpf(&arches[a], "fakes", "added for single-id user namespaces", NULL);
	}
	printf("#else\n#error \"no default system call filter for this architecture\"\n#endif\n"
	       "#define SECCOMP_VARIANT(caps_, n_) \\\n\t{ .caps = (caps_), "
	       ".code = seccomp_bpf_##n_, .n = sizeof(seccomp_bpf_##n_) / 8, \\\n"
	       "\t  .json = seccomp_json_##n_, .json_len = sizeof(seccomp_json_##n_) - 1 }\n"
	       "#define SECCOMP_VARIANTS \\\n");
	for (size_t v = 0; v < sizeof(variants) / sizeof(variants[0]); v++)
		printf("\tSECCOMP_VARIANT(%#lxULL, %zu), \\\n",
		       (unsigned long)seccomp_relevant(variants[v].caps), v);
	printf("\n");
	return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
