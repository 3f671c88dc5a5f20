/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a device between updates: registration, polls, and patience with a server that is away. */
#include "tools/device_agent.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "suit/envelope.h"
#include "tools/device_channel.h"
#include "tools/device_report.h"
#include "tools/device_update.h"
#include "tools/whole_file.h"

#define ENVELOPE_MAX_BYTES (1u << 20)
#define FIRST_WAIT_MS      1000
#define LONGEST_WAIT_MS    60000
#define MAX_WAITS_ONCE     6 /* then a device that shall end by itself gives up */

typedef void (*step_fn)(struct device_agent *agent);

struct device_agent {
	struct device_agent_opts opts;
	struct device_channel channel;
	struct su_timer *timer;
	step_fn next; /* when the timer expires */
	struct device_state *state;
	struct device_update *update; /* NULL: none under way */
	struct su_buf incoming;       /* the envelope of the poll under way */
	struct su_buf incoming_etag;
	int64_t renew_at_ms; /* on the monotonic clock: register again then */
	unsigned waits;      /* in a row */
	bool failed;         /* the last update did not work */
};

static void register_device(struct device_agent *agent);
static void poll_server(struct device_agent *agent);

static void later(struct device_agent *agent, int64_t delay_ms, step_fn next)
{
	agent->next = next;
	su_timer_set(agent->timer, delay_ms);
}

static void on_timer(void *arg)
{
	struct device_agent *agent = arg;
	agent->next(agent);
}

static uint64_t draw(struct device_agent *agent)
{
	agent->opts.seed = agent->opts.seed * 6364136223846793005u + 1442695040888963407u;
	return agent->opts.seed >> 33;
}

static void end(struct device_agent *agent, bool success)
{
	agent->opts.on_end(agent->opts.arg, success);
}

/* There is nothing to do for now, or for good. */
static void rest(struct device_agent *agent)
{
	bool renew = su_clock_mono_ms() >= agent->renew_at_ms;
	if (agent->opts.once)
		end(agent, !agent->failed);
	else
		later(agent, agent->opts.poll_interval_ms, renew ? register_device : poll_server);
}

/* Doubled each time, with a random part, so that a fleet does not come back as one. */
static void wait_and(struct device_agent *agent, const struct link_reply *reply, step_fn again)
{
	int64_t wait_ms = (int64_t)FIRST_WAIT_MS << agent->waits;
	if (wait_ms < reply->wait_ms)
		wait_ms = reply->wait_ms;
	if (wait_ms > LONGEST_WAIT_MS)
		wait_ms = LONGEST_WAIT_MS;
	device_channel_say(&agent->channel, "waits: %s", reply->error.text);
	if (agent->opts.once && agent->waits == MAX_WAITS_ONCE) {
		end(agent, false);
		return;
	}
	agent->waits += agent->waits < MAX_WAITS_ONCE;
	later(agent, wait_ms + (int64_t)(draw(agent) % FIRST_WAIT_MS), again);
}

static void save(struct device_agent *agent)
{
	struct su_error err = { 0 };
	if (device_state_save(agent->state, &err) != SU_OK)
		device_channel_say(&agent->channel, "%s %s", err.field, err.text);
}

/* The new image runs: the registration has said so, the report says how it went. */

static void report_success(struct device_agent *agent);

static void on_reported(void *arg, const struct link_reply *reply)
{
	struct device_agent *agent = arg;
	if (reply->status == SU_RETRY) {
		wait_and(agent, reply, report_success);
		return;
	}
	if (reply->status != SU_OK)
		device_channel_say(
			&agent->channel, "the report was refused: %s", reply->error.text);
	else
		device_channel_say(&agent->channel, "reported that the new image runs");
	agent->state->report_pending = false;
	save(agent);
	device_state_tidy(agent->state); /* the power may have gone before it was done */
	poll_server(agent);
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
	wait_and(arg, reply, continue_update);
}

static void on_update_ended(void *arg, bool installed)
{
	struct device_agent *agent = arg;
	device_update_free(&agent->update);
	agent->failed = !installed;
	agent->waits = 0;
	if (installed) {
		later(agent, agent->opts.restart_ms, register_device);
		return;
	}
	device_state_tidy(agent->state);
	rest(agent);
}

