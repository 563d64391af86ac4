/*
 * store.h - all that is on disk, by descriptor: where the store is, its folders, locks and staging.
 *
 * Theory of operation (DESIGN.md 3): everything is immutable and content addressed, or one small
 * file replaced by rename. Readers take no lock. What adds holds the store lock shared; garbage
 * collection alone holds it exclusively; it is never held while waiting for a network, a container
 * or a user. What is not complete lives in tmp/, in entries whose lock its maker holds; entries of
 * the dead are swept by whoever comes by.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "util/error.h"
#include "util/lock.h"
#include "util/str.h"
#include "util/vec.h"

enum store_dir {
	STORE_BLOBS, /* blobs/sha256 */
	STORE_LAYERS,
	STORE_IMAGES,
	STORE_CONTAINERS,
	STORE_NAMES,
	STORE_VOLUMES,
	STORE_NETWORKS,
	STORE_CACHE,
	STORE_TMP,
	STORE_DIRS
};
struct store {
	char *path; /* absolute */
	int root;
	int dirs[STORE_DIRS]; /* -1 until first used */
	bool single;	      /* owners go to sidecars: only one id is mapped */
	bool durable;	      /* fsync before publishing (default true; HOD_SYNC=no for tests) */
};
enum store_open_flags { STORE_CREATE = 1 };

/* HOD_ROOT is main's business. "/var/lib/hod" for uid 0 outside, else below the passwd home. Yours. */
char *store_default_path(uid_t caller, struct error *err);
/*
 * Without STORE_CREATE a missing store is empty: every list is, every find is ERR_NOTFOUND.
 * ERR_UNSUPPORTED for a format newer than ours; ERR_DENIED when it belongs to another user.
 */
int store_open(const char *path, unsigned flags, struct store *st, struct error *err);
void store_close(struct store *st);
/* The folder's descriptor (borrowed), opened at first use and made when missing. */
int store_dir(struct store *st, enum store_dir which, struct error *err);
/* A lock on the whole store; close the returned descriptor to give it back. */
int store_lock(struct store *st, enum lock_mode mode, struct error *err);

/* One entry of tmp/: a directory that only its maker uses, swept when the maker is dead. */
struct staging {
	char name[48];
	int fd;	  /* the directory */
	int lock; /* held */
};
#define STAGING_NONE                                                                               \
	{                                                                                          \
		.fd = -1, .lock = -1                                                               \
	}
int staging_begin(struct store *st, struct staging *s, struct error *err);
void staging_end(struct store *st, struct staging *s); /* removes what is left; harmless twice */
/* Empties tmp/ of what no living process holds. At most once a minute, unless forced. */
int staging_sweep(struct store *st, bool force, struct error *err);

/* fsync of a directory or syncfs of its file system, when the store is durable. */
int store_sync(const struct store *st, int fd, struct error *err);
int store_sync_fs(const struct store *st, int fd, struct error *err);

/* References are counted by looking. */
struct gc_result {
	uint64_t images, layers, blobs, cache_entries, bytes;
	struct strv removed; /* digests, for "deleted: sha256:..." */
};
/* Removes layers and blobs that nothing refers to (compressed blobs of kept images too when blobs). */
int store_gc(struct store *st, struct gc_result *result, struct error *err);

enum fsck_flags { FSCK_DEEP = 1, FSCK_REPAIR = 2 };
struct fsck_finding {
	char *what; /* "image x:latest: layer sha256:... is missing" */
	bool repaired;
};
typedef VEC(struct fsck_finding) fsck_findings;
/* Every reference, leftovers, and with DEEP every digest. What it finds is appended. */
int store_fsck(struct store *st, unsigned flags, fsck_findings *found, struct error *err);

#endif
