/* SPDX-License-Identifier: Apache-2.0 */
/* Identifiers are made and read here; their bytes are big-endian everywhere (RFC 9562 section 4). */
#include "base/uuid.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <uuid/uuid.h>

#include "base/hex.h"

/* RFC 9562 section 6.6 */
const struct su_uuid su_uuid_namespace_dns = { { 0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1,
	0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8 } };

/* Text offsets at which a group of digits begins, and the digits in it. */
static const struct {
	uint8_t offset, digits;
} groups[] = { { 0, 8 }, { 9, 4 }, { 14, 4 }, { 19, 4 }, { 24, 12 } };

void su_random_bytes(void *out, size_t len)
{
	uint8_t *at = out;
	while (len > 0) {
		ssize_t got = getrandom(at, len, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			abort();
		at += got;
		len -= (size_t)got;
	}
}

struct su_uuid su_uuid_v7(int64_t wall_ms)
{
	struct su_uuid id;
	su_random_bytes(id.bytes + 6, sizeof(id.bytes) - 6);
	for (int i = 0; i < 6; i++)
		id.bytes[i] = (uint8_t)((uint64_t)wall_ms >> (40 - 8 * i));
	id.bytes[6] = (uint8_t)(0x70 | (id.bytes[6] & 0x0f));
	id.bytes[8] = (uint8_t)(0x80 | (id.bytes[8] & 0x3f));
	return id;
}

struct su_uuid su_uuid_v5(struct su_uuid namespace_id, struct su_span name)
{
	struct su_uuid id;
	const char *text = name.len ? (const char *)name.data : "";
	uuid_generate_sha1(id.bytes, namespace_id.bytes, text, name.len);
	return id;
}

bool su_uuid_equal(struct su_uuid a, struct su_uuid b)
{
	return memcmp(a.bytes, b.bytes, sizeof(a.bytes)) == 0;
}

void su_uuid_format(struct su_uuid id, char out[SU_UUID_TEXT_SIZE])
{
	const uint8_t *from = id.bytes;
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		if (i > 0)
			out[groups[i].offset - 1] = '-';
		su_hex_encode(su_span_of(from, groups[i].digits / 2), out + groups[i].offset);
		from += groups[i].digits / 2;
	}
}

enum su_status su_uuid_parse(const char *text, struct su_uuid *out, struct su_error *err)
{
	struct su_uuid id;
	uint8_t *to = id.bytes;
	if (!text || strlen(text) != SU_UUID_TEXT_SIZE - 1)
		return su_fail(err, SU_INVALID, "", "a UUID has 36 characters");
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		size_t offset = groups[i].offset, len;
		if (i > 0 && text[offset - 1] != '-')
			return su_fail(
				err, SU_INVALID, "", "a UUID has a '-' at offset %zu", offset - 1);
		enum su_status status = su_hex_decode(su_span_of(text + offset, groups[i].digits),
			to, groups[i].digits / 2, &len, NULL);
		if (status != SU_OK)
			return su_fail(err, SU_INVALID, "",
				"a UUID has hexadecimal digits at offsets %zu to %zu", offset,
				offset + groups[i].digits - 1);
		to += len;
	}
	*out = id;
	return SU_OK;
}
