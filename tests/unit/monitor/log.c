/*
 * log.c - what the log drivers write is what `hod logs` gives back.
 */
#include "log_kit.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

static const char *const drivers[] = { "plain", "json-file", "k8s-file" };

START_TEST(log_gives_back_every_byte_of_each_stream)
{
	struct log_kit k;
	struct log_query q = log_kit_query();
	struct str want[2] = { 0 };
	struct log_text t;
	unsigned seed = 7;

	log_kit_open(&k, drivers[_i], "");
	for (int round = 0; round < 400; round++) {
		int stream = rand_r(&seed) % 2 + 1;
		size_t n = (size_t)rand_r(&seed) % (round % 50 ? 300 : 40000) + 1;
		char *bytes = xmalloc(n);

		for (size_t i = 0; i < n; i++)
			bytes[i] =
				(char)(round % 3
					       ? rand_r(&seed) >> 3
					       : "a\n\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"[rand_r(&seed) %
											   11]);
		ck_assert_uint_eq(log_write(k.w, stream, bytes, n), n);
		str_addn(&want[stream - 1], bytes, n);
		free(bytes);
		if (round == 200)
			log_kit_reopen(&k);
	}
	log_writer_done(k.w, false);
	t = log_kit_read(&k, &q);
	ck_assert_uint_eq(t.out.len, want[0].len);
	ck_assert_uint_eq(t.err_.len, want[1].len);
	ck_assert(memcmp(t.out.s, want[0].s, want[0].len) == 0);
	ck_assert(memcmp(t.err_.s, want[1].s, want[1].len) == 0);
	log_text_done_(&t);
	str_done(&want[0]);
	str_done(&want[1]);
	log_kit_close(&k);
}
END_TEST

START_TEST(tail_counts_lines_not_pieces)
{
	struct log_kit k;

	log_kit_open(&k, drivers[_i], "");
	log_kit_write(&k, 1, "one\ntw");
	log_kit_write(&k, 2, "err 1\n");
	log_kit_write(&k, 1, "o\nthr");
	log_kit_write(&k, 1, "ee\n");
	log_kit_write(&k, 2, "err 2\n");
	log_kit_write(&k, 1, "four, without an end");
	log_kit_expect(&k, -1, "one\ntwo\nthree\nfour, without an end", "err 1\nerr 2\n");
	log_kit_expect(&k, 0, "", "");
	log_kit_expect(&k, 1, "four, without an end", "");
	log_kit_expect(&k, 2, "four, without an end", "err 2\n");
	log_kit_expect(&k, 3, "three\nfour, without an end", "err 2\n");
	log_kit_expect(&k, 4, "two\nthree\nfour, without an end", "err 2\n");
	log_kit_expect(&k, 5, "two\nthree\nfour, without an end", "err 1\nerr 2\n");
	log_kit_expect(&k, 6, "one\ntwo\nthree\nfour, without an end", "err 1\nerr 2\n");
	log_kit_expect(&k, 99, "one\ntwo\nthree\nfour, without an end", "err 1\nerr 2\n");
	log_kit_close(&k);
}
END_TEST

START_TEST(tail_finds_lines_longer_than_its_blocks)
{
	struct log_kit k;
	struct str line = { 0 }, want = { 0 };

	log_kit_open(&k, drivers[_i], "");
	while (line.len < 50000)
		str_add(&line, "0123456789abcde");
	str_addc(&line, '\n');
	log_kit_write(&k, 1, "first\n");
	for (int i = 0; i < 3; i++) {
		log_kit_write(&k, 1, line.s);
		log_kit_write(&k, 1, "short\n");
	}
	str_addf(&want, "%sshort\n%sshort\n", line.s, line.s);
	log_kit_expect(&k, 4, want.s, "");
	str_done(&line);
	str_done(&want);
	log_kit_close(&k);
}
END_TEST

