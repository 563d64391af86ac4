/*
 * times.c - runs rows of commands in turn, round after round, and prints the medians of each row.
 *
 * Owns   the measuring for run.sh. Interleaving the rows makes a noisy machine hit all of them
 * alike.
 * Never  uses a shell: a row's commands are started directly, so that nothing else is timed.
 *
 *	times ROUNDS FILE
 *
 * FILE holds, line by line (words parted by blanks, '...' and "..." keep blanks):
 *	row NAME...          a new row begins
 *	user UID GID HOME    its commands run as this user
 *	mounts FILE          its commands run in this mount namespace (/proc/PID/ns/mnt)
 *	before COMMAND       not timed; its failure spoils the round
 *	time COMMAND         timed; the times of several are added up
 *	after COMMAND        not timed, may fail
 * Output, one line a row, parted by tabs: name, median and least wall time and median CPU time in
 * microseconds, greatest resident size in KiB, median minor page faults, rounds that failed.
 */
#include <ctype.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_ROWS = 64, MAX_COMMANDS = 8, MAX_WORDS = 48, MAX_ROUNDS = 1000 };

struct command {
	char kind; /* 'b'efore, 't'ime, 'a'fter */
	char *argv[MAX_WORDS + 1];
};
struct row {
	char *name, *home, *mounts;
	long uid, gid; /* -1: as we are */
	struct command commands[MAX_COMMANDS];
	int count, failed, done;
	long wall[MAX_ROUNDS], cpu[MAX_ROUNDS], faults[MAX_ROUNDS], rss;
};
static struct row rows[MAX_ROWS];
static int row_count;

static void quit(const char *why, const char *what)
{
	fprintf(stderr, "times: %s %s\n", why, what);
	exit(2);
}

/* Splits line in place; returns the number of words. */
static int split(char *line, char **words, int max)
{
	int n = 0;

	for (char *p = line; *p;) {
		while (isspace((unsigned char)*p))
			p++;
		if (!*p || *p == '#')
			break;
		if (n == max)
			quit("too many words in", line);
		char *out = p, quote = 0;
		words[n++] = p;
		for (; *p && (quote || !isspace((unsigned char)*p)); p++) {
			if (*p == quote)
				quote = 0;
			else if (!quote && (*p == '\'' || *p == '"'))
				quote = *p;
			else
				*out++ = *p;
		}
		if (*p)
			p++;
		*out = 0;
	}
	words[n] = NULL;
	return n;
}

static void read_line(char *line)
{
	char *copy = strdup(line), *words[MAX_WORDS + 1];

	if (!strncmp(copy, "row ", 4)) {
		if (row_count == MAX_ROWS)
			quit("too many rows at", line);
		copy[strcspn(copy, "\n")] = 0;
		rows[row_count++] = (struct row){ .name = copy + 4, .uid = -1, .gid = -1 };
		return;
	}
	int n = split(copy, words, MAX_WORDS);
	if (n == 0)
		return;
	if (row_count == 0 || n < 2)
		quit("misplaced line:", line);
	struct row *r = &rows[row_count - 1];
	if (!strcmp(words[0], "user") && n == 4) {
		r->uid = atol(words[1]);
		r->gid = atol(words[2]);
		r->home = words[3];
	} else if (!strcmp(words[0], "mounts")) {
		r->mounts = words[1];
	} else if (!strcmp(words[0], "before") || !strcmp(words[0], "time") ||
		   !strcmp(words[0], "after")) {
		if (r->count == MAX_COMMANDS)
			quit("too many commands in row", r->name);
		struct command *c = &r->commands[r->count++];
		c->kind = words[0][0];
		memcpy(c->argv, words + 1, (size_t)n * sizeof(*words));
	} else {
		quit("unknown line:", line);
	}
}

static long micros(struct timeval t)
{
	return t.tv_sec * 1000000L + t.tv_usec;
}

static void become(const struct row *r, int loud)
{
	int null = open("/dev/null", O_RDWR);

	dup2(null, 0);
	dup2(null, 1);
	if (!loud)
		dup2(null, 2);
	if (null > 2)
		close(null);
	if (r->mounts && setns(open(r->mounts, O_RDONLY | O_CLOEXEC), CLONE_NEWNS))
		_exit(126);
	if (r->uid < 0)
		return;
	if (setgroups(0, NULL) || setgid((gid_t)r->gid) || setuid((uid_t)r->uid) ||
	    chdir(r->home) || setenv("HOME", r->home, 1))
		_exit(126);
}

/* Runs one command; adds what it took to the given sums. Returns whether it succeeded. */
static int run(const struct row *r, const struct command *c, long *wall, long *cpu, long *faults,
	       long *rss)
{
	struct timespec from, to;
	struct rusage use;
	int status;

	clock_gettime(CLOCK_MONOTONIC, &from);
	/* with a user to become, vfork would have the child change our own group list: fork */
	pid_t pid = fork();
	if (pid == 0) {
		become(r, c->kind != 'a' && getenv("LOUD") != NULL);
		execvp(c->argv[0], c->argv);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &use) < 0)
		quit("cannot run", c->argv[0]);
	clock_gettime(CLOCK_MONOTONIC, &to);
	if (c->kind == 't') {
		*wall += (to.tv_sec - from.tv_sec) * 1000000L + (to.tv_nsec - from.tv_nsec) / 1000;
		*cpu += micros(use.ru_utime) + micros(use.ru_stime);
		*faults += use.ru_minflt;
		if (use.ru_maxrss > *rss)
			*rss = use.ru_maxrss;
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void run_row(struct row *r, int record)
{
	long wall = 0, cpu = 0, faults = 0, rss = 0;
	int ok = 1;

	for (int i = 0; i < r->count; i++) {
		const struct command *c = &r->commands[i];

		if (c->kind == 'a' || ok)
			ok &= run(r, c, &wall, &cpu, &faults, &rss) || c->kind == 'a';
	}
	if (!record)
		return;
	if (!ok) {
		r->failed++;
		return;
	}
	r->wall[r->done] = wall;
	r->cpu[r->done] = cpu;
	r->faults[r->done++] = faults;
	if (rss > r->rss)
		r->rss = rss;
}

static int compare(const void *a, const void *b)
{
	long x = *(const long *)a, y = *(const long *)b;

	return (x > y) - (x < y);
}

static long median(long *v, int n)
{
	qsort(v, (size_t)n, sizeof(*v), compare);
	return n ? v[n / 2] : 0;
}

int main(int argc, char **argv)
{
	char line[4096];
	int rounds = argc == 3 ? atoi(argv[1]) : 0;
	FILE *in = argc == 3 ? fopen(argv[2], "re") : NULL;

	if (!in || rounds < 1 || rounds > MAX_ROUNDS)
		quit("usage:", "times ROUNDS FILE");
	while (fgets(line, sizeof(line), in))
		read_line(line);
	fclose(in);
	for (int round = -1; round < rounds; round++) /* the first one only warms the caches */
		for (int i = 0; i < row_count; i++)
			run_row(&rows[i], round >= 0);
	for (int i = 0; i < row_count; i++) {
		struct row *r = &rows[i];
		long m = median(r->wall, r->done);

		printf("%s\t%ld\t%ld\t%ld\t%ld\t%ld\t%d\n", r->name, m, r->wall[0],
		       median(r->cpu, r->done), r->rss, median(r->faults, r->done), r->failed);
	}
	return 0;
}
