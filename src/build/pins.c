/*
 * pins.c - hod.lock: the digest of each image and file that a build uses.
 */
#include "pins.h"
#include "builder.h"
#include "image/resolve.h"
#include "util/fd.h"
#include "util/fields.h"

#define PINS_MAX     (4 << 20) /* bytes of the file */
#define PINS_VERSION 1

static const struct field pins_fields[] = {
	F_INT_(struct pins, version, "version", FIELD_REQUIRED),
	F_MAP(struct pins, images, "images"),
	F_MAP(struct pins, files, "files"),
	F_MAP(struct pins, repositories, "repositories"),
	F_END,
};

void pins_done(struct pins *p)
{
	strmap_done(&p->images);
	strmap_done(&p->files);
	strmap_done(&p->repositories);
	*p = (struct pins){ 0 };
}

int pins_open(const struct build_request *r, int root, struct pins *p, struct error *err)
{
	static const struct fields_limits limits = { .max_bytes = PINS_MAX, .max_depth = 8 };
	auto_done(str) struct str text = { 0 };
	int status;

	*p = (struct pins){ .version = PINS_VERSION, .record = r->lock };
	if (!r->lock && !r->locked)
		return 0;
	if (root < 0)
		return error_set(err, ERR_INVALID, "there is no build context to have " PINS_FILE);
	if (!r->locked)
		return 0;
	status = file_read(root, PINS_FILE, &text, PINS_MAX, err);
	if (status < 0) {
		error_hint(err, "--lock writes it");
		return error_add(err, "--locked: " PINS_FILE);
	}
	fields_init(pins_fields, p);
	status = fields_parse(pins_fields, str_get(&text), text.len, &limits, FIELDS_STRICT, p, err);
	if (status == 0 && p->version != PINS_VERSION)
		status = error_set(err, ERR_UNSUPPORTED, "version %lld", (long long)p->version);
	p->demand = true;
	return status < 0 ? error_add(err, PINS_FILE) : 0;
}

int pins_save(const struct pins *p, int root, struct error *err)
{
	auto_done(str) struct str text = { 0 };

	if (!p->record)
		return 0;
	fields_format(pins_fields, p, true, &text);
	str_addc(&text, '\n');
	return file_write(root, PINS_FILE, text.s, text.len, 0644, false, err);
}

/* A pin that is another, or missing when all must be there. */
static int check(const struct pins *p, struct strmap *map, const char *key, const char *value,
		 struct error *err)
{
	const char *pin = strmap_get(map, key);

	if (p->record)
		strmap_set(map, key, value);
	if (!p->demand)
		return 0;
	if (!pin)
		return error_set(err, ERR_NOTFOUND, PINS_FILE " does not name '%s'", key);
	if (strcmp(pin, value) != 0)
		return error_set(err, ERR_INVALID, "'%s' is %s, but " PINS_FILE " says %s", key,
				 value, pin);
	return 0;
}

/* The pinned one may still be there, under the name or without one, when the name has moved. */
static int find_pinned(struct builder *b, const char *name, const char *pin,
		       const struct platform *platform, struct image *i, struct error *err)
{
	auto_done(reference) struct reference ref = { 0 };
	auto_free char *full = NULL;
	int found;

	if (reference_parse(name, &ref, err) < 0)
		return -1;
	if (ref.transport != TRANSPORT_NONE)
		return 0;
	full = xasprintf("%s/%s@%s", ref.host, ref.repository, pin);
	found = image_find(b->st, full, platform, i, err);
	return found ? found : image_find(b->st, pin, platform, i, err);
}

int pinned_image(struct builder *b, const char *name, const struct platform *platform,
		 struct image *i, struct error *err)
{
	struct pins *p = b->pins;
	auto_free char *text = platform_format(platform), *key = xasprintf("%s %s", name, text);
	const char *pin = p && p->demand ? strmap_get(&p->images, key) : NULL;
	char digest[DIGEST_TEXT_MAX];
	int found = 0;

	if (pin)
		found = find_pinned(b, name, pin, platform, i, err);
	if (found < 0)
		return -1;
	if (!found && image_resolve(b->st, name, platform, b->r->pull, &b->e->progress, i, err) < 0)
		return -1;
	if (!p)
		return 0;
	digest_format(&i->manifest_digest, digest);
	return check(p, &p->images, key, digest, err);
}

int pinned_digest(struct builder *b, const char *url, const char *hex, struct error *err)
{
	auto_free char *digest = xasprintf("sha256:%s", hex);

	return b->pins ? check(b->pins, &b->pins->files, url, digest, err) : 0;
}

int pinned_file(struct builder *b, const char *url, int fd, struct error *err)
{
	char hex[SHA256_HEX];
	int64_t size;

	if (!b->pins || (!b->pins->record && !b->pins->demand))
		return 0;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return error_sys(err, "read what was fetched");
	if (sha256_fd(fd, hex, &size, err) < 0)
		return -1;
	return pinned_digest(b, url, hex, err);
}

int pinned_commit(struct builder *b, const char *url, const char *commit, struct error *err)
{
	return b->pins ? check(b->pins, &b->pins->repositories, url, commit, err) : 0;
}
