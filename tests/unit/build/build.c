/*
 * build.c - tests of whole builds, from a context in a directory to the files and the configuration
 * of an image. Without RUN, so without a container; as root, or as root of a user namespace.
 */
#include "build_kit.h"

#include "util/log.h"

#define S "FROM scratch\n"

static const struct {
	const char *files, *dockerfile, *want; /* "!text": an error with the text in it */
} copies[] = {
	/* the two forms, names with blanks */
	{ "a=1", S "COPY a /x\n", "/x 644 =1\n" },
	{ "a=1", S "COPY [\"a\", \"/x y\"]\n", "/x y 644 =1\n" },
	/* one file: to a name, into a directory */
	{ "a=1", S "COPY a /\n", "/a 644 =1\n" },
	{ "a=1", S "COPY a /d/e/\n", "/d 755\n/d/e 755\n/d/e/a 644 =1\n" },
	{ "a=1", S "COPY a /d/e\n", "/d 755\n/d/e 644 =1\n" },
	{ "a=1 b=2", S "COPY a /d/\nCOPY b /d\n", "/d 755\n/d/a 644 =1\n/d/b 644 =2\n" },
	{ "a=1", S "WORKDIR /w\nCOPY a .\n", "/w 755\n/w/a 644 =1\n" },
	{ "a=1", S "WORKDIR /w\nCOPY a ./\nCOPY a b\nCOPY a ../c\n",
	  "/c 644 =1\n/w 755\n/w/a 644 =1\n/w/b 644 =1\n" },
	{ "a=1", S "COPY a /x/../y\n", "/y 644 =1\n" },
	/* several */
	{ "a=1 b=2", S "COPY a b /d/\n", "/d 755\n/d/a 644 =1\n/d/b 644 =2\n" },
	{ "a=1 b=2", S "COPY a b /d\n",
	  "!Dockerfile:2: COPY of more than one source: the destination "
	  "'/d' must end in /" },
	{ "d/ d/a=1 b=2", S "COPY d b /t/\n", "/t 755\n/t/a 644 =1\n/t/b 644 =2\n" },
	/* outside of the context there is nothing */
	{ "a=1", S "COPY ../a /x\nCOPY /a /y\nCOPY ../../../a/ /z\n",
	  "/x 644 =1\n/y 644 =1\n/z 644 =1\n" },
	/* directories: their contents, their modes */
	{ "d/@750 d/a=1 d/s/@711 d/s/b=2@600", S "COPY d /t\n",
	  "/t 750\n/t/a 644 =1\n/t/s 711\n/t/s/b 600 =2\n" },
	{ "d/ d/a=1", S "COPY d /t/\n", "/t 755\n/t/a 644 =1\n" },
	{ "d/ d/a=1", S "COPY d/ /\n", "/a 644 =1\n" },
	{ "d/ d/a=1", S "COPY d/. /t\n", "/t 755\n/t/a 644 =1\n" },
	{ "e/ e/a=1 d/@700 d/b=2", S "COPY e /t\nCOPY d /t\n", "/t 755\n/t/a 644 =1\n/t/b 644 =2\n" },
	{ "d/ d/a=1 f=2", S "COPY f /t\nCOPY d /t\n", "!Dockerfile:3: cannot copy a directory onto" },
	{ "d/ d/a/ f=2 e/ e/a=3", S "COPY d /t\nCOPY e /t\n", "!Dockerfile:3: /t/a is a directory" },
	{ "a=1 b=2", S "COPY a /x\nCOPY b /x/\n", "!Dockerfile:3: /x is not a directory" },
	/* replacing */
	{ "a=1 b=2@600", S "COPY a /x\nCOPY b /x\n", "/x 600 =2\n" },
	{ "d/ d/x>nowhere b=2 e/ e/x=3", S "COPY d /\nCOPY e /\n", "/x 644 =3\n" },
	/* links: in the context followed as a source, copied below one; in the image followed inside */
	{ "a=1 l>a", S "COPY l /x\n", "/x 644 =1\n" },
	{ "a=1 l>/a", S "COPY l /\n", "/l 644 =1\n" },
	{ "d/ d/a=1 l>d", S "COPY l /t\n", "/t 755\n/t/a 644 =1\n" },
	{ "d/ d/l>../../etc/passwd", S "COPY d /t\n", "/t 755\n/t/l >../../etc/passwd\n" },
	{ "l>../../../etc/passwd", S "COPY l /x\n", "!Dockerfile:2: 'l' is not in the build context" },
	{ "d/ d/t/ d/l>t a=1", S "COPY d /\nCOPY a /l/\n", "/l >t\n/t 755\n/t/a 644 =1\n" },
	{ "d/ d/t/ d/l>/t a=1", S "COPY d /\nCOPY a /l\n", "/l >/t\n/t 755\n/t/a 644 =1\n" },
	{ "d/ d/l>/x/y a=1", S "COPY d /\nCOPY a /l/\n",
	  "/l >/x/y\n/x 755\n/x/y 755\n/x/y/a 644 =1\n" },
	{ "d/ d/l>/x/y a=1", S "COPY d /\nCOPY a /l\n", "/l >/x/y\n/x 755\n/x/y 644 =1\n" },
	{ "d/ d/l>../../../../out a=1", S "COPY d /\nCOPY a /l/\n",
	  "/l >../../../../out\n/out 755\n/out/a 644 =1\n" },
	{ "d/ d/l>/x d/x>/l a=1", S "COPY d /\nCOPY a /l/\n", "!too many symbolic links" },
	{ "d/ d/t/ d/l>t e/ e/l/ e/l/a=1", S "COPY d /\nCOPY e /\n",
	  "!Dockerfile:3: cannot copy a directory onto /l" },
	/* patterns */
	{ "a.c=1 b.c=2 c.h=3", S "COPY *.c /s/\n", "/s 755\n/s/a.c 644 =1\n/s/b.c 644 =2\n" },
	{ "a.c=1 b.c=2", S "COPY *.c /s\n", "!Dockerfile:2: COPY: the pattern matches 2 names" },
	{ "a.c=1", S "COPY *.c /s\n", "/s 644 =1\n" },
	{ "a=1", S "COPY a *.none /s/\n", "/s 755\n/s/a 644 =1\n" },
	{ "a=1", S "COPY b /s/\n", "!Dockerfile:2: 'b' is not in the build context" },
	{ "a[0].txt=1 a0.txt=2", S "COPY a[[]0].txt /s/\n", "/s 755\n/s/a[0].txt 644 =1\n" },
	{ "d/ d/a=1 e/ e/b=2", S "COPY ? /s/\n", "/s 755\n/s/a 644 =1\n/s/b 644 =2\n" },
	/* hard links within one COPY stay; pipes are left out */
	{ "d/ d/a=1 d/b~d/a", S "COPY d /t\n", "/t 755\n/t/a 644 =1 x2\n/t/b 644 =1 x2\n" },
	{ "d/ d/a=1 d/p|", S "COPY d /t\n", "/t 755\n/t/a 644 =1\n" },
	/* --chmod */
	{ "a=1@600", S "COPY --chmod=755 a /x\n", "/x 755 =1\n" },
	{ "d/@700 d/a=1@600 d/b=1@700", S "COPY --chmod=u=rwX,go=rX d /t\n",
	  "/t 755\n/t/a 644 =1\n/t/b 755 =1\n" },
	{ "a=1@600", S "ARG M=4755\nCOPY --chmod=$M a /x\n", "/x 4755 =1\n" },
	{ "a=1", S "COPY --chmod=999 a /x\n", "!Dockerfile:2: --chmod '999'" },
	/* variables */
	{ "a=1", S "ARG F=a\nENV T=/t\nCOPY ${F} $T/${F%a}b\n", "/t 755\n/t/b 644 =1\n" },
	/* --exclude */
	{ "d/ d/a.c=1 d/b.h=2 d/s/ d/s/c.c=3", S "COPY --exclude=*.c --exclude=s d /t\n",
	  "/t 755\n/t/b.h 644 =2\n" },
	{ "d/ d/a.c=1 d/s/ d/s/c.c=3", S "COPY --exclude=**/*.c d /t\n", "/t 755\n/t/s 755\n" },
	/* the ignore file */
	{ ".dockerignore=*;!a a=1 b=2", S "COPY . /t\n", "/t 755\n/t/a 644 =1\n" },
	{ ".dockerignore=b;Dockerfile;.dockerignore b=2 a=1", S "COPY . /t\n",
	  "/t 755\n/t/a 644 =1\n" },
	{ ".dockerignore=b b=2", S "COPY b /t\n", "!Dockerfile:2: 'b' is not in the build context" },
	{ ".dockerignore=d;!d/k d/ d/a=1 d/k=2", S "COPY d /t\n", "/t 755\n/t/k 644 =2\n" },
	{ "Dockerfile.dockerignore=b;D*;.d* .dockerignore=a a=1 b=2", S "COPY . /t\n",
	  "/t 755\n/t/a 644 =1\n" },
	{ ".containerignore=b;D*;.* .dockerignore=a a=1 b=2", S "COPY . /t\n",
	  "/t 755\n/t/a 644 =1\n" },
	/* other stages */
	{ "a=1", "FROM scratch AS One\nCOPY a /x/y\nFROM scratch\nCOPY --from=ONE /x /z\n",
	  "/z 755\n/z/y 644 =1\n" },
	{ "a=1", "FROM scratch\nCOPY a /x/y\nFROM scratch\nCOPY --from=0 x/y /\n", "/y 644 =1\n" },
	{ "a=1", "FROM scratch AS b\nCOPY a /x\nFROM b\nCOPY a /y\n", "/x 644 =1\n/y 644 =1\n" },
	{ "a=1", "FROM scratch\nCOPY a /x\nFROM scratch\nCOPY --from=0 /nope /\n",
	  "!Dockerfile:4: 'nope' is not in the other stage" },
	{ "a=1", "FROM scratch\nCOPY a /x\nFROM scratch\nCOPY --from=0 /*.none a* /\n", "" },
	/* ADD is COPY unless it is an archive */
	{ "a=1", S "ADD a /x\n", "/x 644 =1\n" },
	{ "a.tar.gz=", S "ADD a.tar.gz /x/\n", "/x 755\n/x/a.tar.gz 644 =\n" },
	{ "a.tar=none", S "ADD a.tar /\n", "/a.tar 644 =none\n" },
	{ "a=1", S "ADD http://127.0.0.1:1/a /\n", "!fetch http://127.0.0.1:1/a" },
	/* heredocs */
	{ "", S "ARG V=val\nCOPY <<a <<'b' /d/\n$V\na\n$V\nb\n",
	  "/d 755\n/d/a 644 =val\n\n/d/b 644 =$V\n\n" },
	{ "", S "COPY --chmod=755 <<-EOF /run.sh\n\t\tx\n\tEOF\n", "/run.sh 755 =x\n\n" },
	/* WORKDIR */
	{ "", S "WORKDIR /a/b\nWORKDIR c\n", "/a 755\n/a/b 755\n/a/b/c 755\n" },
	{ "d/ d/l>/t", S "COPY d /\nWORKDIR /l/x\n", "/l >/t\n/t 755\n/t/x 755\n" },
	{ "a=1", S "COPY a /x\nWORKDIR /x\n", "!Dockerfile:3: /x is not a directory" },
	{ "a=1", S "USER 5\nWORKDIR /w\nCOPY a .\n", "/w 755\n/w/a 644 =1\n" },
	/* ONBUILD runs in the child, once */
	{ "a=1", "FROM scratch AS b\nONBUILD COPY a /x\nFROM b AS c\nFROM c\n", "/x 644 =1\n" },
	{ "a=1", "FROM scratch AS b\nONBUILD COPY b /x\nFROM b\n",
	  "!Dockerfile:3: ONBUILD COPY b /x: 'b' is not in the build context" },
};

