/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of transitions against a second description of it: rules about phases, written down
 * here without a look at the table, and a model of a whole deployment that random events drive
 * beside the real one. SUITD_TEST_SEEDS says how many seeds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "dice.h"
#include "tracker/lifecycle.h"

#define NOW           INT64_C(1763712000000)
#define DEFAULT_SEEDS 2000
#define RUN_EVENTS    80

#define ENDED DEPLOYMENT_CONFIRMED /* from here on nothing moves */
#define STAYS                                                                                      \
	{                                                                                          \
		LIFECYCLE_STAY, DEPLOYMENT_PLANNED                                                 \
	}
#define REFUSED                                                                                    \
	{                                                                                          \
		LIFECYCLE_REFUSE, DEPLOYMENT_PLANNED                                               \
	}
#define GOES(to)                                                                                   \
	{                                                                                          \
		LIFECYCLE_MOVE, DEPLOYMENT_##to                                                    \
	}

/* A rule holds for the states from first to last; the first rule that fits an event decides. */
static const struct rule {
	enum lifecycle_event event;
	enum deployment_state first, last;
	struct lifecycle_step then;
} rules[] = {
	/* What runs is the proof, in whatever phase it is told. Before the reboot nothing else is. */
	{ EVENT_RUNS_NEW, DEPLOYMENT_PLANNED, DEPLOYMENT_REBOOTING, GOES(CONFIRMED) },
	{ EVENT_RUNS_OLD, DEPLOYMENT_PLANNED, DEPLOYMENT_INSTALLING, STAYS },
	{ EVENT_RUNS_OLD, DEPLOYMENT_REBOOTING, DEPLOYMENT_REBOOTING, GOES(FAILED) },
	{ EVENT_RUNS_OTHER, DEPLOYMENT_PLANNED, DEPLOYMENT_INSTALLING, STAYS },
	{ EVENT_RUNS_OTHER, DEPLOYMENT_REBOOTING, DEPLOYMENT_REBOOTING, GOES(FAILED) },
	/* An operator's word ends everything; a withdrawal and a deadline what does not install yet;
	 * a better release what the device has not begun with. */
	{ EVENT_CANCEL, DEPLOYMENT_PLANNED, DEPLOYMENT_REBOOTING, GOES(CANCELLED) },
	{ EVENT_WITHDRAW, DEPLOYMENT_PLANNED, DEPLOYMENT_DOWNLOADED, GOES(CANCELLED) },
	{ EVENT_WITHDRAW, DEPLOYMENT_INSTALLING, DEPLOYMENT_REBOOTING, STAYS },
	{ EVENT_EXPIRE, DEPLOYMENT_PLANNED, DEPLOYMENT_DOWNLOADED, GOES(EXPIRED) },
	{ EVENT_EXPIRE, DEPLOYMENT_INSTALLING, DEPLOYMENT_REBOOTING, STAYS },
	{ EVENT_SUPERSEDE, DEPLOYMENT_PLANNED, DEPLOYMENT_ACCEPTED, GOES(SUPERSEDED) },
	{ EVENT_SUPERSEDE, DEPLOYMENT_DOWNLOADING, DEPLOYMENT_REBOOTING, STAYS },
	/* Silence before the device began was no failure of its own. */
	{ EVENT_SILENCE, DEPLOYMENT_PLANNED, DEPLOYMENT_ACCEPTED, GOES(EXPIRED) },
	{ EVENT_SILENCE, DEPLOYMENT_DOWNLOADING, DEPLOYMENT_REBOOTING, GOES(FAILED) },
	{ EVENT_REPORT_FAILURE, DEPLOYMENT_PLANNED, DEPLOYMENT_PLANNED, STAYS },
	{ EVENT_REPORT_FAILURE, DEPLOYMENT_OFFERED, DEPLOYMENT_REBOOTING, GOES(FAILED) },
	{ EVENT_RETRY, DEPLOYMENT_PLANNED, DEPLOYMENT_PLANNED, STAYS },
	{ EVENT_RETRY, DEPLOYMENT_OFFERED, DEPLOYMENT_REBOOTING, GOES(PLANNED) },
	/* Who refuses in the middle of an installation has failed. */
	{ EVENT_REFUSE, DEPLOYMENT_PLANNED, DEPLOYMENT_PLANNED, STAYS },
	{ EVENT_REFUSE, DEPLOYMENT_OFFERED, DEPLOYMENT_DOWNLOADED, GOES(REJECTED) },
	{ EVENT_REFUSE, DEPLOYMENT_INSTALLING, DEPLOYMENT_REBOOTING, GOES(FAILED) },
	{ EVENT_OFFER, DEPLOYMENT_PLANNED, DEPLOYMENT_PLANNED, GOES(OFFERED) },
	{ EVENT_OFFER, DEPLOYMENT_OFFERED, DEPLOYMENT_REBOOTING, STAYS },
	/* Nothing was offered, so nothing can be agreed to. */
	{ EVENT_ACCEPT, DEPLOYMENT_PLANNED, DEPLOYMENT_PLANNED, REFUSED },
	{ EVENT_ACCEPT, DEPLOYMENT_OFFERED, DEPLOYMENT_DEFERRED, GOES(ACCEPTED) },
	{ EVENT_ACCEPT, DEPLOYMENT_ACCEPTED, DEPLOYMENT_INSTALLING, STAYS },
	{ EVENT_DEFER, DEPLOYMENT_PLANNED, DEPLOYMENT_PLANNED, REFUSED },
	{ EVENT_DEFER, DEPLOYMENT_DEFERRED, DEPLOYMENT_DEFERRED, STAYS },
	{ EVENT_DEFER, DEPLOYMENT_OFFERED, DEPLOYMENT_DOWNLOADING, GOES(DEFERRED) },
	{ EVENT_DEFER, DEPLOYMENT_DOWNLOADED, DEPLOYMENT_DOWNLOADED, STAYS },
	/* Phases go forward, over those that were not told of. A download may begin anew before the
	 * reboot; after a try that failed nothing but a new download counts. */
	{ EVENT_DOWNLOAD_BEGAN, DEPLOYMENT_DOWNLOADING, DEPLOYMENT_DOWNLOADING, STAYS },
	{ EVENT_DOWNLOAD_BEGAN, DEPLOYMENT_PLANNED, DEPLOYMENT_INSTALLING, GOES(DOWNLOADING) },
	{ EVENT_DOWNLOAD_DONE, DEPLOYMENT_PLANNED, DEPLOYMENT_PLANNED, REFUSED },
	{ EVENT_DOWNLOAD_DONE, DEPLOYMENT_OFFERED, DEPLOYMENT_DOWNLOADING, GOES(DOWNLOADED) },
	{ EVENT_DOWNLOAD_DONE, DEPLOYMENT_DOWNLOADED, DEPLOYMENT_REBOOTING, STAYS },
	{ EVENT_INSTALL_BEGAN, DEPLOYMENT_PLANNED, DEPLOYMENT_PLANNED, REFUSED },
	{ EVENT_INSTALL_BEGAN, DEPLOYMENT_OFFERED, DEPLOYMENT_DOWNLOADED, GOES(INSTALLING) },
	{ EVENT_INSTALL_BEGAN, DEPLOYMENT_INSTALLING, DEPLOYMENT_REBOOTING, STAYS },
	{ EVENT_REBOOT_BEGAN, DEPLOYMENT_PLANNED, DEPLOYMENT_PLANNED, REFUSED },
	{ EVENT_REBOOT_BEGAN, DEPLOYMENT_OFFERED, DEPLOYMENT_INSTALLING, GOES(REBOOTING) },
	{ EVENT_REBOOT_BEGAN, DEPLOYMENT_REBOOTING, DEPLOYMENT_REBOOTING, STAYS },
	{ EVENT_REPORT_SUCCESS, DEPLOYMENT_PLANNED, DEPLOYMENT_PLANNED, REFUSED },
	{ EVENT_REPORT_SUCCESS, DEPLOYMENT_OFFERED, DEPLOYMENT_INSTALLING, GOES(REBOOTING) },
	{ EVENT_REPORT_SUCCESS, DEPLOYMENT_REBOOTING, DEPLOYMENT_REBOOTING, STAYS },
	/* After the end: what an honest device that succeeded, or failed, may still say late. */
	{ EVENT_DOWNLOAD_DONE, DEPLOYMENT_CONFIRMED, DEPLOYMENT_CONFIRMED, STAYS },
	{ EVENT_INSTALL_BEGAN, DEPLOYMENT_CONFIRMED, DEPLOYMENT_CONFIRMED, STAYS },
	{ EVENT_REBOOT_BEGAN, DEPLOYMENT_CONFIRMED, DEPLOYMENT_CONFIRMED, STAYS },
	{ EVENT_REPORT_SUCCESS, DEPLOYMENT_CONFIRMED, DEPLOYMENT_CONFIRMED, STAYS },
	{ EVENT_REFUSE, DEPLOYMENT_FAILED, DEPLOYMENT_EXPIRED, STAYS },
	{ EVENT_REPORT_FAILURE, DEPLOYMENT_FAILED, DEPLOYMENT_EXPIRED, STAYS },
	{ EVENT_RUNS_NEW, ENDED, DEPLOYMENT_EXPIRED, STAYS },
	{ EVENT_RUNS_OLD, ENDED, DEPLOYMENT_EXPIRED, STAYS },
	{ EVENT_RUNS_OTHER, ENDED, DEPLOYMENT_EXPIRED, STAYS },
	{ EVENT_SILENCE, ENDED, DEPLOYMENT_EXPIRED, STAYS },
	{ EVENT_SUPERSEDE, ENDED, DEPLOYMENT_EXPIRED, STAYS },
	{ EVENT_WITHDRAW, ENDED, DEPLOYMENT_EXPIRED, STAYS },
	{ EVENT_RETRY, ENDED, DEPLOYMENT_EXPIRED, STAYS },
	{ EVENT_EXPIRE, ENDED, DEPLOYMENT_EXPIRED, STAYS },
};

