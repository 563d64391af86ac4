/* Templates: the subset of FEATURES.md 5.4, the calls of 5.7, Go's documented behaviour. */
#include "cmd/template.h"
#include "unit.h"

static const char document[] =
	"{\"Id\":\"abc\",\"Name\":\"/web\",\"Pid\":42,\"Load\":1.5,\"Restarts\":0,"
	"\"State\":{\"Status\":\"running\",\"Running\":true,\"ExitCode\":0},"
	"\"Config\":{\"Env\":[\"A=1\",\"B=2\"],\"Cmd\":null,\"Labels\":{\"z\":\"26\",\"a.b\":"
	"\"dotted\"}},"
	"\"Mounts\":[{\"Destination\":\"/a\",\"RW\":true},{\"Destination\":\"/b\",\"RW\":false}],"
	"\"NetworkSettings\":{\"Ports\":{\"80/"
	"tcp\":[{\"HostIp\":\"0.0.0.0\",\"HostPort\":\"8080\"}],"
	"\"443/tcp\":null}},\"Empty\":[],\"Label\":{\"k\":\"v\"},\"Odd\":\"a<b>\\u0007\"}";

static const struct template_name names[] = {
	{ "Labels", SHAPE_MAP },
	{ "Ports", SHAPE_MAP },
	{ "Cmd", SHAPE_LIST },
	{ "Config.Healthcheck", SHAPE_OPTIONAL },
	{ "State.Health", SHAPE_OPTIONAL },
	{ "Label", SHAPE_METHOD },
	{ "Volumes", SHAPE_MAP },
	{ NULL, SHAPE_AUTO },
};

static int run(const char *text, unsigned flags, struct str *out, struct error *err)
{
	auto_done(template) struct template *t = template_parse(text, flags, err);
	json_t *data = json_loads(document, 0, NULL);
	int r;

	ck_assert_ptr_nonnull(data);
	r = t ? template_execute(t, data, names, flags, out, err) : -1;
	json_decref(data);
	return r;
}