static void begin_update(struct device_agent *agent, struct su_span bytes)
{
	struct device_update_opts opts = {
		.channel = &agent->channel,
		.state = agent->state,
		.told = &agent->opts.told,
		.trust = &agent->opts.trust,
		.shall_fail = draw(agent) % 100 < agent->opts.fail_percent,
		.on_wait = on_update_waits,
		.on_end = on_update_ended,
		.arg = agent,
	};
	agent->update = device_update_begin(&opts, bytes);
}

/* The manifest that is installed already is no update, whoever sends it. */
static bool is_installed(const struct device_agent *agent, struct su_span bytes)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct envelope_options options = { .allow_untagged = true };
	struct envelope envelope;
	return envelope_decode(arena, bytes, &options, &envelope, NULL) == SU_OK &&
	       digest_equal(&envelope.manifest_digest, &agent->state->installed_manifest);
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
	struct su_error err = { 0 };
	struct su_span bytes = su_buf_span(&agent->incoming);
	if (is_installed(agent, bytes)) {
		agent->state->etag =
			su_arena_copy(agent->state->arena, su_buf_span(&agent->incoming_etag));
		save(agent);
		rest(agent);
		return;
	}
	/* Kept, so that a restart goes on with it. */
	const char *path = device_state_path(agent->state->arena, agent->state, "manifest.suit");
	if (whole_file_write(path, bytes, 0644, &err) != SU_OK)
		device_channel_say(&agent->channel, "%s %s", err.field, err.text);
	begin_update(agent, bytes);
}

static void on_polled(void *arg, const struct link_reply *reply)
{
	struct device_agent *agent = arg;
	if (reply->status == SU_RETRY) {
		wait_and(agent, reply, poll_server);
		return;
	}
	agent->waits = 0;
	if (reply->status == SU_OK && !reply->unchanged && agent->incoming.len > 0) {
		take_envelope(agent);
		return;
	}
	if (reply->status != SU_OK && reply->status != SU_NOT_FOUND) {
		device_channel_say(&agent->channel, "the poll was refused: %s", reply->error.text);
		agent->failed = true;
	}
	rest(agent);
}

static void poll_server(struct device_agent *agent)
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
	if (is_installed(agent, bytes)) {
		device_state_tidy(agent->state); /* it ended between the two */
		return false;
	}
	device_channel_say(&agent->channel, "goes on with the update that was under way");
	begin_update(agent, bytes);
	return true;
}

static void on_registered(void *arg, const struct link_reply *reply)
{
	struct device_agent *agent = arg;
	if (reply->status == SU_RETRY) {
		wait_and(agent, reply, register_device);
		return;
	}
	agent->waits = 0;
	if (reply->status != SU_OK) {
		device_channel_say(
			&agent->channel, "the registration was refused: %s", reply->error.text);
		agent->failed = true;
		agent->renew_at_ms = 0; /* and is tried again */
		rest(agent);
		return;
	}
	agent->renew_at_ms = su_clock_mono_ms() + agent->opts.lifetime_s * 1000 / 2;
	device_channel_say(&agent->channel, "registered as %s",
		reply->location != NULL ? reply->location : "nothing");
	if (agent->state->report_pending)
		report_success(agent);
	else if (!resume_update(agent))
		poll_server(agent);
}

static void register_device(struct device_agent *agent)
{
	struct characteristics *told = &agent->opts.told;
	struct device_registration registration = {
		.told = told,
		.envelope_form = agent->opts.envelope_form,
		.lifetime_s = agent->opts.lifetime_s,
	};
	told->n_components = agent->state->n_components;
	memcpy(told->components, agent->state->components, sizeof(told->components));
	device_channel_register(&agent->channel, &registration, on_registered, agent);
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
	};
	SU_TRY(device_state_open(opts->folder, &agent->state, err));
	agent->timer = su_timer_new(opts->loop, on_timer, agent);
	later(agent, opts->start_delay_ms, register_device);
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
	device_state_close(&(*agent)->state);
	su_buf_free(&(*agent)->channel.body);
	su_buf_free(&(*agent)->incoming);
	su_buf_free(&(*agent)->incoming_etag);
	free((*agent)->channel.endpoint);
	free(*agent);
	*agent = NULL;
}