/* Whatever no rule knows is refused. */
static struct lifecycle_step ruled(enum deployment_state state, enum lifecycle_event event)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		const struct rule *rule = &rules[i];
		if (rule->event != event || state < rule->first || state > rule->last)
			continue;
		const bool moves = rule->then.verdict == LIFECYCLE_MOVE;
		return (struct lifecycle_step){ rule->then.verdict,
			moves ? rule->then.next : state };
	}
	return (struct lifecycle_step){ LIFECYCLE_REFUSE, state };
}

static void the_table_is_what_the_rules_say(void **state)
{
	(void)state;
	for (int from = 0; from < DEPLOYMENT_STATE_COUNT; from++)
		for (int event = 0; event < LIFECYCLE_EVENT_COUNT; event++) {
			const struct lifecycle_step expected =
				ruled((enum deployment_state)from, (enum lifecycle_event)event);
			const struct lifecycle_step step = lifecycle_next(
				(enum deployment_state)from, (enum lifecycle_event)event);
			if (step.verdict != expected.verdict || step.next != expected.next)
				fail_msg("%s in %s: verdict %d to %s, not %d to %s",
					name_of(lifecycle_event_names, event),
					name_of(deployment_state_names, from), (int)step.verdict,
					name_of(deployment_state_names, (int)step.next),
					(int)expected.verdict,
					name_of(deployment_state_names, (int)expected.next));
		}
}

