/*
 * template_print.c - values as text: Go's %v, Sprint, Printf, and JSON.
 *
 * Owns   how a value looks. Appends only.
 */
#include "template_node.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>

#define WIDTH_MAX 1000 /* of a printf field */

static void print_json(json_t *v, enum template_shape shape, struct str *out);

/*
 * The fewest digits that read back the same; with an exponent below 10^low and from 10^high on
 * (Go's %v: -4 and 6, its JSON: -6 and 21).
 */
static void print_real(double f, int low, int high, struct str *out)
{
	char buf[64];
	int digits = 0, exponent;

	do
		snprintf(buf, sizeof(buf), "%.*e", digits, f);
	while (fabs(strtod(buf, NULL) - f) > 0 && ++digits < 17);
	exponent = atoi(strchr(buf, 'e') + 1);
	if (exponent < low || exponent >= high)
		str_add(out, buf);
	else
		str_addf(out, "%.*f", MAX(0, digits - exponent), f);
}

static void print_map(json_t *v, struct str *out)
{
	auto_done(strv) struct strv keys = { 0 };
	const char *key;
	json_t *item;

	json_object_foreach (v, key, item)
		strv_add(&keys, key);
	strv_sort(&keys);
	str_add(out, "map[");
	strv_each (&keys, i) {
		str_addf(out, "%s%s:", i ? " " : "", keys.v[i]);
		print_json(json_object_get(v, keys.v[i]), SHAPE_OPTIONAL, out);
	}
	str_addc(out, ']');
}

static void print_struct(json_t *v, struct str *out)
{
	const char *key, *sep = "";
	json_t *item;

	str_addc(out, '{');
	json_object_foreach (v, key, item) {
		str_add(out, sep);
		print_json(item, SHAPE_OPTIONAL, out);
		sep = " ";
	}
	str_addc(out, '}');
}

static void print_list(json_t *v, struct str *out)
{
	size_t i;
	json_t *item;

	str_addc(out, '[');
	json_array_foreach (v, i, item) {
		if (i)
			str_addc(out, ' ');
		print_json(item, SHAPE_OPTIONAL, out);
	}
	str_addc(out, ']');
}

static void print_null(enum template_shape shape, struct str *out)
{
	str_add(out, shape == SHAPE_MAP	       ? "map[]"
		     : shape == SHAPE_LIST     ? "[]"
		     : shape == SHAPE_OPTIONAL ? "<nil>"
					       : "<no value>");
}

static void print_json(json_t *v, enum template_shape shape, struct str *out)
{
	switch (v ? json_typeof(v) : JSON_NULL) {
	case JSON_STRING:
		str_addn(out, json_string_value(v), json_string_length(v));
		break;
	case JSON_INTEGER:
		str_addf(out, "%lld", (long long)json_integer_value(v));
		break;
	case JSON_REAL:
		print_real(json_real_value(v), -4, 6, out);
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		str_add(out, json_is_true(v) ? "true" : "false");
		break;
	case JSON_ARRAY:
		print_list(v, out);
		break;
	case JSON_OBJECT:
		if (shape == SHAPE_MAP)
			print_map(v, out);
		else
			print_struct(v, out);
		break;
	default:
		print_null(shape, out);
		break;
	}
}

void value_print(const struct value *v, struct str *out)
{
	if (v->json)
		print_json(v->json, v->shape, out);
	else
		str_add(out, "<no value>");
}

void value_sprint(const struct value *args, size_t n, bool line, struct str *out)
{
	for (size_t i = 0; i < n; i++) {
		bool text = i && (json_is_string(args[i].json) || json_is_string(args[i - 1].json));

		if (i && (line || !text))
			str_addc(out, ' ');
		value_print(&args[i], out);
	}
	if (line)
		str_addc(out, '\n');
}

/* ---- printf ---- */

struct verb {
	bool minus, plus, zero, hash, space;
	int width, precision; /* precision -1: none */
	char letter;
};

static int read_count(const char **s)
{
	int n = 0;

	while (isdigit((unsigned char)**s)) {
		n = MIN(n * 10 + (**s - '0'), WIDTH_MAX);
		(*s)++;
	}
	return n;
}