START_TEST(files_go_where_the_reference_says)
{
	KIT(k);
	struct image i;
	auto_done(str) struct str got = { 0 };
	const char *want = copies[_i].want;
	int r;

	make_files(&k.context, copies[_i].files);
	r = build(&k, copies[_i].dockerfile, NULL, &i);
	if (*want == '!') {
		ck_assert_int_eq(r, -1);
		error_text(&err, line, sizeof(line));
		ck_assert_msg(strstr(line, want + 1), "%s", line);
		return;
	}
	ck_assert_msg(r == 0, "%s", error_text(&err, line, sizeof(line)));
	list_image(&k, &i, &got);
	ck_assert_str_eq(str_get(&got), want);
	image_done(&i);
}
END_TEST

static const struct {
	const char *owner, *want;
} owners[] = {
	{ "7", "7:7" },		 { "7:8", "7:8" },	 { "bob", "1000:1000" },
	{ "bob:adm", "1000:4" }, { "7:adm", "7:4" },	 { "$WHO", "1000:1000" },
	{ "nobody", NULL },	 { "4294967296", NULL },
};

START_TEST(chown_looks_names_up_in_the_image)
{
	KIT(k);
	struct image i;
	auto_done(str) struct str got = { 0 };
	auto_free char *text = xasprintf(S "COPY etc /etc\nARG WHO=bob\nCOPY --chown=%s d /t/n\n",
					 owners[_i].owner);
	auto_free char *want = NULL;
	int r;

	if (k.u.mode == USERNS_SINGLE)
		return;
	make_files(&k.context, "etc/ etc/passwd=bob:x:1000:100::/:/bin/sh; etc/group=adm:x:4:; "
			       "d/ d/a=1");
	r = build(&k, text, NULL, &i);
	if (!owners[_i].want) {
		ck_assert_int_eq(r, -1);
		return;
	}
	ck_assert_msg(r == 0, "%s", error_text(&err, line, sizeof(line)));
	list_image(&k, &i, &got);
	want = xasprintf("/t 755 %s\n/t/n 755 %s\n/t/n/a 644 %s =1\n", owners[_i].want,
			 owners[_i].want, owners[_i].want);
	ck_assert_msg(strstr(str_get(&got), want), "%s", got.s);
	image_done(&i);
}
END_TEST

