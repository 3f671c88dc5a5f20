/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a device between updates: registration, polls, and patience with a server that is away. */
#include "tools/device_agent.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "tools/device_agent_parts.h"
#include "tools/device_report.h"
#include "tools/whole_file.h"

#define ENVELOPE_MAX_BYTES (1u << 20)

static void on_timer(void *arg)
{
	struct device_agent *agent = arg;
	agent->resting = false;
	agent->next(agent);
}

/* The new image runs: the registration has said so, the report says how it went. */

static void report_success(struct device_agent *agent);

static void on_reported(void *arg, const struct link_reply *reply)
{
	struct device_agent *agent = arg;
	if (reply->status == SU_RETRY) {
		device_agent_wait_and(agent, reply, report_success);
		return;
	}
	if (reply->status != SU_OK)
		device_channel_say(
			&agent->channel, "the report was refused: %s", reply->error.text);
	else
		device_channel_say(&agent->channel, "reported that the new image runs");
	agent->state->report_pending = false;
	device_agent_save(agent);
	device_state_tidy(agent->state); /* the power may have gone before it was done */
	device_agent_poll(agent);
}

static void report_success(struct device_agent *agent)
{
	struct su_buf report = { 0 };
	device_report_success(agent->state, &report);
	device_channel_report(&agent->channel, &report, on_reported, agent);
}

static void continue_update(struct device_agent *agent)
{
	device_update_continue(agent->update);
}

static void on_update_waits(void *arg, const struct link_reply *reply)
{
	device_agent_wait_and(arg, reply, continue_update);
}

static void on_update_ended(void *arg, bool installed)
{
	struct device_agent *agent = arg;
	device_update_free(&agent->update);
	agent->failed =
		!installed || agent->opts.come_back_old || agent->opts.kept_old.encoded.len > 0;
	agent->ended_one = true;
	agent->waits = 0;
	agent->orders.install = false;
	if (agent->state->awaits_word) {
		agent->state->awaits_word = false;
		device_agent_save(agent);
	}
	if (installed) {
		/* What restarts does not listen. */
		if (agent->opts.listens)
			link_sleep(agent->channel.link);
		device_agent_later(agent, agent->opts.restart_ms, device_agent_register);
		return;
	}
	device_state_tidy(agent->state);
	device_agent_act(agent);
}

static void on_update_parked(void *arg)
{
	struct device_agent *agent = arg;
	agent->parked_at_ms = agent->spoke_at_ms = su_clock_mono_ms();
	device_agent_act(agent);
}

void device_agent_begin_update(struct device_agent *agent, struct su_span bytes, bool pushed)
{
	struct device_update_opts opts = {
		.channel = &agent->channel,
		.state = agent->state,
		.told = &agent->opts.told,
		.trust = &agent->opts.trust,
		.shall_fail = device_agent_draw(agent) % 100 < agent->opts.fail_percent,
		.come_back_old = agent->opts.come_back_old,
		.kept_old = agent->opts.kept_old,
		.report_other = agent->opts.report_other,
		.pushed = pushed,
		.awaits_word = agent->state->awaits_word || agent->opts.calendar != NULL,
		.on_park = on_update_parked,
		.on_wait = on_update_waits,
		.on_end = on_update_ended,
		.arg = agent,
	};
	agent->update = device_update_begin(&opts, bytes);
}

/* The device has said that it does not want it now. */
static bool is_put_off(const struct device_agent *agent, struct su_span bytes)
{
	const struct device_orders *orders = &agent->orders;
	struct digest release;
	return digest_is_set(&orders->put_off) && device_agent_read_release(bytes, &release) &&
	       digest_equal(&release, &orders->put_off) &&
	       su_clock_wall_ms() < orders->put_off_until_ms;
}

static bool on_envelope_piece(void *arg, const struct link_piece *piece)
{
	struct device_agent *agent = arg;
	if (piece->offset == 0) {
		su_buf_clear(&agent->incoming);
		su_buf_clear(&agent->incoming_etag);
		su_buf_append_span(&agent->incoming_etag, piece->etag);
	}
	if (piece->offset != agent->incoming.len ||
		piece->offset + piece->bytes.len > ENVELOPE_MAX_BYTES)
		return false;
	/* Another envelope is offered since the transfer began. */
	if (!su_span_equal(piece->etag, su_buf_span(&agent->incoming_etag)))
		return false;
	su_buf_append_span(&agent->incoming, piece->bytes);
	return true;
}

static void take_envelope(struct device_agent *agent)
{
	struct device_orders *orders = &agent->orders;
	struct su_span bytes = su_buf_span(&agent->incoming);
	struct digest release;
	bool triggered = orders->triggered;
	orders->triggered = false;
	if (device_agent_has(agent, bytes)) {
		agent->state->etag =
			su_arena_copy(agent->state->arena, su_buf_span(&agent->incoming_etag));
		device_agent_save(agent);
		device_agent_act(agent);
		return;
	}
	if (is_put_off(agent, bytes)) {
		device_agent_act(agent);
		return;
	}
	bool told = triggered && device_agent_read_release(bytes, &release) &&
		    digest_equal(&release, &orders->release);
	if (!device_agent_keep_envelope(agent, bytes, told)) {
		agent->failed = true;
		device_agent_act(agent);
		return;
	}
	device_agent_begin_update(agent, bytes, false);
}

