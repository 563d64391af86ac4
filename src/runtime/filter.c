/*
 * filter.c - the default profile as text and as BPF; and which BPF belongs to a profile's text.
 *
 * Owns   the embedded variants (out/gen/seccomp_bpf.h) and the files of the profile cache.
 * Never  compiles what it has. What it has not, profile.c compiles.
 */
#include "filter.h"
#include "caps.h"
#include "profile.h"
#include "runtime/defaults.h"
#include "seccomp_plan.h"
#include "util/fd.h"
#include "util/sha256.h"

#include "seccomp_bpf.h" /* generated */

#include <errno.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <stdio.h>
#include <unistd.h>

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

static const struct variant {
	uint64_t caps; /* those that make a difference */
	const struct sock_filter *code;
	unsigned short n;
	const char *json;
	size_t json_len;
} variants[] = { SECCOMP_VARIANTS };

static void put(void *arg, const char *text, size_t n)
{
	str_addn(arg, text, n);
}

static char *default_text(uint64_t caps, const char **shared)
{
	struct str out = { 0 };
	struct seccomp_writer w = { .put = put, .arg = &out };

	caps = seccomp_relevant(caps);
	for (size_t i = 0; i < ARRAY_SIZE(variants); i++)
		if (variants[i].caps == caps) {
			*shared = variants[i].json;
			return NULL;
		}
	*shared = NULL;
	seccomp_json(caps, SECCOMP_ARCHITECTURES, &w);
	return str_take(&out);
}

char *seccomp_default(const struct strv *capabilities, const char **shared)
{
	return default_text(capability_mask(capabilities), shared);
}

char *seccomp_nested(const struct strv *capabilities, const char **shared)
{
	return default_text(capability_mask(capabilities) | SECCOMP_NESTED, shared);
}

static const struct variant *variant_of(const char *json)
{
	size_t n;

	for (size_t i = 0; i < ARRAY_SIZE(variants); i++)
		if (variants[i].json == json)
			return &variants[i];
	n = strlen(json);
	for (size_t i = 0; i < ARRAY_SIZE(variants); i++)
		if (variants[i].json_len == n && memcmp(variants[i].json, json, n) == 0)
			return &variants[i];
	return NULL;
}

void seccomp_filter_done(struct seccomp_filter *f)
{
	str_done(&f->owned);
	*f = (struct seccomp_filter){ 0 };
}

void seccomp_fake_owners(struct seccomp_filter *f)
{
	*f = (struct seccomp_filter){ .code = seccomp_bpf_fakes, .n = ARRAY_SIZE(seccomp_bpf_fakes) };
}

int seccomp_load_listener(const struct seccomp_filter *f, struct error *err)
{
	struct sock_filter *code;
	struct sock_fprog prog = { .len = f->n };
	int r;

	memcpy(&code, &f->code, sizeof(code)); /* the kernel only reads it */
	prog.filter = code;
	r = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, f->flags, &prog);
	return r < 0 ? error_sys(err, "load the system call filter (%u instructions)", f->n) : r;
}

int seccomp_load(const struct seccomp_filter *f, struct error *err)
{
	return f->n && seccomp_load_listener(f, err) < 0 ? -1 : 0;
}

int seccomp_listen(const struct seccomp_filter *fakes, struct error *err)
{
	struct sock_filter code[256];
	struct sock_fprog prog = { .len = fakes->n, .filter = code };
	unsigned flags = SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	int fd;

	if (fakes->n > ARRAY_SIZE(code))
		return error_set(err, ERR_BUG, "a filter of %u instructions", fakes->n);
	memcpy(code, fakes->code, fakes->n * sizeof(*code));
	for (unsigned i = 0; i < fakes->n; i++)
		if (code[i].code == (BPF_RET | BPF_K) && code[i].k == SECCOMP_RET_ERRNO)
			code[i].k = SECCOMP_RET_USER_NOTIF;
	fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
	if (fd < 0 && errno == EINVAL) /* before Linux 5.19: a signal may interrupt the call */
		fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
				  SECCOMP_FILTER_FLAG_NEW_LISTENER, &prog);
	if (fd < 0 && (errno == EBUSY || errno == EINVAL))
		return error_set(err, ERR_UNSUPPORTED, "no notification of system calls here");
	return fd < 0 ? error_sys(err, "listen to system calls") : fd;
}

int seccomp_compile(const char *json, int cache, struct seccomp_filter *f, struct error *err)
{
	const struct variant *v = variant_of(json);
	const size_t max = BPF_MAXINSNS * sizeof(struct sock_filter);
	char hex[SHA256_HEX], name[SHA256_HEX + 8];
	struct error ignored = { 0 };

	if (v) {
		*f = (struct seccomp_filter){ .code = v->code, .n = v->n };
		return 0;
	}
	*f = (struct seccomp_filter){ 0 };
	sha256_bytes(json, strlen(json), hex);
	snprintf(name, sizeof(name), "bpf-%s", hex);
	/* the file is the flags, then the instructions; one that is not there or odd is made anew */
	if (cache < 0 || file_read(cache, name, &f->owned, max + sizeof(f->flags), &ignored) < 0 ||
	    f->owned.len <= sizeof(f->flags) ||
	    (f->owned.len - sizeof(f->flags)) % sizeof(struct sock_filter)) {
		str_clear(&f->owned);
		if (profile_compile(json, &f->owned, err) < 0)
			return -1;
		if (cache >= 0) /* a cache that cannot be written costs time only */
			file_write(cache, name, f->owned.s, f->owned.len, 0600, false, &ignored);
	}
	memcpy(&f->flags, f->owned.s, sizeof(f->flags));
	f->code = (const void *)(f->owned.s + sizeof(f->flags));
	f->n = (unsigned short)((f->owned.len - sizeof(f->flags)) / sizeof(struct sock_filter));
	return 0;
}