/* Numbered lines through small files: what is kept is the end of it, and every file ends a line. */
START_TEST(rotation_keeps_lines_whole_and_in_order)
{
	struct log_kit k;
	struct log_query q = log_kit_query();
	struct str all = { 0 };
	struct log_text t;
	int files = 0;

	log_kit_open(&k, drivers[_i], "max-size=4k,max-file=3");
	for (int i = 0; i < 3000;) {
		struct str chunk = { 0 };

		for (int n = i % 7 + 1; n > 0; n--)
			str_addf(&chunk, "line %d of the test\n", i++);
		log_kit_write(&k, 1, chunk.s);
		str_add(&all, chunk.s);
		str_done(&chunk);
	}
	t = log_kit_read(&k, &q);
	ck_assert_uint_gt(t.out.len, 2000);
	ck_assert_uint_lt(t.out.len, all.len);
	ck_assert_str_eq(t.out.s, all.s + all.len - t.out.len);
	ck_assert_int_eq(all.s[all.len - t.out.len - 1], '\n');
	log_text_done_(&t);
	for (int generation = 1; generation < 1000; generation++) {
		char name[64];
		struct stat st;

		log_file_name(name, sizeof(name), k.w->ops->file, (uint64_t)generation, false);
		if (fstatat(k.c.fd, name, &st, 0) == 0) {
			files++;
			ck_assert_int_lt(st.st_size, 4096 + 200);
		}
	}
	ck_assert_int_eq(files, 2);
	str_done(&all);
	log_kit_close(&k);
}
END_TEST

START_TEST(rotation_waits_for_the_other_streams_line)
{
	struct log_kit k;

	log_kit_open(&k, drivers[_i], "max-size=600,max-file=2");
	log_kit_write(&k, 2, "begun ");
	for (int i = 0; i < 8; i++)
		log_kit_write(&k, 1, "0123456789\n");
	ck_assert(faccessat(k.c.fd,
			    k.w->ops->indexed ? "log.1"
			    : _i == 1	      ? "json.log.1"
					      : "k8s.log.1",
			    F_OK, 0) < 0);
	log_kit_write(&k, 2, "ended\n");
	log_kit_expect(&k, 1, "", "begun ended\n");
	log_kit_close(&k);
}
END_TEST

START_TEST(endless_line_cannot_fill_the_disk)
{
	struct log_kit k;
	char block[1024];
	struct stat st;

	log_kit_open(&k, drivers[_i], "max-size=16k,max-file=1");
	memset(block, 'x', sizeof(block));
	for (int i = 0; i < 1000; i++)
		ck_assert_uint_eq(log_write(k.w, 1, block, sizeof(block)), sizeof(block));
	ck_assert_int_eq(fstatat(k.c.fd, k.w->ops->file, &st, 0), 0);
	ck_assert_int_lt(st.st_size, 40 << 10);
	log_kit_close(&k);
}
END_TEST

START_TEST(splice_and_write_may_be_mixed)
{
	struct log_kit k;
	struct str want = { 0 };
	int p[2];

	log_kit_open(&k, "plain", "max-size=5000,max-file=100");
	ck_assert_int_eq(pipe(p), 0);
	for (int i = 0; i < 500; i++) {
		char line[64], buf[256];
		int n = snprintf(line, sizeof(line), "line %d\n", i);
		ssize_t got;

		ck_assert_int_eq(write(p[1], line, (size_t)n), n);
		str_add(&want, line);
		got = log_splice(k.w, 1, p[0], 1 << 20, _i);
		if (got == LOG_MUST_COPY) {
			got = read(p[0], buf, sizeof(buf));
			ck_assert_uint_eq(log_write(k.w, 1, buf, (size_t)got), (size_t)got);
		} else {
			ck_assert_int_gt(got, 0);
			got = read(p[0], buf, (size_t)(n - got) + 1 > 1 ? sizeof(buf) : 0);
			if (got > 0)
				log_write(k.w, 1, buf, (size_t)got);
		}
	}
	close(p[1]);
	ck_assert_int_eq(log_splice(k.w, 1, p[0], 100, _i), 0);
	close(p[0]);
	log_kit_expect(&k, -1, want.s, "");
	str_done(&want);
	log_kit_close(&k);
}
END_TEST

/* A file size limit stands for a full disk; Check writes files too, so nothing is asserted under it. */
START_TEST(full_disk_drops_counts_and_tells)
{
	struct rlimit full = { 2000, RLIM_INFINITY }, free_ = { RLIM_INFINITY, RLIM_INFINITY };
	struct log_kit k;
	struct log_text t;
	struct log_query q = log_kit_query();
	char line[101];

	signal(SIGXFSZ, SIG_IGN);
	memset(line, 'y', 99);
	line[99] = '\n';
	line[100] = 0;
	log_kit_open(&k, drivers[_i], "");
	setrlimit(RLIMIT_FSIZE, &full);
	for (int i = 0; i < 50; i++)
		log_write(k.w, 1, line, 100);
	setrlimit(RLIMIT_FSIZE, &free_);
	log_kit_write(&k, 1, "there is room again\n");
	t = log_kit_read(&k, &q);
	ck_assert_ptr_nonnull(strstr(t.out.s, "\nthere is room again\n"));
	ck_assert_ptr_nonnull(strstr(str_get(&t.err_), " bytes of output were lost"));
	/* what was kept and what was lost make up all of it */
	ck_assert_uint_eq(strtoul(strstr(t.err_.s, "hod: ") + 5, NULL, 10) + t.out.len - 20, 5000);
	log_text_done_(&t);
	log_kit_close(&k);
}
END_TEST