/* s stands behind the '%'. Returns what is behind the verb. */
static const char *read_verb(const char *s, struct verb *v)
{
	*v = (struct verb){ .precision = -1 };
	for (; *s && strchr("-+0# ", *s); s++) {
		v->minus |= *s == '-';
		v->plus |= *s == '+';
		v->zero |= *s == '0';
		v->hash |= *s == '#';
		v->space |= *s == ' ';
	}
	v->width = read_count(&s);
	if (*s == '.') {
		s++;
		v->precision = read_count(&s);
	}
	v->letter = *s;
	return *s ? s + 1 : s;
}

/* Counted in characters, as Go does. */
static size_t characters(const char *s, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += ((unsigned char)s[i] & 0xc0) != 0x80;
	return count;
}

static void add_padded(const struct verb *v, const struct str *text, struct str *out)
{
	size_t have = characters(str_get(text), text->len);
	int pad = (size_t)v->width > have ? v->width - (int)have : 0;
	bool sign = v->zero && !v->minus && text->len && strchr("+-", text->s[0]);

	if (sign)
		str_addc(out, text->s[0]);
	for (int i = 0; i < pad && !v->minus; i++)
		str_addc(out, v->zero ? '0' : ' ');
	str_addn(out, str_get(text) + sign, text->len - sign);
	for (int i = 0; i < pad && v->minus; i++)
		str_addc(out, ' ');
}

static void add_hex(const char *bytes, size_t n, bool upper, struct str *out)
{
	for (size_t i = 0; i < n; i++)
		str_addf(out, upper ? "%02X" : "%02x", (unsigned char)bytes[i]);
}

static size_t cut(const char *s, size_t n, int precision)
{
	size_t used = 0;

	if (precision < 0)
		return n;
	for (int i = 0; i < precision && used < n; i++) {
		used++;
		while (used < n && ((unsigned char)s[used] & 0xc0) == 0x80)
			used++;
	}
	return used;
}

static bool verb_string(const struct verb *v, json_t *j, struct str *text)
{
	const char *s = json_string_value(j);
	size_t n = cut(s, json_string_length(j), v->precision);

	switch (v->letter) {
	case 's':
	case 'v':
		str_addn(text, s, n);
		return true;
	case 'q': {
		auto_free char *part = xstrndup(s, n);

		str_add_json(text, part);
		return true;
	}
	case 'x':
	case 'X':
		add_hex(s, n, v->letter == 'X', text);
		return true;
	default:
		return false;
	}
}

static bool verb_int(const struct verb *v, json_t *j, struct str *text)
{
	long long i = json_integer_value(j);
	unsigned long long magnitude = i < 0 ? 0ULL - (unsigned long long)i : (unsigned long long)i;

	if (!strchr("dvxXobc", v->letter))
		return false;
	if (v->letter == 'c') {
		str_addc(text, i >= 0 && i < 128 ? (char)i : '?');
		return true;
	}
	if (i < 0)
		str_addc(text, '-');
	else if (v->plus || v->space)
		str_addc(text, v->plus ? '+' : ' ');
	if (v->letter == 'x')
		str_addf(text, v->hash ? "%#llx" : "%llx", magnitude);
	else if (v->letter == 'X')
		str_addf(text, v->hash ? "%#llX" : "%llX", magnitude);
	else if (v->letter == 'o')
		str_addf(text, v->hash ? "%#llo" : "%llo", magnitude);
	else if (v->letter != 'b')
		str_addf(text, "%llu", magnitude);
	for (int bit = 63, seen = 0; v->letter == 'b' && bit >= 0; bit--) {
		seen |= (magnitude >> bit & 1) || bit == 0;
		if (seen)
			str_addc(text, (char)('0' + (magnitude >> bit & 1)));
	}
	return true;
}

static bool verb_real(const struct verb *v, json_t *j, struct str *text)
{
	double f = json_real_value(j);
	int precision = v->precision;

	if (v->letter == 'v' || (v->letter == 'g' && precision < 0)) {
		print_real(f, -4, 6, text);
		return true;
	}
	if (precision < 0)
		precision = 6;
	if (v->letter == 'f' || v->letter == 'F')
		str_addf(text, v->plus ? "%+.*f" : "%.*f", precision, f);
	else if (v->letter == 'e')
		str_addf(text, v->plus ? "%+.*e" : "%.*e", precision, f);
	else if (v->letter == 'g')
		str_addf(text, v->plus ? "%+.*g" : "%.*g", precision, f);
	else
		return false;
	return true;
}

