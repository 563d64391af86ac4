/*
 * init_file.c - the program of `--init` as a file that can be bind-mounted.
 *
 * Named by its digest, so that two versions of hod on one store do not disturb each other.
 */
#include "init_file.h"

#include "init_program.h"
#include "util/fd.h"
#include "util/sha256.h"

char *init_file_find(struct store *st, struct error *err)
{
	int cache = store_dir(st, STORE_CACHE, err);
	auto_free char *name = NULL;
	char hex[SHA256_HEX];

	if (cache < 0)
		return NULL;
	sha256_bytes(init_program, sizeof(init_program), hex);
	name = xasprintf("init-%.16s", hex);
	if (!file_exists(cache, name) &&
	    file_write(cache, name, init_program, sizeof(init_program), 0755, st->durable, err) < 0)
		return NULL;
	return xasprintf("%s/cache/%s", st->path, name);
}
