/* Names of images, and images found by them. */
#include "store_env.h"

#define ALPINE "docker.io/library/alpine:latest"

static size_t count_names(struct env *e)
{
	image_names l = { 0 };
	size_t n;

	OK(image_name_list(&e->st, &l, &err));
	n = l.n;
	image_names_done(&l);
	return n;
}

static int find(struct env *e, const char *text, struct digest *id)
{
	struct image i;
	int r = image_find(&e->st, text, NULL, &i, &err);

	if (r == 1 && id)
		*id = i.id;
	image_done(&i);
	return r;
}

START_TEST(image_is_found_by_every_way_to_name_it)
{
	ENV(e);
	struct digest layer = env_layer(&e, "f", "x"), id, got;
	char text[DIGEST_TEXT_MAX], part[13];
	struct image i;
	auto_free char *by_digest = NULL, *wrong = NULL;

	id = env_image(&e, ALPINE, "sh", &layer, 1);
	OK(image_find(&e.st, ALPINE, NULL, &i, &err));
	ck_assert_str_eq(i.name, ALPINE);
	ck_assert_str_eq(i.config.config.cmd.v[0], "sh");
	ck_assert_uint_eq(i.diff_ids.n, 1);
	by_digest = xasprintf("alpine@sha256:%s", i.manifest_digest.hex);
	wrong = xasprintf("busybox@sha256:%s", i.manifest_digest.hex);
	image_done(&i);
	snprintf(part, sizeof(part), "%.12s", id.hex);
	{
		const char *ways[] = { "alpine", "alpine:latest", "library/alpine",	   id.hex,
				       part,	 by_digest,	  digest_format(&id, text) };

		for (size_t k = 0; k < ARRAY_SIZE(ways); k++) {
			ck_assert_msg(find(&e, ways[k], &got) == 1, "%s: %s", ways[k],
				      error_text(&err, line, sizeof(line)));
			ck_assert(digest_eq(&got, &id));
		}
	}
	ck_assert_int_eq(find(&e, "alpine:3", NULL), 0);
	ck_assert_int_eq(find(&e, "debian", NULL), 0);
	ck_assert_int_eq(find(&e, wrong, NULL), 0);
	ck_assert_int_eq(find(&e, "0123456789ab", NULL), 0);
	ck_assert_int_eq(find(&e, "../../etc/passwd", NULL), 0);
}
END_TEST

START_TEST(image_name_holds_what_a_list_shows)
{
	ENV(e);
	struct digest layers[2] = { env_layer(&e, "f", "12345"), env_layer(&e, "g", "123") }, id;
	struct image_name n;

	id = env_image(&e, ALPINE, "sh", layers, 2);
	OK(image_name_find(&e.st, ALPINE, &n, &err));
	ck_assert(digest_eq(&n.id, &id));
	ck_assert_int_eq(n.size, 8);
	ck_assert_int_eq(n.image_created_ns, 1714979289LL * 1000000000); /* date -d ... +%s */
	ck_assert_str_eq(n.target.media_type, MEDIA_OCI_MANIFEST);
	image_name_done(&n);
}
END_TEST

START_TEST(image_name_that_moves_keeps_the_old_image_as_none)
{
	ENV(e);
	struct digest layer = env_layer(&e, "f", "x"), old, fresh;
	auto_done(strv) struct strv names = { 0 };

	old = env_image(&e, ALPINE, "one", &layer, 1);
	fresh = env_image(&e, ALPINE, "two", &layer, 1);
	ck_assert(!digest_eq(&old, &fresh));
	ck_assert_uint_eq(count_names(&e), 2);
	OK(image_names_of(&e.st, &old, &names, &err));
	ck_assert_uint_eq(names.n, 1);
	ck_assert(image_name_is_none(names.v[0]));
	ck_assert_int_eq(find(&e, old.hex, NULL), 1);
	ck_assert_int_eq(find(&e, names.v[0], NULL), 1);
	/* a name again: it is no longer dangling */
	env_image(&e, "docker.io/library/old:1", "one", &layer, 1);
	ck_assert_uint_eq(count_names(&e), 2);
	/* moved away while it has another name: none is not needed */
	env_image(&e, "docker.io/library/old:2", "one", &layer, 1);
	env_image(&e, "docker.io/library/old:1", "three", &layer, 1);
	ck_assert_uint_eq(count_names(&e), 3);
}
END_TEST

START_TEST(image_commit_without_a_name_is_dangling)
{
	ENV(e);
	struct digest layer = env_layer(&e, "f", "x"), id = env_image(&e, NULL, "x", &layer, 1);

	env_image(&e, NULL, "x", &layer, 1);
	ck_assert_uint_eq(count_names(&e), 1);
	ck_assert_int_eq(find(&e, id.hex, NULL), 1);
	/* one with a name does not become dangling when it is made again without */
	env_image(&e, ALPINE, "y", &layer, 1);
	env_image(&e, NULL, "y", &layer, 1);
	ck_assert_uint_eq(count_names(&e), 2);
}
END_TEST

START_TEST(image_commit_is_the_same_bytes_for_the_same_image)
{
	ENV(a);
	ENV(b);
	struct digest la = env_layer(&a, "f", "x"), lb = env_layer(&b, "f", "x"), ia, ib;

	ia = env_image(&a, ALPINE, "sh", &la, 1);
	ib = env_image(&b, "docker.io/library/other:1", "sh", &lb, 1);
	ck_assert(digest_eq(&ia, &ib));
}
END_TEST

