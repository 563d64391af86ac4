/* Archives loaded into a store, saved from it, and refused. */
#include "image/archive.h"

#include "image/remove.h"
#include "image/resolve.h"
#include "make_tar.h"
#include "store/blob.h"
#include "store/layer.h"
#include "unit.h"
#include "util/fd.h"

#include <sys/stat.h>

struct place {
	char dir[64], file[96];
	struct store st;
};

static void place_open(struct place *p)
{
	const char *tmp = getenv("TMPDIR");
	struct error err = { 0 };
	char path[96];

	snprintf(p->dir, sizeof(p->dir), "%s/hod-arch-XXXXXX",
		 tmp && strlen(tmp) < 32 ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(p->dir));
	snprintf(path, sizeof(path), "%s/store", p->dir);
	snprintf(p->file, sizeof(p->file), "%s/archive", p->dir);
	ck_assert_msg(store_open(path, STORE_CREATE, &p->st, &err) == 0, "%s", err.text);
	p->st.durable = false;
}

static void place_close(struct place *p)
{
	struct error err = { 0 };

	store_close(&p->st);
	ck_assert_int_eq(tree_remove(AT_FDCWD, p->dir, &err), 0);
}

static void put_file(struct place *p, const struct str *bytes)
{
	struct error err = { 0 };

	ck_assert_int_eq(file_write(AT_FDCWD, p->file, bytes->s, bytes->len, 0600, false, &err), 0);
}

/* Two layers; the first is not what we would write: another order, and an owner's name. */
static void make_layers(struct str layers[2])
{
	struct tar_item file = { "etc/conf", '0', "one", .mtime = 7 };

	tar_add(&layers[0], file);
	memcpy(layers[0].s + 265, "root", 4);
	tar_sum(layers[0].s);
	tar_add(&layers[0], (struct tar_item){ "etc/", '5', .mtime = 8 });
	tar_end(&layers[0]);
	tar_add(&layers[1], (struct tar_item){ "etc/", '5', .mtime = 9 });
	tar_add(&layers[1], (struct tar_item){ "etc/.wh.conf", '0', .mode = 0600 });
	tar_end(&layers[1]);
}

static void make_config(struct str layers[2], struct str *config)
{
	char a[SHA256_HEX], b[SHA256_HEX];

	sha256_bytes(layers[0].s, layers[0].len, a);
	sha256_bytes(layers[1].s, layers[1].len, b);
	str_addf(config,
		 "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"Cmd\":[\"/"
		 "x\"]},\"unknown\":1,"
		 "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:%s\",\"sha256:%s\"]}}",
		 a, b);
}

enum flaw {
	SOUND,
	WRONG_DIFF_ID,
	WRONG_CONFIG_NAME,
	TOO_FEW_LAYERS,
	LINK_OUT,
	LINK_TO_HOST,
	NO_CONFIG,
	BAD_TAG,
	BAD_JSON,
	FLAW_MAX
};

static void docker_archive(struct str *t, enum flaw flaw)
{
	struct str layers[2] = { { 0 }, { 0 } }, config = { 0 }, m = { 0 };
	char id[SHA256_HEX], name[80];

	make_layers(layers);
	make_config(layers, &config);
	sha256_bytes(config.s, config.len, id);
	if (flaw == WRONG_CONFIG_NAME)
		id[0] = id[0] == 'a' ? 'b' : 'a';
	snprintf(name, sizeof(name), "%s.json", id);
	if (flaw == WRONG_DIFF_ID)
		layers[1].s[100 + 5] = '1';
	if (flaw == WRONG_DIFF_ID)
		tar_sum(layers[1].s);
	if (flaw != NO_CONFIG)
		tar_add_n(t, &(struct tar_item){ name, '0' }, config.s, config.len);
	tar_add_n(t, &(struct tar_item){ "x/layer.tar", '0' }, layers[0].s, layers[0].len);
	/* docker save of old links a layer that another image has, too */
	tar_add_n(t, &(struct tar_item){ "y/real.tar", '0' }, layers[1].s, layers[1].len);
	tar_add(t, (struct tar_item){ "y/layer.tar", '2',
				      .link = flaw == LINK_OUT	     ? "../../etc/passwd"
					      : flaw == LINK_TO_HOST ? "/etc/passwd"
								     : "../y/real.tar" });
	str_addf(&m, "[{\"Config\":\"%s\",\"RepoTags\":[\"%s\"],\"Layers\":[\"x/layer.tar\"%s]}]%s",
		 name, flaw == BAD_TAG ? "UPPER" : "one:v1",
		 flaw == TOO_FEW_LAYERS ? "" : ",\"y/layer.tar\"", flaw == BAD_JSON ? "]" : "");
	tar_add_n(t, &(struct tar_item){ "manifest.json", '0' }, m.s, m.len);
	tar_end(t);
	str_done(&layers[0]);
	str_done(&layers[1]);
	str_done(&config);
	str_done(&m);
}