static void shell(const struct kit *k, const char *command)
{
	auto_free char *text = xasprintf("cd %s && { %s; }", k->context.path, command);

	ck_assert_msg(system(text) == 0, "%s", command);
}

static const struct {
	const char *make, *dockerfile, *want;
} archives[] = {
	{ "mkdir t; echo 1 >t/f; tar cf a.x t", S "ADD a.x /u/\n",
	  "/u 755\n/u/t 755\n/u/t/f 644 =1\n\n" },
	{ "mkdir t; echo 1 >t/f; tar czf a.x t", S "ADD a.x /u\n",
	  "/u 755\n/u/t 755\n/u/t/f 644 =1\n\n" },
	{ "mkdir t; echo 1 >t/f; tar cJf a.x t", S "ADD a.x /\n", "/t 755\n/t/f 644 =1\n\n" },
	{ "mkdir t; echo 1 >t/f; tar cjf a.x t", S "ADD a.x /\n", "/t 755\n/t/f 644 =1\n\n" },
	{ "echo 1 >f; gzip -n f", S "ADD --chmod=600 f.gz /x/\nCOPY --from=0 /x /y\n",
	  "!--from=0: no earlier stage" },
	{ "mkdir t; echo 1 >t/f; tar cf a.tar t", S "COPY a.tar /x/\nCOPY t /y\n", "!" },
	{ "mkdir t; echo 1 >t/f; tar cf a.tar t; rm -r t; mkdir t; echo 2 >t/f; chmod 700 t",
	  S "COPY t /t\nADD a.tar /\n", "/t 755\n/t/f 644 =1\n\n" },
	{ "mkdir -p d/r t; ln -s r d/l; echo 1 >t/f; tar cf a.tar t/f",
	  S "COPY d /\nADD a.tar /l\n", "/l >r\n/r 755\n/r/t 755\n/r/t/f 644 =1\n\n" },
	{ "mkdir t; echo 1 >t/f; tar cf a.tar --owner=5 --group=6 t; echo 2 >b",
	  S "ADD --chown=7:8 a.tar b /u/\n",
	  "/u 755 7:8\n/u/b 644 7:8 =2\n\n/u/t 755 7:8\n/u/t/f 644 7:8 =1\n\n" },
	{ "mkdir t; echo 1 >t/f; tar cf a.tar --owner=5 --group=6 t", S "ADD a.tar /\n",
	  "/t 755 5:6\n/t/f 644 5:6 =1\n\n" },
	{ "echo 1 >b", S "ADD --unpack=true b /\n", "!ADD --unpack=true: b is no archive" },
};

