/* Garbage collection and the check of the store. */
#include "store_env.h"

#include "store/volume.h"

#include <signal.h>
#include <unistd.h>

static struct gc_result collect(struct env *e)
{
	struct gc_result r = { 0 };

	OK(store_gc(&e->st, &r, &err));
	return r;
}

static bool has_layer(struct env *e, const struct digest *d)
{
	return layer_find(&e->st, d, &err) == 1;
}

START_TEST(gc_removes_what_nothing_refers_to_and_nothing_else)
{
	ENV(e);
	struct digest used = env_layer(&e, "a", "1"), unused = env_layer(&e, "b", "22"),
		      held = env_layer(&e, "c", "3"), blob;
	struct container c;
	struct gc_result r;

	env_image(&e, "docker.io/library/x:1", "sh", &used, 1);
	env_container(&e, "web", &c);
	strv_add(&c.record.layers, held.hex);
	OK(container_record_save(&e.st, &c, &err));
	OK(blob_put(&e.st, "loose", 5, &blob, &err));
	r = collect(&e);
	ck_assert(has_layer(&e, &used));
	ck_assert(has_layer(&e, &held));
	ck_assert(!has_layer(&e, &unused));
	ck_assert_uint_eq(r.layers, 1);
	ck_assert_uint_eq(r.blobs, 1);
	ck_assert_uint_eq(r.bytes, 7);
	ck_assert_uint_eq(r.removed.n, 2);
	gc_result_done(&r);
	/* the image still works */
	{
		struct image i;

		ck_assert_int_eq(image_find(&e.st, "x:1", NULL, &i, &err), 1);
		image_done(&i);
	}
	OK(container_remove(&e.st, &c, &err));
	OK(image_name_remove(&e.st, "docker.io/library/x:1", &err));
	r = collect(&e);
	ck_assert_uint_eq(r.layers, 2);
	ck_assert_uint_eq(r.blobs, 2); /* manifest and configuration */
	gc_result_done(&r);
	container_done(&c);
}
END_TEST

START_TEST(gc_keeps_compressed_forms_of_kept_layers)
{
	ENV(e);
	struct digest layer = env_layer(&e, "a", "1"), blob;
	char type[] = MEDIA_OCI_LAYER_GZIP, text[DIGEST_TEXT_MAX];
	struct layer_blob b = { type, text, 4 };
	struct gc_result r;

	OK(blob_put(&e.st, "gzip", 4, &blob, &err));
	digest_format(&blob, text);
	OK(layer_add_blob(&e.st, &layer, &b, &err));
	env_image(&e, "docker.io/library/x:1", "sh", &layer, 1);
	r = collect(&e);
	ck_assert_uint_eq(r.blobs + r.layers, 0);
	gc_result_done(&r);
}
END_TEST

START_TEST(gc_keeps_layers_that_the_build_cache_names)
{
	ENV(e);
	struct digest layer = env_layer(&e, "a", "1");
	int cache = store_dir(&e.st, STORE_CACHE, &err);
	auto_free char *entry = xasprintf("{\"layer\":\"sha256:%s\"}\n", layer.hex);
	struct gc_result r;

	ck_assert_int_eq(mkdirat(cache, "steps", 0700), 0);
	OK(file_write(cache, "steps/key", entry, strlen(entry), 0600, false, &err));
	r = collect(&e);
	ck_assert(has_layer(&e, &layer));
	gc_result_done(&r);
	ck_assert_int_eq(unlinkat(cache, "steps/key", 0), 0);
	r = collect(&e);
	ck_assert(!has_layer(&e, &layer));
	gc_result_done(&r);
}
END_TEST

