/*
 * run_words.c - a container as the command line that makes it.
 *
 * The table of run's options is read backwards; the few kinds of values that are more than a text
 * are written here.
 */
#include "generate.h"

#include "commands.h"
#include "run_opts.h"

static bool is_among(const char *const *names, const char *name)
{
	for (; names && *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

/* type=bind,source=/a,target=/b; a comma in a path is kept by CSV quotes */
static void add_field(struct str *out, const char *key, const char *value)
{
	auto_free char *field = xasprintf("%s=%s", key, value);

	if (out->len)
		str_addc(out, ',');
	if (!strpbrk(field, ",\"")) {
		str_add(out, field);
		return;
	}
	str_addc(out, '"');
	for (const char *p = field; *p; p++) {
		if (*p == '"')
			str_addc(out, '"');
		str_addc(out, *p);
	}
	str_addc(out, '"');
}

static void add_mount(const struct container_mount *m, struct strv *words)
{
	auto_done(str) struct str text = { 0 };

	if (str_eq(m->type, "tmpfs")) {
		auto_free char *options = strv_join(&m->options, ",");

		strv_addf(words, "--tmpfs=%s%s%s", m->destination, m->options.n ? ":" : "", options);
		return;
	}
	add_field(&text, "type", m->type);
	add_field(&text, "source", str_eq(m->type, "volume") ? m->name : m->source);
	add_field(&text, "target", m->destination);
	if (!m->rw)
		str_add(&text, ",readonly");
	if (m->propagation && !str_eq(m->propagation, "rprivate"))
		add_field(&text, "bind-propagation", m->propagation);
	strv_addf(words, "--mount=%s", str_get(&text));
}

static void add_ulimit(const struct request_ulimit *u, struct strv *words)
{
	strv_addf(words, "--ulimit=%s=%lld:%lld", u->name, (long long)u->soft, (long long)u->hard);
}

static void add_port(const struct port *p, struct strv *words)
{
	auto_done(str) struct str text = { 0 };

	if (p->host)
		str_addf(&text, strchr(p->host, ':') ? "[%s]:" : "%s:", p->host);
	if (p->host_last > p->host_port)
		str_addf(&text, "%lld-%lld:", (long long)p->host_port, (long long)p->host_last);
	else if (p->host_port)
		str_addf(&text, "%lld:", (long long)p->host_port);
	else if (p->host)
		str_addc(&text, ':');
	strv_addf(words, "--publish=%s%lld/%s", str_get(&text), (long long)p->port, p->proto);
}

/* One word stands as it is, more (or none) as a JSON list. */
static void add_entrypoint(const struct run_request *r, struct strv *words)
{
	auto_done(str) struct str text = { 0 };

	if (r->entrypoint.n == 1) {
		strv_addf(words, "--entrypoint=%s", r->entrypoint.v[0]);
		return;
	}
	strv_each (&r->entrypoint, i) {
		str_addc(&text, i ? ',' : '[');
		str_add_json(&text, r->entrypoint.v[i]);
	}
	if (r->entrypoint.n)
		str_addc(&text, ']');
	strv_addf(words, "--entrypoint=%s", str_get(&text));
}

/* What rows of a type of their own stand for; anonymous volumes are made anew by the image. */
static void add_special(const struct generate_input *in, const char *name, struct strv *words)
{
	const struct run_request *r = in->request;

	if (strcmp(name, "mount") == 0) {
		vec_each (&in->record->mounts, m)
			if (!m->anonymous)
				add_mount(m, words);
	} else if (strcmp(name, "ulimit") == 0) {
		vec_each (&r->ulimits, u)
			add_ulimit(u, words);
	} else if (strcmp(name, "publish") == 0) {
		vec_each (&r->publish, p)
			add_port(p, words);
	} else if (strcmp(name, "network") == 0) {
		if (r->network)
			strv_addf(words, "--network=%s", r->network);
		vec_each (&r->more_networks, n) {
			auto_free char *text = request_network_format(n);

			strv_addf(words, "--network=%s", text);
		}
	} else if (strcmp(name, "entrypoint") == 0 && r->has_entrypoint) {
		add_entrypoint(r, words);
	} else if (strcmp(name, "cpus") == 0 && r->limits.nano_cpus != UNSET) {
		strv_addf(words, "--cpus=%lld.%09lld", (long long)r->limits.nano_cpus / 1000000000,
			  (long long)r->limits.nano_cpus % 1000000000);
	}
}

/*
 * The request has no variables of the caller's any more, but values; --env is theirs. Rows that
 * fill only run_args and not the request are of the command that was given, and are left out.
 */
static void add_options(const struct generate_input *in, const struct opt *known,
			const char *const *without, struct strv *words)
{
	struct run_args args = { .request = *in->request };

	for (const struct opt *o = run_opts; o->name; o++) {
		bool kept = !known;

		for (const struct opt *k = known; !kept && k && k->name; k++)
			kept = strcmp(k->name, o->name) == 0;
		if (!kept || (o->flags & OPT_HIDDEN) || is_among(without, o->name))
			continue;
		if (strcmp(o->name, "env") == 0)
			strv_each (&in->request->env, i)
				strv_addf(words, "--env=%s", in->request->env.v[i]);
		else if (!opt_words(o, &args, words))
			add_special(in, o->name, words);
	}
}

void run_words(const struct generate_input *in, const char *const *without, struct strv *words)
{
	add_options(in, NULL, without, words);
	strv_add(words, in->request->image ? in->request->image : "");
	strv_copy(words, &in->request->args);
}

void bundle_words(const struct generate_input *in, const char *const *without, struct strv *words)
{
	add_options(in, cmd_bundle.opts, without, words);
}

void program_words(const struct generate_input *in, struct strv *words)
{
	strv_add(words, in->program);
	if (in->store)
		strv_addf(words, "--root=%s", in->store);
}

void shell_quote(struct str *out, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "@%_-+=:,./";

	if (*word && word[strspn(word, plain)] == '\0') {
		str_add(out, word);
		return;
	}
	str_addc(out, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			str_add(out, "'\\''");
		else
			str_addc(out, *word);
	}
	str_addc(out, '\'');
}
