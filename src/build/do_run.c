/*
 * do_run.c - RUN: the one road. The engine runs the command above the stage's layers and leaves
 * what it changed as a layer.
 *
 * Spec   Dockerfile reference, "RUN", "Here-Documents"; FEATURES B25, B26, B33, B34.
 */
#include "builder.h"
#include "draft.h"
#include "engine/container.h"
#include "step_mounts.h"
#include "image/layer_tar.h"
#include "util/fd.h"

#include <stdio.h>
#include <strings.h>

#define SCRIPT_NAME ".hod-run-script" /* in /, seen by the step alone: not in the layer */

/* Known to every RUN when given, without ARG, and then neither in keys nor in the history. */
static const char *const proxy_args[] = {
	"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "FTP_PROXY",
	"ftp_proxy",  "NO_PROXY",   "no_proxy",	   "ALL_PROXY",	  "all_proxy",
};

bool arg_is_proxy(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(proxy_args); i++)
		if (strcmp(proxy_args[i], name) == 0)
			return true;
	return false;
}

/* ARGs are environment of RUN unless ENV has the name. */
static void arg_env(const struct stage_state *s, struct strv *env)
{
	strv_each (&s->args, i) {
		const char *value;
		auto_free char *name = arg_name(s->args.v[i], &value);

		if (!strv_env_get(&s->config.config.env, name))
			strv_env_set(env, name, value ? value : "");
	}
}

static void proxy_env(const struct builder *b, const struct stage_state *s, struct strv *env)
{
	for (size_t i = 0; i < ARRAY_SIZE(proxy_args); i++) {
		const char *name = proxy_args[i], *value = strv_env_get(&b->r->args, name);

		if (value && !strv_env_get(env, name) && !strv_env_get(&s->config.config.env, name))
			strv_env_set(env, name, value);
	}
}

/* The whole text is one heredoc's word: its body is what is run. */
static const struct heredoc *only_heredoc(const struct instruction *in)
{
	struct heredoc h = { 0 };
	bool only = in->docs.n == 1 && !in->exec && in->args.n == 1 &&
		    !strpbrk(in->args.v[0], " \t") && heredoc_word(in->args.v[0], &h);

	free(h.word);
	return only ? &in->docs.v[0] : NULL;
}

/*
 * The command line. *script is the text of a heredoc that is a program of its own ("#!"), to be
 * found by the step at /SCRIPT_NAME; else NULL.
 */
static void command_line(const struct stage_state *s, const struct instruction *in,
			 struct strv *argv, char **script)
{
	const struct heredoc *only = only_heredoc(in);
	struct str text = { 0 };

	if (in->exec) {
		strv_copy(argv, &in->args);
		return;
	}
	if (only) {
		char *body = heredoc_text(only);

		if (strncmp(body, "#!", 2) == 0) {
			strv_add(argv, "/" SCRIPT_NAME);
			*script = body;
			return;
		}
		stage_shell(s, argv);
		strv_take(argv, body);
		return;
	}
	stage_shell(s, argv);
	str_add(&text, in->args.v[0]);
	vec_each (&in->docs, d) /* the shell reads them as it would read its own */
		str_addf(&text, "\n%s%s", d->body, d->word);
	strv_take(argv, str_take(&text));
}

/* --security=insecure is what `run --privileged` is, and must be allowed by who builds. */
static int check_security(const struct builder *b, const struct instruction *in, bool *privileged,
			  struct error *err)
{
	const char *security = instruction_flag(in, "security");

	*privileged = false;
	if (!security || strcmp(security, "sandbox") == 0)
		return 0;
	if (strcmp(security, "insecure") != 0)
		return error_set(err, ERR_INVALID, "RUN --security=%s: sandbox or insecure",
				 security);
	if (!strv_has(&b->r->allow, "security.insecure")) {
		error_set(err, ERR_DENIED, "RUN --security=insecure is not allowed");
		return error_hint(err, "--allow security.insecure allows it");
	}
	*privileged = true;
	return 0;
}

static int check_network(const struct builder *b, const struct instruction *in,
			 const char **network, struct error *err)
{
	const char *net = instruction_flag(in, "network");

	*network = b->r->network ? b->r->network : "default";
	if (net && strcmp(net, "none") != 0 && strcmp(net, "host") != 0 && strcmp(net, "default") != 0)
		return error_set(err, ERR_INVALID, "RUN --network=%s: default, none or host", net);
	if (net && strcmp(net, "default") != 0)
		*network = net;
	return 0;
}

/* What --ulimit, --add-host and the like say, when they say something. */
static void key_options(const struct builder *b, struct key *k)
{
	auto_done(str) struct str text = { 0 }, none = { 0 };
	struct run_request unset;

	run_request_init(&unset);
	fields_format(run_request_fields, &b->r->step, false, &text);
	fields_format(run_request_fields, &unset, false, &none);
	run_request_done(&unset);
	if (strcmp(str_get(&text), str_get(&none)) != 0)
		key_add(k, "options", str_get(&text));
}

