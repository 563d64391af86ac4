/*
 * build_opts.c - options of build that say what steps get, what the image gets and where it goes.
 *
 * Owns   how docker's words ("type=local,dest=...") become struct build_request.
 * Never  opens anything but to see that it is there: a build that cannot end well does not begin.
 */
#include "build_opts.h"

#include "limit_opts.h"

#include "util/path.h"
#include "util/vec.h"

#include <sys/stat.h>
#include <unistd.h>

static void nothing(void *field)
{
}

/* "key=value,key,..." as a list of "key=value"; a word without '=' stays one. */
static void split(const char *text, struct strv *words)
{
	strv_split(words, text, ',');
}

static char *absolute(const char *path)
{
	auto_free char *cwd = realpath(".", NULL);

	return path_join(cwd ? cwd : "/", path);
}

/* ---- --secret, --ssh, --build-context ---- */

static int secret_parse(void *field, const char *text, const struct opt *o, struct error *err)
{
	struct build_request *r = field;
	auto_done(strv) struct strv words = { 0 };
	const char *id, *file, *env, *type;
	struct build_secret *s;

	split(text, &words);
	strv_each (&words, i) {
		auto_free char *key = xstrndup(words.v[i], strcspn(words.v[i], "="));
		static const char *const known[] = { "id", "src", "source", "env", "type" };
		bool ok = false;

		for (size_t k = 0; k < ARRAY_SIZE(known); k++)
			ok = ok || str_eq(known[k], key);
		if (!ok)
			return error_set(err, ERR_USAGE, "'%s' is none of id, src, env, type", key);
	}
	id = strv_env_get(&words, "id");
	file = strv_env_get(&words, "src");
	file = file ? file : strv_env_get(&words, "source");
	env = strv_env_get(&words, "env");
	type = strv_env_get(&words, "type");
	if (str_empty(id))
		return error_set(err, ERR_USAGE, "must be id=NAME[,src=FILE|,env=VARIABLE]");
	if (type && !str_eq(type, "file") && !str_eq(type, "env"))
		return error_set(err, ERR_USAGE, "type must be file or env");
	if (str_eq(type, "env") && !env) {
		env = file ? file : id;
		file = NULL;
	}
	/* without a source: the variable of that name when there is one, else the file */
	if (!file && !env && !str_eq(type, "file") && getenv(id))
		env = id;
	if (!env && access(file ? file : id, R_OK) < 0)
		return error_sys(err, "secret '%s': %s", id, file ? file : id);
	if (env && !getenv(env))
		return error_set(err, ERR_USAGE, "the variable %s of secret '%s' is not set", env,
				 id);
	s = vec_add(&r->secrets);
	s->id = xstrdup(id);
	s->env = env ? xstrdup(env) : NULL;
	s->file = env ? NULL : absolute(file ? file : id);
	return 0;
}

static int ssh_parse(void *field, const char *text, const struct opt *o, struct error *err)
{
	struct build_request *r = field;
	const char *eq = strchr(text, '='), *path = eq ? eq + 1 : getenv("SSH_AUTH_SOCK");
	struct build_ssh *s;
	struct stat st;

	if (str_empty(path))
		return error_set(err, ERR_USAGE,
				 "no agent: SSH_AUTH_SOCK is not set, and no =SOCKET was given");
	if (stat(path, &st) < 0)
		return error_sys(err, "agent %s", path);
	if (!S_ISSOCK(st.st_mode)) {
		error_set(err, ERR_UNSUPPORTED, "%s is not the socket of an agent", path);
		return error_hint(err, "keys are used through ssh-agent: ssh-add %s", path);
	}
	s = vec_add(&r->ssh);
	s->id = eq ? xstrndup(text, (size_t)(eq - text)) : xstrdup(text);
	s->socket = absolute(path);
	return 0;
}