static void on_polled(void *arg, const struct link_reply *reply)
{
	struct device_agent *agent = arg;
	if (reply->status == SU_RETRY) {
		device_agent_wait_and(agent, reply, device_agent_poll);
		return;
	}
	agent->waits = 0;
	agent->spoke_at_ms = su_clock_mono_ms();
	device_agent_heed_steering(agent, reply->fresh_ms);
	if (reply->status == SU_OK && !reply->unchanged && agent->incoming.len > 0) {
		take_envelope(agent);
		return;
	}
	agent->orders.triggered = false; /* there is nothing (any more) */
	if (reply->status != SU_OK && reply->status != SU_NOT_FOUND) {
		device_channel_say(&agent->channel, "the poll was refused: %s", reply->error.text);
		agent->failed = true;
	}
	device_agent_act(agent);
}

void device_agent_poll(struct device_agent *agent)
{
	su_buf_clear(&agent->incoming);
	device_channel_poll(
		&agent->channel, agent->state->etag, on_envelope_piece, on_polled, agent);
}

/* An update that a restart interrupted goes on where it stopped. */
static bool resume_update(struct device_agent *agent)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	const char *path = device_state_path(arena, agent->state, "manifest.suit");
	struct su_span bytes;
	if (access(path, R_OK) != 0 ||
		whole_file_read(arena, path, ENVELOPE_MAX_BYTES, &bytes, NULL) != SU_OK)
		return false;
	if (device_agent_has(agent, bytes)) {
		device_state_tidy(agent->state); /* it ended between the two */
		return false;
	}
	device_channel_say(&agent->channel, "goes on with the update that was under way");
	device_agent_begin_update(agent, bytes, false);
	return true;
}

static void on_registered(void *arg, const struct link_reply *reply)
{
	struct device_agent *agent = arg;
	if (reply->status == SU_RETRY) {
		device_agent_wait_and(agent, reply, device_agent_register);
		return;
	}
	agent->waits = 0;
	agent->spoke_at_ms = su_clock_mono_ms();
	device_agent_plan_contact(agent);
	if (reply->status != SU_OK) {
		device_channel_say(
			&agent->channel, "the registration was refused: %s", reply->error.text);
		agent->failed = true;
		agent->renew_at_ms = 0; /* and is tried again */
		device_agent_act(agent);
		return;
	}
	agent->renew_at_ms = agent->spoke_at_ms + agent->opts.lifetime_s * 1000 / 2;
	agent->no_commands = false; /* it may have been that it was not registered any more */
	free(agent->location);
	agent->location = su_strdup(reply->location);
	device_channel_say(&agent->channel, "registered as %s",
		reply->location != NULL ? reply->location : "nothing");
	if (agent->update != NULL)
		device_agent_act(agent);
	else if (agent->state->report_pending)
		report_success(agent);
	else if (!resume_update(agent))
		device_agent_poll(agent);
}

void device_agent_register(struct device_agent *agent)
{
	struct characteristics *told = &agent->opts.told;
	struct device_registration registration = {
		.told = told,
		.calendar = agent->opts.calendar,
		.envelope_form = agent->opts.envelope_form,
		.lifetime_s = agent->opts.lifetime_s,
	};
	device_agent_fill_told(agent);
	device_channel_register(&agent->channel, &registration, on_registered, agent);
}

static void on_renewed(void *arg, const struct link_reply *reply)
{
	struct device_agent *agent = arg;
	if (reply->status == SU_RETRY) {
		device_agent_wait_and(agent, reply, device_agent_renew);
		return;
	}
	agent->waits = 0;
	agent->spoke_at_ms = su_clock_mono_ms();
	if (reply->status != SU_OK)
		device_agent_register(agent);
	else if (agent->update == NULL)
		device_agent_poll(agent);
	else
		device_agent_act(agent);
}

void device_agent_renew(struct device_agent *agent)
{
	if (agent->location == NULL)
		device_agent_register(agent);
	else
		device_channel_renew(&agent->channel, agent->location, on_renewed, agent);
}

enum su_status device_agent_start(const struct device_agent_opts *opts, struct link *link_take,
	struct device_agent **out, struct su_error *err)
{
	struct device_agent *agent su_auto(device_agent_stop) = su_new(struct device_agent);
	agent->opts = *opts;
	agent->channel = (struct device_channel){
		.link = link_take,
		.endpoint = su_strdup(opts->endpoint),
		.report_key = opts->report_key,
		.quiet = opts->quiet,
		.falls_silent = opts->falls_silent,
		.silent_at = opts->silent_at,
	};
	SU_TRY(device_state_open(opts->folder, &agent->state, err));
	device_agent_start_listening(agent);
	agent->timer = su_timer_new(opts->loop, on_timer, agent);
	device_agent_later(agent, opts->start_delay_ms, device_agent_register);
	*out = agent;
	agent = NULL;
	return SU_OK;
}

void device_agent_halt(struct device_agent *agent)
{
	link_halt(agent->channel.link);
	su_timer_cancel(agent->timer);
}

void device_agent_stop(struct device_agent **agent)
{
	if (*agent == NULL)
		return;
	link_free(&(*agent)->channel.link);
	device_update_free(&(*agent)->update);
	su_timer_free(&(*agent)->timer);
	device_orders_deinit(&(*agent)->orders);
	device_state_close(&(*agent)->state);
	su_buf_free(&(*agent)->channel.body);
	su_buf_free(&(*agent)->incoming);
	su_buf_free(&(*agent)->incoming_etag);
	free((*agent)->channel.endpoint);
	free((*agent)->location);
	free(*agent);
	*agent = NULL;
}
