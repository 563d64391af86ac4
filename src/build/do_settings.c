/*
 * do_settings.c - instructions that only set what a container starts with: no layer.
 *
 * Spec   Dockerfile reference; image-spec config.md with docker's extensions; FEATURES B36-B44.
 */
#include "builder.h"
#include "util/text.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <strings.h>

#define PORTS_MAX 65536 /* of one range */

static void set(char **to, const char *value)
{
	free(*to);
	*to = xstrdup(value);
}

static void note(struct builder *b, struct stage_state *s, const struct instruction *in)
{
	auto_free char *words = strv_join(&in->args, " ");
	auto_free char *text = xasprintf("%s %s", in->def->name, words);

	stage_add_history(b, s, text, true, 0);
}

/* As docker shows commands: the JSON array. */
static void note_command(struct builder *b, struct stage_state *s, const char *name,
			 const struct strv *argv)
{
	auto_done(str) struct str text = { 0 };

	str_addf(&text, "%s [", name);
	strv_each (argv, i) {
		if (i)
			str_addc(&text, ' ');
		str_add_json(&text, argv->v[i]);
	}
	str_addc(&text, ']');
	stage_add_history(b, s, text.s, true, 0);
}

static void command(const struct stage_state *s, const struct instruction *in, struct strv *argv)
{
	strv_done(argv);
	*argv = (struct strv){ 0 };
	if (!in->exec)
		stage_shell(s, argv);
	strv_copy(argv, &in->args);
}

int do_cmd(struct builder *b, struct stage_state *s, const struct instruction *in, struct error *err)
{
	struct image_settings *c = &s->config.config;

	(void)err;
	command(s, in, &c->cmd);
	c->has_cmd = true;
	s->cmd_set = true;
	note_command(b, s, "CMD", &c->cmd);
	return 0;
}

int do_entrypoint(struct builder *b, struct stage_state *s, const struct instruction *in,
		  struct error *err)
{
	struct image_settings *c = &s->config.config;

	(void)err;
	command(s, in, &c->entrypoint);
	c->has_entrypoint = true;
	if (!s->cmd_set) { /* one that came with the base was meant for the base's entrypoint */
		strv_done(&c->cmd);
		c->cmd = (struct strv){ 0 };
		c->has_cmd = false;
	}
	note_command(b, s, "ENTRYPOINT", &c->entrypoint);
	return 0;
}

int do_shell(struct builder *b, struct stage_state *s, const struct instruction *in, struct error *err)
{
	(void)err;
	strv_done(&s->config.config.shell);
	s->config.config.shell = (struct strv){ 0 };
	strv_copy(&s->config.config.shell, &in->args);
	note_command(b, s, "SHELL", &in->args);
	return 0;
}

int do_user(struct builder *b, struct stage_state *s, const struct instruction *in, struct error *err)
{
	if (!in->args.v[0][0])
		return error_set(err, ERR_INVALID, "USER is empty after replacing variables");
	set(&s->config.config.user, in->args.v[0]);
	note(b, s, in);
	return 0;
}

static bool is_signal(const char *text)
{
	uint64_t number;

	if (str_u64(text, &number))
		return number >= 1 && number <= (uint64_t)SIGRTMAX;
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	if (strncasecmp(text, "RTMIN", 5) == 0 || strncasecmp(text, "RTMAX", 5) == 0) {
		bool min = toupper((unsigned char)text[4]) == 'N';

		text += 5;
		if (!*text)
			return true;
		return *text++ == (min ? '+' : '-') && str_u64(text, &number) && number <= 30;
	}
	for (int i = 1; i < 32; i++) {
		const char *name = sigabbrev_np(i);

		if (name && strcasecmp(name, text) == 0)
			return true;
	}
	return false;
}

int do_stopsignal(struct builder *b, struct stage_state *s, const struct instruction *in,
		  struct error *err)
{
	if (!is_signal(in->args.v[0]))
		return error_set(err, ERR_INVALID, "STOPSIGNAL: '%s' is no signal", in->args.v[0]);
	set(&s->config.config.stop_signal, in->args.v[0]);
	note(b, s, in);
	return 0;
}

static void set_add(struct strv *list, const char *value)
{
	if (strv_has(list, value))
		return;
	strv_add(list, value);
	strv_sort(list);
}

/* "80", "8000-8010"; false when it is neither. */
static bool parse_range(const char *text, uint64_t *low, uint64_t *high)
{
	const char *dash = strchr(text, '-');
	auto_free char *first = dash ? xstrndup(text, (size_t)(dash - text)) : xstrdup(text);

	if (!str_u64(first, low) || *low > 65535)
		return false;
	*high = *low;
	return !dash || (str_u64(dash + 1, high) && *high <= 65535 && *high >= *low);
}