START_TEST(add_unpacks_what_is_an_archive)
{
	KIT(k);
	struct image i;
	auto_done(str) struct str got = { 0 };
	const char *want = archives[_i].want;
	int r;

	if (k.u.mode == USERNS_SINGLE)
		return;
	shell(&k, archives[_i].make);
	r = build(&k, archives[_i].dockerfile, NULL, &i);
	if (strcmp(want, "!") == 0) { /* COPY keeps it as it is */
		ck_assert_int_eq(r, 0);
		list_image(&k, &i, &got);
		ck_assert_ptr_nonnull(strstr(got.s, "/x/a.tar 644"));
		image_done(&i);
		return;
	}
	if (*want == '!') {
		ck_assert_int_eq(r, -1);
		error_text(&err, line, sizeof(line));
		ck_assert_msg(strstr(line, want + 1), "%s", line);
		return;
	}
	ck_assert_msg(r == 0, "%s", error_text(&err, line, sizeof(line)));
	list_image(&k, &i, &got);
	ck_assert_str_eq(str_get(&got), want);
	image_done(&i);
}
END_TEST

/* ---- configuration ---- */

static const char *const configs[] = { "config", "config-inherit" };

START_TEST(settings_become_the_configuration)
{
	KIT(k);
	auto_free char *from = xasprintf("tests/data/build/%s.Dockerfile", configs[_i]);
	auto_free char *want = xasprintf("build/%s.json", configs[_i]);
	auto_done(str) struct str text = { 0 }, json = { 0 };
	struct image i;
	json_t *doc;
	char *pretty;

	OK(file_read(AT_FDCWD, from, &text, 65536, &err));
	ck_assert_msg(build(&k, text.s, "given=by user", &i) == 0, "%s",
		      error_text(&err, line, sizeof(line)));
	OK(blob_read(&k.st, &i.id, 65536, &json, &err));
	doc = json_loads(json.s, 0, NULL);
	ck_assert_ptr_nonnull(doc);
	pretty = json_dumps(doc, JSON_INDENT(2));
	str_clear(&json);
	str_addf(&json, "%s\n%s", pretty, str_get(&k.notes));
	unit_golden(want, json.s);
	free(pretty);
	json_decref(doc);
	image_done(&i);
}
END_TEST

