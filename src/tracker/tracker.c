/* SPDX-License-Identifier: Apache-2.0 */
/* Starting, stopping, and what the database tells. */
#include "tracker/tracker.h"

#include "base/log.h"
#include "base/memory.h"
#include "tracker/command_turn.h"
#include "tracker/ledger.h"
#include "tracker/planning_due.h"
#include "tracker/poll_crowd.h"
#include "tracker/pusher.h"
#include "tracker/release_news.h"
#include "tracker/release_shelf.h"
#include "tracker/sweep.h"
#include "tracker/turn.h"

static void on_loaded(void *arg, struct remembered *of, const struct su_error *err)
{
	turn_on_loaded(arg, of, err);
}

enum su_status tracker_start(
	const struct tracker_opts *opts, struct tracker **out, struct su_error *err)
{
	if (opts->max_cached_devices == 0)
		return su_fail(err, SU_INVALID, "max_cached_devices", "must not be zero");
	struct tracker *tracker = su_new(struct tracker);
	tracker->opts = *opts;
	tracker->news = release_news_new();
	tracker->registry = registry_new(opts->max_cached_devices);
	const struct loader_opts loader = {
		.loop = opts->loop,
		.work = opts->work,
		.blobs = opts->blobs,
		.registry = tracker->registry,
		.done = on_loaded,
		.arg = tracker,
	};
	tracker->loader = loader_new(&loader);
	tracker->shelf = release_shelf_new();
	tracker->ledger = ledger_new();
	tracker->crowd = poll_crowd_new(tracker);
	tracker->sweep = sweep_start(tracker);
	tracker->pusher = pusher_start(tracker, command_turn_start);
	tracker->due = planning_due_start(tracker);
	*out = tracker;
	return SU_OK;
}

static void fail_waiting(void *arg, struct remembered *of)
{
	(void)arg;
	struct su_error error;
	su_fail(&error, SU_RETRY, "", "the server is stopping");
	turn_fail_waiting(of, &error);
}

void tracker_quiesce(struct tracker *tracker)
{
	tracker->stopping = true;
	tracker->on_change = NULL;
	sweep_stop(&tracker->sweep);
	pusher_stop(&tracker->pusher);
	planning_due_stop(&tracker->due);
	loader_stop(tracker->loader);
	registry_each(tracker->registry, fail_waiting, NULL);
}

void tracker_stop(struct tracker **tracker)
{
	if (!tracker || !*tracker)
		return;
	struct tracker *stopping = *tracker;
	*tracker = NULL;
	tracker_quiesce(stopping);
	if (stopping->n_jobs > 0 || !loader_is_idle(stopping->loader)) {
		/* Workers and committer still hold parts of it; the process is about to end. */
		su_log(SU_LOG_WARNING, "tracker stopped with work under way",
			SU_INT("jobs", (int64_t)stopping->n_jobs));
		return;
	}
	loader_free(&stopping->loader);
	registry_free(&stopping->registry);
	release_shelf_free(&stopping->shelf);
	release_news_free(&stopping->news);
	ledger_free(&stopping->ledger);
	poll_crowd_free(&stopping->crowd);
	su_free_ptr(&stopping);
}

bool tracker_takes_writes(const struct tracker *tracker)
{
	return committer_takes_writes(tracker->opts.committer);
}

const struct command_stats *tracker_commands(const struct tracker *tracker)
{
	return &tracker->commands;
}

const struct poll_stats *tracker_polls(const struct tracker *tracker)
{
	return &tracker->polls;
}

void tracker_on_notify(struct tracker *tracker, enum notify_topic topic, const char *payload)
{
	switch (topic) {
	case NOTIFY_DEVICE:
	case NOTIFY_CREDENTIAL:
		registry_spoil(tracker->registry, payload);
		tracker_announce(tracker, payload);
		if (tracker->on_due)
			tracker->on_due(tracker->drives, payload, URGENCY_NORMAL);
		break;
	case NOTIFY_RELEASE:
		if (release_news_add(tracker->news, payload))
			tracker_announce(tracker, NULL);
		planning_due_wake(tracker->due);
		break;
	case NOTIFY_EVERYTHING:
		(void)release_news_add(tracker->news, NULL);
		registry_spoil_all(tracker->registry);
		tracker_announce(tracker, NULL);
		break;
	case NOTIFY_POLICY:
		planning_due_wake(tracker->due);
		break;
	case NOTIFY_PATH:
	case NOTIFY_TOKEN:
		break;
	}
}

void tracker_on_change(struct tracker *tracker, tracker_change_fn on_change, void *arg)
{
	tracker->on_change = on_change;
	tracker->on_change_arg = arg;
}
