/*
 * template_eval.c - the value of a pipeline: its fields, words and commands.
 *
 * Owns   variables and access to fields.
 * Never  changes the data, and writes nothing.
 */
#include "template_run.h"

/* ---- fields ---- */

/* What the caller's table says of a member of the struct that was found as holder. */
static const struct template_name *find_name(const struct run *r, const char *holder,
					     const char *member)
{
	size_t n = strlen(holder);

	for (const struct template_name *t = r->names; t && t->name; t++) {
		if (str_eq(t->name, member))
			return t;
		if (str_starts(t->name, holder) && t->name[n] == '.' &&
		    str_eq(t->name + n + 1, member))
			return t;
	}
	return NULL;
}

static int field_of_struct(struct run *r, size_t at, const struct value *v, const char *member,
			   struct value *result)
{
	const struct template_name *known = find_name(r, v->name, member);
	json_t *found = json_object_get(v->json, member);

	if (!found && known && known->shape == SHAPE_ALIAS) {
		found = json_object_get(v->json, known->alias);
		*result = found ? (struct value){ .json = json_incref(found), .name = member }
				: value_string("", 0);
		return 0;
	}
	if (!found && !known && (r->flags & TEMPLATE_HEADER)) {
		*result = value_of(NULL);
		return 0;
	}
	if ((!found && !known) || (known && known->shape == SHAPE_METHOD))
		return template_error(r->err, at, "can't evaluate field %.60s", member);
	*result = (struct value){ .json = found ? json_incref(found) : json_null(),
				  .shape = known ? known->shape : SHAPE_AUTO,
				  .name = member };
	return 0;
}

static int field_of(struct run *r, size_t at, const struct value *v, const char *member,
		    struct value *result)
{
	json_t *found;

	if (!v->json) { /* a field of what is absent is absent */
		*result = value_of(NULL);
		return 0;
	}
	if (v->shape == SHAPE_MAP) {
		found = json_object_get(v->json, member);
		*result = value_of(json_incref(found));
		return 0;
	}
	if (json_is_object(v->json))
		return field_of_struct(r, at, v, member, result);
	if (json_is_null(v->json))
		return template_error(r->err, at, "nil pointer evaluating %.60s%s%.60s", v->name,
				      *v->name ? "." : "", member);
	return template_error(r->err, at, "can't evaluate field %.60s in type %s", member,
			      value_type(v));
}

/* {{.Label "k"}}: the member is an object of strings; an absent key is "". */
static int call_method(struct run *r, size_t at, const struct value *v, const char *member,
		       const struct value *args, size_t n, struct value *result)
{
	const struct template_name *known = find_name(r, v->name, member);
	const char *key, *part;
	json_t *found;

	if (!known || known->shape != SHAPE_METHOD)
		return template_error(r->err, at, "%.60s has arguments but cannot be called", member);
	if (n != 1 || !json_is_string(args[0].json))
		return template_error(r->err, at, "%.60s wants one string", member);
	key = json_string_value(args[0].json);
	if (r->flags & TEMPLATE_HEADER) { /* com.example.tier-name is headed "tier name" */
		part = strrchr(key, '.');
		auto_free char *head = xstrdup(part ? part + 1 : key);

		for (char *c = head; *c; c++)
			if (*c == '-' || *c == '_')
				*c = ' ';
		*result = value_string(head, strlen(head));
		return 0;
	}
	found = json_object_get(json_object_get(v->json, member), key);
	*result = found ? value_of(json_incref(found)) : value_string("", 0);
	return 0;
}

/* ---- words ---- */

static const struct value *find_var(const struct run *r, const char *name)
{
	for (size_t i = r->vars.n; i > 0; i--)
		if (str_eq(r->vars.v[i - 1].name, name))
			return &r->vars.v[i - 1].value;
	return NULL;
}

int run_step(struct run *r)
{
	if (++r->steps > TEMPLATE_STEPS_MAX)
		return error_set(r->err, ERR_LIMIT, "template: more than %d steps",
				 TEMPLATE_STEPS_MAX);
	return 0;
}

/* Follows the first n of a chain of fields. v is taken. */
static int follow(struct run *r, const struct node *word, size_t n, struct value v,
		  struct value *result)
{
	for (size_t i = 0; i < n; i++) {
		struct value next;
		int failed = field_of(r, word->at, &v, word->names.v[i], &next);

		value_done(&v);
		if (failed)
			return -1;
		v = next;
	}
	*result = v;
	return 0;
}

/* What a chain starts from. */
static int eval_base(struct run *r, const struct value *dot, const struct node *word,
		     struct value *base)
{
	if (word->type == NODE_PARENS)
		return pipe_eval(r, dot, word->first, base);
	*base = value_copy(word->type == NODE_VAR ? find_var(r, word->text) : dot);
	return 0;
}

static int eval_call(struct run *r, const struct value *dot, const struct node *command,
		     const struct value *last, struct value *result);

