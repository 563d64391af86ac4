/*
 * log_kit.h - a container directory with a log in it, and what `hod logs` would say of it.
 */
#ifndef LOG_KIT_H
#define LOG_KIT_H

#include "unit.h"

#include "monitor/log_driver.h"
#include "monitor/log_reader.h"
#include "util/fd.h"
#include "util/text.h"

struct log_kit {
	char path[64];
	struct container c;
	struct log_options o;
	struct log_writer *w;
};
struct log_text {
	struct str out, err_;
};

static inline void log_kit_open(struct log_kit *k, const char *driver, const char *opts)
{
	auto_done(strv) struct strv list = { 0 };
	struct error err = { 0 };

	memset(k, 0, sizeof(*k));
	strcpy(k->path, "/tmp/hod-log-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(k->path));
	k->c.fd = open(k->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	k->c.record.log_driver = xstrdup(driver);
	if (*opts)
		strv_split(&list, opts, ',');
	ck_assert_int_eq(log_options_parse(driver, &list, &k->o, &err), 0);
	k->w = xmalloc(sizeof(*k->w));
	log_writer_init(k->w, &k->o, k->c.fd);
}

static inline void log_kit_write(struct log_kit *k, int stream, const char *text)
{
	ck_assert_uint_eq(log_write(k->w, stream, text, strlen(text)), strlen(text));
}

/* The monitor goes away and another comes. */
static inline void log_kit_reopen(struct log_kit *k)
{
	log_writer_done(k->w, false);
	log_writer_init(k->w, &k->o, k->c.fd);
}

static inline void log_kit_close(struct log_kit *k)
{
	struct error err = { 0 };

	log_writer_done(k->w, false);
	free(k->w);
	free(k->c.record.log_driver);
	close(k->c.fd);
	ck_assert_int_eq(tree_remove(AT_FDCWD, k->path, &err), 0);
}

static inline struct log_query log_kit_query(void)
{
	return (struct log_query){ .since_ns = UNSET, .until_ns = UNSET, .tail = UNSET };
}

static inline void log_text_done_(struct log_text *t)
{
	str_done(&t->out);
	str_done(&t->err_);
}

static inline struct log_text log_kit_read(struct log_kit *k, const struct log_query *q)
{
	int out = open("/tmp", O_TMPFILE | O_RDWR, 0600),
	    err_ = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	struct log_text t = { 0 };
	struct error err = { 0 };
	char why[ERROR_LINE_MAX];

	ck_assert_msg(log_read(NULL, &k->c, q, out, err_, &err) == 0, "%s",
		      error_text(&err, why, sizeof(why)));
	lseek(out, 0, SEEK_SET);
	lseek(err_, 0, SEEK_SET);
	ck_assert_int_eq(fd_read_all(out, &t.out, 1 << 30, &err), 0);
	ck_assert_int_eq(fd_read_all(err_, &t.err_, 1 << 30, &err), 0);
	close(out);
	close(err_);
	return t;
}

/* What `logs --tail n` says (n < 0: all), stdout then stderr. */
static inline void log_kit_expect(struct log_kit *k, int64_t tail, const char *out, const char *err_)
{
	struct log_query q = log_kit_query();
	struct log_text t;

	if (tail >= 0)
		q.tail = tail;
	t = log_kit_read(k, &q);
	ck_assert_str_eq(str_get(&t.out), out);
	ck_assert_str_eq(str_get(&t.err_), err_);
	log_text_done_(&t);
}

#endif