/* What must be known of a deployment from the events alone. */
struct model {
	enum deployment_state state;
	unsigned attempts, failures, max_retries;
	int64_t changed_ms, last_failure_ms;
};

/* A try that fails is followed by another one as long as the class allows it. */
static enum lifecycle_verdict model_take(
	struct model *model, enum lifecycle_event event, int64_t now_ms)
{
	struct lifecycle_step step = ruled(model->state, event);
	if (step.verdict != LIFECYCLE_MOVE)
		return step.verdict;
	bool again = event == EVENT_RETRY;
	if (step.next == DEPLOYMENT_FAILED && model->failures < model->max_retries) {
		again = true;
		step.next = DEPLOYMENT_PLANNED;
	}
	model->state = step.next;
	model->changed_ms = now_ms;
	model->attempts += step.next == DEPLOYMENT_DOWNLOADING;
	model->failures += again;
	if (again)
		model->last_failure_ms = now_ms;
	return LIFECYCLE_MOVE;
}

/* What happened by itself has to have a moment at which somebody looks again. */
static void assert_has_a_timer(const struct deployment *deployment, int64_t now_ms)
{
	const bool is_end = deployment_state_is_end(deployment->state);
	if (is_end)
		assert_int_equal(deployment->deadline_at_ms, 0);
	else if (deployment->state != DEPLOYMENT_PLANNED)
		assert_int_equal(deployment->deadline_at_ms,
			now_ms + lifecycle_patience_ms(deployment->state));
	else if (deployment->plan.failures > 0)
		assert_true(deployment->plan.look_ms > 0);
}

