/*
 * run_mount.c - tests of src/build/run_mount.c: the grammar of RUN --mount.
 */
#include "unit.h"

#include "build/run_mount.h"

static void dump(const struct run_mount *m, struct str *out)
{
	str_addf(out, "%s", run_mount_type_name(m));
	if (m->from)
		str_addf(out, " from=%s", m->from);
	if (m->source)
		str_addf(out, " source=%s", m->source);
	if (m->target)
		str_addf(out, " target=%s", m->target);
	if (m->id)
		str_addf(out, " id=%s", m->id);
	if (m->env)
		str_addf(out, " env=%s", m->env);
	if (m->sharing)
		str_addf(out, " sharing=%d", m->sharing);
	if (m->size >= 0)
		str_addf(out, " size=%lld", (long long)m->size);
	if (m->mode >= 0)
		str_addf(out, " mode=%o", (unsigned)m->mode);
	if (m->uid >= 0)
		str_addf(out, " uid=%lld", (long long)m->uid);
	if (m->gid >= 0)
		str_addf(out, " gid=%lld", (long long)m->gid);
	str_add(out, m->readonly ? " ro" : " rw");
	if (m->required)
		str_add(out, " required");
}

static const struct {
	const char *text, *want; /* "!text": an error that ends so */
} rows[] = {
	{ "target=/x", "bind target=/x ro" },
	{ "type=bind,target=/x,rw", "bind target=/x rw" },
	{ "type=bind,dst=/x,readwrite=true", "bind target=/x rw" },
	{ "type=bind,destination=/x,ro=false", "bind target=/x rw" },
	{ "TYPE=bind,Target=/x,SRC=a/../b", "bind source=/b target=/x ro" },
	{ "source=../../a,target=x,from=base", "bind from=base source=/a target=x ro" },
	{ "target=/x,type=cache", "cache target=/x rw" },
	{ "type=cache,target=/x,id=i,sharing=locked,mode=0700,uid=1,gid=2",
	  "cache target=/x id=i sharing=2 mode=700 uid=1 gid=2 rw" },
	{ "type=cache,target=/x,sharing=private,ro", "cache target=/x sharing=1 ro" },
	{ "type=tmpfs,target=/x,size=1m", "tmpfs target=/x size=1048576 rw" },
	{ "type=secret,id=a", "secret id=a rw" },
	{ "type=secret,target=/run/x,mode=0440,required",
	  "secret target=/run/x mode=440 rw required" },
	{ "type=secret,id=a,env=TOKEN,required=false", "secret id=a env=TOKEN rw" },
	{ "type=ssh", "ssh rw" },
	{ "type=ssh,id=a,target=/s,required=true,uid=7", "ssh target=/s id=a uid=7 rw required" },
	{ "type=bind,\"target=/a,b\"", "bind target=/a,b ro" },
	{ "type=bind,\"target=/a\"\"b\"", "!a double quote has no end" }, /* CSV's, then ours */
	{ "type=bind,target='/a b'", "bind target=/a b ro" },
	{ "type=bind,target=$V/x", "bind target=/v/x ro" },
	{ "type=cache,id=${V#/},target=/$W", "cache target=/w id=v rw" },
	/* what does not go together */
	{ "", "!unknown key ''" },
	{ "type=bind", "!type=bind needs a target" },
	{ "type=cache", "!type=cache needs a target" },
	{ "type=tmpfs", "!type=tmpfs needs a target" },
	{ "type=secret", "!a secret needs an id or a target" },
	{ "type=secret,id=a,source=b", "!source and id of a secret are the same thing" },
	{ "type=bnd,target=/x", "!unknown type 'bnd' (did you mean bind?)" },
	{ "type=bind,tagret=/x", "!unknown key 'tagret' (did you mean target?)" },
	{ "type=bind,target=/x,mode=1", "!mode is not for type=bind" },
	{ "type=tmpfs,target=/x,uid=1", "!uid is not for type=tmpfs" },
	{ "type=cache,target=/x,size=1m", "!size is not for type=cache" },
	{ "type=bind,target=/x,sharing=shared", "!sharing is not for type=bind" },
	{ "type=secret,id=a,from=b", "!from is not for type=secret" },
	{ "type=cache,target=/x,env=A", "!env is not for type=cache" },
	{ "type=cache,target=/x,required", "!required is not for type=cache" },
	{ "type=cache,target=/x,sharing=x", "!sharing=x: must be shared, private or locked" },
	{ "type=cache,target=/x,mode=9", "!mode=9: must be octal digits up to 7777" },
	{ "type=cache,target=/x,mode=17777", "!mode=17777: must be octal digits up to 7777" },
	{ "type=cache,target=/x,uid=-1", "!uid=-1: must be a number" },
	{ "type=tmpfs,target=/x,size=big", "!size=big: must be a size such as 64m" },
	{ "type=bind,target=", "!target=: must be a path" },
	{ "type=bind,target=/x,ro=maybe", "!ro=maybe: must be true or false" },
	{ "type=bind,target=/x,from=$V",
	  "!from=$V: no variables here; name a stage FROM $... AS name" },
	{ "type=bind,\"target=/x", "!a double quote has no end" },
	{ "type=bind,\"target=/x\"y", "!text behind the closing quote" },
};

START_TEST(a_mount_is_read_or_refused)
{
	struct strv env = { 0 };
	struct error err = { 0 };
	struct run_mount m;
	struct str out = { 0 };
	char line[ERROR_LINE_MAX];
	int r;

	strv_add(&env, "V=/v");
	strv_add(&env, "W=w");
	r = run_mount_parse(rows[_i].text, '\\', &env, &m, &err);
	if (*rows[_i].want == '!') {
		ck_assert_int_eq(r, -1);
		error_text(&err, line, sizeof(line));
		ck_assert_msg(str_ends(line, rows[_i].want + 1), "%s", line);
	} else {
		ck_assert_msg(r == 0, "%s", error_text(&err, line, sizeof(line)));
		dump(&m, &out);
		ck_assert_str_eq(str_get(&out), rows[_i].want);
		run_mount_done(&m);
	}
	str_done(&out);
	strv_done(&env);
}
END_TEST

START_TEST(variables_that_are_not_replaced_yet_are_not_judged)
{
	struct error err = { 0 };
	struct run_mount m;

	ck_assert_int_eq(run_mount_parse("type=cache,target=$T,mode=$M", '\\', NULL, &m, &err), 0);
	run_mount_done(&m);
	ck_assert_int_eq(run_mount_parse("type=cache,target=$T,mode=x", '\\', NULL, &m, &err), -1);
}
END_TEST

UNIT_MAIN("build/run_mount", TEST_LOOP(a_mount_is_read_or_refused, ARRAY_SIZE(rows)),
	  TEST(variables_that_are_not_replaced_yet_are_not_judged))
