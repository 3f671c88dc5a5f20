/* SPDX-License-Identifier: Apache-2.0 */
/* Between two exchanges: what suitd wants of the device, most pressing first; else it rests. */
#include "base/clock.h"
#include "base/moment.h"
#include "model/device_keys.h"
#include "tools/device_agent_parts.h"

#define LONGEST_POLL_S    60 /* of a poll for commands over HTTP */
#define COMMAND_MAX_BYTES 4096

static void on_told(void *arg, const struct link_reply *reply)
{
	struct device_agent *agent = arg;
	if (reply->status == SU_RETRY) {
		device_agent_wait_and(agent, reply, device_agent_act);
		return;
	}
	agent->waits = 0;
	agent->spoke_at_ms = su_clock_mono_ms();
	agent->orders.has_answer = false;
	agent->orders.asked = false;
	if (reply->status != SU_OK)
		device_channel_say(
			&agent->channel, "the server did not take it: %s", reply->error.text);
	device_agent_act(agent);
}

static struct device_news news_of(struct device_agent *agent, struct device_progress *progress)
{
	struct device_news news = { .told = &agent->opts.told, .calendar = agent->opts.calendar };
	device_agent_fill_told(agent);
	if (agent->update == NULL)
		return news;
	*progress = (struct device_progress){
		.release = *device_update_release(agent->update),
		.state = device_update_state(agent->update),
	};
	if (name_of(reported_state_names, (int)progress->state) != NULL)
		news.progress = progress;
	return news;
}

static void tell_news(struct device_agent *agent)
{
	struct device_progress progress;
	struct device_news news = news_of(agent, &progress);
	if (agent->orders.has_answer) {
		agent->answer = agent->orders.answer;
		news = (struct device_news){ .answer = &agent->answer,
			.deployment = &agent->orders.deployment };
	}
	device_channel_news(&agent->channel, &news, on_told, agent);
}

/* Time to show up: with a poll, or where that would be of no use, with a sign of life. */
static void contact(struct device_agent *agent)
{
	device_agent_plan_contact(agent);
	if (su_clock_mono_ms() >= agent->renew_at_ms)
		device_agent_register(agent);
	else if (agent->update != NULL || device_agent_sleeps(agent))
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

static void rest(struct device_agent *agent)
{
	int64_t now_ms = su_clock_mono_ms();
	int64_t awake_ms = device_agent_awake_left_ms(agent, now_ms);
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

static void drop_update(struct device_agent *agent)
{
	if (agent->update == NULL)
		return;
	device_channel_say(&agent->channel, "drops the update that was under way");
	device_update_free(&agent->update);
	device_state_tidy(agent->state);
}

static void take_pushed(struct device_agent *agent)
{
	struct su_span bytes = device_push_envelope(agent->orders.push);
	struct digest release;
	agent->orders.manifest_pushed = false;
	if (bytes.len == 0 || device_agent_has(agent, bytes)) {
		device_agent_act(agent);
		return;
	}
	bool same = agent->update != NULL && device_agent_read_release(bytes, &release) &&
		    digest_equal(&release, device_update_release(agent->update));
	if (same) {
		device_update_await_word(agent->update);
		device_agent_act(agent);
		return;
	}
	drop_update(agent);
	agent->orders.put_off = (struct digest){ 0 };
	if (device_agent_keep_envelope(agent, bytes, true))
		device_agent_begin_update(agent, bytes, true);
	else
		rest(agent);
}

/* Whether the update has what it needs, or has waited long enough. */
static bool goes_on(struct device_agent *agent)
{
	struct device_orders *orders = &agent->orders;
	bool impatient = device_agent_patience_ms(agent, su_clock_mono_ms()) <= 0;
	if (device_update_needs(agent->update) == UPDATE_NEEDS_WORD)
		return impatient ||
		       (orders->install && digest_equal(&orders->release,
						   device_update_release(agent->update)));
	bool came = orders->image_pushed;
	orders->image_pushed = false;
	if (impatient && !came) {
		device_channel_say(&agent->channel, "fetches what was not pushed");
		device_update_fetch(agent->update);
	}
	return came || impatient;
}

static void take_trigger(struct device_agent *agent)
{
	struct device_orders *orders = &agent->orders;
	if (agent->update != NULL &&
		digest_equal(&orders->release, device_update_release(agent->update))) {
		orders->triggered = false;
		device_update_await_word(agent->update);
		device_agent_act(agent);
		return;
	}
	if (digest_equal(&orders->release, &agent->state->installed_manifest)) {
		orders->triggered = false;
		orders->asked = true; /* it has been done: say what runs */
		device_agent_act(agent);
		return;
	}
	drop_update(agent);
	device_agent_poll(agent);
}

void device_agent_act(struct device_agent *agent)
{
	struct device_orders *orders = &agent->orders;
	if (orders->has_answer || orders->asked)
		tell_news(agent);
	else if (orders->manifest_pushed)
		take_pushed(agent);
	else if (orders->triggered)
		take_trigger(agent);
	else if (agent->update != NULL && goes_on(agent))
		device_update_continue(agent->update);
	else
		rest(agent);
}

/* Runs inside the call: what it leads to waits until the answer is out. */
static void on_order(void *arg)
{
	struct device_agent *agent = arg;
	if (agent->resting)
		device_agent_later(agent, 0, device_agent_act);
}

static void describe(void *arg, struct su_buf *out)
{
	struct device_progress progress;
	struct device_news news = news_of(arg, &progress);
	device_message_news(&news, out);
}

static bool knows(void *arg, const struct digest *release)
{
	const struct device_agent *agent = arg;
	return digest_equal(release, &agent->state->installed_manifest) ||
	       (agent->update != NULL &&
		       digest_equal(release, device_update_release(agent->update)));
}

void device_agent_start_listening(struct device_agent *agent)
{
	struct device_orders_opts orders = {
		.channel = &agent->channel,
		.state = agent->state,
		.script = agent->opts.script,
		.on_order = on_order,
		.describe = describe,
		.is_known = knows,
		.arg = agent,
	};
	device_orders_init(&agent->orders, &orders);
	if (agent->opts.listens)
		agent->called =
			link_listen(agent->channel.link, device_orders_serve, &agent->orders);
}
