/*
 * template_exec.c - runs the tree of a template over data.
 *
 * Owns   scopes, field access, the flow of blocks, and the limits of one execution.
 * Never  changes the data.
 */
#include "template_node.h"

#include "util/vec.h"

struct scope_var {
	const char *name;
	struct value value;
};
struct run {
	const struct template_name *names;
	unsigned flags;
	struct str *out;
	struct error *err;
	size_t start; /* length of out at the beginning */
	long steps;
	json_t *root;
	VEC(struct scope_var) vars;
};
enum flow { FLOW_FAILED = -1, FLOW_ON, FLOW_BREAK, FLOW_CONTINUE };

static int eval_pipe(struct run *r, const struct value *dot, const struct node *n,
		     struct value *result);
static enum flow run_list(struct run *r, const struct value *dot, const struct node *n);

void value_done(struct value *v)
{
	json_decref(v->json);
	v->json = NULL;
}

struct value value_of(json_t *taken)
{
	return (struct value){ .json = taken, .name = "" };
}

struct value value_string(const char *s, size_t n)
{
	return value_of(json_stringn_nocheck(s, n));
}

static struct value value_copy(const struct value *v)
{
	struct value copy = *v;

	json_incref(copy.json);
	return copy;
}

bool value_true(const struct value *v)
{
	switch (v->json ? json_typeof(v->json) : JSON_NULL) {
	case JSON_OBJECT:
		return v->shape != SHAPE_MAP || json_object_size(v->json) > 0;
	case JSON_ARRAY:
		return json_array_size(v->json) > 0;
	case JSON_STRING:
		return json_string_length(v->json) > 0;
	case JSON_INTEGER:
		return json_integer_value(v->json) != 0;
	case JSON_REAL:
		return json_real_value(v->json) < 0 || json_real_value(v->json) > 0;
	case JSON_TRUE:
		return true;
	default:
		return false;
	}
}

const char *value_type(const struct value *v)
{
	switch (v->json ? json_typeof(v->json) : JSON_NULL) {
	case JSON_OBJECT:
		return v->shape == SHAPE_MAP ? "map" : "struct";
	case JSON_ARRAY:
		return "list";
	case JSON_STRING:
		return "string";
	case JSON_INTEGER:
		return "int";
	case JSON_REAL:
		return "float64";
	case JSON_TRUE:
	case JSON_FALSE:
		return "bool";
	default:
		return "nil";
	}
}

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

static int step(struct run *r)
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
		return eval_pipe(r, dot, word->first, base);
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

	if (step(r) < 0)
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
		return step(r) < 0 ? -1 : eval_call(r, dot, command, last, result);
	if (!word->next && !last)
		return eval_word(r, dot, word, result);
	if (n == 0)
		return template_error(r->err, word->at, "can't give argument to non-function");
	if (eval_args(r, dot, word->next, last, &args) < 0 || eval_base(r, dot, word, &base) < 0 ||
	    follow(r, word, n - 1, base, &holder) < 0)
		return -1;
	return call_method(r, word->at, &holder, word->names.v[n - 1], args.v, args.n, result);
}

static void set_var(struct run *r, const char *name, bool assigns, const struct value *v)
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

static void drop_vars(struct run *r, size_t mark)
{
	while (r->vars.n > mark)
		value_done(&r->vars.v[--r->vars.n].value);
}

static int eval_pipe(struct run *r, const struct value *dot, const struct node *n,
		     struct value *result)
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
		set_var(r, n->names.v[0], n->assigns, &v);
	*result = v;
	return 0;
}

/* ---- blocks ---- */

/* One turn of a range: sets its variables (index and element, or the element). */
static enum flow run_turn(struct run *r, const struct node *n, struct value *key,
			  const struct value *element)
{
	const struct strv *names = &n->first->names;
	size_t mark = r->vars.n;
	enum flow flow;

	if (names->n == 2)
		set_var(r, names->v[0], n->first->assigns, key);
	if (names->n > 0)
		set_var(r, names->v[names->n - 1], n->first->assigns, element);
	flow = run_list(r, element, n->body);
	drop_vars(r, mark);
	value_done(key);
	return flow;
}

static enum flow range_map(struct run *r, const struct node *n, const struct value *map)
{
	auto_done(strv) struct strv keys = { 0 };
	enum flow flow = FLOW_ON;
	const char *key;
	json_t *item;

	json_object_foreach (map->json, key, item)
		strv_add(&keys, key);
	strv_sort(&keys);
	for (size_t i = 0; i < keys.n && flow != FLOW_FAILED && flow != FLOW_BREAK; i++) {
		struct value k = value_string(keys.v[i], strlen(keys.v[i]));
		struct value v = { .json = json_object_get(map->json, keys.v[i]), .name = map->name };

		flow = run_turn(r, n, &k, &v);
	}
	return flow;
}

