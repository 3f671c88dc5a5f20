/* SPDX-License-Identifier: Apache-2.0 */
/* Strict decoding: no overlong forms, no surrogates, nothing above U+10FFFF. */
#include "base/utf8.h"

static size_t sequence_len(uint8_t lead)
{
	if (lead < 0x80)
		return 1;
	if (lead < 0xc2) /* a continuation byte, or an overlong form of two bytes */
		return 0;
	if (lead < 0xe0)
		return 2;
	if (lead < 0xf0)
		return 3;
	return lead < 0xf5 ? 4 : 0;
}

size_t su_utf8_next(struct su_span text, uint32_t *code_point_out)
{
	static const uint8_t lead_bits[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = text.len ? sequence_len(text.data[0]) : 0;
	if (len == 0 || len > text.len)
		return 0;
	uint32_t code_point = text.data[0] & lead_bits[len];
	for (size_t i = 1; i < len; i++) {
		if ((text.data[i] & 0xc0) != 0x80)
			return 0;
		code_point = code_point << 6 | (text.data[i] & 0x3f);
	}
	bool surrogate = code_point >= 0xd800 && code_point <= 0xdfff;
	if (code_point < smallest[len] || code_point > 0x10ffff || surrogate)
		return 0;
	*code_point_out = code_point;
	return len;
}

bool su_utf8_is_valid(struct su_span text)
{
	while (text.len > 0) {
		uint32_t code_point;
		size_t len = su_utf8_next(text, &code_point);
		if (len == 0)
			return false;
		text = su_span_of(text.data + len, text.len - len);
	}
	return true;
}

bool su_utf8_is_printable(uint32_t code_point)
{
	if (code_point < 0x20 || (code_point >= 0x7f && code_point <= 0x9f))
		return false;
	if (code_point == 0x061c || code_point == 0x200e || code_point == 0x200f)
		return false; /* direction marks */
	if (code_point >= 0x2028 && code_point <= 0x202e)
		return false; /* separators, embeddings and overrides */
	if (code_point >= 0x2066 && code_point <= 0x2069)
		return false; /* isolates */
	if (code_point == 0xfeff || (code_point >= 0xfdd0 && code_point <= 0xfdef))
		return false;
	return (code_point & 0xfffe) != 0xfffe;
}

bool su_utf8_is_showable(struct su_span text)
{
	while (text.len > 0) {
		uint32_t code_point;
		size_t len = su_utf8_next(text, &code_point);
		if (len == 0 || !su_utf8_is_printable(code_point))
			return false;
		text = su_span_of(text.data + len, text.len - len);
	}
	return true;
}