static const struct {
	const char *text, *want;
} good[] = {
	/* what callers of docker use */
	{ "{{range .Config.Env}}{{println .}}{{end}}", "A=1\nB=2\n" },
	{ "{{if .Config.Healthcheck}}{{print .State.Health.Status}}{{end}}", "" },
	{ "{{(index (index .NetworkSettings.Ports \"80/tcp\") 0).HostPort}}", "8080" },
	{ "{{json .NetworkSettings.Ports}}",
	  "{\"80/tcp\":[{\"HostIp\":\"0.0.0.0\",\"HostPort\":\"8080\"}],\"443/tcp\":null}" },
	{ "{{.Id}} {{.State.Status}}", "abc running" },
	{ "{{index .Config.Labels \"a.b\"}}", "dotted" },
	{ "{{range.Mounts}}{{.Destination}}\n{{end}}", "/a\n/b\n" },
	{ ".", "." },
	{ "{{.State.Running}}", "true" },
	{ "", "" },
	{ "plain", "plain" },
	/* fields, maps, structs */
	{ "{{.Config.Labels}}", "map[a.b:dotted z:26]" },
	{ "{{.Config.Env}}", "[A=1 B=2]" },
	{ "{{.Config.Labels.nothing}}", "<no value>" },
	{ "{{.Config.Labels.nothing.below}}", "<no value>" },
	{ "{{.Config.Cmd}}", "[]" },
	{ "{{.Config.Healthcheck}}", "<nil>" },
	{ "{{.Config.Volumes}}", "map[]" },
	{ "{{len .Config.Cmd}} {{len .Config.Labels}} {{len .Id}}", "0 2 3" },
	{ "{{.State}}", "{running true 0}" },
	{ "{{.Label \"k\"}}|{{.Label \"none\"}}", "v|" },
	{ "{{\"k\" | .Label}}", "v" },
	{ "{{$.Id}}", "abc" },
	{ "{{(.State).Status}}", "running" },
	/* blocks */
	{ "{{if .State.Running}}up{{else}}down{{end}}", "up" },
	{ "{{if .Restarts}}a{{else if .Empty}}b{{else if .Id}}c{{else}}d{{end}}", "c" },
	{ "{{if not .Restarts}}zero{{end}}", "zero" },
	{ "{{with .State}}{{.Status}}{{end}}", "running" },
	{ "{{with .Config.Cmd}}x{{else}}none{{end}}", "none" },
	{ "{{with $x := .Id}}{{$x}}{{end}}", "abc" },
	{ "{{range $k, $v := .Config.Labels}}{{$k}}={{$v}};{{end}}", "a.b=dotted;z=26;" },
	{ "{{range $i, $m := .Mounts}}{{$i}}:{{$m.Destination}} {{end}}", "0:/a 1:/b " },
	{ "{{range $m := .Mounts}}{{$m.RW}} {{end}}", "true false " },
	{ "{{range .Empty}}x{{else}}nothing{{end}}", "nothing" },
	{ "{{range .Config.Cmd}}x{{else}}nothing{{end}}", "nothing" },
	{ "{{range .Mounts}}{{if .RW}}{{continue}}{{end}}{{.Destination}}{{end}}", "/b" },
	{ "{{range .Mounts}}{{.Destination}}{{break}}{{end}}", "/a" },
	{ "{{range $p, $conf := .NetworkSettings.Ports}}{{$p}} -> {{(index $conf "
	  "0).HostPort}}{{break}}"
	  "{{else}}{{end}}",
	  NULL }, /* the first key, sorted, is 443/tcp, whose list is null */
	{ "{{range 3}}{{.}}{{end}}", "012" },
	{ "{{$x := 1}}{{range .Mounts}}{{$x = .Destination}}{{end}}{{$x}}", "/b" },
	{ "{{$x := 1}}{{range .Mounts}}{{$x := .Destination}}{{end}}{{$x}}", "1" },
	/* white space and comments */
	{ "a {{- .Id -}} b", "aabcb" },
	{ "a \n{{- /* c */ -}}\n b", "ab" },
	{ "{{/* nothing */}}x", "x" },
	{ "{{ .Id }}", "abc" },
	{ "{{-1}}", "-1" },
	{ "{{3 -}} x", "3x" },
	/* literals */
	{ "{{\"\\n\"}}", "\n" },
	{ "{{`raw\\n`}}", "raw\\n" },
	{ "{{\"\\u00e9\\x41\\101\"}}", "\xc3\xa9"
				       "AA" },
	{ "{{'a'}} {{0x10}} {{1.5}} {{1e3}} {{0o17}} {{true}}", "97 16 1.5 1000 15 true" },
	{ "{{.Load}} {{1000000.0}} {{1e21}} {{0.00001}}", "1.5 1e+06 1e+21 1e-05" },
	/* functions */
	{ "{{eq .Id \"abc\"}} {{eq .Pid 1 42}} {{ne .Pid 42}}", "true true false" },
	{ "{{lt 1 2}} {{le 2 2}} {{gt \"b\" \"a\"}} {{ge 1 2}}", "true true true false" },
	{ "{{and .Id .Pid}} {{and .Restarts .NoSuch}} {{or .Restarts \"x\"}} {{or .Id .NoSuch}}",
	  "42 0 x abc" },
	{ "{{join .Config.Env \",\"}}", "A=1,B=2" },
	{ "{{range split \"a:b:\" \":\"}}[{{.}}]{{end}}", "[a][b][]" },
	{ "{{lower \"ABC\"}} {{upper .Id}} {{title \"two words\"}}", "abc ABC Two Words" },
	{ "{{.Id | upper | printf \"<%s>\"}}", "<ABC>" },
	{ "{{pad .Id 1 2}}|", " abc  |" },
	{ "{{truncate .Id 2}} {{truncate .Id 9}}", "ab abc" },
	{ "{{truncate \"a\\u00e9\" 2}}", "a" },
	{ "{{slice .Id 1}} {{slice .Id 0 2}}", "bc ab" },
	{ "{{print 1 2}} {{print 1 \"a\" 2}} {{print \"a\" \"b\"}}", "1 2 1a2 ab" },
	{ "{{println 1 \"a\"}}", "1 a\n" },
	{ "{{json .Odd}}", "\"a<b>\\u0007\"" },
	{ "{{json .Config.Cmd}} {{json .Empty}} {{json 1.5}}", "null [] 1.5" },
	{ "{{index .Config.Env 1}}", "B=2" },
	{ "{{index .Config.Labels \"none\"}}.", "." },
	{ "{{printf \"%5d|%-5d|%05d|%+d|%x|%q\" 42 42 42 42 255 \"a\"}}",
	  "   42|42   |00042|+42|ff|\"a\"" },
	{ "{{printf \"%v %s %t %.2f %%\" .Config.Env .Id true 1.5}}", "[A=1 B=2] abc true 1.50 %" },
	{ "{{printf \"%-5s|%5s|%.2s\" \"ab\" \"\\u00e9\" \"abc\"}}", "ab   |    \xc3\xa9|ab" },
	{ "{{printf \"%d\" \"x\"}}", "%!d(string=x)" },
	{ "{{printf \"%d\"}}", "%!d(MISSING)" },
	{ "{{printf \"a\" 1}}", "a%!(EXTRA int=1)" },
};

