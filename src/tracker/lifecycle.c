/* SPDX-License-Identifier: Apache-2.0 */
/* The table of transitions, and the one function that writes a deployment's state. */
#include "tracker/lifecycle.h"

#include <stddef.h>

#define HOUR_MS ((int64_t)3600 * 1000)
#define DAY_MS  (24 * HOUR_MS)

const struct name_row lifecycle_event_names[] = {
	{ EVENT_OFFER, "offer" },
	{ EVENT_ACCEPT, "accept" },
	{ EVENT_DEFER, "defer" },
	{ EVENT_REFUSE, "refuse" },
	{ EVENT_DOWNLOAD_BEGAN, "download_began" },
	{ EVENT_DOWNLOAD_DONE, "download_done" },
	{ EVENT_INSTALL_BEGAN, "install_began" },
	{ EVENT_REBOOT_BEGAN, "reboot_began" },
	{ EVENT_REPORT_SUCCESS, "report_success" },
	{ EVENT_REPORT_FAILURE, "report_failure" },
	{ EVENT_RUNS_NEW, "runs_new" },
	{ EVENT_RUNS_OLD, "runs_old" },
	{ EVENT_RUNS_OTHER, "runs_other" },
	{ EVENT_SILENCE, "silence" },
	{ EVENT_CANCEL, "cancel" },
	{ EVENT_SUPERSEDE, "supersede" },
	{ EVENT_WITHDRAW, "withdraw" },
	{ EVENT_RETRY, "retry" },
	{ EVENT_EXPIRE, "expire" },
	{ 0, NULL },
};

/* A cell: REFUSE, STAY, or the state to go to. */
enum { REFUSE = 0, STAY = 1, GO = 2 };
#define TO(state_) (GO + DEPLOYMENT_##state_)

/* Cells that states share. From the offer until the installation begins: */
#define ON_ITS_WAY                                                                                 \
	[EVENT_OFFER] = STAY, [EVENT_REFUSE] = TO(REJECTED),                                       \
	[EVENT_INSTALL_BEGAN] = TO(INSTALLING), [EVENT_REBOOT_BEGAN] = TO(REBOOTING),              \
	[EVENT_REPORT_SUCCESS] = TO(REBOOTING), [EVENT_REPORT_FAILURE] = TO(FAILED),               \
	[EVENT_RUNS_NEW] = TO(CONFIRMED), [EVENT_RUNS_OLD] = STAY, [EVENT_RUNS_OTHER] = STAY,      \
	[EVENT_CANCEL] = TO(CANCELLED), [EVENT_WITHDRAW] = TO(CANCELLED),                          \
	[EVENT_RETRY] = TO(PLANNED), [EVENT_EXPIRE] = TO(EXPIRED)

/* At the ends: what may still arrive late is taken without effect. */
#define LATE_AT_ANY_END                                                                            \
	[EVENT_RUNS_NEW] = STAY, [EVENT_RUNS_OLD] = STAY, [EVENT_RUNS_OTHER] = STAY,               \
	[EVENT_SILENCE] = STAY, [EVENT_SUPERSEDE] = STAY, [EVENT_WITHDRAW] = STAY,                 \
	[EVENT_RETRY] = STAY, [EVENT_EXPIRE] = STAY
#define LATE_WITHOUT_SUCCESS [EVENT_REFUSE] = STAY, [EVENT_REPORT_FAILURE] = STAY

