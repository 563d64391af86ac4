/*
 * build_json.c - --progress rawjson: what a build tells as objects, one on each line, in the shape
 * that buildx gives them (vertexes, logs, warnings), so that its readers understand them.
 *
 * A step's "digest" is that of its name: it ties the objects together and means nothing else.
 */
#include "build_json.h"

#include "util/sha256.h"
#include "util/text.h"

static void add_base64(struct str *out, const unsigned char *bytes, size_t n)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < n; i += 3) {
		unsigned v = (unsigned)bytes[i] << 16;

		v |= i + 1 < n ? (unsigned)bytes[i + 1] << 8 : 0;
		v |= i + 2 < n ? bytes[i + 2] : 0;
		str_addc(out, digits[v >> 18]);
		str_addc(out, digits[v >> 12 & 63]);
		str_addc(out, i + 1 < n ? digits[v >> 6 & 63] : '=');
		str_addc(out, i + 2 < n ? digits[v & 63] : '=');
	}
}

static void add_digest(struct str *out, const char *id)
{
	char hex[SHA256_HEX];

	sha256_bytes(id, strlen(id), hex);
	str_addf(out, "\"sha256:%s\"", hex);
}

static void add_now(struct str *out, const char *key, int64_t ago_ns)
{
	char text[TEXT_TIME_MAX];

	str_addf(out, ",\"%s\":\"%s\"", key,
		 text_rfc3339nano_padded(time_now_ns() - ago_ns, text, sizeof(text)));
}

static void add_vertex(struct str *out, const struct progress_report *r, const char *text)
{
	auto_free char *name = xasprintf("%s%s%s", r->id, text ? " " : "", text ? text : "");

	str_add(out, "{\"vertexes\":[{\"digest\":");
	add_digest(out, r->id);
	str_add(out, ",\"name\":");
	str_add_json(out, name);
	add_now(out, "started", (int64_t)r->elapsed_ms * 1000000);
	if (r->event == PROGRESS_END) {
		add_now(out, "completed", 0);
		if (str_eq(r->text, "cached"))
			str_add(out, ",\"cached\":true");
		if (str_eq(r->text, "failed"))
			str_add(out, ",\"error\":\"failed\"");
	}
	str_add(out, "}]}\n");
}

static void add_log(struct str *out, const struct progress_report *r)
{
	str_add(out, "{\"logs\":[{\"vertex\":");
	add_digest(out, r->id);
	str_addf(out, ",\"stream\":%d,\"data\":\"", r->stream);
	add_base64(out, (const unsigned char *)r->text, (size_t)r->now);
	str_addc(out, '"');
	add_now(out, "timestamp", 0);
	str_add(out, "}]}\n");
}

static void add_warning(struct str *out, const struct progress_report *r)
{
	str_add(out, "{\"warnings\":[{\"level\":1,\"short\":\"");
	add_base64(out, (const unsigned char *)r->text, strlen(r->text));
	str_add(out, "\"}]}\n");
}

void build_json_add(struct str *out, const struct progress_report *r, const char *text)
{
	if (r->event == PROGRESS_NOTE && r->text)
		add_warning(out, r);
	else if (r->id && (r->event == PROGRESS_BEGIN || r->event == PROGRESS_END))
		add_vertex(out, r, text);
	else if (r->id && r->event == PROGRESS_OUTPUT)
		add_log(out, r);
}