static void assert_agrees(const struct deployment *deployment, const struct model *model)
{
	assert_int_equal(deployment->state, model->state);
	assert_int_equal(deployment->attempts, model->attempts);
	assert_int_equal(deployment->plan.failures, model->failures);
	assert_int_equal(deployment->plan.last_failure_ms, model->last_failure_ms);
	assert_int_equal(deployment->changed_at_ms, model->changed_ms);
}

static void assert_step(const struct deployment_history *step, enum deployment_state from,
	enum lifecycle_event event, const struct deployment *deployment)
{
	assert_int_equal(step->from, from);
	assert_int_equal(step->to, deployment->state);
	assert_int_equal(step->at_ms, deployment->changed_at_ms);
	assert_string_equal(step->event, name_of(lifecycle_event_names, (int)event));
	assert_ptr_equal(deployment->reason, step->detail);
}

/* Events that nobody sent in this order: some twice, some at their end come as if from before. */
static void drive(unsigned seed)
{
	struct deployment deployment = { .created_at_ms = NOW, .changed_at_ms = NOW };
	struct dice dice = { seed };
	struct model model = { .changed_ms = NOW, .max_retries = dice_throw(&dice, 4) };
	int64_t now_ms = NOW;
	enum lifecycle_event event = EVENT_OFFER;
	bool ended = false;
	for (int i = 0; i < RUN_EVENTS; i++) {
		const struct deployment before = deployment;
		struct deployment_history step = { 0 };
		if (dice_hits(&dice, 75)) /* else the last one again */
			event = (enum lifecycle_event)dice_throw(&dice, LIFECYCLE_EVENT_COUNT);
		now_ms += (int64_t)dice_throw(&dice, 100000);
		const enum lifecycle_verdict expected = model_take(&model, event, now_ms);
		const enum lifecycle_event taken =
			lifecycle_event_for(&deployment, event, model.max_retries);
		const enum lifecycle_verdict verdict = lifecycle_apply(
			&deployment, taken, "device", i % 2 ? "why" : NULL, now_ms, &step);
		assert_int_equal(verdict, expected);
		assert_agrees(&deployment, &model);
		if (verdict == LIFECYCLE_MOVE) {
			assert_false(ended);
			assert_step(&step, before.state, taken, &deployment);
			assert_has_a_timer(&deployment, now_ms);
		} else {
			assert_memory_equal(&before, &deployment, sizeof(before));
		}
		ended = deployment_state_is_end(deployment.state);
	}
}

static void random_events_do_what_the_rules_say(void **state)
{
	(void)state;
	const unsigned n_seeds = dice_seeds(DEFAULT_SEEDS);
	for (unsigned seed = 0; seed < n_seeds; seed++)
		drive(seed);
}

/* The device is never heard again: silence alone brings each state to an end, in bounded time. */
static void silence_alone_comes_to_an_end(void **state)
{
	(void)state;
	for (unsigned max_retries = 0; max_retries < 4; max_retries++)
		for (int from = DEPLOYMENT_OFFERED; from < ENDED; from++) {
			struct deployment deployment = { .state = (enum deployment_state)from };
			struct deployment_history step;
			unsigned rounds = 0;
			int64_t now_ms = NOW;
			for (; !deployment_state_is_end(deployment.state); rounds++) {
				assert_true(rounds <= max_retries);
				now_ms += lifecycle_patience_ms(deployment.state) + 1;
				const enum lifecycle_event event = lifecycle_event_for(
					&deployment, EVENT_SILENCE, max_retries);
				assert_int_equal(lifecycle_apply(&deployment, event, "suitd", NULL,
							 now_ms, &step),
					LIFECYCLE_MOVE);
				if (deployment.state == DEPLOYMENT_PLANNED)
					lifecycle_apply(&deployment, EVENT_DOWNLOAD_BEGAN, "device",
						NULL, now_ms, &step);
			}
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_what_the_rules_say),
		cmocka_unit_test(random_events_do_what_the_rules_say),
		cmocka_unit_test(silence_alone_comes_to_an_end),
	};
	return cmocka_run_group_tests_name("lifecycle_model", tests, NULL, NULL);
}
