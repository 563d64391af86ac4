/*
 * generate_unit.c - a container as a unit of systemd.
 *
 * Spec   systemd.service(5), systemd.syntax(7): words of ExecStart may stand in double quotes, with
 *        the escapes of C; % and $ are doubled, or they would be replaced.
 */
#include "generate.h"

#include "monitor/restart.h"

#define STOP_GRACE_S  10 /* the default of stop; then it kills */
#define STOP_MARGIN_S 20 /* what systemd waits beyond that before it kills by itself */

static void unit_word(struct str *out, const char *word)
{
	bool quote = !*word || strpbrk(word, " \t\n\"'\\;") != NULL;

	if (quote)
		str_addc(out, '"');
	for (; *word; word++) {
		switch (*word) {
		case '"':
		case '\\':
			str_addc(out, '\\');
			str_addc(out, *word);
			break;
		case '\n':
			str_add(out, "\\n");
			break;
		case '\t':
			str_add(out, "\\t");
			break;
		case '%':
		case '$':
			str_addc(out, *word);
			/* fall through */
		default:
			str_addc(out, *word);
		}
	}
	if (quote)
		str_addc(out, '"');
}

/* One line for one option: a long command is read by people, too. */
static void exec_line(struct str *out, const char *key, const struct strv *words)
{
	str_addf(out, "%s=", key);
	strv_each (words, i) {
		if (i)
			str_add(out, str_starts(words->v[i], "--") ? " \\\n\t" : " ");
		unit_word(out, words->v[i]);
	}
	str_addc(out, '\n');
}

/* Text behind Description=: one line without specifiers. */
static void description(struct str *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '%')
			str_addc(out, '%');
		str_addc(out, (unsigned char)*text < ' ' ? ' ' : *text);
	}
}

/* The manager does what the monitor would. */
static const char *unit_restart(const struct run_request *r)
{
	struct error ignored = { 0 }; /* it was checked when the container was made */
	struct restart_policy p;

	restart_policy_parse(r->restart, &p, &ignored);
	return p.when == RESTART_ALWAYS || p.when == RESTART_UNLESS_STOPPED ? "always" : "on-failure";
}

int generate_systemd(const struct generate_input *in, struct str *out, struct error *err)
{
	static const char *const without[] = { "name",	    "rm",	   "replace",	 "sdnotify",
					       "tty",	    "interactive", "log-driver", "log-opt",
					       "sig-proxy", "detach-keys", "restart",	 NULL };
	const struct container_record *record = in->record;
	int64_t grace = record->stop_timeout == UNSET ? STOP_GRACE_S : record->stop_timeout;
	auto_done(strv) struct strv start = { 0 };
	auto_done(strv) struct strv stop = { 0 };

	if (in->request->rootfs)
		return error_set(err, ERR_UNSUPPORTED,
				 "a container of --rootfs has no image to name");
	program_words(in, &start);
	strv_add(&start, "run");
	strv_addf(&start, "--name=%s", record->name);
	strv_add(&start, "--replace");
	strv_add(&start, "--rm");
	strv_add(&start, "--sdnotify=conmon");
	strv_add(&start, "--log-driver=passthrough");
	run_words(in, without, &start);
	program_words(in, &stop);
	strv_add(&stop, "stop");
	strv_add(&stop, record->name);

	str_add(out, "[Unit]\nDescription=");
	description(out, record->name);
	str_add(out, " (");
	description(out, in->request->image);
	str_add(out, ")\nDocumentation=man:hod-generate(1)\nWants=network-online.target\n"
		     "After=network-online.target\n\n[Service]\nType=notify\nNotifyAccess=all\n");
	exec_line(out, "ExecStart", &start);
	exec_line(out, "ExecStop", &stop);
	if (grace < 0)
		str_add(out, "TimeoutStopSec=infinity\n");
	else
		str_addf(out, "TimeoutStopSec=%lld\n", (long long)grace + STOP_MARGIN_S);
	str_addf(out, "Restart=%s\nKillMode=mixed\nDelegate=yes\n\n[Install]\nWantedBy=%s\n",
		 unit_restart(in->request), in->root ? "multi-user.target" : "default.target");
	return 0;
}
