/*
 * opt.c - tests of util/opt: how options may be written, and what help shows.
 */
#include "unit.h"

#include "util/opt.h"

struct args {
	bool detach, tty;
	int proxy;
	char *name, *pull;
	struct strv list, env;
	int64_t count, grace, memory, interval;
	struct strmap label;
};
static const struct opt own[] = {
	OPT_FLAG('d', "detach", args, detach, "run in the background"),
	OPT_FLAG('t', "tty", args, tty, "a terminal"),
	OPT_TRI(0, "sig-proxy", args, proxy, "pass signals on"),
	OPT_STRING('n', "name", args, name, NULL, "its name"),
	OPT_LIST('v', "volume", args, list, "SRC:DST", "a volume"),
	OPT_TYPE('e', "env", &opt_env, args, env, struct strv, "a variable"),
	OPT_INT(0, "count", args, count, "how many"),
	OPT_SECS(0, "time", args, grace, "grace"),
	OPT_BYTES('m', "memory", args, memory, "limit"),
	OPT_DURATION(0, "interval", args, interval, "between"),
	OPT_END,
};
static const struct opt shared[] = {
	OPT_MAP('l', "label", args, label, NULL, "a label"),
	{ OPT_(0, "pull", &opt_enum, args, pull, char *, "when"), .value = "always|missing|never",
	  .assumed = "always", .flags = OPT_OPTIONAL },
	{ OPT_(0, "secret-thing", &opt_flag, args, tty, bool, "hidden"), .flags = OPT_HIDDEN },
	OPT_END,
};
static const struct opt *const tables[] = { own, shared, NULL };

static struct args args;
static struct strv operands;
static struct error err;

/* line: arguments separated by blanks, the command's name first */
static int run(const char *line, enum opt_order order)
{
	struct strv argv = { 0 };
	int status;

	strv_split(&argv, line, ' ');
	status = opt_parse(tables, (int)argv.n, argv.v, order, &args, &operands, &err);
	strv_done(&argv);
	return status;
}

static void clean(void)
{
	opt_done(tables, &args);
	strv_done(&operands);
}

START_TEST(opt_starts_from_the_unset_state)
{
	ck_assert_int_eq(run("run", OPT_MIXED), 0);
	ck_assert(!args.detach);
	ck_assert_int_eq(args.proxy, -1);
	ck_assert_ptr_null(args.name);
	ck_assert(args.count == UNSET && args.memory == UNSET);
	ck_assert_uint_eq(operands.n, 0);
	clean();
}
END_TEST

static const char *const spellings[] = {
	"run --name=web", "run --name web",	"run -n web",  "run -nweb",
	"run -n=web",	  "run -dn web",	"run -dtnweb", "run --name=x --name=web",
	"run img -n web", "run -d=true -n web",
};

START_TEST(opt_takes_a_value_in_every_spelling)
{
	ck_assert_int_eq(run(spellings[_i], OPT_MIXED), 0);
	ck_assert_str_eq(args.name, "web");
	clean();
}
END_TEST

START_TEST(opt_reads_every_kind_of_value)
{
	setenv("FROM_HOST", "h", 1);
	unsetenv("NOT_THERE");
	ck_assert_int_eq(run("run -v a:b -v c:d -e A=1=2 -e FROM_HOST -e NOT_THERE --count=-3 "
			     "--time -1 -m 64m --interval 1m30s -l a=b=c -l k --sig-proxy=false "
			     "--detach=false",
			     OPT_MIXED),
			 0);
	ck_assert_uint_eq(args.list.n, 2);
	ck_assert_str_eq(args.list.v[1], "c:d");
	ck_assert_uint_eq(args.env.n, 3);
	ck_assert_str_eq(args.env.v[0], "A=1=2");
	ck_assert_str_eq(args.env.v[1], "FROM_HOST=h");
	ck_assert_str_eq(args.env.v[2], "NOT_THERE");
	ck_assert_int_eq(args.count, -3);
	ck_assert_int_eq(args.grace, -1);
	ck_assert_int_eq(args.memory, 64 << 20);
	ck_assert_int_eq(args.interval, 90 * 1000000000LL);
	ck_assert_str_eq(strmap_get(&args.label, "a"), "b=c");
	ck_assert_str_eq(strmap_get(&args.label, "k"), "");
	ck_assert_int_eq(args.proxy, 0);
	ck_assert(!args.detach);
	clean();
}
END_TEST

START_TEST(opt_assumes_the_value_of_an_optional_one)
{
	ck_assert_int_eq(run("run --pull img", OPT_MIXED), 0);
	ck_assert_str_eq(args.pull, "always");
	ck_assert_str_eq(operands.v[0], "img");
	clean();
	ck_assert_int_eq(run("run --pull=never img", OPT_MIXED), 0);
	ck_assert_str_eq(args.pull, "never");
	clean();
}
END_TEST

