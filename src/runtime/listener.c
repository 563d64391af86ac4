/*
 * listener.c - see listener.h.
 */
#include "listener.h"

#include "hooks.h"
#include "profile.h"
#include "util/fd.h"
#include "util/socket.h"

#include <stdio.h>

int listener_prepare(const char *json, const struct hook_state *st, const char *status,
		     struct listener *l, struct error *err)
{
	auto_free char *path = NULL, *metadata = NULL;

	if (profile_listener(json, &path, &metadata, err) < 0)
		return -1;
	if (str_empty(path))
		return error_set(err, ERR_INVALID,
				 "seccomp: listenerPath is missing, and SCMP_ACT_NOTIFY needs it");
	l->sock = socket_connect(path, err);
	if (l->sock < 0)
		return error_add(err, "seccomp: listenerPath");
	str_add(&l->head, "{\"ociVersion\":\"" SPEC_VERSION "\",\"fds\":[\"seccompFd\"],");
	if (metadata) {
		str_add(&l->head, "\"metadata\":");
		str_add_json(&l->head, metadata);
		str_addc(&l->head, ',');
	}
	str_add(&l->head, "\"pid\":");
	str_add(&l->middle, ",\"state\":");
	hook_state_head(st, status, &l->middle);
	hook_state_tail(st, &l->tail);
	str_addc(&l->tail, '}');
	return 0;
}

void listener_done(struct listener *l)
{
	auto_close_fd(&l->sock);
	str_done(&l->head);
	str_done(&l->middle);
	str_done(&l->tail);
}

void listener_pid(struct listener *l, pid_t pid)
{
	snprintf(l->pid, sizeof(l->pid), "%d", (int)pid);
}

int listener_pid_self(struct listener *l, struct error *err)
{
	/* path: the caller's procfs, in whose namespace the number is meant */
	ssize_t n = readlink("/proc/self", l->pid, sizeof(l->pid) - 1);

	if (n <= 0)
		return error_sys(err, "read /proc/self");
	l->pid[n] = '\0';
	return 0;
}

int listener_send(const struct listener *l, int fd, struct error *err)
{
	char pid[2][sizeof(l->pid)];
	struct iovec iov[] = {
		{ l->head.s, l->head.len },	{ pid[0], strlen(l->pid) },
		{ l->middle.s, l->middle.len }, { pid[1], strlen(l->pid) },
		{ l->tail.s, l->tail.len },
	};
	size_t total = 0;
	ssize_t n;

	memcpy(pid[0], l->pid, sizeof(l->pid));
	memcpy(pid[1], l->pid, sizeof(l->pid));
	for (size_t i = 0; i < ARRAY_SIZE(iov); i++)
		total += iov[i].iov_len;
	n = socket_send(l->sock, iov, ARRAY_SIZE(iov), fd);
	if (n < 0)
		return error_sys(err, "send the state to the seccomp listener");
	if ((size_t)n != total)
		return error_set(err, ERR_LIMIT, "the seccomp listener took %zd of %zu bytes", n,
				 total);
	return 0;
}
