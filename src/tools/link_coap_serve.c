/* SPDX-License-Identifier: Apache-2.0 */
/* What the server asks of a device: requests over a session that the device itself opened. */
#include <string.h>

#include "tools/link_coap_parts.h"

#define CONTENT_FORMAT_CBOR 60
#define PATH_MAX_BYTES      256

struct block {
	bool given;
	unsigned number, szx;
	bool more;
};

static const coap_pdu_code_t codes[] = {
	[LINK_CHANGED] = COAP_RESPONSE_CODE(204),
	[LINK_CONTENT] = COAP_RESPONSE_CODE(205),
	[LINK_CONTINUE] = COAP_RESPONSE_CODE(231),
	[LINK_BAD] = COAP_RESPONSE_CODE(400),
	[LINK_UNKNOWN] = COAP_RESPONSE_CODE(404),
	[LINK_NOT_ALLOWED] = COAP_RESPONSE_CODE(405),
	[LINK_INCOMPLETE] = COAP_RESPONSE_CODE(408),
	[LINK_CONFLICT] = COAP_RESPONSE_CODE(409),
	[LINK_TOO_LARGE] = COAP_RESPONSE_CODE(413),
};

static struct block read_block(const coap_pdu_t *request)
{
	coap_opt_iterator_t iterator;
	struct block block = { 0 };
	if (coap_check_option(request, COAP_OPTION_BLOCK1, &iterator) == NULL)
		return block;
	unsigned value = link_coap_option_uint(request, COAP_OPTION_BLOCK1);
	block.given = true;
	block.number = value >> 4;
	block.more = (value & 8) != 0;
	block.szx = value & 7;
	return block;
}

/* False, with the answer, when the device cannot take what was sent at all. */
static bool fits(const struct link_coap *link, const struct block *block, size_t len,
	struct link_answer *answer)
{
	answer->code = LINK_TOO_LARGE;
	if (len > (size_t)16 << link->driver->max_szx ||
		(block->given && block->szx > link->driver->max_szx))
		return false;
	answer->code = LINK_BAD;
	if (!block->given || (block->more && len == (size_t)16 << block->szx) ||
		(!block->more && len <= (size_t)16 << block->szx))
		return true;
	su_buf_printf(&answer->body, "the block has another length than it says");
	return false;
}

static bool read_target(const coap_pdu_t *request, struct link_call *call, char *path)
{
	coap_string_t *text = coap_get_uri_path(request);
	bool fits_in = text != NULL && text->length < PATH_MAX_BYTES - 1;
	if (fits_in) {
		path[0] = '/';
		memcpy(path + 1, text->s, text->length);
		path[1 + text->length] = '\0';
		call->path = path;
	}
	coap_delete_string(text);
	return fits_in;
}

static void call_device(const struct link_coap *link, const coap_pdu_t *request,
	const coap_string_t *query, const struct block *block, struct link_answer *answer)
{
	static const enum link_method methods[] = {
		[COAP_REQUEST_CODE_GET] = LINK_GET,
		[COAP_REQUEST_CODE_POST] = LINK_POST,
		[COAP_REQUEST_CODE_PUT] = LINK_PUT,
		[COAP_REQUEST_CODE_DELETE] = LINK_DELETE,
	};
	char path[PATH_MAX_BYTES];
	size_t len = 0;
	const uint8_t *data = NULL;
	struct link_call call = {
		.method = methods[coap_pdu_get_code(request)],
		.query = query != NULL ? (const char *)query->s : "",
		.offset = (uint64_t)block->number << (block->szx + 4),
		.more = block->more,
	};
	coap_get_data(request, &len, &data);
	call.body = su_span_of(data, len);
	if (call.method == LINK_PUT && !fits(link, block, len, answer))
		return;
	if (read_target(request, &call, path))
		link->on_call(link->listener, &call, answer);
	else
		answer->code = LINK_UNKNOWN;
}

static void add_option(coap_pdu_t *response, uint16_t number, unsigned value)
{
	uint8_t bytes[4];
	unsigned len = coap_encode_var_safe(bytes, sizeof(bytes), value);
	coap_add_option(response, number, len, bytes);
}

static void on_request(coap_resource_t *resource, coap_session_t *session,
	const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	const struct link_coap *link = coap_session_get_app_data(session);
	struct block block = read_block(request);
	struct link_answer answer = { .code = LINK_UNKNOWN };
	(void)resource;
	if (link != NULL && link->on_call != NULL)
		call_device(link, request, query, &block, &answer);
	coap_pdu_set_code(response, codes[answer.code]);
	if (answer.body.len > 0 && answer.code <= LINK_CONTINUE)
		add_option(response, COAP_OPTION_CONTENT_FORMAT, CONTENT_FORMAT_CBOR);
	/* With 4.13 the size that would do (RFC 7959 section 2.9.3). */
	if (answer.code == LINK_TOO_LARGE && link != NULL &&
		(!block.given || block.szx > link->driver->max_szx))
		block = (struct block){ true, 0, link->driver->max_szx, true };
	if (block.given)
		add_option(response, COAP_OPTION_BLOCK1,
			block.number << 4 | (block.more ? 8u : 0) | block.szx);
	if (answer.body.len > 0)
		coap_add_data(response, answer.body.len, answer.body.data);
	su_buf_free(&answer.body);
}

void link_coap_serve_start(coap_context_t *context)
{
	coap_resource_t *any = coap_resource_unknown_init(on_request);
	coap_context_set_block_mode(context, 0);
	for (int method = COAP_REQUEST_GET; method <= COAP_REQUEST_DELETE; method++)
		coap_register_request_handler(any, (coap_request_t)method, on_request);
	coap_add_resource(context, any);
}
