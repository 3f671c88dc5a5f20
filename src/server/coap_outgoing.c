/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the options of requests to devices. */
#include "server/coap_outgoing.h"

#include <string.h>

static bool add_text(coap_pdu_t *pdu, unsigned number, const char *text)
{
	return !text ||
	       coap_add_option(pdu, (uint16_t)number, strlen(text), (const uint8_t *)text) > 0;
}

static bool add_uint(coap_pdu_t *pdu, unsigned number, uint64_t value)
{
	uint8_t bytes[8];
	unsigned len = coap_encode_var_safe8(bytes, sizeof(bytes), value);
	return coap_add_option(pdu, (uint16_t)number, len, bytes) > 0;
}

/* In ascending order of their numbers, as libcoap wants them. */
bool coap_outgoing_write(coap_pdu_t *pdu, const struct coap_outgoing *out)
{
	const struct coap_block *block = &out->block1;
	bool ok = add_text(pdu, COAP_OPTION_URI_PATH, "suit");
	for (size_t i = 0; i < 3 && out->path[i]; i++)
		ok = ok && add_text(pdu, COAP_OPTION_URI_PATH, out->path[i]);
	if (out->content_format >= 0)
		ok = ok && add_uint(pdu, COAP_OPTION_CONTENT_FORMAT, (uint64_t)out->content_format);
	ok = ok && add_text(pdu, COAP_OPTION_URI_QUERY, out->deployment);
	if (block->given) {
		uint64_t value = (uint64_t)block->num << 4 | (block->more ? 8U : 0U) | block->szx;
		ok = ok && add_uint(pdu, COAP_OPTION_BLOCK1, value);
		if (block->num == 0)
			ok = ok && add_uint(pdu, COAP_OPTION_SIZE1, out->size1);
	}
	return ok &&
	       (out->payload.len == 0 || coap_add_data(pdu, out->payload.len, out->payload.data));
}
