/*
 * log_k8s.c - one line of driver `k8s-file`, as the kubelet and CRI tools read it.
 *
 *	2006-01-02T15:04:05.000000000Z stdout F text
 *
 * F: the line ends here; P: it goes on in the stream's next line. The text is the program's bytes;
 * as it cannot hold a newline, nothing it says is taken for the beginning of a line.
 */
#include "log_driver.h"

#include <string.h>

void log_k8s_format(struct log_writer *w, int stream, const char *time, const char *bytes, size_t n,
		    bool ends)
{
	char *at = w->buffer + w->used;

	at = stpcpy(at, time);
	at = stpcpy(at, stream == 1 ? " stdout " : " stderr ");
	at = stpcpy(at, ends ? "F " : "P ");
	at = mempcpy(at, bytes, n - (ends ? 1 : 0));
	*at++ = '\n';
	w->used = (size_t)(at - w->buffer);
}
