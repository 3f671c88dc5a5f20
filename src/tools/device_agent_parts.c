/* SPDX-License-Identifier: Apache-2.0 */
/* What all steps of a device use: its timer and its patience, its folder, and what it knows of releases. */
#include "tools/device_agent_parts.h"

#include <string.h>

#include "base/memory.h"
#include "suit/envelope.h"
#include "tools/whole_file.h"

#define FIRST_WAIT_MS   1000
#define LONGEST_WAIT_MS 60000
#define MAX_WAITS_ONCE  6 /* then a device that shall end by itself gives up */

void device_agent_later(struct device_agent *agent, int64_t delay_ms, device_agent_step_fn next)
{
	agent->next = next;
	su_timer_set(agent->timer, delay_ms);
}

uint64_t device_agent_draw(struct device_agent *agent)
{
	agent->opts.seed = agent->opts.seed * 6364136223846793005u + 1442695040888963407u;
	return agent->opts.seed >> 33;
}

void device_agent_end(struct device_agent *agent, bool success)
{
	agent->opts.on_end(agent->opts.arg, success);
}

/* Doubled each time, with a random part, so that a fleet does not come back as one. */
void device_agent_wait_and(
	struct device_agent *agent, const struct link_reply *reply, device_agent_step_fn again)
{
	int64_t wait_ms = (int64_t)FIRST_WAIT_MS << agent->waits;
	if (wait_ms < reply->wait_ms)
		wait_ms = reply->wait_ms;
	if (wait_ms > LONGEST_WAIT_MS)
		wait_ms = LONGEST_WAIT_MS;
	device_channel_say(&agent->channel, "waits: %s", reply->error.text);
	if (agent->opts.once && agent->waits == MAX_WAITS_ONCE) {
		device_agent_end(agent, false);
		return;
	}
	agent->waits += agent->waits < MAX_WAITS_ONCE;
	device_agent_later(
		agent, wait_ms + (int64_t)(device_agent_draw(agent) % FIRST_WAIT_MS), again);
}

void device_agent_save(struct device_agent *agent)
{
	struct su_error err = { 0 };
	if (device_state_save(agent->state, &err) != SU_OK)
		device_channel_say(&agent->channel, "%s %s", err.field, err.text);
}

void device_agent_fill_told(struct device_agent *agent)
{
	struct characteristics *told = &agent->opts.told;
	told->n_components = agent->state->n_components;
	memcpy(told->components, agent->state->components, sizeof(told->components));
}

bool device_agent_read_release(struct su_span bytes, struct digest *out)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct envelope_options options = { .allow_untagged = true };
	struct envelope envelope;
	*out = (struct digest){ 0 };
	if (envelope_decode(arena, bytes, &options, &envelope, NULL) != SU_OK)
		return false;
	*out = envelope.manifest_digest;
	return true;
}

bool device_agent_has(const struct device_agent *agent, struct su_span bytes)
{
	struct digest release;
	return device_agent_read_release(bytes, &release) &&
	       digest_equal(&release, &agent->state->installed_manifest);
}

bool device_agent_keep_envelope(struct device_agent *agent, struct su_span bytes, bool awaits_word)
{
	struct su_error err = { 0 };
	const char *path = device_state_path(agent->state->arena, agent->state, "manifest.suit");
	agent->state->awaits_word = awaits_word;
	if (whole_file_write(path, bytes, 0644, &err) == SU_OK &&
		device_state_save(agent->state, &err) == SU_OK)
		return true;
	device_channel_say(&agent->channel, "%s %s", err.field, err.text);
	return false;
}
