/*
 * sd_notify.c - telling the service manager that the container runs.
 */
#include "sd_notify.h"

#include "util/mem.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int sd_notify_ready(const char *address, struct error *err)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	auto_close int fd = -1;
	size_t n = strlen(address);
	char text[64];
	int len;

	if ((address[0] != '/' && address[0] != '@') || n >= sizeof(to.sun_path))
		return error_set(err, ERR_INVALID, "NOTIFY_SOCKET '%s': no address of a socket",
				 address);
	memcpy(to.sun_path, address, n);
	if (address[0] == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_sys(err, "socket for NOTIFY_SOCKET");
	len = snprintf(text, sizeof(text), "MAINPID=%d\nREADY=1\n", (int)getpid());
	if (sendto(fd, text, (size_t)len, MSG_NOSIGNAL, (struct sockaddr *)&to,
		   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) < 0)
		return error_sys(err, "tell NOTIFY_SOCKET '%s'", address);
	return 0;
}