START_TEST(image_name_set_refuses_an_image_that_is_not_whole)
{
	ENV(e);
	struct digest layer = env_layer(&e, "f", "x"), none = digest_of("none");
	struct descriptor d = { 0 };
	struct image i;

	descriptor_set(&d, MEDIA_OCI_MANIFEST, &none, 3);
	FAILS(image_name_set(&e.st, ALPINE, &d, &err), ERR_NOTFOUND);
	descriptor_done(&d);
	env_image(&e, ALPINE, "sh", &layer, 1);
	OK(image_find(&e.st, "alpine", NULL, &i, &err));
	descriptor_set(&d, MEDIA_OCI_MANIFEST, &i.manifest_digest, i.manifest_size);
	OK(tree_remove(e.st.dirs[STORE_LAYERS], layer.hex, &err));
	FAILS(image_name_set(&e.st, "docker.io/library/y:1", &d, &err), ERR_NOTFOUND);
	descriptor_done(&d);
	image_done(&i);
	ck_assert_uint_eq(count_names(&e), 1);
}
END_TEST

START_TEST(image_find_refuses_an_ambiguous_prefix)
{
	ENV(e);
	struct digest layer = env_layer(&e, "f", "x"), ids[40];
	char prefix[3] = "", command[8];

	/* among 40 there are two that begin with the same two digits, or nearly surely; look */
	for (int i = 0; i < 40; i++) {
		auto_free char *name = xasprintf("docker.io/library/i:%d", i);

		snprintf(command, sizeof(command), "%d", i);
		ids[i] = env_image(&e, name, command, &layer, 1);
		for (int k = 0; k < i; k++)
			if (strncmp(ids[k].hex, ids[i].hex, 2) == 0)
				memcpy(prefix, ids[i].hex, 2);
	}
	ck_assert_str_ne(prefix, "");
	ck_assert_int_eq(find(&e, prefix, NULL), -1);
	ck_assert_int_eq(err.kind, ERR_INVALID);
}
END_TEST

START_TEST(image_name_file_that_is_damaged_harms_no_other)
{
	ENV(e);
	struct digest layer = env_layer(&e, "f", "x");
	char hex[SHA256_HEX];
	int dir;

	env_image(&e, ALPINE, "sh", &layer, 1);
	env_image(&e, "docker.io/library/b:1", "b", &layer, 1);
	dir = store_dir(&e.st, STORE_IMAGES, &err);
	sha256_bytes("docker.io/library/b:1", 21, hex);
	OK(file_write(dir, hex, "{\"name\":", 8, 0600, false, &err));
	ck_assert_int_eq(find(&e, "alpine", NULL), 1);
	ck_assert_int_eq(find(&e, "b:1", NULL), -1);
	ck_assert_int_eq(err.kind, ERR_INVALID);
	close(STDERR_FILENO); /* the list warns */
	ck_assert_uint_eq(count_names(&e), 1);
	env_image(&e, "docker.io/library/b:1", "b", &layer, 1); /* a new one heals it */
	ck_assert_int_eq(find(&e, "b:1", NULL), 1);
}
END_TEST

START_TEST(image_users_are_the_containers_made_from_it)
{
	ENV(e);
	struct digest layer = env_layer(&e, "f", "x"), id = env_image(&e, ALPINE, "sh", &layer, 1);
	auto_done(strv) struct strv ids = { 0 };
	struct container c;

	env_container(&e, "web", &c);
	OK(image_users(&e.st, &id, &ids, &err));
	ck_assert_uint_eq(ids.n, 0);
	c.record.image_id = xstrdup(id.hex);
	OK(container_record_save(&e.st, &c, &err));
	OK(image_users(&e.st, &id, &ids, &err));
	ck_assert_uint_eq(ids.n, 1);
	ck_assert_str_eq(ids.v[0], c.id);
	container_done(&c);
}
END_TEST

START_TEST(image_whose_configuration_lost_a_layer_is_refused)
{
	ENV(e);
	struct manifest m = { .schema_version = 2 };
	struct descriptor target = { 0 };
	struct digest layer = env_layer(&e, "f", "x"), d;
	auto_done(str) struct str text = { 0 };
	struct image i;

	env_image(&e, ALPINE, "sh", &layer, 1);
	OK(image_find(&e.st, "alpine", NULL, &i, &err));
	m.media_type = xstrdup(MEDIA_OCI_MANIFEST);
	descriptor_set(&m.config, MEDIA_OCI_CONFIG, &i.id, i.manifest.config.size);
	manifest_format(&m, &text); /* no layers at all */
	image_done(&i);
	OK(blob_put(&e.st, text.s, text.len, &d, &err));
	descriptor_set(&target, MEDIA_OCI_MANIFEST, &d, (int64_t)text.len);
	FAILS(image_load(&e.st, &target, NULL, &i, &err), ERR_INVALID);
	FAILS(image_name_set(&e.st, ALPINE, &target, &err), ERR_INVALID);
	descriptor_done(&target);
	manifest_done(&m);
}
END_TEST

UNIT_MAIN("store/image", TEST(image_is_found_by_every_way_to_name_it),
	  TEST(image_name_holds_what_a_list_shows),
	  TEST(image_name_that_moves_keeps_the_old_image_as_none),
	  TEST(image_commit_without_a_name_is_dangling),
	  TEST(image_commit_is_the_same_bytes_for_the_same_image),
	  TEST(image_name_set_refuses_an_image_that_is_not_whole),
	  TEST(image_find_refuses_an_ambiguous_prefix),
	  TEST(image_name_file_that_is_damaged_harms_no_other),
	  TEST(image_users_are_the_containers_made_from_it),
	  TEST(image_whose_configuration_lost_a_layer_is_refused))
