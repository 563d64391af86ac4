/*
 * fields_scan.c - the quick way from JSON text to a struct, for the text that we write ourselves
 * and for most of what others write: five times as fast as by way of jansson's tree, which counts
 * where a thousand records are listed and on the road of every start.
 *
 * It knows one answer besides "done": "not here". Real numbers, \u escapes, keys with escapes,
 * numbers over 63 bits, duplicate keys, invalid UTF-8, wrong types, missing members: all of these
 * are left to fields_load.c, so that there is one place that judges and words errors.
 *
 * Spec   RFC 8259.
 */
#include "fields_scan.h"

#include "util/escape.h"

#define KEYS_MAX  64  /* members of one object; more are left to the slow way */
#define DEPTH_MAX 128 /* as many times the size of a list of keys on the stack */

struct scan {
	const char *p, *end;
	unsigned depth; /* how many more levels may be opened */
	enum fields_mode mode;
};
struct span {
	const char *s;
	size_t n;
};

static bool scan_object(struct scan *s, const struct field *table, void *out);

static void blanks(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\t' || *s->p == '\r'))
		s->p++;
}

/* Takes the character c, with blanks before it. */
static bool take(struct scan *s, char c)
{
	blanks(s);
	if (s->p >= s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

static bool open_level(struct scan *s, char c)
{
	if (s->depth == 0 || !take(s, c))
		return false;
	s->depth--;
	return true;
}

/* Behind one item: 1 another follows, 0 the end was taken, -1 neither. */
static int next_item(struct scan *s, char close)
{
	if (take(s, ','))
		return 1;
	if (!take(s, close))
		return -1;
	s->depth++;
	return 0;
}

static bool take_word(struct scan *s, const char *word)
{
	size_t n = strlen(word);

	blanks(s);
	if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
		return false;
	s->p += n;
	return true;
}

/* A string, left as it is written; *escaped says whether there is a backslash in it. */
static bool take_string(struct scan *s, struct span *raw, bool *escaped)
{
	uint32_t code;

	*escaped = false;
	if (!take(s, '"'))
		return false;
	raw->s = s->p;
	while (s->p < s->end) {
		unsigned char c = (unsigned char)*s->p;

		if (c == '"') {
			raw->n = (size_t)(s->p++ - raw->s);
			return true;
		}
		if (c < 0x20)
			return false;
		if (c == '\\') {
			*escaped = true;
			if (s->end - s->p < 2 || !strchr("\"\\bfnrt", s->p[1]) || !s->p[1])
				return false;
			s->p += 2;
		} else if (c < 0x80) {
			s->p++;
		} else {
			s->p += utf8_next(s->p, (size_t)(s->end - s->p), &code);
			if (code == UINT32_MAX)
				return false;
		}
	}
	return false;
}

static char *unescape(const struct span *raw)
{
	static const char from[] = "\"\\bfnrt", to[] = "\"\\\b\f\n\r\t";
	char *text = xmalloc(raw->n + 1), *out = text;

	for (size_t i = 0; i < raw->n; i++)
		if (raw->s[i] == '\\')
			*out++ = to[strchr(from, raw->s[++i]) - from];
		else
			*out++ = raw->s[i];
	*out = '\0';
	return text;
}

static bool take_text(struct scan *s, char **text)
{
	struct span raw;
	bool escaped;

	if (!take_string(s, &raw, &escaped))
		return false;
	*text = escaped ? unescape(&raw) : xstrndup(raw.s, raw.n);
	return true;
}

static bool take_key(struct scan *s, struct span *key)
{
	bool escaped;

	return take_string(s, key, &escaped) && !escaped && take(s, ':');
}

static bool take_integer(struct scan *s, int64_t *value)
{
	bool negative;
	uint64_t v = 0;
	const char *start;

	blanks(s);
	negative = s->p < s->end && *s->p == '-';
	s->p += negative;
	for (start = s->p; s->p < s->end && *s->p >= '0' && *s->p <= '9'; s->p++)
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*s->p - '0'), &v))
			return false;
	if (s->p == start || (*start == '0' && (s->p - start > 1 || negative)) || v > INT64_MAX)
		return false;
	*value = negative ? -(int64_t)v : (int64_t)v;
	/* a fraction or an exponent behind it is then found where a ',' should be */
	return true;
}

static bool take_bool(struct scan *s, bool *value)
{
	*value = take_word(s, "true");
	return *value || take_word(s, "false");
}

