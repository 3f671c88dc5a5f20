/* SPDX-License-Identifier: Apache-2.0 */
/* Strict decoding: one text for one value, so that texts may be compared instead of bytes. */
#include "base/hex.h"

#include <string.h>

static const char hex_digits[] = "0123456789abcdef";
static const char base64_alphabet[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64url_alphabet[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void su_hex_encode(struct su_span bytes, char *out)
{
	for (size_t i = 0; i < bytes.len; i++) {
		*out++ = hex_digits[bytes.data[i] >> 4];
		*out++ = hex_digits[bytes.data[i] & 0xf];
	}
	*out = '\0';
}

char *su_hex_encode_arena(struct su_arena *arena, struct su_span bytes)
{
	char *text = su_arena_array(arena, bytes.len + 1, 2);
	su_hex_encode(bytes, text);
	return text;
}

static int hex_value(uint8_t digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

enum su_status su_hex_decode(
	struct su_span text, uint8_t *out, size_t capacity, size_t *len_out, struct su_error *err)
{
	if (text.len % 2 != 0)
		return su_fail(err, SU_INVALID, "", "odd number of hexadecimal digits");
	if (text.len / 2 > capacity)
		return su_fail(
			err, SU_INVALID, "", "more than %zu hexadecimal digits", 2 * capacity);
	for (size_t i = 0; i < text.len; i += 2) {
		int high = hex_value(text.data[i]);
		int low = hex_value(text.data[i + 1]);
		if (high < 0 || low < 0)
			return su_fail(err, SU_INVALID, "", "not a hexadecimal digit at offset %zu",
				high < 0 ? i : i + 1);
		out[i / 2] = (uint8_t)(high << 4 | low);
	}
	*len_out = text.len / 2;
	return SU_OK;
}

char *su_base64url_encode_arena(struct su_arena *arena, struct su_span bytes)
{
	char *text = su_arena_array(arena, bytes.len / 3 + 1, 4);
	char *out = text;
	uint32_t bits = 0;
	unsigned n_bits = 0;
	for (size_t i = 0; i < bytes.len; i++) {
		bits = bits << 8 | bytes.data[i];
		for (n_bits += 8; n_bits >= 6; n_bits -= 6)
			*out++ = base64url_alphabet[bits >> (n_bits - 6) & 0x3f];
	}
	if (n_bits > 0)
		*out++ = base64url_alphabet[bits << (6 - n_bits) & 0x3f];
	*out = '\0';
	return text;
}

static enum su_status decode_base64(struct su_arena *arena, struct su_span text,
	const char *alphabet, struct su_span *out, struct su_error *err)
{
	if (text.len % 4 == 1)
		return su_fail(err, SU_INVALID, "", "base64 text is cut short");
	uint8_t *bytes = su_arena_array(arena, text.len / 4 + 1, 3);
	size_t len = 0;
	uint32_t bits = 0;
	unsigned n_bits = 0;
	for (size_t i = 0; i < text.len; i++) {
		const char *found = text.data[i] ? strchr(alphabet, text.data[i]) : NULL;
		if (!found)
			return su_fail(
				err, SU_INVALID, "", "not a base64 character at offset %zu", i);
		bits = bits << 6 | (uint32_t)(found - alphabet);
		n_bits += 6;
		if (n_bits >= 8) {
			n_bits -= 8;
			bytes[len++] = (uint8_t)(bits >> n_bits);
		}
	}
	/* RFC 4648 section 3.5: other texts would decode to the same bytes. */
	if ((bits & ((1U << n_bits) - 1)) != 0)
		return su_fail(err, SU_INVALID, "", "base64 text ends in bits that must be zero");
	*out = su_span_of(bytes, len);
	return SU_OK;
}

enum su_status su_base64url_decode(
	struct su_arena *arena, struct su_span text, struct su_span *out, struct su_error *err)
{
	return decode_base64(arena, text, base64url_alphabet, out, err);
}

enum su_status su_base64_decode(
	struct su_arena *arena, struct su_span text, struct su_span *out, struct su_error *err)
{
	if (text.len % 4 != 0)
		return su_fail(err, SU_INVALID, "", "base64 text lacks its padding");
	for (int i = 0; i < 2 && text.len > 0 && text.data[text.len - 1] == '='; i++)
		text.len--;
	return decode_base64(arena, text, base64_alphabet, out, err);
}
