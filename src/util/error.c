/*
 * error.c - the error value: frames of text with the cause first.
 *
 * Never  allocates, never prints. A frame takes at most half of the room, so that a long cause
 *        leaves some for the context.
 */
#include "util/error.h"

#include "util/escape.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FRAME_MAX (ERROR_TEXT_MAX / 2)

static const char cut_mark[] = "...";

/* Appends a frame; a newline in it would end it early, so it becomes its escape. */
static void frame_append(struct error *err, const char *frame)
{
	size_t room = sizeof(err->text) - err->used - 1; /* one for the NUL */
	size_t len = 0;
	char *out = err->text + err->used;

	if (room < sizeof(cut_mark) + 8)
		return;
	room = room - 1; /* for the '\n' */
	for (const char *p = frame; *p; p++) {
		size_t need = *p == '\n' ? 4 : 1;

		if (len + need > room || len + need > FRAME_MAX) {
			while (len + strlen(cut_mark) > room)
				len--;
			memcpy(out + len, cut_mark, strlen(cut_mark));
			len += strlen(cut_mark);
			break;
		}
		if (*p == '\n')
			memcpy(out + len, "\\x0a", 4);
		else
			out[len] = *p;
		len += need;
	}
	out[len++] = '\n';
	out[len] = '\0';
	err->used = (unsigned short)(err->used + len);
}

__attribute__((format(printf, 3, 0))) static void frame_format(struct error *err, int sys,
							       const char *fmt, va_list ap)
{
	char frame[ERROR_TEXT_MAX];
	int n = vsnprintf(frame, sizeof(frame), fmt, ap);

	if (n < 0)
		n = 0, frame[0] = '\0';
	if (sys) {
		/* the reason must survive a long name in front of it */
		size_t at = (size_t)n < FRAME_MAX - 80 ? (size_t)n : FRAME_MAX - 80;

		snprintf(frame + at, sizeof(frame) - at, "%s: %s", at < (size_t)n ? cut_mark : "",
			 strerror(sys));
	}
	frame_append(err, frame);
}

static enum error_kind kind_of(int sys)
{
	switch (sys) {
	case ENOENT:
		return ERR_NOTFOUND;
	case EEXIST:
		return ERR_EXISTS;
	case EACCES:
	case EPERM:
		return ERR_DENIED;
	default:
		return ERR_SYSTEM;
	}
}

void error_clear(struct error *err)
{
	err->kind = ERR_NONE;
	err->sys = 0;
	err->used = 0;
	err->text[0] = '\0';
	err->hint[0] = '\0';
}

int error_set(struct error *err, enum error_kind kind, const char *fmt, ...)
{
	va_list ap;

	error_clear(err);
	err->kind = kind;
	va_start(ap, fmt);
	frame_format(err, 0, fmt, ap);
	va_end(ap);
	return -1;
}

int error_sys(struct error *err, const char *fmt, ...)
{
	int sys = errno;
	va_list ap;

	error_clear(err);
	err->kind = kind_of(sys);
	err->sys = sys;
	va_start(ap, fmt);
	frame_format(err, sys ? sys : EIO, fmt, ap);
	va_end(ap);
	return -1;
}

int error_add(struct error *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	frame_format(err, 0, fmt, ap);
	va_end(ap);
	return -1;
}

int error_hint(struct error *err, const char *fmt, ...)
{
	va_list ap;

	if (err->hint[0])
		return -1;
	va_start(ap, fmt);
	vsnprintf(err->hint, sizeof(err->hint), fmt, ap);
	va_end(ap);
	return -1;
}

/* Appends one frame, escaped, while it fits; returns the new length. */
static size_t text_escape(char *buf, size_t len, size_t size, const char *frame, size_t n)
{
	uint32_t code;
	size_t used;

	for (size_t i = 0; i < n; i += used) {
		used = utf8_next(frame + i, n - i, &code);
		if (!escape_needed(code)) {
			if (len + used >= size)
				break;
			memcpy(buf + len, frame + i, used);
			len += used;
			continue;
		}
		if (len + 4 * used >= size)
			break;
		for (size_t k = 0; k < used; k++)
			len += (size_t)snprintf(buf + len, size - len, "\\x%02x",
						(unsigned char)frame[i + k]);
	}
	return len;
}

const char *error_text(const struct error *err, char *buf, size_t size)
{
	/* a struct from a socket need not be as we would have made it */
	size_t end = strnlen(err->text, sizeof(err->text)), start, len = 0;

	if (size == 0)
		return "";
	while (end > 0) {
		size_t stop = err->text[end - 1] == '\n' ? end - 1 : end;

		for (start = stop; start > 0 && err->text[start - 1] != '\n'; start--)
			;
		len = text_escape(buf, len, size, err->text + start, stop - start);
		if (start > 0 && len + 2 < size) {
			memcpy(buf + len, ": ", 2);
			len += 2;
		}
		end = start;
	}
	buf[len] = '\0';
	return buf;
}