START_TEST(template_writes_what_go_writes)
{
	auto_done(str) struct str out = { 0 };
	struct error err = { 0 };
	char text[ERROR_LINE_MAX];
	int r = run(good[_i].text, 0, &out, &err);

	if (!good[_i].want) {
		ck_assert_int_eq(r, -1);
		return;
	}
	ck_assert_msg(r == 0, "%s: %s", good[_i].text, error_text(&err, text, sizeof(text)));
	ck_assert_str_eq(str_get(&out), good[_i].want);
}
END_TEST

static const struct {
	const char *text, *want; /* a part of the message */
} bad[] = {
	{ "{{.NoSuch}}", "can't evaluate field NoSuch" },
	{ "{{.State.Nothing}}", "can't evaluate field Nothing" },
	{ "{{.Id.X}}", "can't evaluate field X in type string" },
	{ "{{.State.Health.Status}}", "nil pointer evaluating Health.Status" },
	{ "{{range .Mounts}}{{.Nope}}{{end}}", "can't evaluate field Nope" },
	{ "{{range .State}}{{end}}", "range can't iterate over a struct" },
	{ "{{index .Config.Env 2}}", "index out of range: 2" },
	{ "{{index .Config.Env \"a\"}}", "int wanted, got string" },
	{ "{{index .Id 9}}", "index out of range: 9" },
	{ "{{len .State}}", "len of type struct" },
	{ "{{eq 1 \"a\"}}", "incompatible types" },
	{ "{{lt true false}}", "incompatible types" },
	{ "{{join .Id \",\"}}", "list wanted, got string" },
	{ "{{foo .Id}}", "function \"foo\" not defined" },
	{ "{{len}}", "wrong number of args for len: want 1 got 0" },
	{ "{{len 1 2}}", "wrong number of args for len: want 1 got 2" },
	{ "{{.Id 1}}", "Id has arguments but cannot be called" },
	{ "{{. 1}}", "can't give argument" },
	{ "{{$x}}", "undefined variable \"$x\"" },
	{ "{{$x = 1}}", "undefined variable \"$x\"" },
	{ "{{range .Mounts}}{{$y := 1}}{{end}}{{$y}}", "undefined variable \"$y\"" },
	{ "{{.Id", "unclosed action" },
	{ "{{", "unclosed action" },
	{ "{{}}", "missing value" },
	{ "{{.Id | }}", "unexpected '}}'" },
	{ "{{if .Id}}", "no {{end}}" },
	{ "{{if}}{{end}}", "missing value" },
	{ "{{if .Id}}{{else}}{{else}}{{end}}", "found else" },
	{ "{{end}}", "unexpected {{end}}" },
	{ "{{else}}", "unexpected {{else}}" },
	{ "{{break}}", "need a range" },
	{ "{{\"abc}}", "unterminated quoted string" },
	{ "{{\"\\z\"}}", "bad escape" },
	{ "{{1x}}", "bad number" },
	{ "{{/* a }}", "unclosed comment" },
	{ "{{(.Id}}", "unexpected '}}'" },
	{ "{{define \"x\"}}{{end}}", "define is not known here" },
	{ "{{.A!}}", "unexpected character '!'" },
	{ "{{1 | 2}}", "literal cannot be piped into" },
	{ "{{pad .Id 0 100000}}", "a padding must be from 0 to 1000" },
	{ "{{range 2000}}{{range 2000}}{{.}}{{end}}{{end}}", "more than 2000000 steps" },
};