static const struct {
	const char *dockerfile, *error;
} bad[] = {
	{ S "EXPOSE x\n", "Dockerfile:2: EXPOSE: 'x' is no port" },
	{ S "EXPOSE 70000\n", "Dockerfile:2: EXPOSE: '70000' is no port" },
	{ S "EXPOSE 80/xyz\n", "Dockerfile:2: EXPOSE: '80/xyz' is no port" },
	{ S "EXPOSE 90-80\n", "Dockerfile:2: EXPOSE: '90-80' is no port" },
	{ S "VOLUME [\"\"]\n", "Dockerfile:2: VOLUME: a path is empty" },
	{ S "STOPSIGNAL FOO\n", "Dockerfile:2: STOPSIGNAL: 'FOO' is no signal" },
	{ S "STOPSIGNAL 0\n", "Dockerfile:2: STOPSIGNAL: '0' is no signal" },
	{ S "USER $none\n", "Dockerfile:2: USER is empty" },
	{ S "WORKDIR $none\n", "Dockerfile:2: WORKDIR is empty" },
	{ S "ENV $none=x\n", "Dockerfile:2: ENV: a name is empty" },
	{ S "ENV a=${b:?needed}\n", "b: needed" },
	{ S "HEALTHCHECK --interval=x CMD y\n", "Dockerfile:2: HEALTHCHECK --interval=x" },
	{ S "HEALTHCHECK --interval=1us CMD y\n", "Dockerfile:2: HEALTHCHECK --interval=1us" },
	{ S "HEALTHCHECK --retries=-1 CMD y\n", "Dockerfile:2: HEALTHCHECK --retries=-1" },
	{ S "HEALTHCHECK --retries=1 NONE\n", "Dockerfile:2: HEALTHCHECK NONE takes no options" },
	{ "FROM no/such:image\n", "Dockerfile:1: " },
	{ S "COPY --from=no/such:image a b\n", "Dockerfile:2: --from=no/such:image" },
	{ "# syntax=example.org/mine:1\nFROM scratch\n",
	  "Dockerfile: the front end 'example.org/mine:1' of '# syntax=' is not supported" },
	{ "# check=error=true\nFROM scratch AS Upper\n", "warnings are errors" },
	{ S "RUN --network=bridge x\n", "Dockerfile:2: RUN --network=bridge" },
	{ S "RUN --security=insecure x\n", "Dockerfile:2: RUN --security=insecure is not allowed" },
	{ S "RUN --security=none x\n", "Dockerfile:2: RUN --security=none: sandbox or insecure" },
};

