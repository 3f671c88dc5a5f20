/* SPDX-License-Identifier: Apache-2.0 */
/* LISTEN: what other connections (of this or another suitd) changed, told on the loop's thread. */
#pragma once

#include "base/loop.h"
#include "base/status.h"

struct notify;

enum notify_topic {
	NOTIFY_DEVICE,     /* payload: an endpoint */
	NOTIFY_RELEASE,    /* approved, withdrawn; payload: of model/release_change.h */
	NOTIFY_PATH,       /* public paths changed */
	NOTIFY_CREDENTIAL, /* payload: an endpoint */
	NOTIFY_TOKEN,      /* a token was made or revoked */
	NOTIFY_POLICY,     /* another policy document is in force */
	NOTIFY_EVERYTHING, /* the connection was lost for a while: forget all that is cached */
};
typedef void (*notify_fn)(void *arg, enum notify_topic topic, const char *payload);

struct notify_opts {
	struct su_loop *loop;
	const char *conninfo;
	/* Whose own batches are not told (see committer_origin); NULL: nobody's. */
	const char *origin;
	notify_fn on_notify;
	void *arg;
};
/*
 * Holds a connection of its own on a thread of its own; reconnects. Whenever it has begun to listen
 * (also for the first time) it tells NOTIFY_EVERYTHING: what changed before, it cannot know. It is listed
 * as a listener: batches tell nobody of what they change while there is none but their own.
 */
enum su_status notify_start(
	const struct notify_opts *opts, struct notify **out, struct su_error *err) SU_MUST_CHECK;
void notify_stop(struct notify **notify);