static void print_verb(const struct verb *v, const struct value *arg, struct str *out)
{
	auto_done(str) struct str text = { 0 };
	bool fits = v->letter == 'v';

	if (v->letter == 'T') {
		str_add(&text, value_type(arg));
		fits = true;
	} else if (json_is_string(arg->json)) {
		fits = verb_string(v, arg->json, &text);
	} else if (json_is_integer(arg->json)) {
		fits = verb_int(v, arg->json, &text);
	} else if (json_is_real(arg->json)) {
		fits = verb_real(v, arg->json, &text);
	} else {
		fits = fits || (v->letter == 't' && json_is_boolean(arg->json)) ||
		       (v->letter == 's' && (json_is_array(arg->json) || json_is_object(arg->json)));
		value_print(arg, &text);
	}
	if (fits) {
		add_padded(v, &text, out);
		return;
	}
	str_addf(out, "%%!%c(%s=", v->letter, value_type(arg));
	value_print(arg, out);
	str_addc(out, ')');
}

void value_printf(const struct value *args, size_t n, struct str *out)
{
	const char *s = json_string_value(args[0].json);
	size_t used = 1;
	struct verb v;

	while (*s) {
		if (*s != '%') {
			str_addc(out, *s++);
			continue;
		}
		s = read_verb(s + 1, &v);
		if (v.letter == '\0')
			str_add(out, "%!(NOVERB)");
		else if (v.letter == '%')
			str_addc(out, '%');
		else if (used < n)
			print_verb(&v, &args[used++], out);
		else
			str_addf(out, "%%!%c(MISSING)", v.letter);
	}
	if (used >= n)
		return;
	str_add(out, "%!(EXTRA ");
	for (size_t i = used; i < n; i++) {
		str_addf(out, "%s%s=", i > used ? ", " : "", value_type(&args[i]));
		value_print(&args[i], out);
	}
	str_addc(out, ')');
}

/* ---- JSON ---- */

static bool is_method(const struct template_name *names, const char *key)
{
	for (; names && names->name; names++)
		if (names->shape == SHAPE_METHOD && str_eq(names->name, key))
			return true;
	return false;
}

static void new_line(int indent, int level, struct str *out)
{
	if (indent)
		str_addf(out, "\n%*s", indent * level, "");
}

static void write_json(json_t *v, int indent, int level, const struct template_name *names,
		       struct str *out)
{
	const char *key, *sep = "";
	size_t i;
	json_t *item;

	switch (v ? json_typeof(v) : JSON_NULL) {
	case JSON_OBJECT:
		str_addc(out, '{');
		json_object_foreach (v, key, item) {
			if (is_method(names, key))
				continue;
			str_add(out, sep);
			new_line(indent, level + 1, out);
			str_add_json(out, key);
			str_add(out, indent ? ": " : ":");
			write_json(item, indent, level + 1, names, out);
			sep = ",";
		}
		if (*sep)
			new_line(indent, level, out);
		str_addc(out, '}');
		break;
	case JSON_ARRAY:
		str_addc(out, '[');
		json_array_foreach (v, i, item) {
			str_add(out, i ? "," : "");
			new_line(indent, level + 1, out);
			write_json(item, indent, level + 1, names, out);
		}
		if (json_array_size(v))
			new_line(indent, level, out);
		str_addc(out, ']');
		break;
	case JSON_STRING:
		str_add_json(out, json_string_value(v));
		break;
	case JSON_NULL:
		str_add(out, "null");
		break;
	case JSON_REAL:
		print_real(json_real_value(v), -6, 21, out);
		break;
	default:
		print_json(v, SHAPE_AUTO, out);
		break;
	}
}

void template_json(json_t *value, int indent, const struct template_name *names, struct str *out)
{
	write_json(value, indent, 0, names, out);
}