static int context_parse(void *field, const char *text, const struct opt *o, struct error *err)
{
	struct build_request *r = field;
	const char *eq = strchr(text, '=');
	struct build_context *c;

	if (!eq || eq == text || !eq[1])
		return error_set(err, ERR_USAGE, "must be NAME=SOURCE");
	c = vec_add(&r->contexts);
	c->name = xstrndup(text, (size_t)(eq - text));
	c->source = xstrdup(eq + 1);
	return 0;
}

/* ---- --output ---- */

static const struct {
	const char *name;
	enum build_output_type type, as_dir; /* with tar=false */
	bool to_store;			     /* without dest */
} output_types[] = {
	{ "local", BUILD_TO_LOCAL, BUILD_TO_LOCAL, false },
	{ "tar", BUILD_TO_TAR, BUILD_TO_TAR, false },
	{ "oci", BUILD_TO_OCI, BUILD_TO_OCI_DIR, false },
	{ "docker", BUILD_TO_DOCKER, BUILD_TO_OCI_DIR, true },
	{ "image", BUILD_TO_STORE, BUILD_TO_STORE, true },
	{ "registry", BUILD_TO_STORE, BUILD_TO_STORE, true },
};

static int output_key(struct build_output *out, const char *key, const char *value, bool *as_tar,
		      bool *push, struct error *err)
{
	if (str_eq(key, "type")) {
		return 0;
	} else if (str_eq(key, "dest")) {
		out->dest = str_eq(value, "-") ? xstrdup(value) : absolute(value);
	} else if (str_eq(key, "name")) {
		strv_split(&out->names, value, ',');
	} else if (str_eq(key, "compression")) {
		if (str_eq(value, "uncompressed"))
			value = "none";
		if (!compression_parse(value, &out->compression))
			return error_set(err, ERR_USAGE, "compression must be none, gzip or zstd");
	} else if (str_eq(key, "tar")) {
		*as_tar = !str_eq(value, "false");
	} else if (str_eq(key, "push")) {
		*push = !str_eq(value, "false");
	} else {
		return error_set(err, ERR_UNSUPPORTED, "'%s=%s' is not supported", key, value);
	}
	return 0;
}

static int output_type(struct build_output *out, const char *type, bool as_tar, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(output_types); i++) {
		if (!str_eq(output_types[i].name, type))
			continue;
		out->type = as_tar ? output_types[i].type : output_types[i].as_dir;
		if (!out->dest && output_types[i].to_store)
			out->type = BUILD_TO_STORE;
		else if (!out->dest)
			return error_set(err, ERR_USAGE, "type=%s needs dest=", type);
		if (str_eq(out->dest, "-") &&
		    (out->type == BUILD_TO_LOCAL || out->type == BUILD_TO_OCI_DIR))
			return error_set(err, ERR_USAGE, "a directory is not written to stdout");
		return 0;
	}
	return error_set(err, ERR_USAGE, "type must be local, tar, oci, docker, image or registry");
}

static int output_parse(void *field, const char *text, const struct opt *o, struct error *err)
{
	struct build_request *r = field;
	auto_done(strv) struct strv words = { 0 };
	struct build_output *out = vec_add(&r->outputs);
	bool as_tar = true, push;
	const char *type;

	split(text, &words);
	if (words.n == 1 && !strchr(text, '=')) { /* -o DIR, -o - */
		out->type = str_eq(text, "-") ? BUILD_TO_TAR : BUILD_TO_LOCAL;
		out->dest = str_eq(text, "-") ? xstrdup(text) : absolute(text);
		return 0;
	}
	type = strv_env_get(&words, "type");
	if (!type)
		return error_set(err, ERR_USAGE, "must be DIR, - or type=...,dest=...");
	push = str_eq(type, "registry");
	strv_each (&words, i) {
		const char *eq = strchr(words.v[i], '=');
		auto_free char *key = xstrndup(words.v[i], strcspn(words.v[i], "="));

		if (output_key(out, key, eq ? eq + 1 : "true", &as_tar, &push, err) < 0)
			return -1;
	}
	if (output_type(out, type, as_tar, err) < 0)
		return -1;
	if (push && out->type != BUILD_TO_STORE)
		return error_set(err, ERR_USAGE, "only type=image and type=registry can be pushed");
	r->push = r->push || push;
	return 0;
}

