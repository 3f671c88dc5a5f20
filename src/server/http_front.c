/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a front end, and the timers that keep it tidy. */
#include "server/http_front.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "server/device_front.h"
#include "server/http_channel.h"
#include "server/http_upload_purge.h"

#define PURGE_INTERVAL_MS (10 * 60 * 1000)
#define MAX_COMMANDS      256 /* under way at the same time */
#define REPLACED_MS       1000
#define GRACE_MS          2000

static void sweep_limits(void *arg)
{
	struct http_front *front = arg;
	int64_t wait_ms = limits_sweep(front->limits, su_clock_mono_ms());
	atomic_store_explicit(
		&front->stats.cut_connections, limits_n_cut(front->limits), memory_order_relaxed);
	front->sweeping = wait_ms >= 0;
	if (front->sweeping)
		su_timer_set(front->sweep, wait_ms);
}

static void purge_uploads(void *arg)
{
	struct http_front *front = arg;
	http_upload_purge_submit(front->env.work, front->env.blobs);
	su_timer_set(front->purge, PURGE_INTERVAL_MS);
}

void http_front_watch_limits(struct http_front *front)
{
	if (!front->sweeping)
		sweep_limits(front);
}

static void on_reach(void *arg, const char *endpoint, int64_t now_ms)
{
	const struct http_front *front = arg;
	tracker_in_reach(device_front_tracker(front->env.devices), endpoint, now_ms);
}

/* A quarter of the connections is left to requests that do not wait. */
static void open_channel(struct http_front *front, const struct http_opts *opts)
{
	front->env.commands = http_channel_new(&(struct http_channel_opts){
		.loop = front->env.loop,
		.max_waits = opts->max_connections - opts->max_connections / 4,
		.max_commands = MAX_COMMANDS,
		.waiting = &front->stats.waiting,
		.replaced_ms = REPLACED_MS,
		.silence_ms = opts->command_timeout_ms,
		.grace_ms = GRACE_MS,
		.on_reach = on_reach,
		.arg = front,
	});
	if (!front->env.devices)
		return;
	const struct channel channel = http_channel_of(front->env.commands);
	tracker_add_channel(device_front_tracker(front->env.devices), &channel);
}

void http_front_close_channel(struct http_front *front)
{
	if (front->env.devices)
		tracker_remove_channel(
			device_front_tracker(front->env.devices), front->env.commands);
	http_channel_stop(front->env.commands);
}

struct http_front *http_front_new(const struct http_opts *opts)
{
	struct http_front *front = su_new(struct http_front);
	const struct limits_opts limits = {
		.max_per_address = opts->max_connections_per_address,
		.idle_ms = opts->idle_timeout_ms,
		.min_progress_bytes = opts->min_progress_bytes,
		.bytes_moved = limits_tcp_bytes_moved,
		.cut = limits_tcp_cut,
	};
	front->env = opts->env;
	front->env.stats = &front->stats;
	front->auth = auth_memory_new();
	front->limits = limits_new(&limits);
	front->linger = http_linger_new(front->env.loop);
	front->sweep = su_timer_new(front->env.loop, sweep_limits, front);
	front->purge = su_timer_new(front->env.loop, purge_uploads, front);
	su_timer_set(front->purge, PURGE_INTERVAL_MS);
	open_channel(front, opts);
	return front;
}

void http_front_free_when_done(struct http_front *front)
{
	if (!front->stopped || front->exchanges)
		return;
	http_channel_free(&front->env.commands);
	auth_memory_free(&front->auth);
	limits_free(&front->limits);
	su_arena_free(&front->spare);
	free(front);
}

void http_front_stop(struct http_front *front)
{
	http_linger_free(&front->linger);
	su_timer_free(&front->sweep);
	su_timer_free(&front->purge);
	front->stopped = true;
	http_front_free_when_done(front);
}
