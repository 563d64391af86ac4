/*
 * socket.h - unix(7) sockets of other programs and of our own: connected to by path, and
 * descriptors handed over them.
 */
#ifndef UTIL_SOCKET_H
#define UTIL_SOCKET_H

#include "util/error.h"

#include <sys/types.h>
#include <sys/uio.h>

/* A stream socket connected to path; yours, close-on-exec. A path over 107 bytes is ERR_LIMIT. */
int socket_connect(const char *path, struct error *err);
/*
 * sendmsg(2) and recvmsg(2) of n pieces with one descriptor. They go on when a signal interrupts
 * them, leave errno, and allocate nothing. send: iov is only read; fd -1 sends none; a socket that
 * nobody reads is EPIPE without a signal. receive: *fd is yours and close-on-exec, -1 when none
 * came; a message or descriptors that were cut short are EMSGSIZE.
 */
ssize_t socket_send(int sock, struct iovec *iov, size_t n, int fd);
ssize_t socket_receive(int sock, struct iovec *iov, size_t n, int flags, int *fd);

#endif