/* The same where the bytes never pass through us. */
START_TEST(full_disk_in_bulk_drops_counts_and_tells)
{
	struct rlimit full = { 2000, RLIM_INFINITY }, free_ = { RLIM_INFINITY, RLIM_INFINITY };
	struct log_kit k;
	struct log_text t;
	struct log_query q = log_kit_query();
	char lines[5000];
	ssize_t n[2];
	int p[2];

	signal(SIGXFSZ, SIG_IGN);
	memset(lines, 'y', sizeof(lines));
	for (size_t i = 99; i < sizeof(lines); i += 100)
		lines[i] = '\n';
	log_kit_open(&k, "plain", "");
	ck_assert_int_eq(pipe(p), 0);
	ck_assert_int_eq(write(p[1], lines, sizeof(lines)), sizeof(lines));
	close(p[1]);
	setrlimit(RLIMIT_FSIZE, &full);
	n[0] = log_splice(k.w, 1, p[0], 1 << 20, true);
	setrlimit(RLIMIT_FSIZE, &free_);
	n[1] = log_splice(k.w, 1, p[0], 1 << 20, true);
	ck_assert_int_eq(n[0], sizeof(lines));
	ck_assert_int_eq(n[1], 0);
	close(p[0]);
	log_kit_write(&k, 1, "there is room again\n");
	t = log_kit_read(&k, &q);
	ck_assert_uint_gt(t.out.len, 1000);
	ck_assert_ptr_nonnull(strstr(t.out.s, "\nthere is room again\n"));
	ck_assert_ptr_nonnull(strstr(str_get(&t.err_), " bytes of output were lost"));
	ck_assert_uint_eq(strtoul(strstr(t.err_.s, "hod: ") + 5, NULL, 10) + t.out.len - 20, 5000);
	log_text_done_(&t);
	log_kit_close(&k);
}
END_TEST

START_TEST(blocking_mode_gives_back_what_has_no_room)
{
	struct rlimit full = { 2000, RLIM_INFINITY }, free_ = { RLIM_INFINITY, RLIM_INFINITY };
	struct log_kit k;
	struct str all = { 0 };
	size_t done;

	signal(SIGXFSZ, SIG_IGN);
	for (int i = 0; i < 100; i++)
		str_addf(&all, "%d lines of text until the disk is full\n", i);
	log_kit_open(&k, drivers[_i], "mode=blocking");
	setrlimit(RLIMIT_FSIZE, &full);
	done = log_write(k.w, 1, all.s, all.len);
	done += log_write(k.w, 1, all.s + done, all.len - done);
	setrlimit(RLIMIT_FSIZE, &free_);
	ck_assert_uint_lt(done, all.len);
	done += log_write(k.w, 1, all.s + done, all.len - done);
	ck_assert_uint_eq(done, all.len);
	log_kit_expect(&k, -1, all.s, "");
	str_done(&all);
	log_kit_close(&k);
}
END_TEST

START_TEST(bytes_of_a_killed_monitor_are_kept)
{
	struct log_kit k;
	int fd;

	log_kit_open(&k, "plain", "");
	log_kit_write(&k, 1, "told to the index\n");
	fd = openat(k.c.fd, "log", O_WRONLY | O_APPEND);
	ck_assert_int_eq(write(fd, "not told\n", 9), 9);
	close(fd);
	log_kit_expect(&k, -1, "told to the index\nnot told\n", "");
	log_kit_reopen(&k);
	log_kit_write(&k, 2, "by the next one\n");
	log_kit_expect(&k, -1, "told to the index\nnot told\n", "by the next one\n");
	log_kit_close(&k);
}
END_TEST

START_TEST(rotation_cut_short_is_completed)
{
	struct log_kit k;

	log_kit_open(&k, "plain", "");
	log_kit_write(&k, 2, "old\n");
	ck_assert_int_eq(renameat(k.c.fd, "log", k.c.fd, "log.1"), 0);
	log_kit_reopen(&k);
	log_kit_write(&k, 1, "new\n");
	log_kit_expect(&k, -1, "new\n", "old\n");
	log_kit_close(&k);
}
END_TEST

