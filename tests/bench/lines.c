/*
 * lines.c - writes COUNT lines of 97 bytes to its stdout as fast as it goes, and the seconds it took to stderr.
 *
 * Owns   nothing; run.sh runs it in a container (where stdout is the log) and directly into a file.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { WIDTH = 97, LINES = 600 };

int main(int argc, char **argv)
{
	static char block[WIDTH * LINES];
	struct timespec from, to;
	long left = argc > 1 ? atol(argv[1]) : 0;

	for (int i = 0; i < LINES; i++) {
		memset(block + i * WIDTH, 'a' + i % 26, WIDTH - 1);
		block[i * WIDTH + WIDTH - 1] = '\n';
	}
	clock_gettime(CLOCK_MONOTONIC, &from);
	while (left > 0) {
		size_t size = (size_t)(left < LINES ? left : LINES) * WIDTH, done = 0;

		while (done < size) {
			ssize_t n = write(1, block + done, size - done);

			if (n < 0 && errno != EINTR)
				return 1;
			done += n > 0 ? (size_t)n : 0;
		}
		left -= LINES;
	}
	clock_gettime(CLOCK_MONOTONIC, &to);
	fprintf(stderr, "%.6f\n",
		(double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9);
	return 0;
}
