/* SPDX-License-Identifier: Apache-2.0 */
/* Picks the requests that can be answered at once, and writes the answers. */
#include "server/coap_fast.h"

#include "base/clock.h"
#include "base/memory.h"
#include "server/coap_peer.h"
#include "server/coap_record.h"
#include "server/coap_routes.h"
#include "server/coap_stats.h"

enum {
	HEADER_BYTES = 4,
	MAX_TOKEN_BYTES = 8,
	MAX_REQUEST_BYTES = 1472,
	PASS_LIBCOAP_MS = 60000, /* well within libcoap's limit for idle sessions */
};

struct coap_fast {
	struct coap_env *env;
	struct coap_stats *stats;
	struct su_arena *arena;     /* of one request after the other */
	coap_pdu_t *pdu;            /* likewise */
	struct coap_record *record; /* NULL: nothing is answered over DTLS */
};

struct coap_fast *coap_fast_new(struct coap_env *env, struct coap_stats *stats)
{
	coap_pdu_t *pdu = coap_pdu_init(COAP_MESSAGE_NON, COAP_EMPTY_CODE, 0, MAX_REQUEST_BYTES);
	if (!pdu)
		return NULL;
	struct coap_fast *fast = su_new(struct coap_fast);
	fast->env = env;
	fast->stats = stats;
	fast->arena = su_arena_new();
	fast->pdu = pdu;
	fast->record = coap_record_new();
	return fast;
}

void coap_fast_free(struct coap_fast **fast)
{
	if (!*fast)
		return;
	coap_record_free(&(*fast)->record);
	coap_delete_pdu((*fast)->pdu);
	su_arena_free(&(*fast)->arena);
	su_free_ptr(fast);
}

/* RFC 7252 section 3: version 1, CON or NON, a GET. */
static bool is_get(struct su_span message)
{
	const uint8_t *head = message.data;
	if (message.len < HEADER_BYTES || message.len > MAX_REQUEST_BYTES)
		return false;
	unsigned type = head[0] >> 4 & 3;
	return head[0] >> 6 == 1 && (type == COAP_MESSAGE_CON || type == COAP_MESSAGE_NON) &&
	       (head[0] & 15) <= MAX_TOKEN_BYTES && head[1] == COAP_REQUEST_CODE_GET;
}

static bool is_plain(const struct coap_request *request)
{
	return !request->is_unusual && !request->has_observe && !request->block1.given &&
	       !request->has_size1 && request->request_tag.len == 0 && request->no_response == 0 &&
	       request->content_format < 0 && request->body.len == 0;
}

/* libcoap's own parser: what it would refuse, it shall refuse itself. */
static bool read_request(struct coap_fast *fast, struct su_span bytes, struct coap_request *out)
{
	return coap_pdu_parse(COAP_PROTO_UDP, bytes.data, bytes.len, fast->pdu) &&
	       coap_request_parse(fast->pdu, fast->arena, out, NULL) == 0 && is_plain(out);
}

static size_t answer(struct coap_fast *fast, struct coap_fast_call *call, struct su_span message,
	uint8_t out[COAP_DATAGRAM_MAX_BYTES])
{
	size_t len = 0;
	struct coap_answer given;
	if (!is_get(message))
		return 0;
	su_arena_reset(fast->arena);
	call->env = fast->env;
	call->arena = fast->arena;
	call->now_ms = su_clock_wall_ms();
	if (read_request(fast, message, &call->request) && coap_routes_serve_fast(call, &given))
		len = coap_reply_encode(&call->request, &given, out, COAP_DATAGRAM_MAX_BYTES);
	blob_unmap(&call->mapping);
	return len;
}

static void count(atomic_uint_fast64_t *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

size_t coap_fast_answer(
	void *arg, const struct coap_datagram *datagram, uint8_t out[COAP_DATAGRAM_MAX_BYTES])
{
	struct coap_fast *fast = arg;
	struct coap_fast_call call = { .peer = datagram->peer };
	count(&fast->stats->datagrams);
	if (!datagram->is_for_us_alone)
		return 0;
	size_t len = answer(fast, &call, datagram->bytes, out);
	if (len > 0)
		count(&fast->stats->at_once);
	return len;
}

static bool may_pass_libcoap(const struct coap_fast *fast, const struct coap_peer *peer)
{
	return fast->record && peer->identity &&
	       su_clock_mono_ms() - peer->read_at_ms < PASS_LIBCOAP_MS;
}

size_t coap_fast_answer_secure(struct coap_fast *fast, struct coap_peer *peer,
	const struct coap_datagram *datagram, uint8_t out[COAP_DATAGRAM_MAX_BYTES])
{
	uint8_t message[COAP_DATAGRAM_MAX_BYTES];
	struct coap_fast_call call = { .peer = datagram->peer, .secure = peer };
	if (!datagram->is_for_us_alone || !may_pass_libcoap(fast, peer))
		return 0;
	struct su_span request = coap_record_open(fast->record, peer->session, datagram->bytes);
	size_t len = answer(fast, &call, request, message);
	if (len == 0 || len > coap_session_max_pdu_size(peer->session))
		return 0;
	count(&fast->stats->at_once_secure);
	return coap_record_seal(fast->record, peer->session, su_span_of(message, len), out);
}