START_TEST(template_names_what_is_wrong)
{
	auto_done(str) struct str out = { 0 };
	struct error err = { 0 };
	char text[ERROR_LINE_MAX];

	ck_assert_msg(run(bad[_i].text, 0, &out, &err) < 0, "%s passed: %s", bad[_i].text,
		      str_get(&out));
	error_text(&err, text, sizeof(text));
	ck_assert_msg(strstr(text, bad[_i].want) != NULL, "%s: %s", bad[_i].text, text);
}
END_TEST

START_TEST(template_refuses_endless_nesting)
{
	auto_done(str) struct str text = { 0 };
	struct error err = { 0 };

	for (int i = 0; i < 1000; i++)
		str_add(&text, "{{if (((((((((.Id)))))))))}}");
	ck_assert_ptr_null(template_parse(text.s, 0, &err));
	ck_assert_int_eq(err.kind, ERR_LIMIT);
}
END_TEST

START_TEST(template_takes_typed_escapes_when_asked)
{
	auto_done(str) struct str with = { 0 }, without = { 0 };
	struct error err = { 0 };

	ck_assert_int_eq(run("{{.Id}}\\t{{.Pid}}\\n\\x", TEMPLATE_ESCAPES, &with, &err), 0);
	ck_assert_str_eq(with.s, "abc\t42\n\\x");
	ck_assert_int_eq(run("{{.Id}}\\t", 0, &without, &err), 0);
	ck_assert_str_eq(without.s, "abc\\t");
}
END_TEST

START_TEST(template_keeps_headers_whole)
{
	auto_done(template) struct template *t = NULL;
	auto_done(str) struct str out = { 0 };
	struct error err = { 0 };
	json_t *heads = json_pack("{s:s}", "ID", "CONTAINER ID");

	t = template_parse("{{truncate .ID 2}} {{lower .ID}} {{.Label \"com.example.a-tier_x\"}} "
			   "{{json .ID}}{{.Nope}}",
			   0, &err);
	ck_assert_ptr_nonnull(t);
	ck_assert_int_eq(template_execute(t, heads, names, TEMPLATE_HEADER, &out, &err), 0);
	ck_assert_str_eq(out.s, "CONTAINER ID CONTAINER ID a tier x CONTAINER ID<no value>");
	json_decref(heads);
}
END_TEST

START_TEST(template_knows_which_fields_it_mentions)
{
	struct error err = { 0 };
	auto_done(template) struct template *t =
		template_parse("{{range .A}}{{if (len .B.Size)}}{{end}}{{end}}", 0, &err);

	ck_assert(template_mentions(t, "Size"));
	ck_assert(template_mentions(t, "A"));
	ck_assert(!template_mentions(t, "len"));
}
END_TEST

START_TEST(json_is_indented_by_four_and_safe_on_a_terminal)
{
	auto_done(str) struct str out = { 0 };
	json_t *v = json_loads("{\"a\":[],\"b\":{},\"c\":[1,\"x\\u009by\\u202e\"],\"Label\":{}}", 0,
			       NULL);

	template_json(v, 4, names, &out);
	ck_assert_str_eq(out.s, "{\n    \"a\": [],\n    \"b\": {},\n    \"c\": [\n        1,\n"
				"        \"x\\u009by\\u202e\"\n    ]\n}");
	json_decref(v);
}
END_TEST

UNIT_MAIN("cmd/template", TEST_LOOP(template_writes_what_go_writes, ARRAY_SIZE(good)),
	  TEST_LOOP(template_names_what_is_wrong, ARRAY_SIZE(bad)),
	  TEST(template_refuses_endless_nesting), TEST(template_takes_typed_escapes_when_asked),
	  TEST(template_keeps_headers_whole), TEST(template_knows_which_fields_it_mentions),
	  TEST(json_is_indented_by_four_and_safe_on_a_terminal))
