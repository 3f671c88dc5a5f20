/* SPDX-License-Identifier: Apache-2.0 */
/* Counting what is not told, by a clock that may be set. */
#include "tracker/poll_fault.h"

#include "base/log.h"

static bool is_within(int64_t now_ms, int64_t from_ms, int64_t span_ms)
{
	return from_ms != 0 && now_ms >= from_ms && now_ms - from_ms < span_ms;
}

bool poll_faults_count(struct poll_faults *faults, int64_t now_ms, uint64_t *n_out)
{
	faults->n_untold++;
	if (is_within(now_ms, faults->told_ms, POLL_FAULT_QUIET_MS))
		return false;
	*n_out = faults->n_untold;
	*faults = (struct poll_faults){ .told_ms = now_ms };
	return true;
}

/* The database comes back by itself, and is asked again at the next poll. */
static bool is_passing(enum su_status status)
{
	return status == SU_RETRY || status == SU_UNCERTAIN;
}

void poll_fault_note(struct poll_faults *faults, struct remembered *of, const struct su_error *err,
	int64_t now_ms)
{
	uint64_t n;
	if (!is_passing(err->status))
		of->rests_from_ms = now_ms;
	if (poll_faults_count(faults, now_ms, &n))
		su_log(SU_LOG_WARNING, "a poll could not be planned",
			SU_STR("endpoint", of->endpoint), SU_STR("error", err->text),
			SU_INT("polls", (int64_t)n));
}

bool poll_fault_rests(const struct remembered *of, int64_t now_ms)
{
	return is_within(now_ms, of->rests_from_ms, POLL_FAULT_REST_MS);
}