START_TEST(times_go_before_whole_lines)
{
	struct log_kit k;
	struct log_query q = log_kit_query();
	struct log_text t;
	int64_t ns;

	log_kit_open(&k, drivers[_i], "");
	log_kit_write(&k, 1, "one\ntw");
	log_kit_write(&k, 2, "err\n");
	log_kit_write(&k, 1, "o\nno end");
	q.timestamps = true;
	q.prefix = "web";
	t = log_kit_read(&k, &q);
	ck_assert_uint_eq(t.out.len, 3 * (strlen("web 2006-01-02T15:04:05.000000000Z ")) + 14);
	ck_assert(strncmp(t.out.s, "web ", 4) == 0);
	ck_assert_str_eq(t.out.s + t.out.len - 7, " no end" + 0);
	ck_assert_ptr_nonnull(strstr(t.out.s, "Z two\nweb "));
	t.out.s[34] = 0;
	ck_assert_int_eq(t.out.s[33], 'Z');
	ck_assert(text_parse_time(t.out.s + 4, 0, &ns));
	ck_assert_int_lt(llabs(time_now_ns() - ns), 100 * NSEC_PER_SEC);
	log_text_done_(&t);
	log_kit_close(&k);
}
END_TEST

START_TEST(since_and_until_are_inclusive)
{
	struct log_kit k;
	struct log_query q = log_kit_query();
	struct log_index_record r;
	struct log_text t;

	log_kit_open(&k, "plain", "");
	log_kit_write(&k, 1, "one\n");
	log_kit_write(&k, 1, "two\n");
	log_kit_write(&k, 1, "three\n");
	ck_assert_int_eq(pread(k.w->index, &r, sizeof(r), 64), sizeof(r)); /* of "two" */
	q.since_ns = r.time_ns;
	t = log_kit_read(&k, &q);
	ck_assert_str_eq(t.out.s, "two\nthree\n");
	log_text_done_(&t);
	q.since_ns = UNSET;
	q.until_ns = r.time_ns;
	t = log_kit_read(&k, &q);
	ck_assert_str_eq(t.out.s, "one\ntwo\n");
	log_text_done_(&t);
	log_kit_close(&k);
}
END_TEST

/* A program that prints what looks like the driver's own lines. */
START_TEST(output_cannot_forge_a_line)
{
	static const char text[] = "2006-01-02T15:04:05.000000000Z stderr F forged\n"
				   "{\"log\":\"forged\\n\",\"stream\":\"stderr\","
				   "\"time\":\"2006-01-02T15:04:05Z\"}\n\",\"stream\":\"stderr\"\n";
	struct log_kit k;

	log_kit_open(&k, drivers[_i], "");
	log_kit_write(&k, 1, text);
	log_kit_expect(&k, -1, text, "");
	log_kit_close(&k);
}
END_TEST

START_TEST(json_file_has_dockers_form)
{
	struct log_kit k;
	struct str s = { 0 };
	struct error err = { 0 };

	log_kit_open(&k, "json-file", "");
	log_kit_write(&k, 1, "say \"hi\"\t\\ \x01\n");
	ck_assert_int_eq(file_read(k.c.fd, "json.log", &s, 4096, &err), 0);
	ck_assert_ptr_nonnull(strstr(s.s, "{\"log\":\"say \\\"hi\\\"\\t\\\\ \\u0001\\n\","
					  "\"stream\":\"stdout\",\"time\":\"20"));
	ck_assert_str_eq(s.s + s.len - 4, "Z\"}\n");
	str_done(&s);
	log_kit_close(&k);
}
END_TEST

/* Each character at each place of a word and behind it, eight of which are looked at together. */
START_TEST(json_file_escapes_what_needs_it_wherever_it_stands)
{
	static const char from[] = "\b\f\r\t\"\\", to[] = "bfrt\"\\";
	struct log_kit k;
	struct str got = { 0 }, want = { 0 };
	struct error err = { 0 };
	const char *at;

	log_kit_open(&k, "json-file", "");
	for (int c = 0; c < 0x80; c++)
		for (size_t i = 0; i < 18 && c != '\n'; i++) {
			char line[20];

			memset(line, '~', sizeof(line));
			line[i] = (char)c;
			line[19] = '\n';
			log_write(k.w, 1, line, sizeof(line));
			str_addf(&want, "%.*s", (int)i, "~~~~~~~~~~~~~~~~~~~");
			if (c && strchr(from, c))
				str_addf(&want, "\\%c", to[strchr(from, c) - from]);
			else if (c < 0x20 || c == 0x7f)
				str_addf(&want, "\\u%04x", c);
			else
				str_addf(&want, "%c", c);
			str_addf(&want, "%.*s\\n", (int)(18 - i), "~~~~~~~~~~~~~~~~~~~");
		}
	ck_assert_int_eq(file_read(k.c.fd, "json.log", &got, 1 << 20, &err), 0);
	at = want.s;
	for (char *line = strtok(got.s, "\n"); line; line = strtok(NULL, "\n")) {
		const char *end = strstr(line, "\",\"stream\"");
		size_t n = (size_t)(end - line) - 8;

		ck_assert_int_eq(strncmp(line, "{\"log\":\"", 8), 0);
		ck_assert_int_eq(strncmp(line + 8, at, n), 0);
		at += n;
	}
	ck_assert_str_eq(at, "");
	str_done(&got);
	str_done(&want);
	log_kit_close(&k);
}
END_TEST

