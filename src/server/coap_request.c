/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the options that we know. libcoap has refused unknown critical ones before. */
#include "server/coap_request.h"

#include <ctype.h>
#include <string.h>

enum { BLOCK_MAX_BYTES = 3, UINT_MAX_BYTES = 4 };

static struct su_span option_value(const coap_opt_t *option)
{
	return su_span_of(coap_opt_value(option), coap_opt_length(option));
}

static uint32_t to_uint(struct su_span value)
{
	return value.len > UINT_MAX_BYTES ? UINT32_MAX
					  : coap_decode_var_bytes(value.data, (unsigned)value.len);
}

static unsigned refuse(struct su_error *err, unsigned code, const char *text)
{
	(void)su_fail(err, SU_INVALID, "", "%s", text);
	return code;
}

static unsigned read_block(
	struct su_span value, struct coap_block *out, const char *name, struct su_error *err)
{
	uint32_t number = to_uint(value);
	*out = (struct coap_block){
		.given = true, .num = number >> 4, .more = number >> 3 & 1, .szx = number & 7
	};
	if (value.len <= BLOCK_MAX_BYTES && out->szx < 7)
		return 0;
	(void)su_fail(err, SU_INVALID, name, "not a block of 16 to 1024 bytes");
	return COAP_RESPONSE_CODE_BAD_REQUEST;
}

static unsigned add_text(struct su_arena *arena, struct su_span value, const char **list,
	size_t *count, struct su_error *err)
{
	if (*count == COAP_REQUEST_MAX_SEGMENTS)
		return refuse(err, COAP_RESPONSE_CODE_BAD_REQUEST,
			"the URI has too many path segments or query parameters");
	if (value.len > 0 && memchr(value.data, '\0', value.len))
		return refuse(err, COAP_RESPONSE_CODE_BAD_REQUEST, "the URI has a NUL byte");
	list[(*count)++] = su_arena_strndup(arena, value.data, value.len);
	return 0;
}
_Static_assert(COAP_REQUEST_MAX_SEGMENTS == COAP_REQUEST_MAX_QUERIES, "one bound for both");

static unsigned read_option(unsigned number, struct su_span value, struct su_arena *arena,
	struct coap_request *out, struct su_error *err)
{
	switch (number) {
	case COAP_OPTION_URI_PATH:
		return add_text(arena, value, out->segments, &out->n_segments, err);
	case COAP_OPTION_URI_QUERY:
		return add_text(arena, value, out->queries, &out->n_queries, err);
	case COAP_OPTION_ETAG:
		if (out->n_etags < COAP_REQUEST_MAX_ETAGS)
			out->etags[out->n_etags++] = su_arena_copy(arena, value);
		return 0;
	case COAP_OPTION_CONTENT_FORMAT:
		out->content_format = (int)(to_uint(value) & UINT16_MAX);
		return 0;
	case COAP_OPTION_ACCEPT:
		out->accept = (int)(to_uint(value) & UINT16_MAX);
		return 0;
	case COAP_OPTION_OBSERVE:
		out->has_observe = true;
		out->observe = to_uint(value);
		return 0;
	case COAP_OPTION_BLOCK1:
		return read_block(value, &out->block1, "Block1", err);
	case COAP_OPTION_BLOCK2:
		return read_block(value, &out->block2, "Block2", err);
	case COAP_OPTION_SIZE1:
		out->has_size1 = true;
		out->size1 = to_uint(value);
		return 0;
	case COAP_OPTION_RTAG:
		out->request_tag = su_arena_copy(arena, value);
		return 0;
	case COAP_OPTION_NORESPONSE:
		out->no_response = to_uint(value);
		return 0;
	case COAP_OPTION_IF_MATCH:
	case COAP_OPTION_IF_NONE_MATCH:
		return refuse(err, COAP_RESPONSE_CODE_BAD_OPTION,
			"conditional requests are not supported");
	case COAP_OPTION_URI_HOST: /* of no meaning here, like the next two */
	case COAP_OPTION_URI_PORT:
	case COAP_OPTION_SIZE2:
		return 0;
	default: /* elective */
		out->is_unusual = true;
		return 0;
	}
}

static bool may_repeat(unsigned number)
{
	return number == COAP_OPTION_URI_PATH || number == COAP_OPTION_URI_QUERY ||
	       number == COAP_OPTION_ETAG;
}

unsigned coap_request_parse(const coap_pdu_t *pdu, struct su_arena *arena, struct coap_request *out,
	struct su_error *err)
{
	coap_bin_const_t token = coap_pdu_get_token(pdu);
	*out = (struct coap_request){
		.method = coap_pdu_get_code(pdu),
		.confirmable = coap_pdu_get_type(pdu) == COAP_MESSAGE_CON,
		.mid = coap_pdu_get_mid(pdu),
		.token = su_arena_copy(arena, su_span_of(token.s, token.length)),
		.content_format = -1,
		.accept = -1,
	};
	coap_opt_iterator_t iterator;
	unsigned last = 0;
	coap_option_iterator_init(pdu, &iterator, COAP_OPT_ALL);
	for (const coap_opt_t *option; (option = coap_option_next(&iterator));) {
		out->is_unusual |= iterator.number == last && !may_repeat(last);
		last = iterator.number;
		unsigned code = read_option(iterator.number, option_value(option), arena, out, err);
		if (code != 0)
			return code;
	}
	size_t len = 0;
	const uint8_t *payload = NULL;
	if (coap_get_data(pdu, &len, &payload))
		out->body = su_arena_copy(arena, su_span_of(payload, len));
	return 0;
}

const char *coap_request_query(const struct coap_request *request, const char *name)
{
	size_t len = strlen(name);
	for (size_t i = 0; i < request->n_queries; i++) {
		const char *query = request->queries[i];
		if (strncmp(query, name, len) != 0)
			continue;
		if (query[len] == '=')
			return query + len + 1;
		if (query[len] == '\0')
			return query + len;
	}
	return NULL;
}

/* RFC 3986: pchar without pct-encoded. */
static bool is_path_char(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("-._~!$&'()*+,;=:@", c));
}

char *coap_request_path(const struct coap_request *request, struct su_arena *arena)
{
	struct su_buf path = { 0 };
	for (size_t i = 0; i < request->n_segments; i++) {
		su_buf_append_byte(&path, '/');
		for (const char *c = request->segments[i]; *c; c++)
			if (is_path_char(*c))
				su_buf_append_byte(&path, (uint8_t)*c);
			else
				su_buf_printf(&path, "%%%02X", (uint8_t)*c);
	}
	if (request->n_segments == 0)
		su_buf_append_byte(&path, '/');
	char *text = su_arena_strdup(arena, su_buf_str(&path));
	su_buf_free(&path);
	return text;
}

struct su_span coap_request_body_key(const struct coap_request *request, struct su_arena *arena)
{
	struct su_buf key = { 0 };
	su_buf_append_byte(&key, (uint8_t)request->method);
	for (size_t i = 0; i < request->n_segments; i++)
		su_buf_append(&key, request->segments[i], strlen(request->segments[i]) + 1);
	su_buf_append_byte(&key, '?');
	for (size_t i = 0; i < request->n_queries; i++)
		su_buf_append(&key, request->queries[i], strlen(request->queries[i]) + 1);
	su_buf_append_byte(&key, '#');
	su_buf_append_span(&key, request->request_tag);
	struct su_span copy = su_arena_copy(arena, su_buf_span(&key));
	su_buf_free(&key);
	return copy;
}
