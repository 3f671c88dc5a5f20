/* SPDX-License-Identifier: Apache-2.0 */
/* One exchange of a CoAP link: Block1 and Block2 by hand (RFC 7959), so that a transfer can resume. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "tools/link_coap_parts.h"

#define CONTENT_FORMAT_CBOR 60
#define PATH_MAX_BYTES      2048
/* Less than the 45 s of MAX_TRANSMIT_SPAN (RFC 7252 section 4.8.2): a server that has forgotten the
 * DTLS session stays silent, and only a new handshake helps. */
#define RESPONSE_TIMEOUT_MS 20000
/* A server that does not accept the key says nothing: records it cannot verify are dropped. */
#define HANDSHAKE_TIMEOUT_MS 10000

void link_coap_transfer_finish(struct link_coap *link, const struct link_reply *reply)
{
	link_reply_fn on_reply = link->on_reply;
	link->on_reply = NULL;
	su_timer_cancel(link->timer);
	if (on_reply != NULL)
		on_reply(link->arg, reply);
}

void link_coap_transfer_give_up(struct link_coap *link, const char *why)
{
	link->fault = why;
	su_timer_set(link->timer, 0);
}

bool link_coap_is_shaking_hands(const struct link_coap *link)
{
	return link->driver->secure && link->session != NULL &&
	       coap_session_get_state(link->session) != COAP_SESSION_STATE_ESTABLISHED;
}

static void add_uint(coap_optlist_t **options, uint16_t number, unsigned value)
{
	uint8_t bytes[4];
	unsigned len = coap_encode_var_safe(bytes, sizeof(bytes), value);
	coap_insert_optlist(options, coap_new_optlist(number, len, bytes));
}

/* Segment by segment, without the percent-encoding of URIs (RFC 7252 section 6.4). */
static void add_path(coap_optlist_t **options, const char *path)
{
	uint8_t encoded[PATH_MAX_BYTES];
	size_t len = sizeof(encoded);
	const uint8_t *option = encoded;
	path += *path == '/';
	int n = coap_split_path((const uint8_t *)path, strlen(path), encoded, &len);
	for (; n > 0; n--, option += coap_opt_size(option))
		coap_insert_optlist(
			options, coap_new_optlist(COAP_OPTION_URI_PATH, coap_opt_length(option),
					 coap_opt_value(option)));
}

static void add_endpoint(coap_optlist_t **options, const char *endpoint)
{
	if (endpoint == NULL)
		return;
	char *query su_auto(su_free_ptr) = su_printf("ep=%s", endpoint);
	coap_insert_optlist(options,
		coap_new_optlist(COAP_OPTION_URI_QUERY, strlen(query), (const uint8_t *)query));
}

static size_t block_size(const struct link_coap *link)
{
	return (size_t)16 << link->szx;
}

static struct su_span body_block(const struct link_coap *link, bool *more_out)
{
	size_t from = link->block * block_size(link);
	size_t len = link->request.body.len - from;
	*more_out = len > block_size(link);
	return su_span_of(link->request.body.data + from, *more_out ? block_size(link) : len);
}

static bool sends_blocks(const struct link_coap *link)
{
	return link->request.body.len > block_size(link);
}

static void add_options(struct link_coap *link, coap_optlist_t **options, bool more)
{
	const struct link_request *request = &link->request;
	add_path(options, request->path);
	add_endpoint(options, request->endpoint);
	/* RFC 7252 section 5.10.6: one to eight bytes; libcoap resets a request with a longer one. */
	if (request->offset == 0 && request->etag.len > 0 && request->etag.len <= 8)
		coap_insert_optlist(options,
			coap_new_optlist(COAP_OPTION_ETAG, request->etag.len, request->etag.data));
	if (request->body.len > 0)
		add_uint(options, COAP_OPTION_CONTENT_FORMAT, CONTENT_FORMAT_CBOR);
	if (sends_blocks(link)) {
		add_uint(options, COAP_OPTION_BLOCK1,
			link->block << 4 | (more ? 8u : 0) | link->szx);
		add_uint(options, COAP_OPTION_SIZE1, (unsigned)request->body.len);
	}
	if (request->method == LINK_GET)
		add_uint(options, COAP_OPTION_BLOCK2, link->block << 4 | link->szx);
}