static void load_ok(struct place *p, const char *path, struct archive_loaded *l)
{
	struct error err = { 0 };

	ck_assert_msg(archive_load(&p->st, path, NULL, NULL, l, &err) == 0, "%s", err.text);
}

static void load_one(struct place *p)
{
	auto_done(str) struct str t = { 0 };
	auto_done(archive_loaded) struct archive_loaded l = { 0 };

	docker_archive(&t, SOUND);
	put_file(p, &t);
	load_ok(p, p->file, &l);
	ck_assert_uint_eq(l.names.n, 1);
	ck_assert_str_eq(l.names.v[0], "docker.io/library/one:v1");
}

static size_t count_names(struct place *p)
{
	image_names l = { 0 };
	struct error err = { 0 };
	size_t n;

	ck_assert_int_eq(image_name_list(&p->st, &l, &err), 0);
	n = l.n;
	image_names_done(&l);
	return n;
}

static void find(struct place *p, const char *text, struct image *i)
{
	struct error err = { 0 };

	image_init(i);
	ck_assert_msg(image_find(&p->st, text, NULL, i, &err) == 1, "%s: %s", text, err.text);
}

START_TEST(archive_load_takes_a_docker_archive)
{
	auto_done(image) struct image i = { 0 };
	struct str layers[2] = { { 0 }, { 0 } };
	auto_done(str) struct str config = { 0 };
	char id[SHA256_HEX];
	struct error err = { 0 };
	struct place p;
	int diff;

	place_open(&p);
	load_one(&p);
	make_layers(layers);
	make_config(layers, &config);
	sha256_bytes(config.s, config.len, id);
	find(&p, "one:v1", &i);
	ck_assert_str_eq(i.id.hex, id); /* the bytes of the configuration are those that came */
	ck_assert_uint_eq(i.diff_ids.n, 2);
	diff = layer_open_diff(&p.st, &i.diff_ids.v[0], &err);
	ck_assert(file_exists(diff, "etc/conf"));
	close(diff);
	str_done(&layers[0]);
	str_done(&layers[1]);
	place_close(&p);
}
END_TEST

START_TEST(archive_load_refuses)
{
	auto_done(str) struct str t = { 0 };
	struct archive_loaded l;
	struct error err = { 0 };
	struct place p;

	place_open(&p);
	docker_archive(&t, (enum flaw)(_i + 1));
	put_file(&p, &t);
	ck_assert_msg(archive_load(&p.st, p.file, NULL, NULL, &l, &err) < 0, "flaw %d", _i + 1);
	ck_assert_msg(err.kind == ERR_INVALID || err.kind == ERR_NOTFOUND, "%d: %s", _i + 1,
		      err.text);
	ck_assert_uint_eq(count_names(&p), 0);
	place_close(&p);
}
END_TEST

START_TEST(archive_load_says_what_is_no_image)
{
	auto_done(str) struct str t = { 0 };
	struct archive_loaded l;
	struct error err = { 0 };
	struct place p;

	place_open(&p);
	tar_add(&t, (struct tar_item){ "etc/passwd", '0', "root" });
	tar_end(&t);
	put_file(&p, &t);
	ck_assert_int_eq(archive_load(&p.st, p.file, NULL, NULL, &l, &err), -1);
	ck_assert_int_eq(err.kind, ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.hint, "import"));
	place_close(&p);
}
END_TEST

