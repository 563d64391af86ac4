/*
 * msg.h - one SOCK_SEQPACKET socket between two processes: one message is one datagram of type,
 * length, payload, and at most one descriptor.
 *
 * Anywhere MSG_ERROR may come instead of what is expected, carrying the whole struct error.
 */
#ifndef UTIL_MSG_H
#define UTIL_MSG_H

#include "util/error.h"

#include <stdint.h>
#include <sys/types.h>

enum msg_type {
	MSG_ERROR = 1,
	MSG_MAP_IDS, /* init: write my id maps */
	MSG_GO,	     /* monitor: set the container up */
	MSG_READY,   /* init: set up, waiting */
	MSG_CREATED,
	MSG_START,
	MSG_RUNNING,
	MSG_PTY,    /* a descriptor: the master */
	MSG_STDIO,  /* attach: stream in the payload's first byte */
	MSG_RESIZE, /* struct winsize */
	MSG_SIGNAL, /* int32: signal number */
	MSG_EXIT,   /* int32: exit code */
	MSG_ATTACH, /* attach: flags, then descriptors */
	MSG_DETACH,
	MSG_SECCOMP,	/* a descriptor: seccomp notify */
	MSG_HOOKS,	/* init: run your hooks */
	MSG_DEVICES,	/* init: move links to me; a descriptor: rtnetlink of my namespace */
	MSG_CONTROL,	/* of a group of containers: net/group.h */
	MSG_CONNECTION, /* a descriptor: an accepted connection */
};
#define MSG_PAYLOAD_MAX 4096

struct msg {
	enum msg_type type;
	uint32_t size;
	int fd; /* -1, or yours */
	char payload[MSG_PAYLOAD_MAX];
};
/* The process at the other end. */
struct peer {
	int sock;
	int pidfd;	  /* -1 when unknown */
	const char *name; /* "init": used in messages */
};

int msg_pair(int socks[2], struct error *err); /* blocking, close-on-exec */
/* fd -1: none. EPIPE is ERR_SYSTEM with .sys EPIPE. No allocation: safe between clone and exec. */
int msg_send(int sock, enum msg_type type, const void *payload, size_t n, int fd, struct error *err);
int msg_send_error(int sock, const struct error *what);
int msg_recv(int sock, struct msg *m, struct error *err); /* 1, 0 end of file, -1 */
/*
 * Waits for a message of the type. MSG_ERROR is returned as if it had happened here; end of file
 * is "init was killed by signal 9" (asked of the pidfd) or "init closed its socket".
 */
int msg_expect(const struct peer *p, enum msg_type type, struct msg *m, struct error *err);

#endif
