/* SPDX-License-Identifier: Apache-2.0 */
/* The few parts of RFC 7252 that a request and its answer consist of. */
#include "load_wire.h"

#include <string.h>

enum {
	HEADER_BYTES = 4,
	VERSION_1 = 1 << 6,
	PAYLOAD_MARKER = 0xff,
	ONE_BYTE_MORE = 13,
	TWO_BYTES_MORE = 14,
	TWO_BYTES_BASE = 269,
	BLOCK_OF_1024 = 6,
};

void load_wire_begin(struct load_template *t, enum load_type type, uint8_t method)
{
	*t = (struct load_template){ .len = HEADER_BYTES + LOAD_TOKEN_BYTES };
	t->bytes[0] = (uint8_t)(VERSION_1 | type << 4 | LOAD_TOKEN_BYTES);
	t->bytes[1] = method;
}

/* A nibble and what follows the option's first byte (RFC 7252 section 3.1). */
static unsigned nibble(size_t value, uint8_t *more, size_t *n_more)
{
	if (value < ONE_BYTE_MORE)
		return (unsigned)value;
	if (value < TWO_BYTES_BASE) {
		more[(*n_more)++] = (uint8_t)(value - ONE_BYTE_MORE);
		return ONE_BYTE_MORE;
	}
	more[(*n_more)++] = (uint8_t)((value - TWO_BYTES_BASE) >> 8);
	more[(*n_more)++] = (uint8_t)(value - TWO_BYTES_BASE);
	return TWO_BYTES_MORE;
}

static size_t put_option(uint8_t *at, unsigned delta, const void *value, size_t len)
{
	size_t n = 1;
	unsigned high = nibble(delta, at, &n);
	at[0] = (uint8_t)(high << 4 | nibble(len, at, &n));
	memcpy(at + n, value, len);
	return n + len;
}

bool load_wire_option(struct load_template *t, unsigned number, const void *value, size_t len)
{
	if (t->len + len + 5 > sizeof(t->bytes))
		return false;
	t->len += put_option(t->bytes + t->len, number - t->last_option, value, len);
	t->last_option = number;
	return true;
}

bool load_wire_path(struct load_template *t, const char *path)
{
	while (*path) {
		size_t len = strcspn(path, "/");
		if (len > 0 && !load_wire_option(t, LOAD_OPTION_PATH, path, len))
			return false;
		path += len + (path[len] == '/');
	}
	return true;
}

bool load_wire_endpoint(struct load_template *t, const char *prefix)
{
	char value[128] = "ep=";
	size_t len = strlen(prefix);
	if (len + 3 + LOAD_NAME_DIGITS > sizeof(value))
		return false;
	memcpy(value + 3, prefix, len);
	memset(value + 3 + len, '0', LOAD_NAME_DIGITS);
	if (!load_wire_option(t, LOAD_OPTION_QUERY, value, 3 + len + LOAD_NAME_DIGITS))
		return false;
	t->digits_at = t->len - LOAD_NAME_DIGITS;
	return true;
}

bool load_wire_payload(struct load_template *t, const void *bytes, size_t len)
{
	if (t->len + 1 + len > sizeof(t->bytes))
		return false;
	t->bytes[t->len++] = PAYLOAD_MARKER;
	memcpy(t->bytes + t->len, bytes, len);
	t->len += len;
	return true;
}

size_t load_wire_request(const struct load_template *t, uint32_t number, uint16_t message_id,
	uint32_t token, uint8_t *out)
{
	memcpy(out, t->bytes, t->len);
	out[2] = (uint8_t)(message_id >> 8);
	out[3] = (uint8_t)message_id;
	memcpy(out + HEADER_BYTES, &token, LOAD_TOKEN_BYTES);
	if (t->digits_at > 0)
		for (size_t i = LOAD_NAME_DIGITS; i-- > 0; number /= 10)
			out[t->digits_at + i] = (uint8_t)('0' + number % 10);
	return t->len;
}

size_t load_wire_block2(
	const struct load_template *t, uint8_t *request, size_t len, uint32_t number)
{
	uint32_t value = number << 4 | BLOCK_OF_1024;
	uint8_t bytes[3] = { (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value };
	size_t skip = bytes[0] ? 0 : bytes[1] ? 1 : 2;
	return len + put_option(request + len, LOAD_OPTION_BLOCK2 - t->last_option, bytes + skip,
			     sizeof(bytes) - skip);
}

struct cursor {
	const uint8_t *at, *end;
};

/* SIZE_MAX: not there, or reserved. */
static size_t extended(struct cursor *c, unsigned nibble_value)
{
	size_t n_more = nibble_value < ONE_BYTE_MORE ? 0 : nibble_value - ONE_BYTE_MORE + 1u;
	if (n_more > 2 || (size_t)(c->end - c->at) < n_more)
		return SIZE_MAX;
	const uint8_t *more = c->at;
	c->at += n_more;
	if (n_more == 0)
		return nibble_value;
	return n_more == 1 ? more[0] + (size_t)ONE_BYTE_MORE
			   : (size_t)(more[0] << 8 | more[1]) + TWO_BYTES_BASE;
}

static void note_option(struct load_answer *out, size_t number, const uint8_t *value, size_t len)
{
	if (number == LOAD_OPTION_ETAG) {
		out->etag = value;
		out->etag_len = len;
	} else if (number == LOAD_OPTION_BLOCK2 && len <= 3) {
		out->has_block2 = true;
		for (size_t i = 0; i < len; i++)
			out->block2 = out->block2 << 8 | value[i];
	}
}

static bool parse_options(struct cursor *c, struct load_answer *out)
{
	size_t number = 0;
	while (c->at < c->end && *c->at != PAYLOAD_MARKER) {
		unsigned first = *c->at++;
		size_t delta = extended(c, first >> 4);
		size_t len = extended(c, first & 15);
		if (delta == SIZE_MAX || len > (size_t)(c->end - c->at))
			return false;
		number += delta;
		note_option(out, number, c->at, len);
		c->at += len;
	}
	if (c->at == c->end)
		return true;
	out->payload = c->at + 1;
	out->payload_len = (size_t)(c->end - out->payload);
	return out->payload_len > 0;
}

bool load_wire_parse(const uint8_t *datagram, size_t len, struct load_answer *out)
{
	*out = (struct load_answer){ .len = len };
	if (len < HEADER_BYTES || (datagram[0] & 0xc0) != VERSION_1)
		return false;
	size_t token_len = datagram[0] & 15;
	if (len < HEADER_BYTES + token_len)
		return false;
	out->type = (enum load_type)(datagram[0] >> 4 & 3);
	out->code = datagram[1];
	out->message_id = (uint16_t)(datagram[2] << 8 | datagram[3]);
	out->has_token = token_len == LOAD_TOKEN_BYTES;
	if (out->has_token)
		memcpy(&out->token, datagram + HEADER_BYTES, LOAD_TOKEN_BYTES);
	struct cursor c = { datagram + HEADER_BYTES + token_len, datagram + len };
	return parse_options(&c, out);
}
