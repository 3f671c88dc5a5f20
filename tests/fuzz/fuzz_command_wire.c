/* SPDX-License-Identifier: Apache-2.0 */
/* What devices answer to an offer: the first byte picks the format. What is accepted must make sense. */
#include <stdlib.h>
#include <string.h>

#include "model/device_keys.h"
#include "server/command_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct offer_answer answer;
	struct su_error err = { 0 };
	if (size == 0)
		return 0;
	struct su_arena *arena = su_arena_new();
	enum su_status status = command_wire_read_answer(data[0] & 1 ? WIRE_JSON : WIRE_CBOR,
		su_span_of(data + 1, size - 1), arena, &answer, &err);
	if (status == SU_OK) {
		require(name_of(answer_kind_names, (int)answer.kind) != NULL);
		require((answer.kind == ANSWER_AT) == (answer.at_ms > 0));
		require(!answer.reason ||
			(answer.reason[0] && strlen(answer.reason) <= MESSAGE_REASON_MAX_BYTES));
	} else {
		require(err.status != SU_OK && err.text[0]);
	}
	su_arena_free(&arena);
	return 0;
}
