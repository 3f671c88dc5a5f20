/* SPDX-License-Identifier: Apache-2.0 */
/* One table of a level's times; the few other members follow by hand. */
#include "policy/level_json.h"

#include <stddef.h>

#define SECOND_MS ((int64_t)1000)
#define MINUTE_MS (60 * SECOND_MS)
#define DAY_MS    (24 * 60 * MINUTE_MS)
#define YEAR_MS   (365 * DAY_MS)

#define MAX_DEFERRALS 100
#define MAX_RETRIES   100

struct time_row {
	const char *name;
	size_t offset;
	struct member_span bounds;
};

#define TIME(name_, least_, most_, never_)                                                         \
	{                                                                                          \
#name_, offsetof(struct level, name_##_ms),                                        \
		{                                                                                  \
			least_, most_, never_                                                      \
		}                                                                                  \
	}
static const struct time_row times[] = {
	TIME(announce_within, MINUTE_MS, YEAR_MS, 0),
	TIME(start_within, MINUTE_MS, YEAR_MS, 0),
	TIME(deadline, MINUTE_MS, YEAR_MS, LEVEL_NEVER),
	TIME(negotiate_after, 0, YEAR_MS, LEVEL_NEVER),
	TIME(command_after, 0, YEAR_MS, LEVEL_NEVER),
	TIME(interrupt_after, 0, YEAR_MS, LEVEL_NEVER),
	TIME(notice, 0, DAY_MS, 0),
	TIME(max_deferral, MINUTE_MS, YEAR_MS, 0),
	TIME(retry_after, SECOND_MS, 30 * DAY_MS, 0),
	TIME(poll_interval, MINUTE_MS, 30 * DAY_MS, 0),
};
#define N_TIMES (sizeof(times) / sizeof(times[0]))

static const char *const member_names[] = { "announce_within", "start_within", "deadline",
	"negotiate_after", "command_after", "interrupt_after", "notice", "at_deadline",
	"max_deferrals", "max_deferral", "max_retries", "retry_after", "share", "poll_interval",
	NULL };

static enum su_status read_times(
	const struct member *member, struct level *out, struct su_error *err)
{
	for (size_t i = 0; i < N_TIMES; i++) {
		const struct member value = member_get(member, times[i].name);
		SU_TRY(member_duration(
			&value, &times[i].bounds, (int64_t *)((char *)out + times[i].offset), err));
	}
	return SU_OK;
}

static enum su_status read_rest(
	const struct member *member, struct level *out, struct su_error *err)
{
	const struct member at_deadline = member_get(member, "at_deadline");
	const struct member deferrals = member_get(member, "max_deferrals");
	const struct member retries = member_get(member, "max_retries");
	const struct member share = member_get(member, "share");
	int word;
	SU_TRY(member_name(&at_deadline, at_deadline_names, &word, err));
	out->at_deadline = (enum at_deadline)word;
	SU_TRY(member_count(&deferrals, 0, MAX_DEFERRALS, &out->max_deferrals, err));
	SU_TRY(member_count(&retries, 0, MAX_RETRIES, &out->max_retries, err));
	return member_share(&share, &out->share, err);
}

static enum su_status need_order(const struct member *member, const char *later, int64_t earlier_ms,
	int64_t later_ms, struct su_error *err)
{
	if (earlier_ms <= later_ms)
		return SU_OK;
	const struct member wrong = member_get(member, later);
	return member_fail(&wrong, err, "must not be shorter than what comes before it");
}

/* A device knows, then begins, then is done; it is asked before it is told. */
static enum su_status check_order(
	const struct member *member, const struct level *level, struct su_error *err)
{
	SU_TRY(need_order(
		member, "start_within", level->announce_within_ms, level->start_within_ms, err));
	SU_TRY(need_order(member, "deadline", level->start_within_ms, level->deadline_ms, err));
	return need_order(
		member, "command_after", level->negotiate_after_ms, level->command_after_ms, err);
}

enum su_status level_json_read(const struct member *member, struct level *out, struct su_error *err)
{
	SU_TRY(member_object(member, member_names, err));
	SU_TRY(read_times(member, out, err));
	SU_TRY(read_rest(member, out, err));
	return check_order(member, out, err);
}