/* A device may leave out messages, so every phase can be reached from each earlier one. */
static const unsigned char table[DEPLOYMENT_STATE_COUNT][LIFECYCLE_EVENT_COUNT] = {
	[DEPLOYMENT_PLANNED] = {
		[EVENT_OFFER] = TO(OFFERED),
		/* After a try that failed: the device may say so twice, or begin again by itself. */
		[EVENT_REFUSE] = STAY,
		[EVENT_DOWNLOAD_BEGAN] = TO(DOWNLOADING),
		[EVENT_REPORT_FAILURE] = STAY,
		[EVENT_RUNS_NEW] = TO(CONFIRMED),
		[EVENT_RUNS_OLD] = STAY,
		[EVENT_RUNS_OTHER] = STAY,
		[EVENT_SILENCE] = TO(EXPIRED),
		[EVENT_CANCEL] = TO(CANCELLED),
		[EVENT_SUPERSEDE] = TO(SUPERSEDED),
		[EVENT_WITHDRAW] = TO(CANCELLED),
		[EVENT_RETRY] = STAY,
		[EVENT_EXPIRE] = TO(EXPIRED),
	},
	[DEPLOYMENT_OFFERED] = {
		ON_ITS_WAY,
		[EVENT_ACCEPT] = TO(ACCEPTED),
		[EVENT_DEFER] = TO(DEFERRED),
		[EVENT_DOWNLOAD_BEGAN] = TO(DOWNLOADING),
		[EVENT_DOWNLOAD_DONE] = TO(DOWNLOADED),
		[EVENT_SILENCE] = TO(EXPIRED),
		[EVENT_SUPERSEDE] = TO(SUPERSEDED),
	},
	[DEPLOYMENT_DEFERRED] = {
		ON_ITS_WAY,
		[EVENT_ACCEPT] = TO(ACCEPTED),
		[EVENT_DEFER] = STAY,
		[EVENT_DOWNLOAD_BEGAN] = TO(DOWNLOADING),
		[EVENT_DOWNLOAD_DONE] = TO(DOWNLOADED),
		[EVENT_SILENCE] = TO(EXPIRED),
		[EVENT_SUPERSEDE] = TO(SUPERSEDED),
	},
	[DEPLOYMENT_ACCEPTED] = {
		ON_ITS_WAY,
		[EVENT_ACCEPT] = STAY,
		[EVENT_DEFER] = TO(DEFERRED),
		[EVENT_DOWNLOAD_BEGAN] = TO(DOWNLOADING),
		[EVENT_DOWNLOAD_DONE] = TO(DOWNLOADED),
		[EVENT_SILENCE] = TO(EXPIRED),
		[EVENT_SUPERSEDE] = TO(SUPERSEDED),
	},
	[DEPLOYMENT_DOWNLOADING] = {
		ON_ITS_WAY,
		[EVENT_ACCEPT] = STAY,
		[EVENT_DEFER] = TO(DEFERRED),
		[EVENT_DOWNLOAD_BEGAN] = STAY,
		[EVENT_DOWNLOAD_DONE] = TO(DOWNLOADED),
		[EVENT_SILENCE] = TO(FAILED),
		[EVENT_SUPERSEDE] = STAY,
	},
	[DEPLOYMENT_DOWNLOADED] = {
		ON_ITS_WAY,
		[EVENT_ACCEPT] = STAY,
		[EVENT_DEFER] = STAY, /* it keeps what it has and waits to be idle */
		[EVENT_DOWNLOAD_BEGAN] = TO(DOWNLOADING), /* it lost what it had */
		[EVENT_DOWNLOAD_DONE] = STAY,
		[EVENT_SILENCE] = TO(FAILED),
		[EVENT_SUPERSEDE] = STAY,
	},
	/* Old digests here are a loss of power during the installation, which begins again: no revert. */
	[DEPLOYMENT_INSTALLING] = {
		[EVENT_OFFER] = STAY,
		[EVENT_ACCEPT] = STAY,
		[EVENT_REFUSE] = TO(FAILED),
		[EVENT_DOWNLOAD_BEGAN] = TO(DOWNLOADING),
		[EVENT_DOWNLOAD_DONE] = STAY,
		[EVENT_INSTALL_BEGAN] = STAY,
		[EVENT_REBOOT_BEGAN] = TO(REBOOTING),
		[EVENT_REPORT_SUCCESS] = TO(REBOOTING),
		[EVENT_REPORT_FAILURE] = TO(FAILED),
		[EVENT_RUNS_NEW] = TO(CONFIRMED),
		[EVENT_RUNS_OLD] = STAY,
		[EVENT_RUNS_OTHER] = STAY,
		[EVENT_SILENCE] = TO(FAILED),
		[EVENT_CANCEL] = TO(CANCELLED),
		[EVENT_SUPERSEDE] = STAY,
		[EVENT_WITHDRAW] = STAY, /* nobody can stop it any more: its end is still tracked */
		[EVENT_RETRY] = TO(PLANNED),
		[EVENT_EXPIRE] = STAY,
	},
	[DEPLOYMENT_REBOOTING] = {
		[EVENT_OFFER] = STAY,
		[EVENT_REFUSE] = TO(FAILED),
		[EVENT_DOWNLOAD_DONE] = STAY,
		[EVENT_INSTALL_BEGAN] = STAY,
		[EVENT_REBOOT_BEGAN] = STAY,
		[EVENT_REPORT_SUCCESS] = STAY,
		[EVENT_REPORT_FAILURE] = TO(FAILED),
		[EVENT_RUNS_NEW] = TO(CONFIRMED),
		[EVENT_RUNS_OLD] = TO(FAILED),
		[EVENT_RUNS_OTHER] = TO(FAILED),
		[EVENT_SILENCE] = TO(FAILED),
		[EVENT_CANCEL] = TO(CANCELLED),
		[EVENT_SUPERSEDE] = STAY,
		[EVENT_WITHDRAW] = STAY,
		[EVENT_RETRY] = TO(PLANNED),
		[EVENT_EXPIRE] = STAY,
	},
	/* The ends differ in what the device may still say late of how it went. */
	[DEPLOYMENT_CONFIRMED] = {
		LATE_AT_ANY_END,
		[EVENT_DOWNLOAD_DONE] = STAY,
		[EVENT_INSTALL_BEGAN] = STAY,
		[EVENT_REBOOT_BEGAN] = STAY,
		[EVENT_REPORT_SUCCESS] = STAY,
	},
	[DEPLOYMENT_FAILED] = { LATE_AT_ANY_END, LATE_WITHOUT_SUCCESS },
	[DEPLOYMENT_REJECTED] = { LATE_AT_ANY_END, LATE_WITHOUT_SUCCESS },
	[DEPLOYMENT_CANCELLED] = { LATE_AT_ANY_END, LATE_WITHOUT_SUCCESS },
	[DEPLOYMENT_SUPERSEDED] = { LATE_AT_ANY_END, LATE_WITHOUT_SUCCESS },
	[DEPLOYMENT_EXPIRED] = { LATE_AT_ANY_END, LATE_WITHOUT_SUCCESS },
};