/* Notes a key of an object; false when it was there, or there are too many. */
static bool note_key(struct span *keys, size_t *n, const struct span *key)
{
	if (*n == KEYS_MAX)
		return false;
	for (size_t i = 0; i < *n; i++)
		if (keys[i].n == key->n && memcmp(keys[i].s, key->s, key->n) == 0)
			return false;
	keys[(*n)++] = *key;
	return true;
}

/* Any value, appended to out (which may be NULL) without blanks. */
static bool copy_value(struct scan *s, struct str *out);

static void copy_text(struct str *out, const char *text, size_t n)
{
	if (out)
		str_addn(out, text, n);
}

static bool copy_object(struct scan *s, struct str *out)
{
	struct span keys[KEYS_MAX], key;
	size_t n = 0;
	int more = 1;

	if (!open_level(s, '{'))
		return false;
	copy_text(out, "{", 1);
	if (take(s, '}')) {
		s->depth++;
		more = 0;
	}
	while (more == 1) {
		if (!take_key(s, &key) || !note_key(keys, &n, &key))
			return false;
		copy_text(out, ",", n > 1);
		copy_text(out, key.s - 1, key.n + 2); /* with its quotes */
		copy_text(out, ":", 1);
		if (!copy_value(s, out))
			return false;
		more = next_item(s, '}');
	}
	copy_text(out, "}", 1);
	return more == 0;
}

static bool copy_array(struct scan *s, struct str *out)
{
	int more = 1;

	if (!open_level(s, '['))
		return false;
	copy_text(out, "[", 1);
	if (take(s, ']')) {
		s->depth++;
		more = 0;
	}
	while (more == 1) {
		if (!copy_value(s, out))
			return false;
		more = next_item(s, ']');
		copy_text(out, ",", more == 1);
	}
	copy_text(out, "]", 1);
	return more == 0;
}

static bool copy_value(struct scan *s, struct str *out)
{
	struct span raw;
	const char *start;
	int64_t number;
	bool escaped;

	blanks(s);
	if (s->p >= s->end)
		return false;
	start = s->p;
	switch (*start) {
	case '{':
		return copy_object(s, out);
	case '[':
		return copy_array(s, out);
	case '"':
		if (!take_string(s, &raw, &escaped))
			return false;
		break;
	default:
		if (!take_word(s, "true") && !take_word(s, "false") && !take_word(s, "null") &&
		    !take_integer(s, &number))
			return false;
	}
	copy_text(out, start, (size_t)(s->p - start));
	return true;
}

static bool scan_raw(struct scan *s, const struct field *f, char **at)
{
	struct str out = { 0 };

	/* a negative number may stand for one of 64 bits without sign there */
	if (!copy_value(s, &out) || (f->flags & FIELD_UNSIGNED && out.s[0] == '-')) {
		str_done(&out);
		return false;
	}
	*at = str_take(&out);
	return true;
}

static bool scan_strv(struct scan *s, struct strv *list)
{
	char *text;
	int more;

	if (!open_level(s, '['))
		return false;
	if (take(s, ']')) {
		s->depth++;
		return true;
	}
	do {
		if (!take_text(s, &text))
			return false;
		strv_take(list, text);
		more = next_item(s, ']');
	} while (more == 1);
	return more == 0;
}

static bool scan_ints(struct scan *s, void *at)
{
	VEC(int64_t) list = { 0 };
	int more = 0;

	if (!open_level(s, '['))
		return false;
	if (take(s, ']')) {
		s->depth++;
		return true;
	}
	do {
		more = take_integer(s, vec_add(&list)) ? next_item(s, ']') : -1;
	} while (more == 1);
	memcpy(at, &list, sizeof(list));
	return more == 0;
}

/* An object whose keys are not known: labels (map), or a set, whose values mean nothing. */
static bool scan_keys(struct scan *s, struct strmap *map, struct strv *set)
{
	struct span keys[KEYS_MAX], key;
	size_t n = 0;
	int more;

	if (!open_level(s, '{'))
		return false;
	if (take(s, '}')) {
		s->depth++;
		return true;
	}
	do {
		auto_free char *name = NULL, *value = NULL;

		if (!take_key(s, &key) || !note_key(keys, &n, &key))
			return false;
		name = xstrndup(key.s, key.n);
		if (set) {
			if (!copy_value(s, NULL))
				return false;
			strv_take(set, take_ptr(&name));
		} else if (!take_word(s, "null")) {
			if (!take_text(s, &value))
				return false;
			strmap_set(map, name, value);
		}
		more = next_item(s, '}');
	} while (more == 1);
	return more == 0;
}

