/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the tracker, for the files that each handle one kind of message. */
#pragma once

#include "tracker/channel.h"
#include "tracker/command_stats.h"
#include "tracker/loader.h"
#include "tracker/poll_fault.h"
#include "tracker/poll_stats.h"
#include "tracker/tracker.h"

struct pusher;
struct release_news;
struct release_shelf;
struct ledger;
struct planning_due;
struct poll_crowd;
struct sweep;

struct tracker {
	struct tracker_opts opts;
	struct registry *registry;
	struct loader *loader;
	struct release_shelf *shelf;
	struct sweep *sweep;
	struct pusher *pusher; /* NULL: without a clock */
	struct ledger *ledger;
	struct planning_due *due;
	struct poll_crowd *crowd;
	struct release_news *news;
	size_t n_jobs; /* on workers or with the committer, of turns */
	bool stopping;
	tracker_change_fn on_change;
	void *on_change_arg;
	struct command_stats commands;
	struct poll_stats polls;
	struct poll_faults faults;
	size_t n_channels;
	struct channel channels[TRACKER_MAX_CHANNELS];
	/* The pusher's: a device has come into reach, and the next step of its deployment is a command that
	 * is due. NULL: nobody wants to know. */
	void (*on_reach)(void *arg, const char *endpoint, int64_t now_ms);
	void (*on_due)(void *arg, const char *endpoint, enum urgency urgency);
	void *drives;
};

/* What a poll of this endpoint would answer may have changed. */
static inline void tracker_announce(const struct tracker *tracker, const char *endpoint)
{
	if (tracker->on_change)
		tracker->on_change(tracker->on_change_arg, endpoint);
}
