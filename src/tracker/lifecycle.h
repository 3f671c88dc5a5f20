/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a deployment moves: one pure table (state, event) -> state. The only place that knows which
 * transitions exist; docs/architecture.md explains them.
 */
#pragma once

#include "model/deployment.h"

enum lifecycle_event {
	EVENT_OFFER,  /* the device was shown the manifest */
	EVENT_ACCEPT, /* it will do it */
	EVENT_DEFER,  /* it answered with a later time */
	EVENT_REFUSE, /* it answered no, or could not use the manifest */
	EVENT_DOWNLOAD_BEGAN,
	EVENT_DOWNLOAD_DONE,
	EVENT_INSTALL_BEGAN,
	EVENT_REBOOT_BEGAN,
	EVENT_REPORT_SUCCESS, /* a SUIT_Report says it worked: not yet the proof */
	EVENT_REPORT_FAILURE,
	EVENT_RUNS_NEW,   /* the device reports the new digests for every component */
	EVENT_RUNS_OLD,   /* after a reboot it reports the old image: a revert */
	EVENT_RUNS_OTHER, /* it reports a digest that is neither */
	EVENT_SILENCE,    /* its time limit is over */
	EVENT_CANCEL,     /* an operator */
	EVENT_SUPERSEDE,  /* a better release takes its place */
	EVENT_WITHDRAW,   /* its release was withdrawn */
	EVENT_RETRY,      /* this try failed, and its class allows another */
	EVENT_EXPIRE,     /* its deadline is over and its class gives up */
};
#define LIFECYCLE_EVENT_COUNT (EVENT_EXPIRE + 1)
extern const struct name_row lifecycle_event_names[];

enum lifecycle_verdict {
	LIFECYCLE_MOVE,   /* go to next */
	LIFECYCLE_STAY,   /* known and harmless (a duplicate, a late message): nothing changes */
	LIFECYCLE_REFUSE, /* makes no sense in this state: the sender is told */
};

struct lifecycle_step {
	enum lifecycle_verdict verdict;
	enum deployment_state next;
};
struct lifecycle_step lifecycle_next(enum deployment_state state, enum lifecycle_event event);

/*
 * Applies event to deployment at now_ms: sets state, changed_at, deadline, reason, attempts and what
 * the next decision depends on (plan), and fills step_out for the history. The only function that assigns deployment->state.
 * Returns what the table says; with STAY and REFUSE nothing is changed.
 */
enum lifecycle_verdict lifecycle_apply(struct deployment *deployment, enum lifecycle_event event,
	const char *actor, const char *detail, int64_t now_ms, struct deployment_history *step_out);

/* What becomes of an event that would end deployment as failed: EVENT_RETRY while fewer than
 * max_retries tries have failed; any other event stays as it is. */
enum lifecycle_event lifecycle_event_for(
	const struct deployment *deployment, enum lifecycle_event event, unsigned max_retries);

/* A sign of life: the device may be silent for its patience again from now on. */
void lifecycle_renew(struct deployment *deployment, int64_t now_ms);

/* How long a device may be silent in a state before EVENT_SILENCE; 0: no limit. */
int64_t lifecycle_patience_ms(enum deployment_state state);