static bool scan_vec(struct scan *s, const struct field *f, void *at)
{
	struct any_vec list = { 0 };
	int more = 0;

	if (!open_level(s, '['))
		return false;
	if (take(s, ']')) {
		s->depth++;
		return true;
	}
	do {
		void *one = vec_grow(&list.v, &list.n, &list.cap, f->size);

		fields_init(f->sub, one);
		more = scan_object(s, f->sub, one) ? next_item(s, ']') : -1;
	} while (more == 1);
	memcpy(at, &list, sizeof(list));
	return more == 0;
}

static bool scan_ptr(struct scan *s, const struct field *f, void *at)
{
	void *one = xcalloc(1, f->size);

	fields_init(f->sub, one);
	memcpy(at, &one, sizeof(one));
	return scan_object(s, f->sub, one);
}

static bool scan_member(struct scan *s, const struct field *f, void *at)
{
	bool value;

	switch (f->type) {
	case FIELD_STR:
		return take_text(s, at);
	case FIELD_BOOL:
		return take_bool(s, at);
	case FIELD_TRI:
		if (!take_bool(s, &value))
			return false;
		*(int *)at = value;
		return true;
	case FIELD_INT:
		return take_integer(s, at);
	case FIELD_STRV:
		return scan_strv(s, at);
	case FIELD_INTS:
		return scan_ints(s, at);
	case FIELD_MAP:
		return scan_keys(s, at, NULL);
	case FIELD_SET:
		return scan_keys(s, NULL, at);
	case FIELD_OBJ:
		return scan_object(s, f->sub, at);
	case FIELD_PTR:
		return scan_ptr(s, f, at);
	case FIELD_VEC:
		return scan_vec(s, f, at);
	case FIELD_RAW:
		return scan_raw(s, f, at);
	default: /* FIELD_REFUSED among them */
		return false;
	}
}

static bool is_row(const struct field *f, const struct span *key)
{
	return f->type != FIELD_END && strncmp(f->name, key->s, key->n) == 0 &&
	       f->name[key->n] == '\0';
}

/* Rows mostly come in the order of the table: the search begins behind the last. */
static const struct field *row_find(const struct field *table, const struct field *last,
				    const struct span *key)
{
	if (is_row(last, key))
		return last;
	for (const struct field *f = table; f->type != FIELD_END; f++)
		if (is_row(f, key))
			return f;
	return NULL;
}

static bool scan_members(struct scan *s, const struct field *table, char *out, struct span *keys,
			 size_t *n)
{
	const struct field *next = table;
	struct span key;
	int more;

	do {
		const struct field *f;

		if (!take_key(s, &key) || !note_key(keys, n, &key))
			return false;
		f = row_find(table, next, &key);
		if (!f && (s->mode != FIELDS_LENIENT || !copy_value(s, NULL)))
			return false;
		if (f) {
			next = f + 1;
			/* null is the same as absent, which some may not be */
			if (take_word(s, "null") ? (f->flags & FIELD_REQUIRED) != 0
						 : !scan_member(s, f, out + f->offset))
				return false;
		}
		more = next_item(s, '}');
	} while (more == 1);
	return more == 0;
}

static bool scan_object(struct scan *s, const struct field *table, void *out)
{
	struct span keys[KEYS_MAX];
	size_t n = 0;

	if (!open_level(s, '{'))
		return false;
	if (take(s, '}'))
		s->depth++;
	else if (!scan_members(s, table, out, keys, &n))
		return false;
	for (const struct field *f = table; f->type != FIELD_END; f++) {
		bool there = !(f->flags & FIELD_REQUIRED);

		for (size_t i = 0; !there && i < n; i++)
			there = is_row(f, &keys[i]);
		if (!there)
			return false;
	}
	return true;
}

bool fields_scan(const struct field *table, const char *text, size_t n, unsigned max_depth,
		 enum fields_mode mode, void *out)
{
	struct scan s = { text, text + n, MIN(max_depth, DEPTH_MAX), mode };

	if (scan_object(&s, table, out)) {
		blanks(&s);
		if (s.p == s.end)
			return true;
	}
	fields_done(table, out);
	return false;
}
