/*
 * platform.c - os/architecture/variant: their spellings, the host's, and which fits best.
 *
 * Owns   the names of architectures; everything that compares platforms comes here.
 * Never  chooses another architecture for the one wanted; only variants may differ.
 * Spec   image-spec 1.1, image-index.md, "Platform Variants"; the spellings are Go's GOARCH.
 */
#include "oci/platform.h"

#include <ctype.h>
#include <sys/utsname.h>
#if defined(__x86_64__) && __has_include(<sys/platform/x86.h>)
#include <sys/platform/x86.h>
#endif

const struct field platform_fields[] = {
	F_STR(struct platform, architecture, "architecture"),
	F_STR(struct platform, os, "os"),
	F_STR(struct platform, variant, "variant"),
	F_END,
};

void platform_done(struct platform *p)
{
	fields_done(platform_fields, p);
}

/* What machines and people call an architecture, and its proper name. */
static const struct alias {
	const char *alias, *architecture, *variant;
} aliases[] = {
	{ "x86_64", "amd64", NULL },
	{ "x86-64", "amd64", NULL },
	{ "aarch64", "arm64", "v8" },
	{ "arm64", "arm64", "v8" },
	{ "armhf", "arm", "v7" },
	{ "armel", "arm", "v6" },
	{ "armv7l", "arm", "v7" },
	{ "armv6l", "arm", "v6" },
	{ "armv8l", "arm", "v7" },
	{ "arm", "arm", "v7" },
	{ "i386", "386", NULL },
	{ "i486", "386", NULL },
	{ "i586", "386", NULL },
	{ "i686", "386", NULL },
	{ "loongarch64", "loong64", NULL },
};

static const struct alias *alias_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(aliases); i++)
		if (strcmp(aliases[i].alias, name) == 0)
			return &aliases[i];
	return NULL;
}

/* Replaces an alias, and gives the variant that the name alone means. */
static void normalise(struct platform *p)
{
	const struct alias *a = alias_find(p->architecture);

	if (!a)
		return;
	free(p->architecture);
	p->architecture = xstrdup(a->architecture);
	if (!p->variant)
		p->variant = xstrdup_or_null(a->variant);
}

static bool is_os(const char *s)
{
	static const char *const names[] = { "linux",  "windows", "darwin",  "freebsd",
					     "netbsd", "openbsd", "solaris", "illumos",
					     "aix",    "android", "wasip1",  "js" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(s, names[i]) == 0)
			return true;
	return false;
}

int platform_parse(const char *text, struct platform *p, struct error *err)
{
	auto_done(strv) struct strv parts = { 0 };
	auto_done(platform) struct platform host = { 0 };
	size_t n = 0;

	*p = (struct platform){ 0 };
	strv_split(&parts, text, '/');
	strv_each (&parts, i) {
		char *s = parts.v[i];

		for (char *c = s; *c; c++) {
			if (!isalnum((unsigned char)*c) && !strchr("_-.", *c))
				n = 4;
			*c = (char)tolower((unsigned char)*c);
		}
		if (!*s)
			n = 4;
	}
	if (n || parts.n < 1 || parts.n > 3)
		return error_set(err, ERR_INVALID, "platform '%s' is not OS/ARCH[/VARIANT]", text);
	platform_host(&host);
	n = 0;
	p->os = xstrdup(parts.n > 1 || is_os(parts.v[0]) ? parts.v[n++] : "linux");
	if (n < parts.n) {
		p->architecture = xstrdup(parts.v[n++]);
		if (n < parts.n)
			p->variant = xstrdup(parts.v[n++]);
	} else {
		p->architecture = xstrdup(host.architecture);
		p->variant = xstrdup_or_null(host.variant);
	}
	normalise(p);
	return 0;
}

char *platform_format(const struct platform *p)
{
	struct str out = { 0 };

	str_addf(&out, "%s/%s", p->os ? p->os : "unknown",
		 p->architecture ? p->architecture : "unknown");
	if (!str_empty(p->variant))
		str_addf(&out, "/%s", p->variant);
	return str_take(&out);
}

void platform_host(struct platform *p)
{
	struct utsname u;

	uname(&u);
	*p = (struct platform){ .os = xstrdup("linux"), .architecture = xstrdup(u.machine) };
	normalise(p);
}

/* "v7", "7" -> 7; the default of the architecture when absent; 0 when it is no such variant */
static int variant_level(const struct platform *p)
{
	const char *s = p->variant;

	if (str_empty(s)) {
		const struct alias *a = alias_find(p->architecture);

		return a && a->variant ? a->variant[1] - '0' : 1;
	}
	if (*s == 'v')
		s++;
	return isdigit((unsigned char)s[0]) && !s[1] ? s[0] - '0' : 0;
}

#if defined(__x86_64__) && __has_include(<sys/platform/x86.h>)
/* As CPU_FEATURE_ACTIVE, whose shift of a signed 1 into the sign bit is undefined. */
static bool processor_has(unsigned feature)
{
	const unsigned leaf_bits = 128;
	const struct cpuid_feature *leaf = __x86_get_cpuid_feature_leaf(feature / leaf_bits);
	unsigned bit = feature % leaf_bits;

	return leaf->active_array[bit / 32] >> bit % 32 & 1;
}
#endif

/*
 * What this processor has; an image for a lower level runs, too. The C library has asked it
 * already: asking again (which the compiler's __builtin_cpu_supports does at the start of every
 * program that names it) costs 0.04 ms in a virtual machine, where each cpuid leaves the guest.
 */
static int amd64_level(void)
{
#if defined(__x86_64__) && __has_include(<sys/platform/x86.h>)
	if (!processor_has(x86_cpu_SSE4_2) || !processor_has(x86_cpu_POPCNT))
		return 1;
	if (!processor_has(x86_cpu_AVX2) || !processor_has(x86_cpu_BMI2) ||
	    !processor_has(x86_cpu_FMA))
		return 2;
	if (!processor_has(x86_cpu_AVX512F) || !processor_has(x86_cpu_AVX512BW) ||
	    !processor_has(x86_cpu_AVX512VL))
		return 3;
	return 4;
#else
	return 1;
#endif
}

int platform_match(const struct platform *wanted, const struct platform *have)
{
	int most, level;

	if (!str_eq(wanted->os, have->os) || !have->architecture ||
	    !str_eq(wanted->architecture, have->architecture))
		return 0;
	level = variant_level(have);
	most = variant_level(wanted);
	if (!level || !most) /* named variants, such as power9: the same or any */
		return str_empty(wanted->variant) || str_eq(wanted->variant, have->variant);
	if (str_empty(wanted->variant) && strcmp(have->architecture, "amd64") == 0)
		most = amd64_level();
	return level <= most ? 1 + level : 0;
}