static void save_to(struct place *p, const char *image, enum archive_format format,
		    enum compression c, struct str *out)
{
	auto_done(strv) struct strv images = { 0 };
	struct error err = { 0 };
	int fd = memfd_create("saved", MFD_CLOEXEC);

	strv_add(&images, image);
	ck_assert_msg(archive_save(&p->st, &images, format, fd, NULL, c, NULL, &err) == 0, "%s",
		      err.text);
	lseek(fd, 0, SEEK_SET);
	ck_assert_int_eq(fd_read_all(fd, out, 64 << 20, &err), 0);
	close(fd);
}

/* Formats and compressions: what is saved here is loaded elsewhere as the same image. */
START_TEST(archive_save_and_load_keep_digests)
{
	enum archive_format format = _i % 2 ? ARCHIVE_OCI : ARCHIVE_DOCKER;
	enum compression c = (enum compression)(_i / 2); /* none, gzip, zstd */
	auto_done(str) struct str first = { 0 }, second = { 0 }, third = { 0 };
	auto_done(image) struct image a = { 0 }, b = { 0 };
	auto_done(archive_loaded) struct archive_loaded l = { 0 };
	struct place p, q;

	place_open(&p);
	place_open(&q);
	load_one(&p);
	save_to(&p, "one:v1", format, c, &first);
	save_to(&p, "one:v1", format, c, &second);
	ck_assert_uint_eq(first.len, second.len);
	ck_assert_int_eq(memcmp(first.s, second.s, first.len), 0);
	put_file(&q, &first);
	load_ok(&q, q.file, &l);
	ck_assert_str_eq(l.names.v[0], "docker.io/library/one:v1");
	find(&p, "one:v1", &a);
	find(&q, "one:v1", &b);
	ck_assert_str_eq(a.id.hex, b.id.hex);
	if (c == COMPRESSION_NONE)
		ck_assert_str_eq(a.manifest_digest.hex, b.manifest_digest.hex);
	save_to(&q, "one:v1", format, COMPRESSION_NONE,
		&third); /* compressed layers go as they came */
	ck_assert_uint_eq(first.len, third.len);
	ck_assert_int_eq(memcmp(first.s, third.s, first.len), 0);
	place_close(&p);
	place_close(&q);
}
END_TEST

START_TEST(archive_save_refuses_a_full_directory)
{
	auto_done(strv) struct strv images = { 0 };
	auto_done(archive_loaded) struct archive_loaded l = { 0 };
	struct error err = { 0 };
	struct place p;

	place_open(&p);
	load_one(&p);
	unlink(p.file);
	strv_add(&images, "one:v1");
	ck_assert_msg(archive_save(&p.st, &images, ARCHIVE_OCI_DIR, -1, p.file, COMPRESSION_NONE,
				   NULL, &err) == 0,
		      "%s", err.text);
	load_ok(&p, p.file, &l); /* the directory is a layout that can be loaded */
	ck_assert_int_eq(archive_save(&p.st, &images, ARCHIVE_OCI_DIR, -1, p.file, COMPRESSION_NONE,
				      NULL, &err),
			 -1);
	ck_assert_int_eq(err.kind, ERR_EXISTS);
	place_close(&p);
}
END_TEST

