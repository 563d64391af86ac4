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
	char *path;	      /* absolute */
	int root;	      /* -1: there is no store yet, and it was not to be made */
	int dirs[STORE_DIRS]; /* -1 until first used */
	bool single; /* owners go to sidecars: only one id is mapped. main says so after store_open */
	bool durable; /* fsync before publishing (default true; HOD_SYNC=no for tests) */
};
enum store_open_flags { STORE_CREATE = 1 };

/*
 * HOD_ROOT is main's business. "/var/lib/hod" for uid 0 outside, else ~/.local/share/hod, where ~
 * is HOME or, when that is unset or no absolute path, the home in the password database. Yours.
 */
char *store_default_path(uid_t caller, struct error *err);
/*
 * Without STORE_CREATE a missing store is empty: every list is, nothing is found. A directory that
 * is neither a store nor empty is ERR_INVALID. ERR_UNSUPPORTED for a format newer than ours;
 * ERR_DENIED when it belongs to another user. Costs three system calls.
 */
int store_open(const char *path, unsigned flags, struct store *st, struct error *err);
void store_close(struct store *st);
/* The folder's descriptor (borrowed), opened at first use and made when missing. */
int store_dir(struct store *st, enum store_dir which, struct error *err);
/* The same for readers, who make nothing: 1 and *fd (borrowed), 0 when it is not there. */
int store_dir_find(struct store *st, enum store_dir which, int *fd, struct error *err);
/* A lock on the whole store; close the returned descriptor to give it back. */
int store_lock(struct store *st, enum lock_mode mode, struct error *err);

/*
 * One entry of tmp/: the directory NAME, used by its maker alone, and NAME.lock, which that one
 * holds and is made first and removed last. Swept when the maker is dead. While an entry lives,
 * garbage collection keeps all layers and blobs that were published, or kept by *_keep(), since it
 * began: who adds an image in several steps holds one entry over all of them.
 */
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
/*
 * Empties tmp/ of what no living process holds, and removes containers whose making was cut short.
 * At most once a minute and for 50 ms, unless forced. staging_begin() calls it.
 */
int staging_sweep(struct store *st, bool force, struct error *err);

/* fsync of a directory or syncfs of its file system, when the store is durable. */
int store_sync(const struct store *st, int fd, struct error *err);
int store_sync_fs(const struct store *st, int fd, struct error *err);

/* References are counted by looking. */
struct gc_result {
	uint64_t images, layers, blobs, cache_entries, bytes;
	struct strv removed; /* digests, for "deleted: sha256:..." */
};
void gc_result_done(struct gc_result *r);
/*
 * Removes layers and blobs that nothing refers to. Referred to are: what names point to with their
 * manifests, configurations and compressed layers; layers of containers; layers whose digest occurs
 * in a file of at most 64 KiB in cache/ or a folder of it; what is younger than the oldest living
 * staging entry. Takes the store lock itself, exclusively: the caller holds none.
 */
int store_gc(struct store *st, struct gc_result *result, struct error *err);

enum fsck_flags { FSCK_DEEP = 1, FSCK_REPAIR = 2 };
struct fsck_finding {
	char *what; /* "image x:latest: layer sha256:... is missing" */
	bool repaired;
};
typedef VEC(struct fsck_finding) fsck_findings;
void fsck_findings_done(fsck_findings *l);
struct digest;
/* Is a layer what its name says? 1, 0, -1: layer_is_canonical(). */
typedef int layer_check_fn(struct store *st, const struct digest *diff_id, struct error *err);
/*
 * Every reference, leftovers (swept without a word), and with DEEP the digest of every blob, what
 * check (may be NULL) says of each layer that was made here, and how many bytes others have. What
 * it finds is appended. With REPAIR what is damaged and can be had again is removed, with the names
 * of the images it breaks. The caller holds no store lock.
 */
int store_fsck(struct store *st, unsigned flags, layer_check_fn *check, fsck_findings *found,
	       struct error *err);

#endif
