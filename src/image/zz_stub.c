#include "image/archive.h"
#include "image/resolve.h"
#include "image/remove.h"
#include "build/change.h"
int archive_import(struct store *st, const char *path, const struct import_options *o, struct image *result, struct error *err);
int archive_import(struct store *st, const char *path, const struct import_options *o, struct image *result, struct error *err){return error_set(err,ERR_BUG,"x");}
bool pull_policy_parse(const char *text, enum pull_policy *p){*p=0;return true;}
int image_resolve(struct store *st, const char *text, const struct platform *platform, enum pull_policy policy, const struct progress *p, struct image *i, struct error *err){int r=image_find(st,text,platform,i,err); if(r==0) return error_set(err,ERR_NOTFOUND,"no image %s",text); return r<0?-1:0;}
void image_removal_done(struct image_removal *r){}
int image_remove(struct store *st, const char *text, bool force, struct image_removal *done, struct error *err){return -1;}
int image_prune(struct store *st, bool all, bool (*keep)(const struct image *i, void *arg),
		void *arg, struct image_removal *done, uint64_t *reclaimed, struct error *err){return -1;}
