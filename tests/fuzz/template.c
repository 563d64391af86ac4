/*
 * Fuzz target: a template, run over a document with every kind of value. What it must show: no
 * crash, and an end within the limits of template.h.
 */
#include "fuzz.h"

#include "cmd/template.h"

static const char document[] =
	"{\"S\":\"text\",\"I\":-7,\"F\":1.5,\"T\":true,\"N\":null,\"L\":[1,\"a\",{\"X\":[]}],"
	"\"M\":{\"k\":\"v\",\"l\":[1]},\"E\":[],\"Label\":{\"k\":\"v\"}}";
static const struct template_name names[] = {
	{ "M", SHAPE_MAP },	   { "N", SHAPE_LIST },	 { "O", SHAPE_OPTIONAL },
	{ "Label", SHAPE_METHOD }, { NULL, SHAPE_AUTO },
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static json_t *data;
	auto_free char *text = xstrndup(n ? (const char *)bytes : "", n);
	auto_done(str) struct str out = { 0 };
	auto_done(template) struct template *t = NULL;
	struct error err = { 0 };

	if (!data)
		data = json_loads(document, 0, NULL);
	t = template_parse(text, TEMPLATE_ESCAPES, &err);
	if (!t)
		return 0;
	template_execute(t, data, names, 0, &out, &err);
	str_clear(&out);
	err = (struct error){ 0 };
	template_execute(t, data, names, TEMPLATE_HEADER, &out, &err);
	return 0;
}
