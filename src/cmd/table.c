/*
 * table.c - the commands there are, and the words that name them.
 */
#include "commands.h"

#include "util/vec.h"

const struct command *const commands[] = {
	&cmd_attach,
	&cmd_build,
	&cmd_builder_prune,
	&cmd_bundle,
	&cmd_commit,
	&cmd_completion,
	&cmd_container_exists,
	&cmd_container_inspect,
	&cmd_container_prune,
	&cmd_context_ls,
	&cmd_context_show,
	&cmd_cp,
	&cmd_create,
	&cmd_diff,
	&cmd_doctor,
	&cmd_events,
	&cmd_exec,
	&cmd_export,
	&cmd_fsck,
	&cmd_generate_cron,
	&cmd_generate_kube,
	&cmd_generate_slurm,
	&cmd_generate_systemd,
	&cmd_healthcheck_run,
	&cmd_help,
	&cmd_history,
	&cmd_image_exists,
	&cmd_image_inspect,
	&cmd_image_prune,
	&cmd_images,
	&cmd_import,
	&cmd_info,
	&cmd_inspect,
	&cmd_kill,
	&cmd_load,
	&cmd_login,
	&cmd_logout,
	&cmd_logs,
	&cmd_manifest_add,
	&cmd_manifest_annotate,
	&cmd_manifest_create,
	&cmd_manifest_inspect,
	&cmd_manifest_push,
	&cmd_manifest_remove,
	&cmd_manifest_rm,
	&cmd_network_connect,
	&cmd_network_create,
	&cmd_network_disconnect,
	&cmd_network_exists,
	&cmd_network_inspect,
	&cmd_network_ls,
	&cmd_network_prune,
	&cmd_network_reload,
	&cmd_network_rm,
	&cmd_oci,
	&cmd_oci_create,
	&cmd_oci_delete,
	&cmd_oci_events,
	&cmd_oci_exec,
	&cmd_oci_features,
	&cmd_oci_kill,
	&cmd_oci_list,
	&cmd_oci_pause,
	&cmd_oci_ps,
	&cmd_oci_resume,
	&cmd_oci_run,
	&cmd_oci_spec,
	&cmd_oci_start,
	&cmd_oci_state,
	&cmd_oci_update,
	&cmd_pause,
	&cmd_port,
	&cmd_ps,
	&cmd_pull,
	&cmd_push,
	&cmd_registry_serve,
	&cmd_rename,
	&cmd_replace,
	&cmd_restart,
	&cmd_rm,
	&cmd_rmi,
	&cmd_run,
	&cmd_save,
	&cmd_setup_cgroup,
	&cmd_start,
	&cmd_stats,
	&cmd_stop,
	&cmd_system_df,
	&cmd_system_prune,
	&cmd_system_reset,
	&cmd_tag,
	&cmd_top,
	&cmd_unpause,
	&cmd_untag,
	&cmd_update,
	&cmd_version,
	&cmd_volume_create,
	&cmd_volume_exists,
	&cmd_volume_inspect,
	&cmd_volume_ls,
	&cmd_volume_prune,
	&cmd_volume_rm,
	&cmd_wait,
	NULL,
};