/* ---- --cache-from, --cache-to ---- */

static int cache_parse(const char *text, bool from, struct build_cache *c, struct error *err)
{
	auto_done(strv) struct strv words = { 0 };
	const char *type, *dir, *ref;

	split(text, &words);
	type = strv_env_get(&words, "type");
	dir = strv_env_get(&words, from ? "src" : "dest");
	ref = strv_env_get(&words, "ref");
	if (from && !strchr(text, '=')) {
		c->type = BUILD_CACHE_IMAGE;
		c->place = xstrdup(text);
		return 0;
	}
	if (str_eq(type, "local") && dir) {
		c->type = BUILD_CACHE_LOCAL;
		c->place = absolute(dir);
		return 0;
	}
	if (str_eq(type, "local"))
		return error_set(err, ERR_USAGE, "type=local needs %s=DIR", from ? "src" : "dest");
	if (!from && str_eq(type, "inline")) {
		c->type = BUILD_CACHE_INLINE;
		return 0;
	}
	if (str_eq(type, "registry") && ref) {
		c->type = BUILD_CACHE_IMAGE;
		c->place = xstrdup(ref);
		return 0;
	}
	return error_set(err, ERR_USAGE, "must be type=local,%s=DIR or %s", from ? "src" : "dest",
			 from ? "an image with a cache" : "type=registry,ref=NAME or type=inline");
}

static int cache_from_parse(void *field, const char *text, const struct opt *o, struct error *err)
{
	struct build_request *r = field;

	return cache_parse(text, true, vec_add(&r->cache_from), err);
}

static int cache_to_parse(void *field, const char *text, const struct opt *o, struct error *err)
{
	struct build_request *r = field;

	return cache_parse(text, false, vec_add(&r->cache_to), err);
}

/* ---- others ---- */

static int ulimit_parse(void *field, const char *text, const struct opt *o, struct error *err)
{
	struct build_request *r = field;

	return request_add_ulimit(&r->step, text, err);
}

/* "manifest:K=V" and "index:K=V" say where docker would put it; ours go into the manifest. */
static int annotation_parse(void *field, const char *text, const struct opt *o, struct error *err)
{
	struct build_request *r = field;
	const char *eq = strchr(text, '='), *colon = strchr(text, ':');
	auto_free char *key = NULL;

	if (!eq || eq == text)
		return error_set(err, ERR_USAGE, "must be KEY=VALUE");
	if (colon && colon < eq) {
		if (!str_starts(text, "manifest:"))
			return error_set(err, ERR_UNSUPPORTED, "annotations go into manifests only");
		text = colon + 1;
	}
	key = xstrndup(text, (size_t)(eq - text));
	strmap_set(&r->annotations, key, eq + 1);
	return 0;
}

/* Attestations are not made: asking for none of them is fine. */
static int attest_parse(void *field, const char *text, const struct opt *o, struct error *err)
{
	if (str_eq(text, "false"))
		return 0;
	return error_set(err, ERR_UNSUPPORTED, "attestations are not made by this version");
}

#define WHOLE_TYPE(id, name, fn) static const struct opt_type id = { name, NULL, fn, nothing, NULL }
WHOLE_TYPE(secret, "secret", secret_parse);
WHOLE_TYPE(ssh, "agent", ssh_parse);
WHOLE_TYPE(context, "context", context_parse);
WHOLE_TYPE(output, "output", output_parse);
WHOLE_TYPE(cache_from, "cache", cache_from_parse);
WHOLE_TYPE(cache_to, "cache", cache_to_parse);
WHOLE_TYPE(ulimit, "limit", ulimit_parse);
WHOLE_TYPE(annotation, "annotation", annotation_parse);
WHOLE_TYPE(attest, "value", attest_parse);

