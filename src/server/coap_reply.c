/* SPDX-License-Identifier: Apache-2.0 */
/* Builds answers. */
#include "server/coap_reply.h"

#include <string.h>

enum { LARGEST_SZX = 6 };

unsigned coap_reply_code(enum su_status status)
{
	switch (status) {
	case SU_OK:
		return COAP_RESPONSE_CODE_CHANGED;
	case SU_INVALID:
		return COAP_RESPONSE_CODE_BAD_REQUEST;
	case SU_UNAUTHENTIC:
		return COAP_RESPONSE_CODE_UNPROCESSABLE;
	case SU_UNAUTHENTICATED:
		return COAP_RESPONSE_CODE_UNAUTHORIZED;
	case SU_DENIED:
		return COAP_RESPONSE_CODE_FORBIDDEN;
	case SU_NOT_FOUND:
		return COAP_RESPONSE_CODE_NOT_FOUND;
	case SU_CONFLICT:
		return COAP_RESPONSE_CODE_CONFLICT;
	case SU_STALE:
		return COAP_RESPONSE_CODE_PRECONDITION_FAILED;
	case SU_TOO_LARGE:
		return COAP_RESPONSE_CODE_REQUEST_TOO_LARGE;
	case SU_UNSUPPORTED:
		return COAP_RESPONSE_CODE_UNSUPPORTED_CONTENT_FORMAT;
	case SU_BUSY:
	case SU_FULL:
	case SU_RETRY:
	case SU_UNCERTAIN: /* doing it again does no harm */
		return COAP_RESPONSE_CODE_SERVICE_UNAVAILABLE;
	case SU_IO:
	case SU_BUG:
		return COAP_RESPONSE_CODE_INTERNAL_ERROR;
	}
	return COAP_RESPONSE_CODE_INTERNAL_ERROR;
}

/* Where options go: a message of libcoap's, or bytes of ours. */
struct options {
	coap_pdu_t *pdu; /* NULL: the bytes */
	uint8_t *at, *end;
	unsigned last; /* number */
};

static bool add_bytes(struct options *to, unsigned number, struct su_span value)
{
	if (to->pdu)
		return coap_add_option(to->pdu, (uint16_t)number, value.len, value.data) > 0;
	size_t len = coap_opt_encode(to->at, (size_t)(to->end - to->at),
		(uint16_t)(number - to->last), value.data, value.len);
	to->at += len;
	to->last = number;
	return len > 0;
}

static bool add_uint(struct options *to, unsigned number, uint64_t value)
{
	uint8_t bytes[8];
	unsigned len = coap_encode_var_safe8(bytes, sizeof(bytes), value);
	return add_bytes(to, number, su_span_of(bytes, len));
}

static bool add_block(struct options *to, unsigned number, const struct coap_block *block)
{
	return add_uint(
		to, number, (uint64_t)block->num << 4 | (block->more ? 8U : 0U) | block->szx);
}

/* In ascending order of their numbers. */
static bool add_options(struct options *to, const struct coap_answer *answer)
{
	bool ok = true;
	if (answer->etag.len > 0)
		ok = ok && add_bytes(to, COAP_OPTION_ETAG, answer->etag);
	if (answer->has_observe)
		ok = ok && add_uint(to, COAP_OPTION_OBSERVE, answer->observe & 0xffffff);
	for (size_t i = 0; i < COAP_MAX_LOCATION && answer->location[i]; i++)
		ok = ok &&
		     add_bytes(to, COAP_OPTION_LOCATION_PATH, su_span_str(answer->location[i]));
	if (answer->content_format >= 0)
		ok = ok &&
		     add_uint(to, COAP_OPTION_CONTENT_FORMAT, (uint64_t)answer->content_format);
	if (answer->max_age_s > 0)
		ok = ok && add_uint(to, COAP_OPTION_MAXAGE, answer->max_age_s);
	if (answer->block2.given)
		ok = ok && add_block(to, COAP_OPTION_BLOCK2, &answer->block2);
	if (answer->block1.given)
		ok = ok && add_block(to, COAP_OPTION_BLOCK1, &answer->block1);
	if (answer->has_size2)
		ok = ok && add_uint(to, COAP_OPTION_SIZE2, answer->size2);
	if (answer->has_size1)
		ok = ok && add_uint(to, COAP_OPTION_SIZE1, answer->size1);
	return ok;
}