START_TEST(opt_stops_at_the_first_operand_when_told)
{
	ck_assert_int_eq(run("run -d img ls -t --name x", OPT_FIRST), 0);
	ck_assert(args.detach && !args.tty);
	ck_assert_uint_eq(operands.n, 5);
	ck_assert_str_eq(operands.v[2], "-t");
	clean();
}
END_TEST

START_TEST(opt_stops_at_two_dashes_and_takes_one_as_operand)
{
	ck_assert_int_eq(run("run - -d -- -t", OPT_MIXED), 0);
	ck_assert(args.detach && !args.tty);
	ck_assert_uint_eq(operands.n, 2);
	ck_assert_str_eq(operands.v[0], "-");
	ck_assert_str_eq(operands.v[1], "-t");
	clean();
}
END_TEST

static const char *const helps[] = { "run --help", "run -d --help", "run -h", "run -dh" };

START_TEST(opt_recognises_the_wish_for_help)
{
	ck_assert_int_eq(run(helps[_i], OPT_MIXED), 1);
	clean();
}
END_TEST

START_TEST(opt_leaves_help_behind_the_operand_to_the_container)
{
	ck_assert_int_eq(run("run img --help", OPT_FIRST), 0);
	ck_assert_str_eq(operands.v[1], "--help");
	clean();
}
END_TEST

static const struct {
	const char *line, *message;
} mistakes[] = {
	{ "run --nane x", "unknown option --nane, did you mean --name?" },
	{ "run --zzzzzzzz", "unknown option --zzzzzzzz" },
	{ "run --nam=x", "unknown option --nam, did you mean --name?" },
	{ "run -dx", "unknown option -x in '-dx'" },
	{ "run --name", "option --name needs a value" },
	{ "run -n", "option -n needs a value" },
	{ "run -m lots", "-m 'lots': must be a size like 512, 64m or 1.5g" },
	{ "run --memory=-5", "--memory '-5': must be a size like 512, 64m or 1.5g" },
	{ "run --count 1.5", "--count '1.5': must be a whole number" },
	{ "run --time -2", "--time '-2': must be a number of seconds, or -1 for no limit" },
	{ "run --interval 5", "--interval '5': must be a duration like 1m30s or 500ms" },
	{ "run --detach=maybe", "--detach 'maybe': must be true or false" },
	{ "run -e =x", "-e '=x': must be NAME=VALUE or NAME" },
	{ "run -l =x", "-l '=x': must be KEY=VALUE or KEY" },
	{ "run --pull=often", "--pull 'often': must be one of always|missing|never" },
};

START_TEST(opt_says_what_is_wrong)
{
	char line[ERROR_LINE_MAX];

	ck_assert_int_eq(run(mistakes[_i].line, OPT_MIXED), -1);
	ck_assert_int_eq(err.kind, ERR_USAGE);
	ck_assert_str_eq(error_text(&err, line, sizeof(line)), mistakes[_i].message);
	strv_done(&operands);
}
END_TEST

START_TEST(opt_help_is_aligned_and_hides_the_hidden)
{
	static const struct opt few[] = {
		OPT_FLAG('d', "detach", args, detach, "one"),
		OPT_LIST('v', "volume", args, list, "SRC:DST", "two"),
		{ OPT_(0, "hush", &opt_flag, args, tty, bool, "hidden"), .flags = OPT_HIDDEN },
		OPT_STRING(0, "a-very-long-name-of-an-option", args, name, NULL, "three"),
		OPT_END,
	};
	static const struct opt *const list[] = { few, NULL };
	struct str out = { 0 };

	opt_help(list, &out);
	ck_assert_str_eq(out.s, "  -d, --detach           one\n"
				"  -v, --volume SRC:DST   two\n"
				"      --a-very-long-name-of-an-option string\n"
				"                         three\n");
	str_done(&out);
}
END_TEST

UNIT_MAIN("util/opt", TEST(opt_starts_from_the_unset_state),
	  TEST_LOOP(opt_takes_a_value_in_every_spelling, ARRAY_SIZE(spellings)),
	  TEST(opt_reads_every_kind_of_value), TEST(opt_assumes_the_value_of_an_optional_one),
	  TEST(opt_stops_at_the_first_operand_when_told),
	  TEST(opt_stops_at_two_dashes_and_takes_one_as_operand),
	  TEST_LOOP(opt_recognises_the_wish_for_help, ARRAY_SIZE(helps)),
	  TEST(opt_leaves_help_behind_the_operand_to_the_container),
	  TEST_LOOP(opt_says_what_is_wrong, ARRAY_SIZE(mistakes)),
	  TEST(opt_help_is_aligned_and_hides_the_hidden))