#define WHOLE(l, n, t, v, h)                                                                       \
	{                                                                                          \
		OPT_(l, n, t, build_args, request, struct build_request, h), .value = (v)          \
	}

const struct opt build_more_opts[] = {
	OPT_LIST(0, "add-host", build_args, request.step.add_host, "NAME:ADDRESS",
		 "a line of /etc/hosts that RUN sees"),
	WHOLE(0, "annotation", &annotation, "KEY=VALUE", "an annotation of the manifest"),
	WHOLE(0, "build-context", &context, "NAME=SOURCE",
	      "a directory, image or URL that FROM and --from find by a name"),
	WHOLE(0, "cache-from", &cache_from, "CACHE", "type=local,src=DIR, or an image"),
	WHOLE(0, "cache-to", &cache_to, "CACHE", "type=local,dest=DIR, or type=inline"),
	OPT_LIST(0, "cap-add", build_args, request.step.cap_add, "CAPABILITY",
		 "add a capability to RUN"),
	OPT_LIST(0, "cap-drop", build_args, request.step.cap_drop, "CAPABILITY",
		 "drop a capability of RUN"),
	OPT_STRING(0, "cgroup-parent", build_args, request.step.cgroup_parent, "PATH",
		   "the cgroup that those of RUN are made in"),
	OPT_LIST(0, "device", build_args, request.step.devices, "PATH[:PATH][:rwm]",
		 "let RUN use a device of the host"),
	LIMIT_ROWS(build_args, request.step.limits),
	OPT_LIST(0, "dns", build_args, request.step.dns, "ADDRESS", "a name server of RUN, or none"),
	OPT_LIST(0, "dns-option", build_args, request.step.dns_option, "OPTION",
		 "an option of RUN's resolv.conf"),
	OPT_LIST(0, "dns-search", build_args, request.step.dns_search, "DOMAIN",
		 "a domain in which RUN looks names up"),
	{ OPT_(0, "env", &opt_env, build_args, env, struct strv, "a variable of the image"),
	  .value = "NAME[=VALUE]" },
	OPT_ENUM(0, "format", build_args, format, "oci|docker", "the media types (default oci)"),
	OPT_ENUM(0, "isolation", build_args, isolation, "default|oci|rootless",
		 "how RUN is kept apart: always by namespaces"),
	OPT_INT(0, "jobs", build_args, request.jobs,
		"stages and COPYs that are made side by side (default: as many as processors)"),
	OPT_FLAG(0, "load", build_args, load, "keep the image in the store, beside other outputs"),
	OPT_FLAG(0, "lock", build_args, request.lock,
		 "write hod.lock: the digest of all that is used"),
	OPT_FLAG(0, "locked", build_args, request.locked, "use exactly what hod.lock says"),
	OPT_STRING(0, "logfile", build_args, logfile, "FILE", "write what stderr would show here"),
	OPT_STRING(0, "metadata-file", build_args, metadata_file, "FILE",
		   "write the digests of the image here, as JSON"),
	OPT_LIST(0, "no-cache-filter", build_args, request.no_cache_stages, "STAGE",
		 "carry out the steps of this stage anew"),
	OPT_FLAG(0, "omit-history", build_args, request.omit_history, "an image without a history"),
	WHOLE('o', "output", &output, "DIR|-|type=TYPE,dest=PATH",
	      "where the result goes: local, tar, oci, docker, image, registry"),
	{ OPT_(0, "provenance", &attest, build_args, request, struct build_request,
	       "false is accepted: attestations are not made"),
	  .value = "false", .flags = OPT_HIDDEN },
	OPT_FLAG(0, "push", build_args, request.push, "send the image to where its names say"),
	OPT_FLAG(0, "rewrite-timestamp", build_args, request.rewrite_timestamp,
		 "insist that files of new layers are not newer than the epoch"),
	{ OPT_(0, "sbom", &attest, build_args, request, struct build_request,
	       "false is accepted: attestations are not made"),
	  .value = "false", .flags = OPT_HIDDEN },
	WHOLE(0, "secret", &secret, "id=NAME[,src=FILE|,env=NAME]",
	      "a secret for RUN --mount=type=secret"),
	OPT_LIST(0, "security-opt", build_args, request.step.security_opt, "OPTION",
		 "seccomp=FILE|unconfined, apparmor=, label=, ... of RUN"),
	OPT_BYTES(0, "shm-size", build_args, request.step.shm_size, "size of RUN's /dev/shm"),
	OPT_INT(0, "source-date-epoch", build_args, epoch,
		"seconds since 1970, instead of SOURCE_DATE_EPOCH"),
	OPT_FLAG(0, "squash", build_args, request.squash, "make one layer of all new ones"),
	OPT_FLAG(0, "squash-all", build_args, request.squash_all, "make one layer of all"),
	WHOLE(0, "ssh", &ssh, "ID[=SOCKET]", "an agent for RUN --mount=type=ssh"),
	OPT_INT(0, "timestamp", build_args, timestamp, "the same as --source-date-epoch"),
	WHOLE(0, "ulimit", &ulimit, "NAME=SOFT[:HARD]", "a limit of RUN's processes"),
	OPT_LIST(0, "unsetenv", build_args, request.unset_env, "NAME", "drop a variable of the image"),
	OPT_LIST(0, "unsetlabel", build_args, request.unset_labels, "NAME",
		 "drop a label of the image"),
	OPT_FLAG(0, "verify", build_args, request.verify,
		 "build twice, and name the first file that differs"),
	OPT_END,
};

