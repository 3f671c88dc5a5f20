/* SPDX-License-Identifier: Apache-2.0 */
/* What suitd wants of the device, most pressing first. */
#include "base/clock.h"
#include "model/device_keys.h"
#include "tools/device_agent_parts.h"

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
		device_agent_rest(agent);
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
		device_agent_rest(agent);
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
