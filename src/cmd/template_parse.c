/*
 * template_parse.c - tokens to the tree of a template.
 *
 * Owns   the grammar: blocks, pipelines, commands and words.
 * Never  looks at data: a field is checked when it is asked for.
 */
#include "template_node.h"

struct parser {
	struct lexer lex;
	struct token t; /* the token looked at */
	unsigned flags;
	int depth, loops;
	struct strv vars; /* in scope, without $ */
	struct error *err;
};
enum stop { STOP_END, STOP_ELSE, STOP_EOF }; /* what ended a list of nodes */

static int parse_list(struct parser *p, struct node **list, enum stop *stop);
static struct node *parse_pipe(struct parser *p, enum token_type end);

static struct node *node_new(enum node_type type, size_t at)
{
	struct node *n = xcalloc(1, sizeof(*n));

	n->type = type;
	n->at = at;
	return n;
}

void node_free(struct node *n)
{
	while (n) {
		struct node *next = n->next;

		node_free(n->first);
		node_free(n->body);
		node_free(n->otherwise);
		strv_done(&n->names);
		json_decref(n->value);
		free(n->text);
		free(n);
		n = next;
	}
}

static void node_done(struct node **n)
{
	node_free(*n);
}

static int advance(struct parser *p)
{
	return lex_next(&p->lex, &p->t, p->err);
}

static int unexpected(struct parser *p, const char *where)
{
	if (p->t.type == TOK_END)
		return template_error(p->err, p->t.at, "unexpected end in %s", where);
	return template_error(p->err, p->t.at, "unexpected '%.*s' in %s", (int)MIN(p->t.n, 40),
			      p->t.type == TOK_CLOSE ? "}}" : p->t.s, where);
}

static bool word_is(const struct token *t, const char *word)
{
	return t->type == TOK_WORD && t->n == strlen(word) && memcmp(t->s, word, t->n) == 0;
}

/* ---- words, commands, pipelines ---- */

static struct node *parse_literal(struct parser *p)
{
	struct node *n = node_new(NODE_LITERAL, p->t.at);

	n->value = literal_parse(&p->t, p->err);
	if (n->value)
		return n;
	node_free(n);
	return NULL;
}

static struct node *parse_word(struct parser *p)
{
	struct node *n = node_new(NODE_LITERAL, p->t.at);

	if (word_is(&p->t, "nil"))
		return n;
	if (word_is(&p->t, "true") || word_is(&p->t, "false")) {
		n->value = json_boolean(p->t.s[0] == 't');
		return n;
	}
	n->type = NODE_CALL;
	n->text = xstrndup(p->t.s, p->t.n);
	if (function_find(n->text))
		return n;
	template_error(p->err, p->t.at, "function \"%.40s\" not defined", n->text);
	node_free(n);
	return NULL;
}

static struct node *parse_variable(struct parser *p)
{
	struct node *n = node_new(NODE_VAR, p->t.at);

	n->text = xstrndup(p->t.s, p->t.n);
	if (p->t.n == 0 || strv_has(&p->vars, n->text))
		return n;
	template_error(p->err, p->t.at, "undefined variable \"$%.40s\"", n->text);
	node_free(n);
	return NULL;
}

static struct node *parse_parens(struct parser *p)
{
	struct node *n = node_new(NODE_PARENS, p->t.at);

	if (advance(p) == 0)
		n->first = parse_pipe(p, TOK_RPAREN);
	if (n->first)
		return n;
	node_free(n);
	return NULL;
}

static bool may_chain(const struct node *n)
{
	return n->type == NODE_DOT || n->type == NODE_VAR || n->type == NODE_PARENS;
}

/* One word with its chain of fields. The token behind it is looked at when it returns. */
static struct node *parse_operand(struct parser *p)
{
	struct node *n;

	switch (p->t.type) {
	case TOK_DOT:
	case TOK_FIELD:
		n = node_new(NODE_DOT, p->t.at);
		if (p->t.type == TOK_FIELD)
			strv_take(&n->names, xstrndup(p->t.s, p->t.n));
		break;
	case TOK_VAR:
		n = parse_variable(p);
		break;
	case TOK_LPAREN:
		n = parse_parens(p);
		break;
	case TOK_WORD:
		n = parse_word(p);
		break;
	case TOK_STRING:
	case TOK_RAW:
	case TOK_CHAR:
	case TOK_NUMBER:
		n = parse_literal(p);
		break;
	default:
		unexpected(p, "a command");
		return NULL;
	}
	if (!n || advance(p) < 0)
		goto failed;
	while (p->t.type == TOK_FIELD && !p->t.spaced) {
		if (!may_chain(n)) {
			unexpected(p, "a command");
			goto failed;
		}
		strv_take(&n->names, xstrndup(p->t.s, p->t.n));
		if (advance(p) < 0)
			goto failed;
	}
	return n;
failed:
	node_free(n);
	return NULL;
}