/* A word that stands alone or is an argument. */
static int eval_word(struct run *r, const struct value *dot, const struct node *word,
		     struct value *result)
{
	struct node alone;
	struct value base;

	if (run_step(r) < 0)
		return -1;
	switch (word->type) {
	case NODE_LITERAL:
		*result = value_of(word->value ? json_incref(word->value) : json_null());
		result->shape = SHAPE_OPTIONAL;
		return 0;
	case NODE_CALL:
		alone = (struct node){ .at = word->at, .first = &(struct node){ .type = NODE_CALL } };
		*alone.first = *word;
		alone.first->next = NULL;
		return eval_call(r, dot, &alone, NULL, result);
	default:
		if (eval_base(r, dot, word, &base) < 0)
			return -1;
		return follow(r, word, word->names.n, base, result);
	}
}

/* ---- commands ---- */

typedef VEC(struct value) values;

static void values_done(values *l)
{
	vec_each (l, v)
		value_done(v);
	vec_done(l);
}

/* The words behind the first, and what was piped in. */
static int eval_args(struct run *r, const struct value *dot, const struct node *word,
		     const struct value *last, values *args)
{
	for (; word; word = word->next) {
		struct value v;

		if (eval_word(r, dot, word, &v) < 0)
			return -1;
		vec_push(args, v);
	}
	if (last)
		vec_push(args, value_copy(last));
	return 0;
}

/* and, or: the first that decides; what stands behind it is not evaluated. */
static int eval_logic(struct run *r, const struct value *dot, const struct node *word,
		      const struct value *last, struct value *result)
{
	bool want = str_eq(word->text, "or");
	struct value v = value_of(NULL);

	for (const struct node *a = word->next; a; a = a->next) {
		value_done(&v);
		if (eval_word(r, dot, a, &v) < 0)
			return -1;
		if (value_true(&v) == want) {
			*result = v;
			return 0;
		}
	}
	if (last) {
		value_done(&v);
		v = value_copy(last);
	}
	*result = v;
	return 0;
}

static int eval_call(struct run *r, const struct value *dot, const struct node *command,
		     const struct value *last, struct value *result)
{
	const struct node *word = command->first;
	const struct function *f = function_find(word->text);
	auto_done(values) values args = { 0 };
	int given = last != NULL;

	for (const struct node *a = word->next; a; a = a->next)
		given++;
	if (given < f->min || (f->max >= 0 && given > f->max))
		return template_error(r->err, word->at,
				      "wrong number of args for %s: want %s%d got %d", f->name,
				      f->max < 0 ? "at least " : "", f->min, given);
	if (!f->call)
		return eval_logic(r, dot, word, last, result);
	if (eval_args(r, dot, word->next, last, &args) < 0)
		return -1;
	if ((r->flags & TEMPLATE_HEADER) && f->keeps_header) {
		*result = value_copy(&args.v[0]);
		return 0;
	}
	if (f->call(args.v, args.n, r->names, result, r->err) < 0)
		return error_add(r->err, "template: column %zu: %s", word->at + 1, f->name);
	return 0;
}

static int eval_command(struct run *r, const struct value *dot, const struct node *command,
			const struct value *last, struct value *result)
{
	const struct node *word = command->first;
	auto_done(values) values args = { 0 };
	auto_done(value) struct value holder = { 0 };
	struct value base;
	size_t n = word->names.n;

	if (word->type == NODE_CALL)
		return run_step(r) < 0 ? -1 : eval_call(r, dot, command, last, result);
	if (!word->next && !last)
		return eval_word(r, dot, word, result);
	if (n == 0)
		return template_error(r->err, word->at, "can't give argument to non-function");
	if (eval_args(r, dot, word->next, last, &args) < 0 || eval_base(r, dot, word, &base) < 0 ||
	    follow(r, word, n - 1, base, &holder) < 0)
		return -1;
	return call_method(r, word->at, &holder, word->names.v[n - 1], args.v, args.n, result);
}

void scope_set(struct run *r, const char *name, bool assigns, const struct value *v)
{
	for (size_t i = r->vars.n; assigns && i > 0; i--) {
		struct scope_var *old = &r->vars.v[i - 1];

		if (!str_eq(old->name, name))
			continue;
		value_done(&old->value);
		old->value = value_copy(v);
		return;
	}
	vec_push(&r->vars, ((struct scope_var){ name, value_copy(v) }));
}

void scope_drop(struct run *r, size_t mark)
{
	while (r->vars.n > mark)
		value_done(&r->vars.v[--r->vars.n].value);
}

int pipe_eval(struct run *r, const struct value *dot, const struct node *n, struct value *result)
{
	struct value v = value_of(NULL);

	for (const struct node *c = n->first; c; c = c->next) {
		struct value next;
		int failed = eval_command(r, dot, c, c == n->first ? NULL : &v, &next);

		value_done(&v);
		if (failed)
			return -1;
		v = next;
	}
	if (n->names.n == 1)
		scope_set(r, n->names.v[0], n->assigns, &v);
	*result = v;
	return 0;
}