/* One bit in any blob of an OCI archive, and it is refused. */
START_TEST(archive_load_verifies_every_blob)
{
	auto_done(str) struct str t = { 0 };
	struct place p, q;
	size_t flipped = 0;

	place_open(&p);
	load_one(&p);
	save_to(&p, "one:v1", ARCHIVE_OCI, COMPRESSION_NONE, &t);
	for (size_t at = 0; at + 512 < t.len; at += 512) {
		uint64_t size = strtoull(t.s + at + 124, NULL, 8);
		struct archive_loaded l;
		struct error err = { 0 };

		if (memcmp(t.s + at + 257, "ustar", 5) != 0)
			break;
		if (strncmp(t.s + at, "blobs/sha256/", 13) == 0 && size) {
			place_open(&q);
			t.s[at + 512 + size / 2] ^= 1;
			put_file(&q, &t);
			ck_assert_int_eq(archive_load(&q.st, q.file, NULL, NULL, &l, &err), -1);
			ck_assert_msg(err.kind == ERR_INVALID, "%.80s: %s", t.s + at, err.text);
			ck_assert_uint_eq(count_names(&q), 0);
			t.s[at + 512 + size / 2] ^= 1;
			place_close(&q);
			flipped++;
		}
		at += (size + 511) / 512 * 512;
	}
	ck_assert_uint_eq(flipped, 4); /* manifest, configuration, two layers */
	place_close(&p);
}
END_TEST

START_TEST(image_resolve_takes_transports)
{
	auto_done(str) struct str text = { 0 };
	auto_done(image) struct image i = { 0 };
	auto_done(str) struct str t = { 0 };
	struct error err = { 0 };
	struct place p;

	place_open(&p);
	docker_archive(&t, SOUND);
	put_file(&p, &t);
	str_addf(&text, "docker-archive:%s", p.file);
	ck_assert_msg(image_resolve(&p.st, text.s, NULL, PULL_NEVER, NULL, &i, &err) == 0, "%s",
		      err.text);
	image_done(&i);
	str_add(&text, ":one:v1");
	ck_assert_int_eq(image_resolve(&p.st, text.s, NULL, PULL_NEVER, NULL, &i, &err), 0);
	image_done(&i);
	str_add(&text, "x");
	ck_assert_int_eq(image_resolve(&p.st, text.s, NULL, PULL_NEVER, NULL, &i, &err), -1);
	ck_assert_int_eq(err.kind, ERR_NOTFOUND);
	place_close(&p);
}
END_TEST

START_TEST(image_remove_untags_while_names_are_left)
{
	auto_done(image_removal) struct image_removal one = { 0 }, two = { 0 };
	auto_done(image) struct image i = { 0 };
	auto_done(descriptor) struct descriptor target = { 0 };
	struct error err = { 0 };
	struct place p;
	int64_t size;

	place_open(&p);
	load_one(&p);
	find(&p, "one:v1", &i);
	descriptor_set(&target, MEDIA_OCI_MANIFEST, &i.manifest_digest, i.manifest_size);
	ck_assert_int_eq(image_name_set(&p.st, "docker.io/library/two:v2", &target, &err), 0);
	/* by ID, with two names */
	ck_assert_int_eq(image_remove(&p.st, i.id.hex, false, &one, &err), -1);
	ck_assert_int_eq(err.kind, ERR_BUSY);
	ck_assert_uint_eq(one.untag.n, 0);
	error_clear(&err);
	ck_assert_int_eq(image_remove(&p.st, "one:v1", false, &one, &err), 0);
	ck_assert_uint_eq(one.untag.n, 1);
	ck_assert_uint_eq(one.delete.n, 0);
	ck_assert_int_eq(layer_find(&p.st, &i.diff_ids.v[0], &err), 1);
	/* the last one */
	ck_assert_int_eq(image_remove(&p.st, "two:v2", false, &two, &err), 0);
	ck_assert_str_eq(two.untag.v[0], "docker.io/library/two:v2");
	ck_assert_uint_eq(two.delete.n, 3);
	ck_assert_str_eq(two.delete.v[0] + 7, i.id.hex);
	ck_assert_int_eq(layer_find(&p.st, &i.diff_ids.v[0], &err), 0);
	ck_assert_int_eq(blob_find(&p.st, &i.id, &size, &err), 0);
	place_close(&p);
}
END_TEST