START_TEST(mistakes_are_told_with_their_line)
{
	KIT(k);
	struct image i;

	ck_assert_int_eq(build(&k, bad[_i].dockerfile, NULL, &i), -1);
	error_text(&err, line, sizeof(line));
	ck_assert_msg(strstr(line, bad[_i].error), "%s", line);
}
END_TEST

START_TEST(an_environment_grows_to_a_limit)
{
	KIT(k);
	struct image i;
	struct str text = { 0 };

	str_add(&text, S "ENV a=0123456789abcdef\n");
	for (int n = 0; n < 20; n++)
		str_add(&text, "ENV a=$a$a\n");
	ck_assert_int_eq(build(&k, text.s, NULL, &i), -1);
	ck_assert_int_eq(err.kind, ERR_LIMIT);
	str_done(&text);
}
END_TEST

/* ---- cache ---- */

static struct digest build_id(struct kit *k, const char *dockerfile, const char *arg)
{
	struct image i;
	struct digest id;

	ck_assert_msg(build(k, dockerfile, arg, &i) == 0, "%s", error_text(&err, line, sizeof(line)));
	id = i.id;
	image_done(&i);
	return id;
}

START_TEST(a_second_build_is_all_cached_and_gives_the_same_image)
{
	KIT(k);
	static const char text[] = S "COPY d /t\nENV a=b\nWORKDIR /w\nCOPY a ./\n";
	struct digest first, second;

	make_files(&k.context, "d/ d/x=1 a=2");
	first = build_id(&k, text, NULL);
	ck_assert_ptr_null(strstr(str_get(&k.notes), "cached"));
	second = build_id(&k, text, NULL);
	ck_assert_ptr_nonnull(
		strstr(k.notes.s, "[2/5] cached\n[3/5] done\n[4/5] cached\n[5/5] cached"));
	ck_assert_str_eq(first.hex, second.hex);
}
END_TEST