START_TEST(k8s_file_has_the_kubelets_form)
{
	struct log_kit k;
	struct str s = { 0 };
	struct error err = { 0 };

	log_kit_open(&k, "k8s-file", "");
	log_kit_write(&k, 2, "part");
	log_kit_write(&k, 2, " end\n");
	ck_assert_int_eq(file_read(k.c.fd, "k8s.log", &s, 4096, &err), 0);
	ck_assert_ptr_nonnull(strstr(s.s, "Z stderr P part\n"));
	ck_assert_ptr_nonnull(strstr(s.s, "Z stderr F  end\n"));
	str_done(&s);
	log_kit_close(&k);
}
END_TEST

START_TEST(no_output_makes_no_file)
{
	struct log_kit k;

	log_kit_open(&k, drivers[_i], "");
	log_writer_done(k.w, true);
	ck_assert(faccessat(k.c.fd, "log", F_OK, 0) < 0);
	log_kit_expect(&k, -1, "", "");
	log_kit_expect(&k, 5, "", "");
	log_kit_close(&k);
}
END_TEST

static const struct {
	const char *driver, *opt, *error;
} refused[] = {
	{ "syslog", NULL, "log driver 'syslog' is not supported" },
	{ "plain", "max-size", "log option 'max-size': must be NAME=VALUE" },
	{ "plain", "max-size=x", "log option max-size: 'x' is not a size" },
	{ "plain", "max-file=0", "log option max-file: '0' is not a number from 1 to 1000" },
	{ "json-file", "compress=true", "log option 'compress' is not supported by driver json-file" },
	{ "plain", "mode=fast", "log option mode: 'fast' is neither blocking nor non-blocking" },
};

START_TEST(unknown_driver_or_option_is_refused_by_name)
{
	auto_done(strv) struct strv opts = { 0 };
	struct log_options o;
	struct error err = { 0 };
	char text[ERROR_LINE_MAX];

	if (refused[_i].opt)
		strv_add(&opts, refused[_i].opt);
	ck_assert_int_eq(log_options_parse(refused[_i].driver, &opts, &o, &err), -1);
	ck_assert_str_eq(error_text(&err, text, sizeof(text)), refused[_i].error);
}
END_TEST

#define EACH_DRIVER(fn) TEST_LOOP(fn, ARRAY_SIZE(drivers))
UNIT_MAIN("monitor/log", EACH_DRIVER(log_gives_back_every_byte_of_each_stream),
	  EACH_DRIVER(tail_counts_lines_not_pieces),
	  EACH_DRIVER(tail_finds_lines_longer_than_its_blocks),
	  EACH_DRIVER(rotation_keeps_lines_whole_and_in_order),
	  EACH_DRIVER(rotation_waits_for_the_other_streams_line),
	  EACH_DRIVER(endless_line_cannot_fill_the_disk),
	  TEST_LOOP(splice_and_write_may_be_mixed, 2), EACH_DRIVER(full_disk_drops_counts_and_tells),
	  TEST(full_disk_in_bulk_drops_counts_and_tells),
	  EACH_DRIVER(blocking_mode_gives_back_what_has_no_room),
	  TEST(bytes_of_a_killed_monitor_are_kept), TEST(rotation_cut_short_is_completed),
	  EACH_DRIVER(times_go_before_whole_lines), TEST(since_and_until_are_inclusive),
	  EACH_DRIVER(output_cannot_forge_a_line), TEST(json_file_has_dockers_form),
	  TEST(json_file_escapes_what_needs_it_wherever_it_stands),
	  TEST(k8s_file_has_the_kubelets_form), EACH_DRIVER(no_output_makes_no_file),
	  TEST_LOOP(unknown_driver_or_option_is_refused_by_name, ARRAY_SIZE(refused)))