static void make_key(const struct builder *b, const struct stage_state *s,
		     const struct run_request *r, const char *script,
		     const struct step_mounts *mounts, char key[SHA256_HEX])
{
	const struct image_settings *c = &s->config.config;
	struct key k;

	key_begin(&k, "RUN");
	key_list(&k, "layers", &s->layers);
	key_list(&k, "command", &r->entrypoint);
	key_add(&k, "script", script);
	key_list(&k, "env", &c->env);
	key_list(&k, "args", &r->env);
	key_add(&k, "user", c->user);
	key_add(&k, "workdir", c->working_dir);
	key_add(&k, "network", r->network);
	key_int(&k, "privileged", r->privileged);
	key_options(b, &k);
	step_mounts_key(mounts, &k);
	key_add(&k, "architecture", s->config.platform.architecture);
	key_add(&k, "variant", s->config.platform.variant);
	key_int(&k, "epoch", b->epoch);
	key_end(&k, key);
}

/* Puts the script where the step will find it, in the layer-to-be. */
static int place_script(struct builder *b, struct stage_state *s, const char *script,
			struct draft *d, struct error *err)
{
	int view = stage_view(b, s, err);

	if (view < 0 || draft_begin(b->st, &s->layers, view, d, err) < 0 ||
	    file_write(d->upper, SCRIPT_NAME, script, strlen(script), 0755, false, err) < 0)
		return -1;
	return fchmodat(d->upper, SCRIPT_NAME, 0755, 0) < 0 ? error_sys(err, "make the script") : 0;
}

static int remove_script(struct draft *d, struct error *err)
{
	auto_close int diff = dir_open(d->staging.fd, "diff", err);

	return diff < 0 ? -1 : tree_remove(diff, SCRIPT_NAME, err);
}

static int failed(struct builder *b, const struct run_request *r, int code, struct error *err)
{
	auto_free char *command = strv_join(&r->entrypoint, " ");

	*b->exit_code = code;
	return error_set(err, ERR_FAILED, "RUN %.200s%s: exit code %d", command,
			 strlen(command) > 200 ? "..." : "", code);
}

static int run_command(struct builder *b, struct stage_state *s, struct run_request *r,
		       const char *script, struct step_mounts *mounts, struct digest *layer,
		       struct error *err)
{
	auto_done(draft) struct draft d = DRAFT_NONE;
	int code = 0;

	if (script ? place_script(b, s, script, &d, err) < 0
		   : staging_begin(b->st, &d.staging, err) < 0)
		return -1;
	d.st = b->st;
	if (step_mounts_make(mounts, r, err) < 0 ||
	    engine_run_step(b->e, r, &s->config.config, b->step_id, &d.staging, &code, err) < 0)
		return -1;
	if (code)
		return failed(b, r, code, err);
	if (script && remove_script(&d, err) < 0)
		return -1;
	return layer_commit(b->st, &d.staging, b->epoch, layer, err);
}

struct running {
	struct run_request r;
	struct step_mounts mounts;
	char *script, *created_by;
	char key[SHA256_HEX];
};

static int prepare(struct builder *b, struct stage_state *s, const struct instruction *in,
		   struct running *x, struct error *err)
{
	const char *network;
	auto_free char *words = NULL;

	x->r.build_step = true;
	x->r.has_entrypoint = true;
	if (check_network(b, in, &network, err) < 0 ||
	    check_security(b, in, &x->r.privileged, err) < 0 ||
	    step_mounts_plan(b, s, in, &x->mounts, err) < 0)
		return -1;
	x->r.network = xstrdup(network);
	command_line(s, in, &x->r.entrypoint, &x->script);
	arg_env(s, &x->r.env);
	make_key(b, s, &x->r, x->script, &x->mounts, x->key);
	proxy_env(b, s, &x->r.env);
	words = strv_join(&x->r.entrypoint, " ");
	x->created_by = xasprintf("RUN %s", x->script ? in->text : words);
	strv_copy(&x->r.layers, &s->layers);
	return 0;
}

int do_run(struct builder *b, struct stage_state *s, const struct instruction *in, struct error *err)
{
	struct running x = { .mounts = { .b = b, .files = -1 } };
	struct digest layer;
	int r;

	run_request_init(&x.r);
	fields_copy(run_request_fields, &x.r, &b->r->step);
	r = prepare(b, s, in, &x, err);
	if (r == 0)
		r = step_find(b, s, x.key, x.created_by, err);
	if (r == 0) {
		r = run_command(b, s, &x.r, x.script, &x.mounts, &layer, err);
		if (r == 0)
			r = step_finish(b, s, x.key, &layer, x.created_by, err);
	}
	step_mounts_done(&x.mounts);
	run_request_done(&x.r);
	free(x.script);
	free(x.created_by);
	return r < 0 ? -1 : 0;
}
