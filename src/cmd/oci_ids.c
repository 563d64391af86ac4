/*
 * oci_ids.c - the id maps of a bundle, which speak of the host's ids, in those of our namespace.
 */
#include "oci.h"

/* The caller's ids are root's world; what the bundle maps must be said in those of our namespace. */
static int64_t inside_of(const id_maps *ours, int64_t outside, int64_t count)
{
	vec_each (ours, m)
		if (outside >= m->outside && outside + count <= (int64_t)m->outside + m->count)
			return outside - m->outside + m->inside;
	return -1;
}

static int translate(const id_maps *ours, struct spec_id_map *maps, size_t n, const char *member,
		     struct error *err)
{
	for (size_t i = 0; i < n; i++) {
		int64_t inside = inside_of(ours, maps[i].host_id, maps[i].size);

		if (inside < 0)
			return error_set(
				err, ERR_DENIED,
				"linux.%s: ids %lld to %lld of the host are not the caller's",
				member, (long long)maps[i].host_id,
				(long long)(maps[i].host_id + maps[i].size - 1));
		maps[i].host_id = inside;
	}
	return 0;
}

static bool is_whole(const id_maps *ours, const struct spec_id_map *maps, size_t n)
{
	uint64_t have = 0, want = 0;

	vec_each (ours, m)
		have += m->count;
	for (size_t i = 0; i < n; i++) {
		if (maps[i].host_id != maps[i].container_id)
			return false;
		want += (uint64_t)maps[i].size;
	}
	return have == want;
}

static void drop_user_namespace(struct spec_linux *l)
{
	for (size_t i = 0; i < l->namespaces.n; i++) {
		struct spec_namespace *ns = &l->namespaces.v[i];

		if (!str_eq(ns->type, "user") || ns->path)
			continue;
		free(ns->type);
		memmove(ns, ns + 1, (l->namespaces.n - i - 1) * sizeof(*ns));
		l->namespaces.n--;
		break;
	}
	l->uid_mappings.n = l->gid_mappings.n = 0;
}

int oci_ids_fit(const struct userns *u, struct spec *spec, struct error *err)
{
	struct spec_linux *l = &spec->linux_;
	id_maps uids = { 0 }, gids = { 0 };
	int status = 0;

	if (userns_ids_are_hosts(u))
		return 0;
	if (userns_maps(&uids, &gids, err) < 0 ||
	    translate(&uids, l->uid_mappings.v, l->uid_mappings.n, "uidMappings", err) < 0 ||
	    translate(&gids, l->gid_mappings.v, l->gid_mappings.n, "gidMappings", err) < 0)
		status = -1;
	else if (is_whole(&uids, l->uid_mappings.v, l->uid_mappings.n) &&
		 is_whole(&gids, l->gid_mappings.v, l->gid_mappings.n))
		drop_user_namespace(l);
	vec_done(&uids);
	vec_done(&gids);
	return status;
}