/* Long where the device waits for its own idle time, short where it only has to finish. */
static const int64_t patience_ms[DEPLOYMENT_STATE_COUNT] = {
	[DEPLOYMENT_OFFERED] = 30 * DAY_MS,
	[DEPLOYMENT_DEFERRED] = 30 * DAY_MS,
	[DEPLOYMENT_ACCEPTED] = 7 * DAY_MS,
	[DEPLOYMENT_DOWNLOADING] = 2 * DAY_MS,
	[DEPLOYMENT_DOWNLOADED] = 7 * DAY_MS,
	[DEPLOYMENT_INSTALLING] = 6 * HOUR_MS,
	[DEPLOYMENT_REBOOTING] = 24 * HOUR_MS,
};

struct lifecycle_step lifecycle_next(enum deployment_state state, enum lifecycle_event event)
{
	unsigned char cell = table[state][event];
	if (cell == REFUSE)
		return (struct lifecycle_step){ LIFECYCLE_REFUSE, state };
	if (cell == STAY)
		return (struct lifecycle_step){ LIFECYCLE_STAY, state };
	return (struct lifecycle_step){ LIFECYCLE_MOVE, (enum deployment_state)(cell - GO) };
}

/* A try that failed is planned anew, at once: until then nothing else would bring it on. */
static void note_in_plan(struct deployment *deployment, enum lifecycle_event event, int64_t now_ms)
{
	struct deployment_plan *plan = &deployment->plan;
	if (event != EVENT_RETRY)
		return;
	plan->failures++;
	plan->last_failure_ms = now_ms;
	plan->look_ms = now_ms;
	plan->download_ms = plan->install_ms = plan->promised_ms = plan->noticed_ms = 0;
	plan->offers = 0;
	deployment->progress_bytes = 0;
}

enum lifecycle_event lifecycle_event_for(
	const struct deployment *deployment, enum lifecycle_event event, unsigned max_retries)
{
	const struct lifecycle_step step = lifecycle_next(deployment->state, event);
	const bool fails = step.verdict == LIFECYCLE_MOVE && step.next == DEPLOYMENT_FAILED;
	return fails && deployment->plan.failures < max_retries ? EVENT_RETRY : event;
}

enum lifecycle_verdict lifecycle_apply(struct deployment *deployment, enum lifecycle_event event,
	const char *actor, const char *detail, int64_t now_ms, struct deployment_history *step_out)
{
	struct lifecycle_step step = lifecycle_next(deployment->state, event);
	if (step.verdict != LIFECYCLE_MOVE)
		return step.verdict;
	*step_out = (struct deployment_history){
		.at_ms = now_ms,
		.from = deployment->state,
		.to = step.next,
		.event = name_of(lifecycle_event_names, event),
		.actor = actor,
		.detail = detail,
	};
	deployment->state = step.next;
	deployment->changed_at_ms = now_ms;
	deployment->deadline_at_ms = 0;
	lifecycle_renew(deployment, now_ms);
	if (step.next == DEPLOYMENT_DOWNLOADING) {
		deployment->attempts++;
		deployment->progress_bytes = 0;
	}
	deployment->reason = detail;
	note_in_plan(deployment, event, now_ms);
	return LIFECYCLE_MOVE;
}

void lifecycle_renew(struct deployment *deployment, int64_t now_ms)
{
	int64_t patience = lifecycle_patience_ms(deployment->state);
	if (patience > 0)
		deployment->deadline_at_ms = now_ms + patience;
}

int64_t lifecycle_patience_ms(enum deployment_state state)
{
	return patience_ms[state];
}