START_TEST(gc_keeps_what_a_living_maker_may_name_later)
{
	ENV(e);
	struct digest before = env_layer(&e, "a", "1"), kept = env_layer(&e, "k", "1"), after;
	struct staging s;
	struct gc_result r;

	OK(staging_begin(&e.st, &s, &err));
	after = env_layer(&e, "b", "2");
	ck_assert_int_eq(layer_keep(&e.st, &kept, &err), 1);
	r = collect(&e);
	ck_assert(!has_layer(&e, &before));
	ck_assert(has_layer(&e, &kept));
	ck_assert(has_layer(&e, &after));
	gc_result_done(&r);
	staging_end(&e.st, &s);
	r = collect(&e);
	ck_assert(!has_layer(&e, &after));
	gc_result_done(&r);
}
END_TEST

START_TEST(gc_of_a_store_with_a_damaged_image_still_works)
{
	ENV(e);
	struct digest layer = env_layer(&e, "a", "1"), other = env_layer(&e, "b", "1"),
		      loose = env_layer(&e, "c", "1");
	struct image i;
	struct gc_result r;

	env_image(&e, "docker.io/library/x:1", "sh", &layer, 1);
	env_image(&e, "docker.io/library/y:1", "sh", &other, 1);
	OK(image_find(&e.st, "x:1", NULL, &i, &err));
	OK(file_write(e.st.dirs[STORE_BLOBS], i.id.hex, "{}", 2, 0600, false, &err));
	image_done(&i);
	close(STDERR_FILENO); /* it warns */
	r = collect(&e);
	ck_assert(has_layer(&e, &other));
	ck_assert(!has_layer(&e, &loose));
	gc_result_done(&r);
}
END_TEST

static size_t check(struct env *e, unsigned flags, fsck_findings *f)
{
	fsck_findings_done(f);
	OK(store_fsck(&e->st, flags, NULL, f, &err));
	return f->n;
}

/* A store with one of each. */
static struct digest furnish(struct env *e)
{
	struct digest layer = env_layer(e, "a", "1");
	struct container c;
	struct volume v;

	env_image(e, "docker.io/library/x:1", "sh", &layer, 1);
	env_container(e, "web", &c);
	strv_add(&c.record.layers, layer.hex);
	OK(container_record_save(&e->st, &c, &err));
	container_done(&c);
	OK(volume_create(&e->st, "data", NULL, NULL, &v, &err));
	volume_done(&v);
	return layer;
}

START_TEST(fsck_of_a_sound_store_finds_nothing)
{
	ENV(e);
	fsck_findings f = { 0 };

	ck_assert_uint_eq(check(&e, FSCK_DEEP, &f), 0);
	furnish(&e);
	ck_assert_uint_eq(check(&e, FSCK_DEEP, &f), 0);
	ck_assert_uint_eq(check(&e, FSCK_DEEP | FSCK_REPAIR, &f), 0);
}
END_TEST

/* One damage each: what it is, and whether repair mends it (else it stays until removed by hand). */
struct damage {
	const char *what; /* part of the finding */
	void (*make)(struct env *e, const struct digest *layer);
	unsigned flags;
	bool mended;
};