START_TEST(image_remove_by_id_with_force_takes_all_names)
{
	auto_done(image_removal) struct image_removal r = { 0 };
	auto_done(image) struct image i = { 0 };
	auto_done(descriptor) struct descriptor target = { 0 };
	struct error err = { 0 };
	struct place p;

	place_open(&p);
	load_one(&p);
	find(&p, "one:v1", &i);
	descriptor_set(&target, MEDIA_OCI_MANIFEST, &i.manifest_digest, i.manifest_size);
	ck_assert_int_eq(image_name_set(&p.st, "docker.io/library/two:v2", &target, &err), 0);
	ck_assert_msg(image_remove(&p.st, i.id.hex, true, &r, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(r.untag.n, 2);
	ck_assert_uint_eq(count_names(&p), 0);
	place_close(&p);
}
END_TEST

START_TEST(image_prune_takes_what_has_no_name)
{
	auto_done(image_removal) struct image_removal r = { 0 }, all = { 0 };
	auto_done(str) struct str t = { 0 };
	struct import_options o = { .name = "docker.io/library/one:v1" };
	auto_done(image) struct image i = { 0 };
	struct error err = { 0 };
	uint64_t bytes;
	struct place p;

	place_open(&p);
	load_one(&p);
	tar_add(&t, (struct tar_item){ "new", '0', "x" });
	tar_end(&t);
	put_file(&p, &t);
	ck_assert_msg(archive_import(&p.st, p.file, &o, &i, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(count_names(&p), 2); /* the old image lost its name */
	ck_assert_int_eq(image_prune(&p.st, false, NULL, NULL, &r, &bytes, &err), 0);
	ck_assert_uint_eq(r.untag.n, 0);
	ck_assert_uint_eq(r.delete.n, 3);
	ck_assert_uint_gt(bytes, 0);
	ck_assert_uint_eq(count_names(&p), 1);
	ck_assert_int_eq(image_prune(&p.st, true, NULL, NULL, &all, &bytes, &err), 0);
	ck_assert_uint_eq(all.untag.n, 1);
	ck_assert_uint_eq(count_names(&p), 0);
	place_close(&p);
}
END_TEST

START_TEST(archive_import_makes_the_same_layer_of_the_same_tree)
{
	auto_done(str) struct str t = { 0 }, u = { 0 };
	struct import_options o = { .message = "by hand" };
	auto_done(image) struct image i = { 0 }, j = { 0 };
	struct error err = { 0 };
	struct place p;

	place_open(&p);
	tar_add(&t, (struct tar_item){ "a", '0', "x", .mtime = 5 });
	tar_add(&t, (struct tar_item){ "b", '0', "y", .mtime = 6 });
	tar_end(&t);
	tar_add(&u, (struct tar_item){ "./b", '0', "y", .mtime = 6 });
	tar_pax(&u, "mtime", "5");
	tar_add(&u, (struct tar_item){ "./a", '0', "x" });
	tar_end(&u);
	put_file(&p, &t);
	ck_assert_msg(archive_import(&p.st, p.file, &o, &i, &err) == 0, "%s", err.text);
	put_file(&p, &u);
	ck_assert_msg(archive_import(&p.st, p.file, &o, &j, &err) == 0, "%s", err.text);
	ck_assert_str_eq(i.diff_ids.v[0].hex, j.diff_ids.v[0].hex);
	ck_assert_str_eq(i.config.history.v[0].comment, "by hand");
	/* the canonical tar is the first one, byte for byte */
	{
		char hex[SHA256_HEX];

		sha256_bytes(t.s, t.len, hex);
		ck_assert_str_eq(i.diff_ids.v[0].hex, hex);
	}
	place_close(&p);
}
END_TEST

UNIT_MAIN("image/archive", TEST(archive_load_takes_a_docker_archive),
	  TEST_LOOP(archive_load_refuses, FLAW_MAX - 1), TEST(archive_load_says_what_is_no_image),
	  TEST_LOOP(archive_save_and_load_keep_digests, 6),
	  TEST(archive_save_refuses_a_full_directory), TEST(archive_load_verifies_every_blob),
	  TEST(image_resolve_takes_transports), TEST(image_remove_untags_while_names_are_left),
	  TEST(image_remove_by_id_with_force_takes_all_names),
	  TEST(image_prune_takes_what_has_no_name),
	  TEST(archive_import_makes_the_same_layer_of_the_same_tree))
