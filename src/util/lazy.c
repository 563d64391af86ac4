/*
 * lazy.c - mapping a library at first use.
 *
 * Never  called after a process entered a container's file system: the library would be theirs
 *        (SECURITY.md 1a, the docker cp row). Threads may meet here, so a lock is held.
 */
#include "util/lazy.h"

#include "util/mem.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

static pthread_mutex_t lazy_lock = PTHREAD_MUTEX_INITIALIZER;

static int lazy_map(struct lazy *l, struct error *err)
{
	void *handle = dlopen(l->soname, RTLD_NOW | RTLD_LOCAL);

	if (!handle) {
		error_set(err, ERR_UNSUPPORTED, "%s: %s is not installed", l->name, l->soname);
		return error_hint(err, "install the package that has %s", l->soname);
	}
	for (const struct lazy_symbol *s = l->symbols; s->name; s++) {
		void *address = dlsym(handle, s->name);

		if (!address) {
			dlclose(handle);
			return error_set(err, ERR_UNSUPPORTED, "%s: this %s has no %s", l->name,
					 l->soname, s->name);
		}
		memcpy((char *)l->api + s->offset, &address, sizeof(address));
	}
	__atomic_store_n(&l->handle, handle, __ATOMIC_RELEASE);
	return 0;
}

int lazy_load(struct lazy *l, struct error *err)
{
	int r = 0;

	if (__atomic_load_n(&l->handle, __ATOMIC_ACQUIRE))
		return 0;
	pthread_mutex_lock(&lazy_lock);
	if (!l->handle)
		r = lazy_map(l, err);
	pthread_mutex_unlock(&lazy_lock);
	return r;
}
