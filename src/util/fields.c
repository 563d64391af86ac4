/*
 * fields.c - the life of structs that have a field table: unset, copied, freed.
 *
 * Owns   what "unset" is for each type of member.
 * Never  touches a member that the table does not name.
 */
#include "util/fields.h"

static void *member(const struct field *f, void *out)
{
	return (char *)out + f->offset;
}

void fields_init(const struct field *table, void *out)
{
	static const struct any_vec none;

	for (const struct field *f = table; f->type != FIELD_END; f++) {
		void *at = member(f, out);

		switch (f->type) {
		case FIELD_BOOL:
			*(bool *)at = false;
			break;
		case FIELD_TRI:
			*(int *)at = -1;
			break;
		case FIELD_INT:
			*(int64_t *)at = UNSET;
			break;
		case FIELD_OBJ:
			fields_init(f->sub, at);
			break;
		case FIELD_STR:
		case FIELD_RAW:
		case FIELD_PTR:
			memset(at, 0, sizeof(void *));
			break;
		case FIELD_REFUSED:
			break;
		default: /* the lists and maps */
			memcpy(at, &none, sizeof(none));
		}
	}
}

static void member_done(const struct field *f, void *at)
{
	struct any_vec list;
	void *p;

	switch (f->type) {
	case FIELD_STR:
	case FIELD_RAW:
		free(*(char **)at);
		break;
	case FIELD_STRV:
	case FIELD_SET:
		strv_done(at);
		break;
	case FIELD_MAP:
		strmap_done(at);
		break;
	case FIELD_INTS:
		memcpy(&list, at, sizeof(list));
		free(list.v);
		break;
	case FIELD_OBJ:
		fields_done(f->sub, at);
		break;
	case FIELD_PTR:
		memcpy(&p, at, sizeof(p));
		if (p)
			fields_done(f->sub, p);
		free(p);
		break;
	case FIELD_VEC:
		memcpy(&list, at, sizeof(list));
		for (size_t i = 0; i < list.n; i++)
			fields_done(f->sub, (char *)list.v + i * f->size);
		free(list.v);
		break;
	default:
		break;
	}
}

void fields_done(const struct field *table, void *out)
{
	for (const struct field *f = table; f->type != FIELD_END; f++)
		member_done(f, member(f, out));
	fields_init(table, out);
}

static void vec_copy(const struct field *f, const struct any_vec *from, struct any_vec *to)
{
	for (size_t i = 0; i < from->n; i++) {
		void *one = vec_grow(&to->v, &to->n, &to->cap, f->size);

		fields_init(f->sub, one);
		fields_copy(f->sub, one, (const char *)from->v + i * f->size);
	}
}

static void member_copy(const struct field *f, void *to, const void *from)
{
	struct any_vec list, copy = { 0 };
	const void *p;
	void *one;

	switch (f->type) {
	case FIELD_BOOL:
		*(bool *)to = *(const bool *)from;
		break;
	case FIELD_TRI:
		*(int *)to = *(const int *)from;
		break;
	case FIELD_INT:
		*(int64_t *)to = *(const int64_t *)from;
		break;
	case FIELD_STR:
	case FIELD_RAW:
		*(char **)to = xstrdup_or_null(*(char *const *)from);
		break;
	case FIELD_STRV:
	case FIELD_SET:
		strv_copy(to, from);
		break;
	case FIELD_MAP:
		strmap_copy(to, from);
		break;
	case FIELD_OBJ:
		fields_copy(f->sub, to, from);
		break;
	case FIELD_PTR:
		memcpy(&p, from, sizeof(p));
		if (!p)
			break;
		one = xcalloc(1, f->size);
		fields_init(f->sub, one);
		fields_copy(f->sub, one, p);
		memcpy(to, &one, sizeof(one));
		break;
	case FIELD_INTS:
		memcpy(&list, from, sizeof(list));
		for (size_t i = 0; i < list.n; i++) {
			int64_t *n = vec_grow(&copy.v, &copy.n, &copy.cap, sizeof(*n));

			*n = ((const int64_t *)list.v)[i];
		}
		memcpy(to, &copy, sizeof(copy));
		break;
	case FIELD_VEC:
		memcpy(&list, from, sizeof(list));
		vec_copy(f, &list, &copy);
		memcpy(to, &copy, sizeof(copy));
		break;
	case FIELD_REFUSED:
	case FIELD_END:
		break;
	}
}

void fields_copy(const struct field *table, void *to, const void *from)
{
	for (const struct field *f = table; f->type != FIELD_END; f++)
		member_copy(f, member(f, to), (const char *)from + f->offset);
}
