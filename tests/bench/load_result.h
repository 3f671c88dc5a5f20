/* SPDX-License-Identifier: Apache-2.0 */
/* What a run came to, latencies included, printed as one JSON object. */
#pragma once

#include <stdint.h>
#include <stdio.h>

#define LOAD_BUCKETS 1024

struct load_result {
	uint64_t sent, answered, wrong, lost, retransmitted, repeated, dropped, held, doubled;
	int64_t took_ns;
	uint64_t bytes, payload_bytes; /* of right answers, and of what they carry */
	int64_t max_ns;
	const char *complaint; /* the first wrong answer's */
	uint8_t wrong_code;
	uint64_t latencies[LOAD_BUCKETS];
};

void load_result_note(struct load_result *result, int64_t latency_ns);
void load_result_print(const struct load_result *result, const char *mode, FILE *out);
