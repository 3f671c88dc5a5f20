/* SPDX-License-Identifier: Apache-2.0 */
/* When a device shows up, how long it listens, and how long it waits for what it needs. */
#include "base/clock.h"
#include "base/moment.h"
#include "policy/calendar.h"
#include "tools/device_agent_parts.h"

#define PUSH_PATIENCE_MS 60000 /* without a block; then the device fetches what is missing */
#define AWAKE_DEFAULT_S  93    /* MAX_TRANSMIT_WAIT (RFC 7252 section 4.8.2), as LwM2M has it */
#define WAKE_DEFAULT_S   3600
#define HORIZON_MS       (INT64_C(8) * 86400 * 1000) /* more than a week: windows are weekly */

bool device_agent_sleeps(const struct device_agent *agent)
{
	const struct profile *profile = &agent->opts.told.profile;
	return profile->has_reachability && profile->reachability == REACH_QUEUE;
}

/* As the server wants it, within bounds of its own: it may be wrong, or not be the one it says. */
static int64_t poll_interval_ms(const struct device_agent *agent)
{
	const struct device_agent_opts *opts = &agent->opts;
	if (agent->steered_ms == 0)
		return opts->poll_interval_ms;
	if (agent->steered_ms < opts->poll_least_ms)
		return opts->poll_least_ms;
	return agent->steered_ms > opts->poll_most_ms ? opts->poll_most_ms : agent->steered_ms;
}

static int64_t contact_interval_ms(const struct device_agent *agent)
{
	const struct profile *profile = &agent->opts.told.profile;
	if (!device_agent_sleeps(agent))
		return poll_interval_ms(agent);
	return 1000 * (profile->has_wake_every ? profile->wake_every_s : WAKE_DEFAULT_S);
}

void device_agent_heed_steering(struct device_agent *agent, int64_t fresh_ms)
{
	bool changes = fresh_ms > 0 && fresh_ms != agent->steered_ms;
	agent->steered_ms = fresh_ms;
	device_agent_plan_contact(agent);
	if (changes && !device_agent_sleeps(agent))
		device_channel_say(&agent->channel, "asked to poll every %lld s: every %lld s",
			(long long)fresh_ms / 1000, (long long)poll_interval_ms(agent) / 1000);
}

int64_t device_agent_awake_left_ms(const struct device_agent *agent, int64_t now_ms)
{
	const struct profile *profile = &agent->opts.told.profile;
	int64_t last_ms = su_later(agent->orders.called_at_ms, agent->spoke_at_ms);
	if (!device_agent_sleeps(agent))
		return INT64_MAX;
	return last_ms + 1000 * (profile->has_awake ? profile->awake_s : AWAKE_DEFAULT_S) - now_ms;
}

/* Until the device can be interrupted, by its own windows; without any it always can. */
static int64_t idle_left_ms(const struct device_agent *agent)
{
	const struct calendar *calendar = agent->opts.calendar;
	int64_t now_ms = su_clock_wall_ms();
	struct calendar_query query = { WINDOW_IDLE, now_ms, 0, now_ms + HORIZON_MS };
	struct interval found;
	if (calendar == NULL)
		return 0;
	if (!calendar_has(calendar, WINDOW_IDLE)) {
		query.meaning = WINDOW_BUSY;
		bool busy = calendar_next(calendar, &query, &found) && found.from_ms <= now_ms;
		return busy ? found.until_ms - now_ms : 0;
	}
	if (!calendar_next(calendar, &query, &found))
		return HORIZON_MS;
	return found.from_ms > now_ms ? found.from_ms - now_ms : 0;
}

int64_t device_agent_patience_ms(const struct device_agent *agent, int64_t now_ms)
{
	int64_t since_ms = agent->parked_at_ms;
	if (agent->update == NULL)
		return INT64_MAX;
	if (device_update_needs(agent->update) == UPDATE_NEEDS_WORD) {
		int64_t limit_ms =
			agent->state->awaits_word ? agent->opts.install_limit_s * 1000 : 0;
		return su_later(since_ms + limit_ms - now_ms, idle_left_ms(agent));
	}
	return su_later(since_ms, agent->orders.called_at_ms) + PUSH_PATIENCE_MS - now_ms;
}

void device_agent_plan_contact(struct device_agent *agent)
{
	int64_t now_ms = su_clock_mono_ms();
	agent->contact_at_ms = now_ms + contact_interval_ms(agent);
	if (agent->renew_at_ms > now_ms)
		agent->contact_at_ms = su_sooner(agent->contact_at_ms, agent->renew_at_ms);
}