bool coap_reply_write(coap_pdu_t *pdu, const struct coap_answer *answer)
{
	struct options to = { .pdu = pdu };
	if (!add_options(&to, answer))
		return false;
	return answer->payload.len == 0 ||
	       coap_add_data(pdu, answer->payload.len, answer->payload.data);
}

/* RFC 7252 section 3. The request's ID is taken for an answer that is no acknowledgement, too: its sender
 * does not use one twice within a lifetime either. */
size_t coap_reply_encode(const struct coap_request *request, const struct coap_answer *answer,
	uint8_t *out, size_t size)
{
	enum { HEADER_BYTES = 4, VERSION = 1 << 6, PAYLOAD_MARKER = 0xff };
	size_t token_len = request->token.len;
	if (size < HEADER_BYTES + token_len)
		return 0;
	unsigned type = request->confirmable ? COAP_MESSAGE_ACK : COAP_MESSAGE_NON;
	out[0] = (uint8_t)(VERSION | type << 4 | token_len);
	out[1] = (uint8_t)answer->code;
	out[2] = (uint8_t)(request->mid >> 8);
	out[3] = (uint8_t)request->mid;
	if (token_len > 0)
		memcpy(out + HEADER_BYTES, request->token.data, token_len);
	struct options to = { .at = out + HEADER_BYTES + token_len, .end = out + size };
	if (!add_options(&to, answer))
		return 0;
	if (answer->payload.len > 0) {
		if ((size_t)(to.end - to.at) <= answer->payload.len)
			return 0;
		*to.at++ = PAYLOAD_MARKER;
		memcpy(to.at, answer->payload.data, answer->payload.len);
		to.at += answer->payload.len;
	}
	return (size_t)(to.at - out);
}

static bool has_etag(const struct coap_request *request, struct su_span etag)
{
	for (size_t i = 0; i < request->n_etags; i++)
		if (su_span_equal(request->etags[i], etag))
			return true;
	return false;
}

unsigned coap_reply_cut(const struct coap_request *request, const struct coap_content *content,
	struct coap_answer *out, struct su_error *err)
{
	struct coap_block block = request->block2;
	if (!block.given)
		block.szx = LARGEST_SZX;
	size_t block_bytes = (size_t)16 << block.szx;
	uint64_t offset = (uint64_t)block.num * block_bytes;
	if (offset > 0 && offset >= content->bytes.len) {
		(void)su_fail(err, SU_INVALID, "Block2", "there is no such block");
		return COAP_RESPONSE_CODE_BAD_REQUEST;
	}
	size_t left = content->bytes.len - (size_t)offset;
	*out = COAP_ANSWER(COAP_RESPONSE_CODE_CONTENT);
	out->etag = content->etag;
	out->content_format = content->content_format;
	out->max_age_s = content->max_age_s;
	out->has_observe = content->observed;
	out->observe = content->observe;
	out->payload =
		su_span_of(content->bytes.data + offset, left < block_bytes ? left : block_bytes);
	block.more = left > block_bytes;
	if (block.given || block.more) {
		block.given = true;
		out->block2 = block;
		out->has_size2 = block.num == 0;
		out->size2 = content->bytes.len;
	}
	return 0;
}

unsigned coap_reply_choose(const struct coap_request *request, const struct coap_content *content,
	struct coap_answer *out, struct su_error *err)
{
	if (content->etag.len == 0 || !has_etag(request, content->etag))
		return coap_reply_cut(request, content, out, err);
	*out = COAP_ANSWER(COAP_RESPONSE_CODE_VALID);
	out->etag = content->etag;
	out->max_age_s = content->max_age_s;
	out->has_observe = content->observed;
	out->observe = content->observe;
	return 0;
}
