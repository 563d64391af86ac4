/*
 * store_env.h - a store of its own for a test, and things to put into it.
 */
#ifndef STORE_ENV_H
#define STORE_ENV_H

#include "scratch.h"
#include "unit.h"

#include "store/blob.h"
#include "store/container.h"
#include "store/image.h"
#include "store/layer.h"
#include "store/store.h"

#include <sys/wait.h>

static struct error err;
static char line[ERROR_LINE_MAX];

#define OK(call) ck_assert_msg((call) >= 0, "%s: %s", #call, error_text(&err, line, sizeof(line)))
#define FAILS(call, expected)                                                                      \
	do {                                                                                       \
		ck_assert_int_eq((call), -1);                                                      \
		ck_assert_msg(err.kind == (expected), "%s: kind %d: %s", #call, (int)err.kind,     \
			      error_text(&err, line, sizeof(line)));                               \
	} while (0)

struct env {
	struct scratch scratch;
	struct store st;
};
static inline struct env env_make(void)
{
	struct env e = { .scratch = scratch_make() };

	setenv("HOD_SYNC", "no", 1);
	OK(store_open(e.scratch.path, STORE_CREATE, &e.st, &err));
	return e;
}
static inline void env_done(struct env *e)
{
	store_close(&e->st);
	scratch_done(&e->scratch);
}
#define ENV(name) __attribute__((cleanup(env_done))) struct env name = env_make()

static inline struct digest digest_of(const char *text)
{
	struct digest d;

	sha256_bytes(text, strlen(text), d.hex);
	return d;
}

/* A layer with one file, `name` holding `text`; its diffID is made up of both. */
static inline struct digest env_layer(struct env *e, const char *name, const char *text)
{
	auto_free char *key = xasprintf("%s=%s", name, text);
	struct digest d = digest_of(key);
	struct staging s;
	struct layer_meta m;
	int fd;

	layer_meta_init(&m);
	m.size = (int64_t)strlen(text);
	m.tar_size = 10240;
	m.entries = 1;
	OK(staging_begin(&e->st, &s, &err));
	ck_assert_int_eq(mkdirat(s.fd, "diff", 0755), 0);
	fd = dir_open(s.fd, "diff", &err);
	OK(fd);
	OK(file_write(fd, name, text, strlen(text), 0644, false, &err));
	close(fd);
	OK(layer_publish(&e->st, &s, &d, &m, &err));
	layer_meta_done(&m);
	return d;
}

/* An image of the layers, under the name (NULL: none); its ID. */
static inline struct digest env_image(struct env *e, const char *name, const char *command,
				      const struct digest *layers, size_t n)
{
	struct image_config c;
	struct image i;
	char text[DIGEST_TEXT_MAX];
	struct digest id;

	image_config_init(&c);
	platform_host(&c.platform);
	c.created = xstrdup("2024-05-06T07:08:09Z");
	strv_add(&c.config.cmd, command);
	c.config.has_cmd = true;
	for (size_t k = 0; k < n; k++)
		strv_add(&c.diff_ids, digest_format(&layers[k], text));
	OK(image_commit(&e->st, &c, &name, name ? 1 : 0, &i, &err));
	id = i.id;
	image_done(&i);
	image_config_done(&c);
	return id;
}

/* A container with a record, lock let go: as `create` leaves it. */
static inline void env_container(struct env *e, const char *name, struct container *c)
{
	container_init(c);
	OK(container_make(&e->st, c, name, &err));
	c->record.path = xstrdup("/bin/true");
	OK(container_record_save(&e->st, c, &err));
	close(container_lock(&e->st, c, &err));
}

#endif
