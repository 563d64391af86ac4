/*
 * foreign.c - RUN for another processor than ours, by binfmt_misc.
 */
#include "foreign.h"
#include "util/fd.h"

#define BINFMT	   "/proc/sys/fs/binfmt_misc"
#define BINFMT_MAX 4096

/* What an interpreter is commonly called, of each architecture's name in images. */
static const struct {
	const char *architecture, *qemu;
	const char *native_on; /* runs there without one */
} machines[] = {
	{ "386", "i386", "amd64" },	    { "amd64", "x86_64", NULL },
	{ "arm", "arm", "arm64" },	    { "arm64", "aarch64", NULL },
	{ "loong64", "loongarch64", NULL }, { "mips64le", "mips64el", NULL },
	{ "ppc64le", "ppc64le", NULL },	    { "riscv64", "riscv64", NULL },
	{ "s390x", "s390x", NULL },
};

static bool has_interpreter(const char *qemu)
{
	auto_free char *path = xasprintf(BINFMT "/qemu-%s", qemu);
	auto_done(str) struct str text = { 0 };
	struct error absent = { 0 };

	return file_read(AT_FDCWD, path, &text, BINFMT_MAX, &absent) == 0 &&
	       str_starts(str_get(&text), "enabled");
}

static bool can_run(const struct platform *host, const struct platform *p)
{
	if (platform_match(host, p))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (str_eq(machines[i].architecture, p->architecture))
			return str_eq(machines[i].native_on, host->architecture) ||
			       str_eq(host->architecture, p->architecture) ||
			       has_interpreter(machines[i].qemu);
	return false;
}

static const char *platform_of(const struct builder *b, const struct stage *st)
{
	while (!st->platform && st->base_stage >= 0)
		st = &b->stages.v.v[st->base_stage];
	return st->platform ? st->platform : b->platform_text;
}

static const struct instruction *first_run(const struct builder *b, const struct stage *st)
{
	for (size_t i = 0; i < st->n; i++)
		if (instruction_is(&b->df.list.v[st->first + i], "RUN"))
			return &b->df.list.v[st->first + i];
	return NULL;
}

int foreign_check(struct builder *b, struct error *err)
{
	struct platform host = { 0 };
	int r = 0;

	platform_host(&host);
	vec_each (&b->stages.v, st) {
		const char *text = platform_of(b, st);
		const struct instruction *run = first_run(b, st);
		struct platform p = { 0 };

		if (r < 0 || !st->needed || !text || !run)
			continue;
		r = platform_parse(text, &p, err);
		if (r == 0 && !can_run(&host, &p)) {
			r = error_set(err, ERR_UNSUPPORTED,
				      "%s:%u: RUN for %s cannot be executed on this machine",
				      b->df.name, run->line, text);
			error_hint(err,
				   "binfmt_misc with qemu-user (Debian: qemu-user-static) makes "
				   "it possible");
		}
		platform_done(&p);
	}
	platform_done(&host);
	return r;
}
