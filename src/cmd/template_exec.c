/*
 * template_exec.c - runs the tree of a template over data: text, actions, the flow of blocks.
 *
 * Owns   the limit of one execution's output.
 * Never  changes the data.
 */
#include "template_run.h"

enum flow { FLOW_FAILED = -1, FLOW_ON, FLOW_BREAK, FLOW_CONTINUE };

static enum flow run_list(struct run *r, const struct value *dot, const struct node *n);

/* One turn of a range: sets its variables (index and element, or the element). */
static enum flow run_turn(struct run *r, const struct node *n, struct value *key,
			  const struct value *element)
{
	const struct strv *names = &n->first->names;
	size_t mark = r->vars.n;
	enum flow flow;

	if (names->n == 2)
		scope_set(r, names->v[0], n->first->assigns, key);
	if (names->n > 0)
		scope_set(r, names->v[names->n - 1], n->first->assigns, element);
	flow = run_list(r, element, n->body);
	scope_drop(r, mark);
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

	if (pipe_eval(r, dot, n->first, &v) < 0)
		return FLOW_FAILED;
	scope_drop(r, mark); /* a variable of range holds elements, not the whole */
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

	if (pipe_eval(r, dot, n->first, &v) < 0)
		return FLOW_FAILED;
	if (value_true(&v))
		flow = run_list(r, n->type == NODE_WITH ? &v : dot, n->body);
	else
		flow = run_list(r, dot, n->otherwise);
	scope_drop(r, mark);
	return flow;
}

static enum flow run_action(struct run *r, const struct value *dot, const struct node *n)
{
	auto_done(value) struct value v = { 0 };

	if (pipe_eval(r, dot, n->first, &v) < 0)
		return FLOW_FAILED;
	if (n->first->names.n == 0)
		value_print(&v, r->out);
	return FLOW_ON;
}

static enum flow run_node(struct run *r, const struct value *dot, const struct node *n)
{
	if (run_step(r) < 0)
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
	scope_drop(r, mark);
	return flow;
}

int template_execute(const struct template *t, json_t *data, const struct template_name *names,
		     unsigned flags, struct str *out, struct error *err)
{
	struct value root = { .json = data, .name = "" };
	struct run r = { .names = names, .flags = flags, .out = out, .err = err, .start = out->len };
	enum flow flow;

	scope_set(&r, "", false, &root);
	flow = run_list(&r, &root, t->body);
	scope_drop(&r, 0);
	vec_done(&r.vars);
	return flow == FLOW_FAILED ? -1 : 0;
}
