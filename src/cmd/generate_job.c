/*
 * generate_job.c - a container as a line of a crontab, and as a batch job of Slurm.
 *
 * Spec   crontab(5): an unescaped % ends the command. sbatch(1).
 */
#include "generate.h"

#define CRON_FIELDS 5

static void shell_words(struct str *out, const struct strv *words)
{
	strv_each (words, i) {
		if (i)
			str_addc(out, ' ');
		shell_quote(out, words->v[i]);
	}
}

/* "@daily" and the like, or five fields. */
static int check_schedule(const char *schedule, struct error *err)
{
	static const char *const names[] = { "@reboot", "@yearly", "@annually", "@monthly",
					     "@weekly", "@daily",  "@midnight", "@hourly" };
	static const char allowed[] =
		"0123456789*,-/ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	size_t fields = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(schedule, names[i]) == 0)
			return 0;
	for (const char *p = schedule; *p; fields++) {
		size_t n = strspn(p, allowed);

		if (n == 0)
			break;
		p += n;
		if (*p && !strspn(p, " \t"))
			break;
		p += strspn(p, " \t");
		if (!*p && fields + 1 == CRON_FIELDS)
			return 0;
	}
	return error_set(
		err, ERR_USAGE,
		"--schedule '%s': must be five fields (minute hour day month weekday) or @daily "
		"and the like",
		schedule);
}

int generate_cron(const struct generate_input *in, const char *schedule, struct str *out,
		  struct error *err)
{
	static const char *const without[] = { "name",	      "rm",	  "replace", "tty",
					       "interactive", "sdnotify", "restart", NULL };
	auto_done(strv) struct strv words = { 0 };
	auto_done(str) struct str command = { 0 };

	if (in->request->rootfs)
		return error_set(err, ERR_UNSUPPORTED,
				 "a container of --rootfs has no image to name");
	if (check_schedule(schedule, err) < 0)
		return -1;
	program_words(in, &words);
	strv_add(&words, "run");
	strv_addf(&words, "--name=%s", in->record->name);
	strv_add(&words, "--rm");
	run_words(in, without, &words);
	shell_words(&command, &words);
	if (strchr(str_get(&command), '\n'))
		return error_set(err, ERR_INVALID,
				 "a crontab has no lines that go on: a value has a line break");
	str_addf(out, "# %s: the name keeps two of them from running at once\n%s ",
		 in->record->name, schedule);
	for (const char *p = str_get(&command); *p; p++) {
		if (*p == '%')
			str_addc(out, '\\');
		str_addc(out, *p);
	}
	str_addc(out, '\n');
	return 0;
}

/* Limits that the batch system has to know, because it sets them. */
static void slurm_limits(const struct run_request *r, struct str *out)
{
	if (r->timeout != UNSET && r->timeout >= 0)
		str_addf(out, "#SBATCH --time=%lld\n", (long long)(r->timeout + 59) / 60);
	if (r->limits.memory > 0)
		str_addf(out, "#SBATCH --mem=%lldM\n",
			 (long long)(r->limits.memory / 1048576 + (r->limits.memory % 1048576 != 0)));
	if (r->limits.nano_cpus > 0)
		str_addf(out, "#SBATCH --cpus-per-task=%lld\n",
			 (long long)(r->limits.nano_cpus + 999999999) / 1000000000);
}

int generate_slurm(const struct generate_input *in, struct str *out, struct error *err)
{
	/* jobs reach each other over the host's network, and have no terminal */
	static const char *const without[] = { "network", "tty", NULL };
	auto_done(strv) struct strv options = { 0 };
	auto_done(strv) struct strv command = { 0 };
	const struct container_record *record = in->record;

	if (in->request->rootfs)
		return error_set(err, ERR_UNSUPPORTED,
				 "a container of --rootfs has no image to name");
	program_words(in, &options);
	strv_add(&options, "bundle");
	strv_add(&options, "--network=host");
	bundle_words(in, without, &options);
	strv_add(&options, in->request->image);
	vec_each (&record->mounts, m)
		if (str_eq(m->type, "volume") && !m->anonymous)
			return error_set(err, ERR_UNSUPPORTED, "volume '%s': a bundle has none",
					 m->name);
	strv_add(&command, record->path);
	strv_copy(&command, &record->args);

	str_add(out, "#!/bin/sh\n");
	str_addf(out, "#SBATCH --job-name=%s\n", record->name);
	slurm_limits(in->request, out);
	str_addf(out,
		 "# srun --container needs an oci.conf: see hod-oci(1). The bundle stays for the "
		 "next job.\n"
		 "set -eu\n"
		 "bundle=${HOD_BUNDLES:-$HOME/bundles}/%s-%.12s\n"
		 "mkdir -p \"${bundle%%/*}\"\n"
		 "[ -e \"$bundle/config.json\" ] ||\n\t",
		 record->name, record->image_id);
	shell_words(out, &options);
	str_add(out, " \"$bundle\"\nsrun --container \"$bundle\" ");
	shell_words(out, &command);
	str_addc(out, '\n');
	return 0;
}