static enum flow range_list(struct run *r, const struct node *n, const struct value *list)
{
	enum flow flow = FLOW_ON;
	size_t i;
	json_t *item;

	json_array_foreach (list->json, i, item) {
		struct value k = value_of(json_integer((json_int_t)i));
		struct value v = { .json = item, .name = list->name };

		flow = run_turn(r, n, &k, &v);
		if (flow == FLOW_FAILED || flow == FLOW_BREAK)
			break;
	}
	return flow;
}

static enum flow range_int(struct run *r, const struct node *n, const struct value *count)
{
	enum flow flow = FLOW_ON;

	for (json_int_t i = 0; i < json_integer_value(count->json); i++) {
		struct value k = value_of(json_integer(i));
		auto_done(value) struct value v = value_copy(&k);

		flow = run_turn(r, n, &k, &v);
		if (flow == FLOW_FAILED || flow == FLOW_BREAK)
			break;
	}
	return flow;
}

static enum flow run_range(struct run *r, const struct value *dot, const struct node *n)
{
	auto_done(value) struct value v = { 0 };
	size_t mark = r->vars.n;
	enum flow flow;

	if (eval_pipe(r, dot, n->first, &v) < 0)
		return FLOW_FAILED;
	drop_vars(r, mark); /* a variable of range holds elements, not the whole */
	if (json_is_array(v.json))
		flow = json_array_size(v.json) ? range_list(r, n, &v)
					       : run_list(r, dot, n->otherwise);
	else if (json_is_object(v.json) && v.shape == SHAPE_MAP)
		flow = value_true(&v) ? range_map(r, n, &v) : run_list(r, dot, n->otherwise);
	else if (json_is_integer(v.json))
		flow = json_integer_value(v.json) > 0 ? range_int(r, n, &v)
						      : run_list(r, dot, n->otherwise);
	else if (!v.json || json_is_null(v.json))
		flow = run_list(r, dot, n->otherwise);
	else
		return (enum flow)template_error(r->err, n->at, "range can't iterate over a %s",
						 value_type(&v));
	return flow == FLOW_FAILED ? flow : FLOW_ON;
}

static enum flow run_if(struct run *r, const struct value *dot, const struct node *n)
{
	auto_done(value) struct value v = { 0 };
	size_t mark = r->vars.n;
	enum flow flow;

	if (eval_pipe(r, dot, n->first, &v) < 0)
		return FLOW_FAILED;
	if (value_true(&v))
		flow = run_list(r, n->type == NODE_WITH ? &v : dot, n->body);
	else
		flow = run_list(r, dot, n->otherwise);
	drop_vars(r, mark);
	return flow;
}

static enum flow run_action(struct run *r, const struct value *dot, const struct node *n)
{
	auto_done(value) struct value v = { 0 };

	if (eval_pipe(r, dot, n->first, &v) < 0)
		return FLOW_FAILED;
	if (n->first->names.n == 0)
		value_print(&v, r->out);
	return FLOW_ON;
}

static enum flow run_node(struct run *r, const struct value *dot, const struct node *n)
{
	if (step(r) < 0)
		return FLOW_FAILED;
	if (r->out->len - r->start > TEMPLATE_OUTPUT_MAX)
		return (enum flow)error_set(r->err, ERR_LIMIT,
					    "template: more than %d bytes of output",
					    TEMPLATE_OUTPUT_MAX);
	switch (n->type) {
	case NODE_TEXT:
		str_addn(r->out, n->text, n->len);
		return FLOW_ON;
	case NODE_IF:
	case NODE_WITH:
		return run_if(r, dot, n);
	case NODE_RANGE:
		return run_range(r, dot, n);
	case NODE_BREAK:
		return FLOW_BREAK;
	case NODE_CONTINUE:
		return FLOW_CONTINUE;
	default:
		return run_action(r, dot, n);
	}
}

static enum flow run_list(struct run *r, const struct value *dot, const struct node *n)
{
	size_t mark = r->vars.n;
	enum flow flow = FLOW_ON;

	for (; n && flow == FLOW_ON; n = n->next)
		flow = run_node(r, dot, n);
	drop_vars(r, mark);
	return flow;
}

int template_execute(const struct template *t, json_t *data, const struct template_name *names,
		     unsigned flags, struct str *out, struct error *err)
{
	struct value root = { .json = data, .name = "" };
	struct run r = { .names = names, .flags = flags, .out = out, .err = err, .start = out->len };
	enum flow flow;

	set_var(&r, "", false, &root);
	flow = run_list(&r, &root, t->body);
	drop_vars(&r, 0);
	vec_done(&r.vars);
	return flow == FLOW_FAILED ? -1 : 0;
}
