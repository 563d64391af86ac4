/*
 * home.c - the user's home directory, with or without HOME (cron, systemd and CI unset it).
 */
#include "util/home.h"

#include "util/mem.h"
#include "util/str.h"
#include "util/userns.h"

#include <pwd.h>
#include <unistd.h>

static char *home_of(uid_t uid)
{
	struct passwd entry, *found = NULL;
	auto_free char *buf = xmalloc(16384);

	if (getpwuid_r(uid, &entry, buf, 16384, &found) != 0 || !found || found->pw_dir[0] != '/')
		return NULL;
	return xstrdup(found->pw_dir);
}

char *home_path(void)
{
	const char *env = getenv("HOME");
	struct error ignored = { 0 }; /* then we take ourselves for what getuid() says */
	id_maps uids = { 0 }, gids = { 0 };
	uid_t self = getuid(), outside = self;
	char *home;

	if (env && env[0] == '/')
		return xstrdup(env);
	if (userns_maps(&uids, &gids, &ignored) == 0)
		vec_each (&uids, m)
			if (self >= m->inside && self - m->inside < m->count)
				outside = m->outside + (self - m->inside);
	vec_done(&uids);
	vec_done(&gids);
	home = home_of(outside);
	return home || outside == self ? home : home_of(self);
}
