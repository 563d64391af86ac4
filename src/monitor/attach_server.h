/*
 * attach_server.h - those who are attached to a running container: the monitor's side.
 *
 *	attacher				monitor
 *	  |- ATTACH flags, size -------------->|
 *	  |<-------------------- ATTACH flags -|
 *	  |<------------------ STDIO 1|2 bytes-|	what the container prints
 *	  |- STDIO 0 bytes ------------------->|	what is typed; no bytes: its end
 *	  |- RESIZE, SIGNAL ------------------>|
 *	  |<---------------------- EXIT code --|	or the socket closes: the monitor is gone
 *
 * One socket of the kind of util/msg.h each. The first attacher may be given to monitor_spawn's
 * caller as a connected socket: the container waits for it as for a terminal (it is paced). All
 * others never slow it down: what they do not take in time they miss, and are told so.
 *
 * Owns   containers/ID/attach. Only this user's processes are let in (SO_PEERCRED).
 */
#ifndef MONITOR_ATTACH_SERVER_H
#define MONITOR_ATTACH_SERVER_H

#include "loop.h"
#include "streams.h"

#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/un.h>

#define ATTACH_SOCKET "attach"
#define ATTACHERS_MAX 16

enum attach_flags {
	ATTACH_STDIN = 1,
	ATTACH_STDOUT = 2,
	ATTACH_STDERR = 4,
	ATTACH_TTY = 8, /* from the monitor: the container has a terminal */
};
/* Payload of MSG_ATTACH, both ways. */
struct attach_hello {
	uint32_t flags;
	struct winsize size; /* 0 rows: unknown */
};
/* First byte of MSG_STDIO's payload. */
enum attach_stream {
	ATTACH_IN = 0,
	ATTACH_OUT = 1,
	ATTACH_ERR = 2,
	ATTACH_MISSED = 3, /* uint64: so many bytes were not sent */
};

/* The address of a container's socket, from the descriptor of its directory. */
void attach_address(int dir, struct sockaddr_un *to);

struct attacher {
	struct watch w; /* fd -1: a free place */
	struct attach_server *server;
	uint32_t flags; /* 0: has not said hello */
	bool paced;
	bool ends_input; /* the end of its input is the end of the container's */
	bool waiting;	 /* for the container to take its input */
	uint64_t missed;
};
struct attach_server {
	struct watch listen;
	struct loop *loop;
	struct stdio *io;
	bool tty;
	/* What an attacher asks of the container; set by the monitor. */
	void (*resize)(struct attach_server *s, const struct winsize *size);
	void (*signal)(struct attach_server *s, int sig);
	struct attacher attacher[ATTACHERS_MAX];
};
/* Binds and listens in the container's directory. */
int attach_server_open(struct attach_server *s, struct stdio *io, int dir, struct error *err);
/* Takes a connected socket as the paced first attacher. */
void attach_server_session(struct attach_server *s, int sock);
void attach_server_shut(struct attach_server *s, int dir); /* nobody comes in any more */
/* Tells all the exit code (not when it is negative) and closes. */
void attach_server_end(struct attach_server *s, int exit_code);

bool attach_server_wants(const struct attach_server *s); /* does anyone look at the output? */
/*
 * Sends a piece of output: to all when it is new, and to the paced attacher what it lacks of it
 * (*paced bytes it has). False: it has not taken all yet; again with the same piece when it can.
 */
bool attach_server_output(struct attach_server *s, int stream, const char *bytes, size_t n,
			  bool new_, size_t *paced);
void attach_server_resume_input(struct attach_server *s);
/* Is the paced attacher there still? After the end the monitor does not wait for it for ever. */
bool attach_server_paces(const struct attach_server *s);
void attach_server_drop_paced(struct attach_server *s);

#endif