void build_args_init(void *args)
{
	build_request_init(&((struct build_args *)args)->request);
}

void build_args_done(void *args)
{
	build_request_done(&((struct build_args *)args)->request);
}

static int set_epoch(struct build_args *args, struct error *err)
{
	const char *text = getenv("SOURCE_DATE_EPOCH");
	int64_t given = args->epoch != UNSET ? args->epoch : args->timestamp;
	uint64_t epoch;

	if (given != UNSET) {
		if (given < 0)
			return error_set(err, ERR_USAGE, "--source-date-epoch: seconds since 1970");
		args->request.epoch = given;
		return 0;
	}
	if (str_empty(text))
		return 0;
	if (!str_u64(text, &epoch) || epoch > INT64_MAX)
		return error_set(err, ERR_INVALID,
				 "SOURCE_DATE_EPOCH '%s': must be seconds since 1970", text);
	args->request.epoch = (int64_t)epoch;
	return 0;
}

/* Is the image in the store at the end? */
static bool stored(const struct build_args *args)
{
	vec_each (&args->request.outputs, o)
		if (o->type == BUILD_TO_STORE)
			return true;
	return args->request.outputs.n == 0 || args->load;
}

int build_args_finish(struct build_args *args, struct error *err)
{
	struct build_request *r = &args->request;

	if (set_epoch(args, err) < 0)
		return -1;
	if (r->rewrite_timestamp && r->epoch < 0)
		return error_set(err, ERR_USAGE, "--rewrite-timestamp needs --source-date-epoch");
	if (r->jobs != UNSET && r->jobs < 0)
		return error_set(err, ERR_USAGE, "--jobs: a number from 0 (no limit)");
	if (r->push && args->tags.n == 0)
		return error_set(err, ERR_USAGE, "--push needs a name, by -t");
	if (r->push && !stored(args))
		return error_set(err, ERR_USAGE,
				 "--push with --output needs --load, or type=registry");
	if (r->lock && r->locked)
		return error_set(err, ERR_USAGE, "--lock and --locked exclude each other");
	r->docker_format = str_eq(args->format, "docker");
	if (r->docker_format && r->annotations.n)
		return error_set(err, ERR_USAGE,
				 "--annotation: docker's format has none, use --format oci");
	strv_copy(&r->env, &args->env);
	if (args->load && r->outputs.n)
		vec_add(&r->outputs)->type = BUILD_TO_STORE;
	return 0;
}