void link_coap_transfer_send(struct link_coap *link)
{
	static const coap_pdu_code_t codes[] = {
		[LINK_GET] = COAP_REQUEST_CODE_GET,
		[LINK_POST] = COAP_REQUEST_CODE_POST,
		[LINK_PUT] = COAP_REQUEST_CODE_PUT,
		[LINK_DELETE] = COAP_REQUEST_CODE_DELETE,
	};
	bool more = false;
	struct su_span body = SU_SPAN_EMPTY;
	if (link->request.body.len > 0)
		body = body_block(link, &more);
	coap_pdu_t *pdu =
		coap_new_pdu(COAP_MESSAGE_CON, codes[link->request.method], link->session);
	coap_session_new_token(link->session, &link->token_len, link->token);
	coap_add_token(pdu, link->token_len, link->token);
	coap_optlist_t *options = NULL;
	add_options(link, &options, more);
	coap_add_optlist_pdu(pdu, &options);
	coap_delete_optlist(options);
	if (body.len > 0)
		coap_add_data(pdu, body.len, body.data);
	link->fault = NULL;
	su_timer_set(link->timer,
		link_coap_is_shaking_hands(link) ? HANDSHAKE_TIMEOUT_MS : RESPONSE_TIMEOUT_MS);
	if (coap_send(link->session, pdu) == COAP_INVALID_MID)
		link_coap_transfer_give_up(link, "the request could not be sent");
}

struct su_span link_coap_option_bytes(const coap_pdu_t *pdu, coap_option_num_t number)
{
	coap_opt_iterator_t iterator;
	coap_opt_t *option = coap_check_option(pdu, number, &iterator);
	if (option == NULL)
		return SU_SPAN_EMPTY;
	return su_span_of(coap_opt_value(option), coap_opt_length(option));
}

unsigned link_coap_option_uint(const coap_pdu_t *pdu, coap_option_num_t number)
{
	struct su_span bytes = link_coap_option_bytes(pdu, number);
	return bytes.len > 0 && bytes.len <= 4
		       ? coap_decode_var_bytes(bytes.data, (unsigned)bytes.len)
		       : 0;
}

static enum su_status status_of_code(coap_pdu_code_t code)
{
	switch (code >> 5) {
	case 2:
		return SU_OK;
	case 5:
		return SU_RETRY;
	default:
		break;
	}
	if (code == COAP_RESPONSE_CODE(404))
		return SU_NOT_FOUND;
	if (code == COAP_RESPONSE_CODE(401) || code == COAP_RESPONSE_CODE(403))
		return SU_DENIED;
	return code == COAP_RESPONSE_CODE(409) ? SU_CONFLICT : SU_INVALID;
}

static const char *read_location(struct link_coap *link, const coap_pdu_t *pdu)
{
	coap_opt_filter_t filter;
	coap_opt_iterator_t iterator;
	size_t used = 0;
	coap_option_filter_clear(&filter);
	coap_option_filter_set(&filter, COAP_OPTION_LOCATION_PATH);
	coap_option_iterator_init(pdu, &iterator, &filter);
	for (coap_opt_t *option; (option = coap_option_next(&iterator)) != NULL;) {
		size_t len = coap_opt_length(option);
		if (used + len + 2 > sizeof(link->location))
			return NULL;
		link->location[used++] = '/';
		memcpy(link->location + used, coap_opt_value(option), len);
		used += len;
	}
	link->location[used] = '\0';
	return used > 0 ? link->location : NULL;
}

static bool refuse(struct link_reply *reply, const char *text)
{
	reply->status = su_fail(&reply->error, SU_INVALID, "", "%s", text);
	return false;
}

