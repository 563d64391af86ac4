/*
 * generate.h - private to cmd: containers described in the words of other programs.
 *
 * All of it is pure: from what the record keeps to text, so that golden files test it.
 */
#ifndef GENERATE_H
#define GENERATE_H

#include "engine/request.h"
#include "oci/image_config.h"
#include "store/container.h"

#include <jansson.h>

struct generate_input {
	const char *program; /* absolute path of hod */
	const char *store;   /* --root, when it is not the default; or NULL */
	const struct container_record *record;
	const struct run_request *request;
	const struct image_settings *image; /* empty with --rootfs */
	bool root;			    /* for the system, not for one user */
};

/*
 * The command line that makes and runs such a container again: options (those in the NULL-ended
 * `without` left out), image, command. Mounts are as they were resolved.
 */
void run_words(const struct generate_input *in, const char *const *without, struct strv *words);
/* The same options, but only those that `hod bundle` has. */
void bundle_words(const struct generate_input *in, const char *const *without, struct strv *words);
/* The program and what it needs before any command. */
void program_words(const struct generate_input *in, struct strv *words);
/* Appends the word so that a POSIX shell reads it back as it is. */
void shell_quote(struct str *out, const char *word);

/* A systemd unit (systemd.service(5)) with Type=notify. ERR_INVALID for what a unit cannot hold. */
int generate_systemd(const struct generate_input *in, struct str *out, struct error *err);
/* A line of crontab(5) behind a comment. ERR_INVALID for a schedule that is none. */
int generate_cron(const struct generate_input *in, const char *schedule, struct str *out,
		  struct error *err);
/* A script for sbatch(1) that runs the image by srun --container. */
int generate_slurm(const struct generate_input *in, struct str *out, struct error *err);

struct kube_options {
	const char *kind;     /* "deployment" "job" "cronjob" "pod" */
	const char *schedule; /* cronjob */
	int64_t replicas;     /* deployment; UNSET: 1 */
};
/* Kubernetes objects, as an array: the workload, then what it needs (claims, a service). Yours. */
json_t *generate_kube(const struct generate_input *in, const struct kube_options *o,
		      struct error *err);
/* Documents as YAML in block style; strings are quoted as in JSON, which is YAML too. */
void yaml_print(json_t *documents, struct str *out);

#endif
