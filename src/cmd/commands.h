/*
 * commands.h - private to cmd: every command, for table.c; one line for each.
 */
#ifndef COMMANDS_H
#define COMMANDS_H

#include "cmd/command.h"

extern const struct command cmd_attach, cmd_build, cmd_builder_prune, cmd_bundle, cmd_commit,
	cmd_completion, cmd_container_exists, cmd_container_inspect, cmd_container_prune,
	cmd_context_ls, cmd_context_show, cmd_cp, cmd_create, cmd_diff, cmd_doctor, cmd_events,
	cmd_exec, cmd_export, cmd_fsck, cmd_generate_cron, cmd_generate_kube, cmd_generate_slurm,
	cmd_generate_systemd, cmd_healthcheck_run, cmd_help, cmd_history, cmd_image_exists,
	cmd_image_inspect, cmd_image_prune, cmd_images, cmd_import, cmd_info, cmd_inspect, cmd_kill,
	cmd_load, cmd_login, cmd_logout, cmd_logs, cmd_manifest_add, cmd_manifest_annotate,
	cmd_manifest_create, cmd_manifest_inspect, cmd_manifest_push, cmd_manifest_remove,
	cmd_manifest_rm, cmd_network_connect, cmd_network_create, cmd_network_disconnect,
	cmd_network_exists, cmd_network_inspect, cmd_network_ls, cmd_network_prune,
	cmd_network_reload, cmd_network_rm, cmd_oci, cmd_oci_create, cmd_oci_delete, cmd_oci_events,
	cmd_oci_exec, cmd_oci_features, cmd_oci_kill, cmd_oci_list, cmd_oci_pause, cmd_oci_ps,
	cmd_oci_resume, cmd_oci_run, cmd_oci_spec, cmd_oci_start, cmd_oci_state, cmd_oci_update,
	cmd_pause, cmd_port, cmd_ps, cmd_pull, cmd_push, cmd_registry_serve, cmd_rename,
	cmd_replace, cmd_restart, cmd_rm, cmd_rmi, cmd_run, cmd_save, cmd_setup_cgroup, cmd_start,
	cmd_stats, cmd_stop, cmd_system_df, cmd_system_prune, cmd_system_reset, cmd_tag, cmd_top,
	cmd_unpause, cmd_untag, cmd_update, cmd_version, cmd_volume_create, cmd_volume_exists,
	cmd_volume_inspect, cmd_volume_ls, cmd_volume_prune, cmd_volume_rm, cmd_wait;

#endif
