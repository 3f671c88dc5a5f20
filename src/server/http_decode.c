/* SPDX-License-Identifier: Apache-2.0 */
/* Percent-decoding. */
#include "server/http_decode.h"

#include "base/hex.h"
#include "base/utf8.h"

static enum su_status decode_byte(struct su_span digits, uint8_t *out, struct su_error *err)
{
	size_t len = 0;
	if (digits.len < 2 ||
		su_hex_decode(su_span_of(digits.data, 2), out, 1, &len, NULL) != SU_OK || !*out)
		return su_fail(err, SU_INVALID, "", "a percent-encoded byte of the URI is wrong");
	return SU_OK;
}

enum su_status http_decode_percent(
	struct su_arena *arena, struct su_span text, const char **out, struct su_error *err)
{
	uint8_t *decoded = su_arena_alloc(arena, text.len + 1);
	size_t len = 0;
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] != '%') {
			decoded[len++] = text.data[i];
			continue;
		}
		SU_TRY(decode_byte(
			su_span_of(text.data + i + 1, text.len - i - 1), &decoded[len++], err));
		i += 2;
	}
	if (!su_utf8_is_valid(su_span_of(decoded, len)))
		return su_fail(err, SU_INVALID, "", "the URI is not UTF-8");
	*out = (const char *)decoded;
	return SU_OK;
}