static void lose_layer(struct env *e, const struct digest *layer)
{
	OK(tree_remove(e->st.dirs[STORE_LAYERS], layer->hex, &err));
}
static void lose_diff(struct env *e, const struct digest *layer)
{
	auto_close int fd = layer_open(&e->st, layer, &err);

	OK(tree_remove(fd, "diff", &err));
}
static void lose_meta(struct env *e, const struct digest *layer)
{
	auto_close int fd = layer_open(&e->st, layer, &err);

	ck_assert_int_eq(unlinkat(fd, "meta.json", 0), 0);
}
static void empty_file(struct env *e, const struct digest *layer)
{
	auto_close int fd = layer_open_diff(&e->st, layer, &err);

	OK(file_write(fd, "a", "", 0, 0644, false, &err));
}
static void bad_blob(struct env *e, const struct digest *layer)
{
	struct image i;

	OK(image_find(&e->st, "x:1", NULL, &i, &err));
	OK(file_write(e->st.dirs[STORE_BLOBS], i.id.hex, "{}", 2, 0600, false, &err));
	image_done(&i);
}
static void bad_name(struct env *e, const struct digest *layer)
{
	char hex[SHA256_HEX];

	sha256_bytes("docker.io/library/x:1", 21, hex);
	OK(file_write(e->st.dirs[STORE_IMAGES], hex, "{}", 2, 0600, false, &err));
}
static void bad_record(struct env *e, const struct digest *layer)
{
	struct container c;

	container_init(&c);
	ck_assert_int_eq(container_find(&e->st, "web", &c, &err), 1);
	OK(file_write(c.fd, "record.json", "", 0, 0600, false, &err));
	container_done(&c);
}
static void bad_volume(struct env *e, const struct digest *layer)
{
	OK(file_write(e->st.dirs[STORE_VOLUMES], "data/volume.json", "", 0, 0600, false, &err));
}
static const struct damage damages[] = {
	{ "is missing", lose_layer, 0, false },
	{ "has no diff", lose_diff, 0, false },
	{ "meta.json", lose_meta, 0, true },
	{ "are not those that were unpacked", empty_file, FSCK_DEEP, false },
	{ "damaged", bad_blob, 0, true },
	{ "damaged", bad_blob, FSCK_DEEP, true },
	{ "image", bad_name, 0, true },
	{ "record.json", bad_record, 0, false },
	{ "volume 'data'", bad_volume, 0, false },
};

START_TEST(fsck_finds_each_damage_and_repairs_what_can_be_had_again)
{
	ENV(e);
	const struct damage *d = &damages[_i];
	struct digest layer = furnish(&e);
	fsck_findings f = { 0 };
	bool named = false;

	/* the list of images warns of a damaged file; the test's output is no place for it */
	close(STDERR_FILENO);
	d->make(&e, &layer);
	ck_assert_uint_gt(check(&e, d->flags, &f), 0);
	vec_each (&f, x) {
		named |= strstr(x->what, d->what) != NULL;
		ck_assert(!x->repaired);
	}
	ck_assert(named);
	check(&e, d->flags | FSCK_REPAIR, &f);
	check(&e, d->flags, &f);
	/* a container that needs what is gone, or is itself broken, is left for its owner */
	vec_each (&f, x)
		ck_assert_msg(!d->mended, "%s", x->what);
	ck_assert(d->mended || f.n > 0);
	fsck_findings_done(&f);
}
END_TEST

START_TEST(fsck_says_nothing_of_what_the_dead_left)
{
	ENV(e);
	auto_done(strv) struct strv names = { 0 };
	fsck_findings f = { 0 };
	struct digest layer = furnish(&e);
	pid_t pid;

	pid = fork();
	if (pid == 0) {
		struct staging s;
		struct container c;

		container_init(&c);
		if (staging_begin(&e.st, &s, &err) == 0 &&
		    container_make(&e.st, &c, "dying", &err) == 0)
			kill(getpid(), SIGKILL);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
	/* a rename that was cut short before the record was written */
	ck_assert_int_eq(symlinkat(layer.hex, e.st.dirs[STORE_NAMES], "stale"), 0);
	ck_assert_uint_eq(check(&e, 0, &f), 0);
	OK(dir_list(e.st.dirs[STORE_NAMES], &names, &err));
	ck_assert_uint_eq(names.n, 1);
}
END_TEST

UNIT_MAIN("store/gc", TEST(gc_removes_what_nothing_refers_to_and_nothing_else),
	  TEST(gc_keeps_compressed_forms_of_kept_layers),
	  TEST(gc_keeps_layers_that_the_build_cache_names),
	  TEST(gc_keeps_what_a_living_maker_may_name_later),
	  TEST(gc_of_a_store_with_a_damaged_image_still_works),
	  TEST(fsck_of_a_sound_store_finds_nothing),
	  TEST_LOOP(fsck_finds_each_damage_and_repairs_what_can_be_had_again, ARRAY_SIZE(damages)),
	  TEST(fsck_says_nothing_of_what_the_dead_left))