START_TEST(a_changed_file_misses_from_its_step_on)
{
	KIT(k);
	static const char text[] = S "COPY a /a\nCOPY b /b\nCOPY c /c\n";

	make_files(&k.context, "a=1 b=1 c=1");
	build_id(&k, text, NULL);
	make_files(&k.context, "b=2");
	build_id(&k, text, NULL);
	ck_assert_ptr_nonnull(strstr(k.notes.s, "[2/4] cached\n[3/4] done\n[4/4] done"));
}
END_TEST

START_TEST(a_label_in_between_costs_no_layer)
{
	KIT(k);

	make_files(&k.context, "a=1 b=1");
	build_id(&k, S "COPY a /a\nLABEL v=1\nCOPY b /b\n", NULL);
	build_id(&k, S "COPY a /a\nLABEL v=2\nCOPY b /b\n", NULL);
	ck_assert_ptr_nonnull(strstr(k.notes.s, "[2/4] cached\n[3/4] done\n[4/4] cached"));
}
END_TEST

START_TEST(another_time_of_a_file_is_no_change)
{
	KIT(k);
	struct timespec now[2] = { { 0, UTIME_NOW }, { 0, UTIME_NOW } };

	make_files(&k.context, "a=1");
	build_id(&k, S "COPY a /a\n", NULL);
	ck_assert_int_eq(utimensat(k.context.fd, "a", now, 0), 0);
	build_id(&k, S "COPY a /a\n", NULL);
	ck_assert_ptr_nonnull(strstr(k.notes.s, "[2/2] cached"));
}
END_TEST

static const char *const keys[] = {
	S "COPY a /x\n",
	S "COPY a /y\n",
	S "COPY a /x/\n",
	S "COPY --chmod=600 a /x\n",
	S "COPY --chown=1 a /x\n",
	S "COPY --chown=1:2 a /x\n",
	S "ADD a /x\n",
	S "COPY b /x\n",
	S "COPY a b /x/\n",
	S "COPY <<a /x\n1\na\n",
	S "COPY . /x\n",
	S "COPY --exclude=b . /x\n",
	S "WORKDIR /x\n",
	S "COPY b /b\nCOPY a /x\n",
};

START_TEST(each_difference_of_a_step_is_a_miss)
{
	KIT(k);

	if (k.u.mode == USERNS_SINGLE)
		return;
	make_files(&k.context, "a=1 b=2");
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		build_id(&k, keys[i], NULL);
		ck_assert_msg(!strstr(k.notes.s, "cached") || i == 12, "%s", keys[i]);
	}
}
END_TEST

START_TEST(a_lost_layer_or_a_broken_entry_is_a_miss)
{
	KIT(k);
	struct strv names = { 0 };
	int cache, layers;

	make_files(&k.context, "a=1");
	build_id(&k, S "COPY a /x\n", NULL);
	layers = store_dir(&k.st, STORE_LAYERS, &err);
	OK(dir_list(layers, &names, &err));
	strv_each (&names, i)
		OK(tree_remove(layers, names.v[i], &err));
	build_id(&k, S "COPY a /x\n", NULL);
	ck_assert_ptr_nonnull(strstr(k.notes.s, "[2/2] done"));
	strv_done(&names);
	names = (struct strv){ 0 };
	cache = store_dir(&k.st, STORE_CACHE, &err);
	OK(dir_list(cache, &names, &err));
	strv_each (&names, i)
		OK(file_write(cache, names.v[i], "\0rubbish", 8, 0600, false, &err));
	build_id(&k, S "COPY a /x\n", NULL);
	ck_assert_ptr_nonnull(strstr(k.notes.s, "[2/2] done"));
	strv_done(&names);
}
END_TEST

