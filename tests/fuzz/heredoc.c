/*
 * heredoc.c - fuzz: here-documents and what may stand in front of them. The first line of the input
 * is what follows COPY, the rest the bodies. What was taken as bodies is all there, byte by byte,
 * and a mount that is read from the first line ends as one or with an error.
 */
#include "build/expand.h"
#include "build/instructions.h"
#include "build/run_mount.h"
#include "fuzz.h"

/* The text of an instruction's bodies, each with its terminator: a prefix of what was there. */
static void check_bodies(const struct instruction *in, const char *rest, size_t n)
{
	size_t at = 0;

	vec_each (&in->docs, d) {
		size_t body = strlen(d->body), word = strlen(d->word);
		auto_free char *text = heredoc_text(d);
		char last = '\n';

		FUZZ_CHECK(word > 0 && at + body <= n && memcmp(rest + at, d->body, body) == 0);
		at += body;
		while (d->chomp && at < n && rest[at] == '\t')
			at++;
		FUZZ_CHECK(at + word <= n && memcmp(rest + at, d->word, word) == 0);
		at += word;
		while (at < n && rest[at] == '\r')
			at++;
		FUZZ_CHECK(at == n || rest[at] == '\n');
		at += at < n;
		for (const char *p = text; d->chomp && *p; p++) {
			FUZZ_CHECK(last != '\n' || *p != '\t');
			last = *p;
		}
	}
}

static void check_text(const struct heredoc *d)
{
	struct strv env = { 0 };
	struct error err = { 0 };
	char *out = NULL;

	strv_add(&env, "a=1");
	strv_add(&env, "b=");
	if (d->expand && expand_text(d->body, '\\', &env, &out, &err) == 0) {
		FUZZ_CHECK(strlen(out) <= EXPAND_MAX);
		/* what has nothing to be replaced stays as it is */
		FUZZ_CHECK(strpbrk(d->body, "$\\") || strcmp(out, d->body) == 0);
	}
	free(out);
	strv_done(&env);
}

static void check_mount(const char *text)
{
	struct strv env = { 0 };
	struct error err = { 0 };
	struct run_mount m;

	strv_add(&env, "a=1");
	if (run_mount_parse(text, '\\', NULL, &m, &err) == 0) {
		FUZZ_CHECK(!m.source || m.type == MOUNT_SECRET || *m.source == '/');
		FUZZ_CHECK(m.mode >= -1 && m.mode <= 07777 && m.uid >= -1 && m.gid >= -1);
		run_mount_done(&m);
	}
	err = (struct error){ 0 };
	if (run_mount_parse(text, '\\', &env, &m, &err) == 0)
		run_mount_done(&m);
	strv_done(&env);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_done(str) struct str text = { 0 };
	const char *bytes = (const char *)data, *nl = memchr(data, '\n', size);
	struct error err = { 0 };
	struct dockerfile df;
	size_t head;

	if (size > 65536 || !nl || memchr(data, '\0', size))
		return 0;
	str_add(&text, "FROM x\nCOPY ");
	str_addn(&text, bytes, size);
	head = (size_t)(nl + 1 - bytes);
	{
		auto_free char *first = xstrndup(bytes, head - 1);

		check_mount(first);
	}
	if (dockerfile_parse("F", text.s, text.len, &df, &err) < 0)
		return 0;
	if (df.list.n > 1 && instruction_is(&df.list.v[1], "COPY")) {
		const struct instruction *in = &df.list.v[1];

		/* a continued first line moves the bodies */
		if (head < 2 || (bytes[head - 2] != '\\' && !strchr(" \t\r\v\f", bytes[head - 2])))
			check_bodies(in, nl + 1, size - head);
		vec_each (&in->docs, d)
			check_text(d);
	}
	dockerfile_done(&df);
	return 0;
}
