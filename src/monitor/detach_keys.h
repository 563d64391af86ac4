/*
 * detach_keys.h - the keys that leave a container running: "ctrl-p,ctrl-q". Pure.
 */
#ifndef MONITOR_DETACH_KEYS_H
#define MONITOR_DETACH_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#define DETACH_KEYS_MAX	    16
#define DETACH_KEYS_DEFAULT "ctrl-p,ctrl-q"

struct detach_keys {
	char key[DETACH_KEYS_MAX];
	size_t n;    /* 0: none */
	size_t seen; /* how many of them were typed in a row */
};
/* text NULL: the default; "": none. False: it says no keys. */
bool detach_keys_parse(const char *text, struct detach_keys *k);
/*
 * Looks at n typed bytes, which may end within the sequence, and puts what is meant for the program
 * into out (room for n + DETACH_KEYS_MAX), *out_n bytes. True: the sequence is complete.
 */
bool detach_keys_filter(struct detach_keys *k, const char *typed, size_t n, char *out, size_t *out_n);

#endif
