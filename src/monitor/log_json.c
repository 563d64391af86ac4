/*
 * log_json.c - one line of driver `json-file`, as docker writes it.
 *
 *	{"log":"text\n","stream":"stdout","time":"2006-01-02T15:04:05.000000000Z"}
 *
 * A text without "\n" at its end goes on in the stream's next line. JSON cannot hold bytes that are
 * not UTF-8: they become U+FFFD in "log", and a member "base64" beside it has the bytes as they
 * were, so that `hod logs` gives back exactly what was printed.
 */
#include "log_driver.h"
#include "util/escape.h"

#include <stdint.h>
#include <string.h>

static void put(struct log_writer *w, const char *bytes, size_t n)
{
	memcpy(w->buffer + w->used, bytes, n);
	w->used += n;
}

static void put_text(struct log_writer *w, const char *text)
{
	put(w, text, strlen(text));
}

/* \b \f \n \r \t as such, the other control characters as \u00NN */
static void put_escape(struct log_writer *w, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	static const char letter[] = { ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r',
				       ['\t'] = 't', ['"'] = '"',  ['\\'] = '\\' };
	char code[6] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };

	if (c < sizeof(letter) && letter[c]) {
		code[1] = letter[c];
		put(w, code, 2);
	} else {
		put(w, code, 6);
	}
}

/* Does it stand for itself in a string? */
static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* The same of eight at once: the highest bit of each byte, where taking away makes it borrow. */
static bool are_plain(const char *bytes)
{
	const uint64_t each = 0x0101010101010101;
	uint64_t x, odd;

	memcpy(&x, bytes, sizeof(x));
	odd = x | (x - each * 0x20) | ((x ^ each * 0x7f) - each) | ((x ^ each * '"') - each) |
	      ((x ^ each * '\\') - each);
	return !(odd & each * 0x80);
}

static size_t plain_length(const char *bytes, size_t n)
{
	size_t i = 0;

	while (i + sizeof(uint64_t) <= n && are_plain(bytes + i))
		i += sizeof(uint64_t);
	while (i < n && is_plain((unsigned char)bytes[i]))
		i++;
	return i;
}

/* Returns whether all of it was UTF-8. */
static bool put_string(struct log_writer *w, const char *bytes, size_t n)
{
	bool valid = true;
	size_t i = 0;

	while (i < n) {
		size_t used = plain_length(bytes + i, n - i);
		unsigned char c;
		uint32_t code;

		put(w, bytes + i, used);
		i += used;
		if (i == n)
			break;
		c = (unsigned char)bytes[i];
		if (c < 0x80) {
			put_escape(w, c);
			i++;
			continue;
		}
		used = utf8_next(bytes + i, n - i, &code);
		if (code == UINT32_MAX) {
			put_text(w, "\xef\xbf\xbd");
			valid = false;
		} else {
			put(w, bytes + i, used);
		}
		i += used;
	}
	return valid;
}

static void put_base64(struct log_writer *w, const char *bytes, size_t n)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < n; i += 3) {
		uint32_t v = 0;
		char four[4];

		for (size_t k = 0; k < 3; k++)
			v = v << 8 | (i + k < n ? (unsigned char)bytes[i + k] : 0);
		for (size_t k = 0; k < 4; k++)
			four[k] = i + k <= n ? digits[v >> (18 - 6 * k) & 63] : '=';
		put(w, four, 4);
	}
}

void log_json_format(struct log_writer *w, int stream, const char *time, const char *bytes,
		     size_t n, bool ends)
{
	bool valid;

	put_text(w, "{\"log\":\"");
	valid = put_string(w, bytes, n);
	put_text(w, stream == 1 ? "\",\"stream\":\"stdout\",\"time\":\""
				: "\",\"stream\":\"stderr\",\"time\":\"");
	put_text(w, time);
	if (!valid) {
		put_text(w, "\",\"base64\":\"");
		put_base64(w, bytes, n);
	}
	put_text(w, "\"}\n");
}
