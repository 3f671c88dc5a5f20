/* SPDX-License-Identifier: Apache-2.0 */
/* Reads one file of tzdata. Leap seconds are left out: zones whose names begin with right/ are not offered. */
#include "policy/tzfile.h"

#include <string.h>

#include "base/memory.h"
#include "policy/tz_footer.h"

#define HEADER_BYTES 44
#define MAX_TIMES    4096
#define MAX_OFFSET_S (26 * 3600)

/* The counts of a header, in the order of RFC 8536 section 3.1. */
struct counts {
	uint32_t isut, isstd, leap, time, type, chars;
};

static uint32_t read_u32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static int64_t read_i64(const uint8_t *at)
{
	return (int64_t)((uint64_t)read_u32(at) << 32 | read_u32(at + 4));
}

static struct su_span skip(struct su_span in, size_t len)
{
	return len <= in.len ? su_span_of(in.data + len, in.len - len) : SU_SPAN_EMPTY;
}

static bool read_header(struct su_span in, struct counts *out)
{
	if (in.len < HEADER_BYTES || memcmp(in.data, "TZif", 4) != 0 || in.data[4] < '2')
		return false;
	*out = (struct counts){ read_u32(in.data + 20), read_u32(in.data + 24),
		read_u32(in.data + 28), read_u32(in.data + 32), read_u32(in.data + 36),
		read_u32(in.data + 40) };
	return out->time <= MAX_TIMES && out->type >= 1 && out->type <= 256 && out->leap == 0 &&
	       out->chars <= 4096 && out->isstd <= 256 && out->isut <= 256;
}

static size_t block_bytes(const struct counts *counts, size_t time_bytes)
{
	return counts->time * (time_bytes + 1) + counts->type * 6 + counts->chars + counts->isstd +
	       counts->isut;
}

static bool offset_of(
	const uint8_t *types, const struct counts *counts, unsigned type, int32_t *out)
{
	if (type >= counts->type)
		return false;
	*out = (int32_t)read_u32(types + (size_t)type * 6);
	return *out > -MAX_OFFSET_S && *out < MAX_OFFSET_S;
}

static bool read_eras(const uint8_t *block, const struct counts *counts, struct tz_eras *out)
{
	const uint8_t *types_of = block + (size_t)counts->time * 8;
	const uint8_t *types = types_of + counts->time;
	out->eras[0].from_s = INT64_MIN;
	if (!offset_of(types, counts, 0, &out->eras[0].offset_s))
		return false;
	out->n = 1;
	for (size_t i = 0; i < counts->time; i++) {
		struct tz_era era = { read_i64(block + i * 8), 0 };
		if (!offset_of(types, counts, types_of[i], &era.offset_s))
			return false;
		if (era.from_s <= out->eras[out->n - 1].from_s)
			return false;
		if (era.offset_s != out->eras[out->n - 1].offset_s)
			out->eras[out->n++] = era;
	}
	return true;
}

static bool read_second_block(struct su_span in, const struct counts *counts, struct tz_eras *out)
{
	size_t len = block_bytes(counts, 8);
	if (in.len < len)
		return false;
	out->eras = su_new_array(1 + counts->time + TZ_FOOTER_MAX_ERAS, sizeof(*out->eras));
	if (!read_eras(in.data, counts, out))
		return false;
	int64_t table_ends_s =
		counts->time > 0 ? read_i64(in.data + ((size_t)counts->time - 1) * 8) : INT64_MIN;
	tz_footer_extend(skip(in, len), table_ends_s, out);
	return true;
}

bool tzfile_parse(struct su_span file, struct tz_eras *out)
{
	struct counts first, second;
	*out = (struct tz_eras){ 0 };
	if (!read_header(file, &first))
		return false;
	struct su_span rest = skip(file, HEADER_BYTES + block_bytes(&first, 4));
	if (!read_header(rest, &second))
		return false;
	if (read_second_block(skip(rest, HEADER_BYTES), &second, out))
		return true;
	su_free_ptr(&out->eras);
	return false;
}
