/*
 * layer_batch.c - tests of store/layer_batch: layers wait to be published together, and never while
 * somebody waits.
 */
#include "store_env.h"

#include "store/layer_batch.h"
#include "util/fd.h"

/* A layer whose diffID and blob are both named by text. */
static void add(struct store *st, struct layer_batch *b, const char *text, int64_t bytes)
{
	struct staging s = STAGING_NONE;
	struct partial p;
	struct digest d = digest_of(text);
	struct layer_meta m;

	layer_meta_init(&m);
	OK(staging_begin(st, &s, &err));
	close(dir_make_open(s.fd, "diff", 0755, &err));
	OK(layer_stage(st, &s, &m, &err));
	OK(partial_take(st, &d, &p, &err));
	OK(partial_add(&p, text, strlen(text), &err));
	OK(layer_batch_add(b, &s, &p, &d, bytes, &err));
	ck_assert_int_eq(s.fd, -1);
	ck_assert_int_eq(p.fd, -1);
}

static bool is_there(struct store *st, const char *text)
{
	struct digest d = digest_of(text);
	int64_t size;

	int layer = layer_find(st, &d, &err), blob = blob_find(st, &d, &size, &err);

	ck_assert_int_eq(layer, blob);
	return layer == 1;
}

START_TEST(layers_are_published_together_with_their_blobs)
{
	ENV(e);
	struct store *st = &e.st;
	struct layer_batch b;

	layer_batch_init(&b, st);
	add(st, &b, "one", 1);
	add(st, &b, "two", 1);
	ck_assert(!is_there(st, "one"));
	OK(layer_batch_publish(&b, &err));
	ck_assert(is_there(st, "one") && is_there(st, "two"));
	layer_batch_done(&b);
}
END_TEST

START_TEST(many_bytes_do_not_wait)
{
	ENV(e);
	struct store *st = &e.st;
	struct layer_batch b;

	layer_batch_init(&b, st);
	add(st, &b, "one", 1);
	add(st, &b, "large", LAYER_BATCH_BYTES);
	ck_assert(is_there(st, "one") && is_there(st, "large"));
	layer_batch_done(&b);
}
END_TEST

START_TEST(while_a_thread_waits_nothing_is_held_back)
{
	ENV(e);
	struct store *st = &e.st;
	struct layer_batch b;

	layer_batch_init(&b, st);
	add(st, &b, "before", 1);
	OK(layer_batch_wait(&b, &err));
	ck_assert(is_there(st, "before"));
	add(st, &b, "meanwhile", 1);
	ck_assert(is_there(st, "meanwhile"));
	layer_batch_go_on(&b);
	add(st, &b, "after", 1);
	ck_assert(!is_there(st, "after"));
	layer_batch_done(&b);
}
END_TEST

START_TEST(what_is_abandoned_leaves_only_what_was_received)
{
	ENV(e);
	struct store *st = &e.st;
	struct layer_batch b;
	struct digest d = digest_of("one");
	struct partial p;
	auto_done(strv) struct strv left = { 0 };

	layer_batch_init(&b, st);
	add(st, &b, "one", 1);
	ck_assert_int_eq(partial_try(st, &d, &p, &err), 0); /* its lock is held */
	layer_batch_done(&b);
	ck_assert(!is_there(st, "one"));
	ck_assert_int_eq(partial_try(st, &d, &p, &err), 1);
	ck_assert_int_eq(p.size, 3);
	partial_drop(st, &p);
	OK(dir_list(store_dir(st, STORE_TMP, &err), &left, &err));
	strv_each (&left, i)
		ck_assert_str_eq(left.v[i], "swept");
}
END_TEST

UNIT_MAIN("store/layer_batch", TEST(layers_are_published_together_with_their_blobs),
	  TEST(many_bytes_do_not_wait), TEST(while_a_thread_waits_nothing_is_held_back),
	  TEST(what_is_abandoned_leaves_only_what_was_received))
