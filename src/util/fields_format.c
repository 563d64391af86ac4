/*
 * fields_format.c - C structs to JSON by their field tables, in one pass over the struct.
 *
 * Owns   how our own JSON looks: compact, members in the table's order, maps sorted by key.
 * Never  builds jansson objects: this is on the way of every container start.
 */
#include "util/fields.h"

static void object_format(const struct field *table, const void *in, struct str *out);

static const void *member(const struct field *f, const void *in)
{
	return (const char *)in + f->offset;
}

static void int_format(int64_t value, bool is_unsigned, struct str *out)
{
	char buf[24], *p = buf + sizeof(buf);
	uint64_t rest = !is_unsigned && value < 0 ? -(uint64_t)value : (uint64_t)value;

	do
		*--p = (char)('0' + rest % 10);
	while (rest /= 10);
	if (!is_unsigned && value < 0)
		*--p = '-';
	str_addn(out, p, (size_t)(buf + sizeof(buf) - p));
}

static void strv_format(const struct strv *list, struct str *out)
{
	str_addc(out, '[');
	strv_each (list, i) {
		if (i)
			str_addc(out, ',');
		str_add_json(out, list->v[i]);
	}
	str_addc(out, ']');
}

static void set_format(const struct strv *list, struct str *out)
{
	str_addc(out, '{');
	strv_each (list, i) {
		if (i)
			str_addc(out, ',');
		str_add_json(out, list->v[i]);
		str_addn(out, ":{}", 3);
	}
	str_addc(out, '}');
}

static void map_format(const struct strmap *map, struct str *out)
{
	str_addc(out, '{');
	for (size_t i = 0; i < map->n; i++) {
		if (i)
			str_addc(out, ',');
		str_add_json(out, map->v[i].key);
		str_addc(out, ':');
		str_add_json(out, map->v[i].value);
	}
	str_addc(out, '}');
}

static void ints_format(const struct any_vec *list, struct str *out)
{
	const int64_t *v = list->v;

	str_addc(out, '[');
	for (size_t i = 0; i < list->n; i++) {
		if (i)
			str_addc(out, ',');
		int_format(v[i], false, out);
	}
	str_addc(out, ']');
}

static void vec_format(const struct field *f, const struct any_vec *list, struct str *out)
{
	str_addc(out, '[');
	for (size_t i = 0; i < list->n; i++) {
		if (i)
			str_addc(out, ',');
		object_format(f->sub, (const char *)list->v + i * f->size, out);
	}
	str_addc(out, ']');
}

/* Is the member's value one that is left out unless the table says FIELD_KEEP? */
static bool is_unset(const struct field *f, const void *at)
{
	struct any_vec list;
	const void *p;

	switch (f->type) {
	case FIELD_REFUSED:
		return true;
	case FIELD_BOOL:
		return !*(const bool *)at;
	case FIELD_TRI:
		return *(const int *)at < 0;
	case FIELD_INT:
		return *(const int64_t *)at == UNSET;
	case FIELD_STR:
	case FIELD_RAW:
	case FIELD_PTR:
		memcpy(&p, at, sizeof(p));
		return !p;
	case FIELD_OBJ:
		for (const struct field *s = f->sub; s->type != FIELD_END; s++)
			if ((s->flags & FIELD_KEEP) || !is_unset(s, member(s, at)))
				return false;
		return true;
	default:
		/* strv, strmap and VEC() all begin with v and n */
		memcpy(&list, at, sizeof(list));
		return list.n == 0;
	}
}

static void member_format(const struct field *f, const void *at, struct str *out)
{
	struct any_vec list;
	const void *p;

	switch (f->type) {
	case FIELD_STR:
		memcpy(&p, at, sizeof(p));
		str_add_json(out, p ? p : "");
		break;
	case FIELD_RAW:
		memcpy(&p, at, sizeof(p));
		str_add(out, p ? p : "null");
		break;
	case FIELD_BOOL:
		str_add(out, *(const bool *)at ? "true" : "false");
		break;
	case FIELD_TRI:
		str_add(out, *(const int *)at > 0 ? "true" : "false");
		break;
	case FIELD_INT:
		int_format(*(const int64_t *)at == UNSET ? 0 : *(const int64_t *)at,
			   f->flags & FIELD_UNSIGNED, out);
		break;
	case FIELD_STRV:
		strv_format(at, out);
		break;
	case FIELD_SET:
		set_format(at, out);
		break;
	case FIELD_MAP:
		map_format(at, out);
		break;
	case FIELD_INTS:
		memcpy(&list, at, sizeof(list));
		ints_format(&list, out);
		break;
	case FIELD_VEC:
		memcpy(&list, at, sizeof(list));
		vec_format(f, &list, out);
		break;
	case FIELD_OBJ:
		object_format(f->sub, at, out);
		break;
	case FIELD_PTR:
		memcpy(&p, at, sizeof(p));
		if (p)
			object_format(f->sub, p, out);
		else
			str_add(out, "null");
		break;
	case FIELD_REFUSED:
	case FIELD_END:
		break;
	}
}

static void object_format(const struct field *table, const void *in, struct str *out)
{
	bool first = true;

	str_addc(out, '{');
	for (const struct field *f = table; f->type != FIELD_END; f++) {
		const void *at = member(f, in);

		if (!(f->flags & FIELD_KEEP) && is_unset(f, at))
			continue;
		if (!first)
			str_addc(out, ',');
		first = false;
		str_addc(out, '"');
		str_add(out, f->name); /* our own names need no escaping */
		str_addn(out, "\":", 2);
		member_format(f, at, out);
	}
	str_addc(out, '}');
}

static void newline(struct str *out, unsigned depth)
{
	str_addc(out, '\n');
	while (depth--)
		str_addn(out, "    ", 4);
}

void json_indent(const char *text, size_t n, struct str *out)
{
	unsigned depth = 0;

	for (size_t i = 0; i < n; i++) {
		size_t from = i;

		switch (text[i]) {
		case '"':
			for (i++; i < n && text[i] != '"'; i++)
				if (text[i] == '\\')
					i++;
			str_addn(out, text + from, MIN(i + 1, n) - from);
			break;
		case '{':
		case '[':
			str_addc(out, text[i]);
			if (i + 1 < n && (text[i + 1] == '}' || text[i + 1] == ']'))
				str_addc(out, text[++i]);
			else
				newline(out, ++depth);
			break;
		case '}':
		case ']':
			newline(out, depth ? --depth : 0);
			str_addc(out, text[i]);
			break;
		case ',':
			str_addc(out, ',');
			newline(out, depth);
			break;
		case ':':
			str_addn(out, ": ", 2);
			break;
		default:
			str_addc(out, text[i]);
		}
	}
}

void fields_format(const struct field *table, const void *in, bool pretty, struct str *out)
{
	auto_done(str) struct str compact = { 0 };

	if (!pretty) {
		object_format(table, in, out);
		return;
	}
	object_format(table, in, &compact);
	json_indent(compact.s, compact.len, out);
}

json_t *fields_store(const struct field *table, const void *in)
{
	auto_done(str) struct str text = { 0 };
	struct error ignored = { 0 }; /* our own text is valid */

	object_format(table, in, &text);
	return json_parse(text.s, text.len, NULL, &ignored);
}