START_TEST(equal_inputs_give_equal_layers_in_any_store)
{
	KIT(one);
	KIT(two);
	struct image a, b;
	static const char text[] = S "COPY d /t/u\nWORKDIR /w/x\nCOPY <<f /h/\nx\nf\n";

	make_files(&one.context, "d/ d/a=1 d/l>a");
	make_files(&two.context, "d/ d/a=1 d/l>a");
	utimensat(one.context.fd, "d", (struct timespec[2]){ { 5, 0 }, { 5, 0 } }, 0);
	utimensat(two.context.fd, "d", (struct timespec[2]){ { 5, 0 }, { 5, 0 } }, 0);
	ck_assert_int_eq(build(&one, text, NULL, &a), 0);
	ck_assert_int_eq(build(&two, text, NULL, &b), 0);
	ck_assert_str_eq(a.id.hex, b.id.hex);
	ck_assert_str_eq(a.manifest_digest.hex, b.manifest_digest.hex);
	image_done(&a);
	image_done(&b);
}
END_TEST

START_TEST(unused_stages_are_not_built)
{
	KIT(k);

	build_id(&k,
		 "FROM scratch AS unused\nCOPY missing /\nFROM no/such AS other\nFROM scratch\n"
		 "WORKDIR /x\n",
		 NULL);
	ck_assert_str_eq(k.notes.s, "[1/2] done\n[2/2] done\n");
}
END_TEST

START_TEST(unused_arguments_are_told)
{
	KIT(k);

	build_id(&k, S "ARG used\n", "typo=1");
	ck_assert_ptr_nonnull(strstr(k.notes.s, "[Warning] One or more build-args [typo] were not "
						"consumed"));
	build_id(&k, S "ARG used\n", "used=1");
	ck_assert_ptr_null(strstr(k.notes.s, "Warning"));
	build_id(&k, S "WORKDIR /x\n", "HTTP_PROXY=1");
	ck_assert_ptr_null(strstr(k.notes.s, "Warning"));
}
END_TEST

START_TEST(nothing_is_left_in_tmp)
{
	KIT(k);
	struct strv names = { 0 };
	struct image i;
	int tmp;

	make_files(&k.context, "a=1");
	build_id(&k, S "COPY a /x\n", NULL);
	ck_assert_int_eq(build(&k, S "COPY a /y\nCOPY none /x\n", NULL, &i), -1);
	tmp = store_dir(&k.st, STORE_TMP, &err);
	OK(dir_list(tmp, &names, &err));
	strv_each (&names, n)
		ck_assert_str_eq(names.v[n], "swept"); /* the store's own note */
	strv_done(&names);
}
END_TEST

UNIT_MAIN("build/build", TEST_LOOP(files_go_where_the_reference_says, ARRAY_SIZE(copies)),
	  TEST_LOOP(chown_looks_names_up_in_the_image, ARRAY_SIZE(owners)),
	  TEST_LOOP(add_unpacks_what_is_an_archive, ARRAY_SIZE(archives)),
	  TEST_LOOP(settings_become_the_configuration, ARRAY_SIZE(configs)),
	  TEST_LOOP(mistakes_are_told_with_their_line, ARRAY_SIZE(bad)),
	  TEST(an_environment_grows_to_a_limit),
	  TEST(a_second_build_is_all_cached_and_gives_the_same_image),
	  TEST(a_changed_file_misses_from_its_step_on), TEST(a_label_in_between_costs_no_layer),
	  TEST(another_time_of_a_file_is_no_change), TEST(each_difference_of_a_step_is_a_miss),
	  TEST(a_lost_layer_or_a_broken_entry_is_a_miss),
	  TEST(equal_inputs_give_equal_layers_in_any_store), TEST(unused_stages_are_not_built),
	  TEST(unused_arguments_are_told), TEST(nothing_is_left_in_tmp))
