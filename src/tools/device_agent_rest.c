/* SPDX-License-Identifier: Apache-2.0 */
/* Between two exchanges: how long a device rests, whether it listens meanwhile, and what wakes it. */
#include "base/clock.h"
#include "base/moment.h"
#include "policy/calendar.h"
#include "tools/device_agent_parts.h"

#define PUSH_PATIENCE_MS  60000 /* without a block; then the device fetches what is missing */
#define LONGEST_POLL_S    60    /* of a poll for commands over HTTP */
#define AWAKE_DEFAULT_S   93    /* MAX_TRANSMIT_WAIT (RFC 7252 section 4.8.2), as LwM2M has it */
#define WAKE_DEFAULT_S    3600
#define COMMAND_MAX_BYTES 4096
#define HORIZON_MS        (INT64_C(8) * 86400 * 1000) /* more than a week: windows are weekly */

static bool sleeps(const struct device_agent *agent)
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
	if (!sleeps(agent))
		return poll_interval_ms(agent);
	return 1000 * (profile->has_wake_every ? profile->wake_every_s : WAKE_DEFAULT_S);
}

void device_agent_heed_steering(struct device_agent *agent, int64_t fresh_ms)
{
	bool changes = fresh_ms > 0 && fresh_ms != agent->steered_ms;
	agent->steered_ms = fresh_ms;
	device_agent_plan_contact(agent);
	if (changes && !sleeps(agent))
		device_channel_say(&agent->channel, "asked to poll every %lld s: every %lld s",
			(long long)fresh_ms / 1000, (long long)poll_interval_ms(agent) / 1000);
}

/* Until it stops listening; a device that does not sleep listens always. */
static int64_t awake_left_ms(const struct device_agent *agent, int64_t now_ms)
{
	const struct profile *profile = &agent->opts.told.profile;
	int64_t last_ms = su_later(agent->orders.called_at_ms, agent->spoke_at_ms);
	if (!sleeps(agent))
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

/* Time to show up: with a poll, or where that would be of no use, with a sign of life. */
static void contact(struct device_agent *agent)
{
	device_agent_plan_contact(agent);
	if (su_clock_mono_ms() >= agent->renew_at_ms)
		device_agent_register(agent);
	else if (agent->update != NULL || sleeps(agent))
		device_agent_renew(agent);
	else
		device_agent_poll(agent);
}

static void look(struct device_agent *agent)
{
	if (su_clock_mono_ms() >= agent->contact_at_ms)
		contact(agent);
	else
		device_agent_act(agent);
}

/* Commands over HTTP are asked for, as long as there is nothing else to do. */

static bool on_command_piece(void *arg, const struct link_piece *piece)
{
	struct device_agent *agent = arg;
	if (agent->incoming.len + piece->bytes.len > COMMAND_MAX_BYTES)
		return false;
	su_buf_append_span(&agent->incoming, piece->bytes);
	return true;
}

static void on_command(void *arg, const struct link_reply *reply)
{
	struct device_agent *agent = arg;
	struct su_error err = { 0 };
	if (reply->status == SU_RETRY) {
		device_agent_wait_and(agent, reply, look);
		return;
	}
	agent->waits = 0;
	if (reply->status != SU_OK) {
		agent->no_commands = true;
		device_channel_say(&agent->channel, "gets no commands: %s", reply->error.text);
	} else if (agent->incoming.len > 0) {
		agent->spoke_at_ms = su_clock_mono_ms();
		if (device_orders_take(&agent->orders, su_buf_span(&agent->incoming), &err) !=
			SU_OK)
			device_channel_say(&agent->channel, "does not understand a command: %s %s",
				err.field, err.text);
	}
	look(agent);
}

static void await_command(struct device_agent *agent, int64_t longest_ms)
{
	su_buf_clear(&agent->incoming);
	device_channel_await(&agent->channel,
		(unsigned)su_sooner(longest_ms / 1000, LONGEST_POLL_S), on_command_piece,
		on_command, agent);
}

void device_agent_rest(struct device_agent *agent)
{
	int64_t now_ms = su_clock_mono_ms();
	int64_t awake_ms = awake_left_ms(agent, now_ms);
	int64_t wait_ms =
		su_sooner(agent->contact_at_ms - now_ms, device_agent_patience_ms(agent, now_ms));
	if (agent->opts.once && agent->update == NULL &&
		(!agent->opts.listens || agent->ended_one)) {
		device_agent_end(agent, !agent->failed);
		return;
	}
	if (awake_ms <= 0) {
		device_channel_say(&agent->channel, "sleeps");
		link_sleep(agent->channel.link);
	} else {
		wait_ms = su_sooner(wait_ms, awake_ms);
	}
	if (wait_ms < 0)
		wait_ms = 0;
	if (agent->opts.listens && !agent->called && !agent->no_commands && awake_ms > 0 &&
		wait_ms >= 1000) {
		await_command(agent, wait_ms);
		return;
	}
	agent->resting = true;
	device_agent_later(agent, wait_ms, look);
}