static int expose(struct stage_state *s, const char *word, struct error *err)
{
	const char *slash = strchr(word, '/'), *colon;
	auto_free char *ports = slash ? xstrndup(word, (size_t)(slash - word)) : xstrdup(word);
	auto_free char *proto = xstrdup(slash && slash[1] ? slash + 1 : "tcp");
	const char *container = ports;
	uint64_t low, high;

	for (char *p = proto; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	colon = strrchr(ports, ':');
	if (colon) /* what a host would map it to is not the image's business */
		container = colon + 1;
	if (!parse_range(container, &low, &high) ||
	    (strcmp(proto, "tcp") != 0 && strcmp(proto, "udp") != 0 && strcmp(proto, "sctp") != 0))
		return error_set(err, ERR_INVALID, "EXPOSE: '%s' is no port", word);
	for (uint64_t port = low; port <= high; port++) {
		char text[32];

		snprintf(text, sizeof(text), "%u/%.8s", (unsigned)port, proto);
		strv_add(&s->config.config.exposed_ports, text);
	}
	return 0;
}

int do_expose(struct builder *b, struct stage_state *s, const struct instruction *in,
	      struct error *err)
{
	struct strv *ports = &s->config.config.exposed_ports;

	strv_each (&in->args, i)
		if (expose(s, in->args.v[i], err) < 0)
			return -1;
	strv_sort(ports);
	for (size_t i = ports->n; i-- > 1;)
		if (strcmp(ports->v[i], ports->v[i - 1]) == 0)
			strv_remove(ports, i);
	note(b, s, in);
	return 0;
}

int do_volume(struct builder *b, struct stage_state *s, const struct instruction *in,
	      struct error *err)
{
	strv_each (&in->args, i) {
		if (!in->args.v[i][0])
			return error_set(err, ERR_INVALID, "VOLUME: a path is empty");
		set_add(&s->config.config.volumes, in->args.v[i]);
	}
	note(b, s, in);
	return 0;
}

int do_onbuild(struct builder *b, struct stage_state *s, const struct instruction *in,
	       struct error *err)
{
	(void)err;
	strv_add(&s->config.config.onbuild, in->stored);
	note(b, s, in);
	return 0;
}

static int health_duration(const struct instruction *in, const char *flag, int64_t *ns,
			   struct error *err)
{
	const char *text = instruction_flag(in, flag);

	if (!text)
		return 0;
	if (!text_parse_duration(text, ns) || *ns < 0 || (*ns > 0 && *ns < 1000000))
		return error_set(err, ERR_INVALID,
				 "HEALTHCHECK --%s=%s: a duration such as 30s, at least 1ms, or 0",
				 flag, text);
	return 0;
}

static int health_options(const struct instruction *in, struct healthcheck *h, struct error *err)
{
	const char *retries = instruction_flag(in, "retries");
	uint64_t n;

	if (health_duration(in, "interval", &h->interval, err) < 0 ||
	    health_duration(in, "timeout", &h->timeout, err) < 0 ||
	    health_duration(in, "start-period", &h->start_period, err) < 0 ||
	    health_duration(in, "start-interval", &h->start_interval, err) < 0)
		return -1;
	if (!retries)
		return 0;
	if (!str_u64(retries, &n) || n > INT32_MAX)
		return error_set(err, ERR_INVALID, "HEALTHCHECK --retries=%s: a number from 0 on",
				 retries);
	h->retries = (int64_t)n;
	return 0;
}

int do_healthcheck(struct builder *b, struct stage_state *s, const struct instruction *in,
		   struct error *err)
{
	struct image_settings *c = &s->config.config;
	struct healthcheck *h = xcalloc(1, sizeof(*h));
	bool none = strcmp(in->args.v[0], "NONE") == 0;

	fields_init(healthcheck_fields, h);
	if (c->healthcheck) {
		fields_done(healthcheck_fields, c->healthcheck);
		free(c->healthcheck);
	}
	c->healthcheck = h;
	if (none && in->flags.n)
		return error_set(err, ERR_INVALID, "HEALTHCHECK NONE takes no options");
	strv_add(&h->test, none ? "NONE" : in->exec ? "CMD" : "CMD-SHELL");
	for (size_t i = 1; i < in->args.n; i++)
		strv_add(&h->test, in->args.v[i]);
	if (health_options(in, h, err) < 0)
		return -1;
	note_command(b, s, "HEALTHCHECK", &h->test);
	return 0;
}