/* Hands a block of a GET to the sink; true when the next one was asked for. */
static bool take_block(struct link_coap *link, const coap_pdu_t *pdu, struct link_reply *reply)
{
	coap_opt_iterator_t iterator;
	unsigned block2 = link_coap_option_uint(pdu, COAP_OPTION_BLOCK2);
	size_t len = 0;
	const uint8_t *data = NULL;
	coap_get_data(pdu, &len, &data);
	uint64_t wanted = (uint64_t)link->block * block_size(link);
	/* The server may have chosen smaller blocks than were asked for. */
	unsigned szx = coap_check_option(pdu, COAP_OPTION_BLOCK2, &iterator) != NULL ? block2 & 7
										     : link->szx;
	if (szx > link->szx || (uint64_t)(block2 >> 4) << (szx + 4) != wanted)
		return refuse(reply, "the server sent another block than was asked for");
	link->szx = szx;
	link->block = block2 >> 4;
	if ((block2 & 8) != 0 && len != block_size(link))
		return refuse(reply, "the server sent a block that is not full");
	struct link_piece piece = {
		.offset = wanted,
		.total_bytes = link_coap_option_uint(pdu, COAP_OPTION_SIZE2),
		.bytes = su_span_of(data, len),
		.etag = link_coap_option_bytes(pdu, COAP_OPTION_ETAG),
	};
	if (link->sink != NULL && !link->sink(link->arg, &piece))
		return refuse(reply, "the transfer was stopped");
	if ((block2 & 8) == 0)
		return false;
	link->block++;
	link_coap_transfer_send(link);
	return true;
}

/* 2.31 asks for the next block of a body, perhaps in smaller pieces. */
static bool send_next(struct link_coap *link, const coap_pdu_t *pdu, struct link_reply *reply)
{
	size_t sent = (link->block + 1) * block_size(link);
	unsigned szx = link_coap_option_uint(pdu, COAP_OPTION_BLOCK1) & 7;
	if (sent >= link->request.body.len)
		return refuse(reply, "the server asked for more than there is");
	if (szx < link->szx)
		link->szx = szx;
	link->block = (unsigned)(sent / block_size(link));
	link_coap_transfer_send(link);
	return true;
}

static void take_error(const coap_pdu_t *pdu, struct link_reply *reply)
{
	size_t len = 0;
	const uint8_t *text = NULL;
	coap_pdu_code_t code = coap_pdu_get_code(pdu);
	coap_get_data(pdu, &len, &text);
	if (len > 0)
		su_fail(&reply->error, reply->status, "", "%.*s", (int)len, (const char *)text);
	else
		su_fail(&reply->error, reply->status, "", "the server answered %u.%02u", code >> 5,
			code & 0x1f);
	if (reply->status == SU_RETRY)
		reply->wait_ms = INT64_C(1000) * link_coap_option_uint(pdu, COAP_OPTION_MAXAGE);
}

/* What holds for a representation holds for its absence (RFC 7252 section 5.9.2). */
static int64_t freshness(const struct link_coap *link, const coap_pdu_t *pdu)
{
	coap_pdu_code_t code = coap_pdu_get_code(pdu);
	bool says = code == COAP_RESPONSE_CODE(205) || code == COAP_RESPONSE_CODE(203) ||
		    code == COAP_RESPONSE_CODE(404);
	if (link->request.method != LINK_GET || !says)
		return 0;
	return INT64_C(1000) * link_coap_option_uint(pdu, COAP_OPTION_MAXAGE);
}

void link_coap_transfer_take(struct link_coap *link, const coap_pdu_t *received)
{
	coap_pdu_code_t code = coap_pdu_get_code(received);
	struct link_reply reply = { .status = status_of_code(code) };
	reply.unchanged = code == COAP_RESPONSE_CODE(203);
	if (reply.status != SU_OK)
		take_error(received, &reply);
	else if (code == COAP_RESPONSE_CODE(231) && send_next(link, received, &reply))
		return;
	else if (code == COAP_RESPONSE_CODE(205) && take_block(link, received, &reply))
		return;
	reply.location = read_location(link, received);
	reply.fresh_ms = freshness(link, received);
	link_coap_transfer_finish(link, &reply);
}