static bool command_ends(const struct parser *p, enum token_type end)
{
	return p->t.type == end || p->t.type == TOK_PIPE;
}

static struct node *parse_command(struct parser *p, enum token_type end)
{
	auto_done(node) struct node *n = node_new(NODE_COMMAND, p->t.at);
	struct node **tail = &n->first;

	do {
		if (*tail)
			tail = &(*tail)->next;
		if (n->first && !p->t.spaced) {
			unexpected(p, "a command");
			return NULL;
		}
		*tail = parse_operand(p);
		if (!*tail)
			return NULL;
	} while (!command_ends(p, end));
	return take_ptr(&n);
}

/* "$x :=", "$k, $v :=", "$x =": 1 when there was one; the lexer is put back when there was not. */
static int parse_declaration(struct parser *p, struct node *pipe)
{
	struct parser saved = *p;
	auto_done(strv) struct strv names = { 0 };

	while (p->t.type == TOK_VAR && p->t.n > 0 && names.n < 2) {
		strv_take(&names, xstrndup(p->t.s, p->t.n));
		if (advance(p) < 0)
			return -1;
		if (p->t.type != TOK_COMMA)
			break;
		if (advance(p) < 0)
			return -1;
	}
	if (names.n == 0 || (p->t.type != TOK_DECLARE && p->t.type != TOK_ASSIGN)) {
		p->lex = saved.lex;
		p->t = saved.t;
		return 0;
	}
	pipe->assigns = p->t.type == TOK_ASSIGN;
	strv_each (&names, i) {
		if (pipe->assigns && !strv_has(&p->vars, names.v[i]))
			return template_error(p->err, pipe->at, "undefined variable \"$%.40s\"",
					      names.v[i]);
	}
	strv_copy(&pipe->names, &names);
	return advance(p) < 0 ? -1 : 1;
}

static struct node *parse_pipe(struct parser *p, enum token_type end)
{
	auto_done(node) struct node *n = node_new(NODE_PIPE, p->t.at);
	struct node **tail = &n->first;

	if (++p->depth > TEMPLATE_DEPTH_MAX) {
		error_set(p->err, ERR_LIMIT, "template: more than %d levels", TEMPLATE_DEPTH_MAX);
		return NULL;
	}
	if (parse_declaration(p, n) < 0)
		return NULL;
	if (p->t.type == end) {
		template_error(p->err, p->t.at, "missing value");
		return NULL;
	}
	for (;;) {
		*tail = parse_command(p, end);
		if (!*tail)
			return NULL;
		if (tail != &n->first && (*tail)->first->type == NODE_LITERAL) {
			template_error(p->err, (*tail)->at, "a literal cannot be piped into");
			return NULL;
		}
		tail = &(*tail)->next;
		if (p->t.type == end)
			break;
		if (advance(p) < 0)
			return NULL;
	}
	strv_each (&n->names, i) {
		if (!n->assigns)
			strv_add(&p->vars, n->names.v[i]);
	}
	p->depth--;
	return take_ptr(&n);
}

/* ---- blocks ---- */

static void drop_vars(struct parser *p, size_t mark)
{
	while (p->vars.n > mark)
		strv_remove(&p->vars, p->vars.n - 1);
}

static int parse_block(struct parser *p, struct node *n);

/* Behind "else": "}}" and a list, or "if", "with" and a block that ends both. */
static int parse_else(struct parser *p, struct node *n)
{
	enum stop stop;

	if (p->t.type == TOK_WORD && n->type != NODE_RANGE) {
		enum node_type type = word_is(&p->t, "with") ? NODE_WITH : NODE_IF;

		if (type == NODE_IF && !word_is(&p->t, "if"))
			return unexpected(p, "else");
		n->otherwise = node_new(type, p->t.at);
		return advance(p) < 0 ? -1 : parse_block(p, n->otherwise);
	}
	if (p->t.type != TOK_CLOSE)
		return unexpected(p, "else");
	if (parse_list(p, &n->otherwise, &stop) < 0)
		return -1;
	if (stop == STOP_ELSE)
		return template_error(p->err, n->at, "expected end, found else");
	if (stop == STOP_EOF)
		return template_error(p->err, n->at, "a block has no {{end}}");
	return 0;
}

/* Behind the keyword, up to and with its {{end}}: the token looked at is then its "}}". */
static int parse_block(struct parser *p, struct node *n)
{
	size_t mark = p->vars.n;
	enum stop stop;

	if (++p->depth > TEMPLATE_DEPTH_MAX)
		return error_set(p->err, ERR_LIMIT, "template: more than %d levels",
				 TEMPLATE_DEPTH_MAX);
	n->first = parse_pipe(p, TOK_CLOSE);
	if (!n->first)
		return -1;
	if (n->first->names.n == 2 && n->type != NODE_RANGE)
		return template_error(p->err, n->at, "two variables outside of range");
	p->loops += n->type == NODE_RANGE;
	if (parse_list(p, &n->body, &stop) < 0)
		return -1;
	p->loops -= n->type == NODE_RANGE;
	if (stop == STOP_EOF)
		return template_error(p->err, n->at, "a block has no {{end}}");
	if (stop == STOP_ELSE && parse_else(p, n) < 0)
		return -1;
	drop_vars(p, mark);
	p->depth--;
	return 0;
}