const struct command_alias command_aliases[] = {
	{ "builder build", &cmd_build },
	{ "buildx build", &cmd_build },
	{ "buildx prune", &cmd_builder_prune },
	{ "buildx version", &cmd_version },
	{ "container attach", &cmd_attach },
	{ "container commit", &cmd_commit },
	{ "container cp", &cmd_cp },
	{ "container diff", &cmd_diff },
	{ "container create", &cmd_create },
	{ "container exec", &cmd_exec },
	{ "container export", &cmd_export },
	{ "container kill", &cmd_kill },
	{ "container list", &cmd_ps },
	{ "container logs", &cmd_logs },
	{ "container ls", &cmd_ps },
	{ "container pause", &cmd_pause },
	{ "container port", &cmd_port },
	{ "container ps", &cmd_ps },
	{ "container rename", &cmd_rename },
	{ "container restart", &cmd_restart },
	{ "container rm", &cmd_rm },
	{ "container run", &cmd_run },
	{ "container start", &cmd_start },
	{ "container stats", &cmd_stats },
	{ "container stop", &cmd_stop },
	{ "container top", &cmd_top },
	{ "container unpause", &cmd_unpause },
	{ "container update", &cmd_update },
	{ "container wait", &cmd_wait },
	{ "image build", &cmd_build },
	{ "image history", &cmd_history },
	{ "image import", &cmd_import },
	{ "image list", &cmd_images },
	{ "image load", &cmd_load },
	{ "image ls", &cmd_images },
	{ "image pull", &cmd_pull },
	{ "image push", &cmd_push },
	{ "image rm", &cmd_rmi },
	{ "image save", &cmd_save },
	{ "image tag", &cmd_tag },
	{ "image untag", &cmd_untag },
	{ "network list", &cmd_network_ls },
	{ "network remove", &cmd_network_rm },
	{ "system check", &cmd_fsck },
	{ "system events", &cmd_events },
	{ "system info", &cmd_info },
	{ "volume list", &cmd_volume_ls },
	{ "volume remove", &cmd_volume_rm },
	{ NULL, NULL },
};

/* 0: words and argv differ; else how many words there are. */
static int matches(const char *words, int argc, char **argv)
{
	const char *blank = strchr(words, ' ');
	size_t n = blank ? (size_t)(blank - words) : strlen(words);

	if (argc < 1 || strlen(argv[0]) != n || memcmp(argv[0], words, n) != 0)
		return 0;
	if (!blank)
		return 1;
	return argc > 1 && str_eq(argv[1], blank + 1) ? 2 : 0;
}

typedef VEC(const char *) name_list;

/* The words that may stand first, or behind `noun`. */
static void list_names(const char *noun, name_list *names)
{
	for (size_t i = 0; commands[i]; i++) {
		const char *words = commands[i]->name;

		if (!noun)
			vec_push(names, words);
		else if (str_starts(words, noun) && words[strlen(noun)] == ' ')
			vec_push(names, words + strlen(noun) + 1);
	}
	for (const struct command_alias *a = command_aliases; noun && a->words; a++)
		if (str_starts(a->words, noun) && a->words[strlen(noun)] == ' ')
			vec_push(names, a->words + strlen(noun) + 1);
}

static void unknown(int argc, char **argv, struct error *err)
{
	name_list names = { 0 };
	const char *nearest, *noun = argv[0];

	list_names(noun, &names);
	if (names.n > 0 && argc < 2) {
		auto_done(str) struct str list = { 0 };

		vec_each (&names, n)
			str_addf(&list, "%s%s", list.len ? ", " : "", *n);
		error_set(err, ERR_USAGE, "%s needs one of %s behind it", noun, list.s);
	} else if (names.n > 0) {
		nearest = str_nearest(argv[1], names.v, names.n);
		error_set(err, ERR_USAGE, "'%s %s' is not a command of hod%s%s%s%s%s", noun,
			  argv[1], nearest ? ", did you mean '" : "", nearest ? noun : "",
			  nearest ? " " : "", nearest ? nearest : "", nearest ? "'?" : "");
	} else {
		list_names(NULL, &names);
		nearest = str_nearest(noun, names.v, names.n);
		error_set(err, ERR_USAGE, "'%s' is not a command of hod%s%s%s", noun,
			  nearest ? ", did you mean '" : "", nearest ? nearest : "",
			  nearest ? "'?" : "");
	}
	error_hint(err, "see 'hod help'");
	vec_done(&names);
}

const struct command *command_find(int argc, char **argv, int *used, struct error *err)
{
	for (size_t i = 0; commands[i]; i++) {
		*used = matches(commands[i]->name, argc, argv);
		if (*used)
			return commands[i];
	}
	for (const struct command_alias *a = command_aliases; a->words; a++) {
		*used = matches(a->words, argc, argv);
		if (*used)
			return a->command;
	}
	unknown(argc, argv, err);
	return NULL;
}
