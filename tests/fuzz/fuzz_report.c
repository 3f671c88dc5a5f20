/* SPDX-License-Identifier: Apache-2.0 */
/* Reports: what is accepted can be written, and reads the same again. */
#include "base/arena.h"
#include "base/memory.h"
#include "fuzz_check.h"
#include "suit/report.h"

static void try_written(struct su_arena *arena, const struct report *report)
{
	struct su_buf once su_auto(su_buf_free) = { 0 };
	struct su_buf twice su_auto(su_buf_free) = { 0 };
	struct report again;

	report_encode(report, &once);
	require(report_decode(arena, su_buf_span(&once), &again, NULL) == SU_OK);
	require(again.n_records == report->n_records && again.n_claims == report->n_claims);
	require(again.success == report->success && again.reason == report->reason);
	require(digest_equal(&again.manifest_digest, &report->manifest_digest));
	report_encode(&again, &twice);
	require(su_span_equal(su_buf_span(&once), su_buf_span(&twice)));
}

static void try_payload(struct su_span payload)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct su_error err = { 0 };
	struct report report;

	enum su_status status = report_decode(arena, payload, &report, &err);
	require_told(status, &err);
	if (status == SU_OK)
		try_written(arena, &report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct su_span input = su_span_of(data, size);
	struct report_container container;
	struct su_error err = { 0 };

	enum su_status status = report_open(arena, input, &container, &err);
	require_told(status, &err);
	if (status != SU_OK)
		return 0;
	require_inside(container.payload, input);
	try_payload(container.payload);
	return 0;
}
