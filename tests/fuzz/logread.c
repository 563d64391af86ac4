/*
 * logread.c - fuzz: lines of json-file and k8s-file logs. A piece lies inside its line; and what
 * the writer formats comes back as it was. The first byte chooses.
 */
#include "fuzz.h"
#include "monitor/log_driver.h"
#include "monitor/log_parse.h"

static void parse_lines(const uint8_t *data, size_t size,
			bool (*parse)(char *, size_t, struct log_piece *))
{
	while (size > 0) {
		const uint8_t *newline = memchr(data, '\n', size);
		size_t n = newline ? (size_t)(newline - data) : size;
		char *line = malloc(n + 1);
		struct log_piece p;

		memcpy(line, data, n);
		if (parse(line, n, &p)) {
			FUZZ_CHECK(p.stream == 1 || p.stream == 2);
			FUZZ_CHECK(p.bytes >= line && p.bytes + p.n <= line + n + 1);
		}
		free(line);
		data += n + (newline != NULL);
		size -= n + (newline != NULL);
	}
}

static void round_trip(const uint8_t *data, size_t size, enum log_driver d)
{
	static struct log_writer w;
	struct log_piece p;
	size_t n = size < LOG_PIECE_MAX ? size : LOG_PIECE_MAX;
	const uint8_t *newline = memchr(data, '\n', n);
	bool ends = newline != NULL, parsed;

	if (newline)
		n = (size_t)(newline - data) + 1;
	if (n == 0)
		return;
	w.used = 0;
	log_drivers[d].format(&w, 2, "2006-01-02T15:04:05.000000001Z", (const char *)data, n, ends);
	FUZZ_CHECK(w.used <= LOG_FORMAT_MAX && w.buffer[w.used - 1] == '\n');
	FUZZ_CHECK(memchr(w.buffer, '\n', w.used) == w.buffer + w.used - 1);
	parsed = d == LOG_JSON_FILE ? log_parse_json(w.buffer, w.used - 1, &p)
				    : log_parse_k8s(w.buffer, w.used - 1, &p);
	FUZZ_CHECK(parsed && p.stream == 2 && p.ends == ends && p.n == n);
	FUZZ_CHECK(memcmp(p.bytes, data, n) == 0 && p.time_ns == 1136214245000000001);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	switch (data[0] & 3) {
	case 0:
		parse_lines(data + 1, size - 1, log_parse_json);
		break;
	case 1:
		parse_lines(data + 1, size - 1, log_parse_k8s);
		break;
	case 2:
		round_trip(data + 1, size - 1, LOG_JSON_FILE);
		break;
	default:
		round_trip(data + 1, size - 1, LOG_K8S_FILE);
	}
	return 0;
}