static const struct {
	const char *word;
	enum node_type type;
} blocks[] = { { "if", NODE_IF }, { "with", NODE_WITH }, { "range", NODE_RANGE } };

static int parse_plain_action(struct parser *p, struct node *n)
{
	n->type = NODE_ACTION;
	n->first = parse_pipe(p, TOK_CLOSE);
	if (!n->first)
		return -1;
	if (n->first->names.n == 2)
		return template_error(p->err, n->at, "two variables outside of range");
	return 0;
}

/* Behind "{{"; the token looked at is then the "}}". n is a new node to be filled. */
static int parse_action(struct parser *p, struct node *n)
{
	static const char *const refused[] = { "define", "template", "block" };

	for (size_t i = 0; i < ARRAY_SIZE(blocks); i++) {
		if (!word_is(&p->t, blocks[i].word))
			continue;
		n->type = blocks[i].type;
		return advance(p) < 0 ? -1 : parse_block(p, n);
	}
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		if (word_is(&p->t, refused[i]))
			return template_error(p->err, n->at, "%s is not known here", refused[i]);
	if (word_is(&p->t, "break") || word_is(&p->t, "continue")) {
		n->type = p->t.s[0] == 'b' ? NODE_BREAK : NODE_CONTINUE;
		if (!p->loops)
			return template_error(p->err, n->at, "break and continue need a range");
		if (advance(p) < 0)
			return -1;
		return p->t.type == TOK_CLOSE ? 0 : unexpected(p, "break or continue");
	}
	return parse_plain_action(p, n);
}

/* The text of t; with TEMPLATE_ESCAPES \t and \n become what they say. */
static void set_text(struct parser *p, struct node *n)
{
	struct str s = { 0 };

	for (size_t i = 0; i < p->t.n; i++) {
		char c = p->t.s[i], after = i + 1 < p->t.n ? p->t.s[i + 1] : '\0';

		if ((p->flags & TEMPLATE_ESCAPES) && c == '\\' && (after == 't' || after == 'n')) {
			str_addc(&s, after == 't' ? '\t' : '\n');
			i++;
		} else {
			str_addc(&s, c);
		}
	}
	n->len = s.len;
	n->text = str_take(&s);
}

static int parse_list(struct parser *p, struct node **list, enum stop *stop)
{
	size_t mark = p->vars.n;
	struct node **tail = list;

	for (;;) {
		if (advance(p) < 0)
			return -1;
		if (p->t.type == TOK_END) {
			*stop = STOP_EOF;
			break;
		}
		if (p->t.type == TOK_OPEN && advance(p) < 0)
			return -1;
		if (word_is(&p->t, "end") || word_is(&p->t, "else")) {
			*stop = p->t.n == 3 ? STOP_END : STOP_ELSE;
			if (advance(p) < 0)
				return -1;
			if (*stop == STOP_END && p->t.type != TOK_CLOSE)
				return unexpected(p, "end");
			break;
		}
		*tail = node_new(NODE_TEXT, p->t.at);
		if (p->t.type == TOK_TEXT)
			set_text(p, *tail);
		else if (parse_action(p, *tail) < 0)
			return -1;
		tail = &(*tail)->next;
	}
	drop_vars(p, mark);
	return 0;
}

struct template *template_parse(const char *text, unsigned flags, struct error *err)
{
	auto_done(template) struct template *t = xcalloc(1, sizeof(*t));
	struct parser p = { .lex = { .s = text, .n = strlen(text) }, .flags = flags, .err = err };
	enum stop stop = STOP_EOF;
	int r;

	if (p.lex.n > TEMPLATE_TEXT_MAX) {
		error_set(err, ERR_LIMIT, "template: longer than %d bytes", TEMPLATE_TEXT_MAX);
		return NULL;
	}
	r = parse_list(&p, &t->body, &stop);
	strv_done(&p.vars);
	if (r == 0 && stop != STOP_EOF)
		r = template_error(err, p.t.at, "unexpected {{%s}}",
				   stop == STOP_END ? "end" : "else");
	return r < 0 ? NULL : take_ptr(&t);
}

void template_free(struct template *t)
{
	if (t)
		node_free(t->body);
	free(t);
}

void template_done(struct template **t)
{
	template_free(*t);
}

static bool mentions(const struct node *n, const char *field)
{
	for (; n; n = n->next)
		if (strv_has(&n->names, field) || mentions(n->first, field) ||
		    mentions(n->body, field) || mentions(n->otherwise, field))
			return true;
	return false;
}

bool template_mentions(const struct template *t, const char *field)
{
	return mentions(t->body, field);
}
