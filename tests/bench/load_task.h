/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked, and what is a right answer. Pure. */
#pragma once

#include "load_wire.h"

struct load_expected {
	uint8_t codes[4]; /* 0: no more */
	const uint8_t *etag;
	size_t etag_len; /* 0: any */
	const uint8_t *content;
	size_t content_len; /* of the whole; 0: any */
	size_t echo_bytes; /* the other side is no CoAP server: so long must its answer be; 0: it is */
};

struct load_task {
	struct load_template request;
	struct load_template other; /* of each peer's second, fourth... turn; empty: the same */
	struct load_expected expected;
	bool in_blocks; /* each peer fetches all of content, over and over, in blocks of 1,024 bytes */
};

/* Blocks of content. */
uint32_t load_task_blocks(const struct load_task *task);
/* NULL: right, else what is wrong with it. */
const char *load_task_check(
	const struct load_task *task, uint32_t block, const struct load_answer *answer);
