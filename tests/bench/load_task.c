/* SPDX-License-Identifier: Apache-2.0 */
/* Judges each answer byte by byte. */
#include "load_task.h"

#include <string.h>

enum { BLOCK_BYTES = 1024, CODE_CONTENT = 2 << 5 | 5, MORE_AND_SIZE = 15, MORE = 8, SZX = 6 };

uint32_t load_task_blocks(const struct load_task *task)
{
	return (uint32_t)((task->expected.content_len + BLOCK_BYTES - 1) / BLOCK_BYTES);
}

static bool is_expected_code(const struct load_expected *expected, uint8_t code)
{
	return code != 0 && memchr(expected->codes, code, sizeof(expected->codes));
}

static const char *check_etag(
	const struct load_expected *expected, const struct load_answer *answer)
{
	if (expected->etag_len == 0)
		return NULL;
	bool same = answer->etag_len == expected->etag_len &&
		    memcmp(answer->etag, expected->etag, expected->etag_len) == 0;
	return same ? NULL : "another ETag";
}

static const char *check_block(
	const struct load_expected *expected, uint32_t block, const struct load_answer *answer)
{
	size_t from = (size_t)block * BLOCK_BYTES;
	size_t left = expected->content_len - from;
	size_t len = left < BLOCK_BYTES ? left : BLOCK_BYTES;
	uint32_t more = left > BLOCK_BYTES ? MORE : 0;
	if (answer->has_block2 ? answer->block2 >> 4 != block ||
					 (answer->block2 & MORE_AND_SIZE) != (more | SZX)
			       : block != 0 || more)
		return "another block";
	if (answer->payload_len != len ||
		memcmp(answer->payload, expected->content + from, len) != 0)
		return "other bytes";
	return NULL;
}

const char *load_task_check(
	const struct load_task *task, uint32_t block, const struct load_answer *answer)
{
	const struct load_expected *expected = &task->expected;
	if (!is_expected_code(expected, answer->code))
		return "another code";
	const char *complaint = check_etag(expected, answer);
	if (!complaint && answer->code == CODE_CONTENT && expected->content_len > 0)
		complaint = check_block(expected, block, answer);
	return complaint;
}
