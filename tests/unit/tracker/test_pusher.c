/* SPDX-License-Identifier: Apache-2.0 */
/* Devices that are driven over a channel which notes what is sent and answers as it is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "store/deployment_store.h"
#include "tracker/channel.h"
#include "tracker/lifecycle.h"
#include "tracker/planning_due.h"
#include "tracker/tracker_parts.h"
#include "tracker_fixture.h"

#define OLD       su_span_str("the old image")
#define NEW       su_span_str("the new and better image")
#define MINUTE_MS INT64_C(60000)
#define HOUR_MS   (60 * MINUTE_MS)
#define PATIENCE  400 /* rounds of the loop until something must have happened */

/* The other end of the channel. */
struct peer {
	struct fixture *fixture;
	bool in_reach;
	struct command_result answers[COMMAND_ASK + 1];
	unsigned sent[COMMAND_ASK + 1], n_sent;
	struct device_command last;
	size_t n_images;
	command_done_fn done;
	void *arg;
	bool is_waiting, withholds;
};

static bool peer_in_reach(void *self, const char *endpoint, int64_t now_ms, int64_t *until_ms_out)
{
	struct peer *peer = self;
	(void)endpoint;
	*until_ms_out = now_ms;
	return peer->in_reach;
}

static enum su_status peer_send(void *self, const struct device_command *command,
	command_done_fn done, void *arg, struct su_error *err)
{
	struct peer *peer = self;
	if (peer->is_waiting)
		return su_fail(err, SU_BUSY, "", "another command is under way");
	peer->sent[command->kind]++;
	peer->n_sent++;
	peer->last = *command;
	peer->n_images = command->n_images;
	peer->done = done;
	peer->arg = arg;
	peer->is_waiting = true;
	return SU_OK;
}

/* What the device says to the command that came last. */
static void peer_answer(struct peer *peer)
{
	if (!peer->is_waiting || peer->withholds)
		return;
	peer->is_waiting = false;
	peer->done(peer->arg, &peer->answers[peer->last.kind]);
}

#define LEVEL                                                                                      \
	"{ \"announce_within\": \"PT1H\", \"start_within\": \"PT1H\", \"deadline\": \"P10D\","     \
	" \"negotiate_after\": \"P1D\", \"command_after\": \"P1D\", \"interrupt_after\": "         \
	"\"P2D\","                                                                                 \
	" \"notice\": \"PT10M\", \"at_deadline\": \"keep_trying\", \"max_deferrals\": 2,"          \
	" \"max_deferral\": \"PT4H\", \"max_retries\": 1, \"retry_after\": \"PT1H\", \"share\": "  \
	"1.0,"                                                                                     \
	" \"poll_interval\": \"PT1H\" }"

/* Every device is driven in this mode. */
static void drive(struct peer *peer, struct fixture *fixture, enum update_mode mode)
{
	const struct channel channel = { peer, peer_in_reach, peer_send };
	*peer = (struct peer){ .fixture = fixture, .in_reach = true };
	char *document su_auto(su_free_ptr) = su_printf(
		"{ \"levels\": { \"critical\": " LEVEL ", \"high\": " LEVEL ", \"normal\": " LEVEL
		", \"low\": " LEVEL " }, \"default_urgency\": \"normal\", \"urgency\": [],"
		" \"modes\": [ { \"name\": \"of the test\", \"mode\": \"%s\" } ],"
		" \"approvals\": [ { \"name\": \"operator\", \"roles\": [\"operator\"] } ],"
		" \"capacity\": { \"downloads\": 1000 } }",
		name_of(update_mode_names, (int)mode));
	fixture_use_policy(fixture, document);
	tracker_add_channel(fixture_tracker(fixture), &channel);
}

static const char *value(struct peer *peer, const char *column)
{
	return fixture_sql(
		peer->fixture, "SELECT %s FROM deployment ORDER BY id DESC LIMIT 1", column);
}

/* Lets the tracker work, and the device answer, until the column of the deployment has this value. */
static void until(struct peer *peer, const char *column, const char *expected)
{
	for (int i = 0; i < PATIENCE; i++) {
		fixture_settle(peer->fixture);
		peer_answer(peer);
		if (strcmp(value(peer, column), expected) == 0)
			return;
	}
	fail_msg("%s is %s, not %s", column, value(peer, column), expected);
}

static void until_sent(struct peer *peer, enum command_kind kind, unsigned n)
{
	for (int i = 0; i < PATIENCE && peer->sent[kind] < n; i++) {
		fixture_settle(peer->fixture);
		peer_answer(peer);
	}
	assert_int_equal(peer->sent[kind], n);
}

/* Nothing more comes of itself. */
static void settle(struct peer *peer)
{
	for (int i = 0; i < 20; i++) {
		fixture_settle(peer->fixture);
		peer_answer(peer);
	}
}

/* What the database holds that is due. */
static void look(struct peer *peer)
{
	planning_due_wake(fixture_tracker(peer->fixture)->due);
}

static void reach(struct peer *peer)
{
	tracker_in_reach(fixture_tracker(peer->fixture), "meter", fixture_now(peer->fixture));
}

/* A release is named for the device, and its deployment driven in this mode. */
static void plan(struct peer *peer, struct profile profile)
{
	struct fixture *fixture = peer->fixture;
	const struct firmware update = {
		.sequence_number = 7,
		.uri = "/fw/new.bin",
		.image = NEW,
	};
	struct release release = fixture_approved(fixture, &update);
	struct characteristics told = fixture_device(fixture, OLD, 6);
	told.profile = profile;
	assert_int_equal(fixture_register(fixture, "meter", &told).error.status, SU_OK);
	const struct command_origin origin = { "operator", fixture_now(fixture) };
	struct deployment deployment;
	enum su_status status = management_deploy(fixture_conn(fixture), fixture_blobs(fixture),
		fixture_arena(fixture), "meter", &release.digest, &origin, &deployment, NULL);
	if (status != SU_CONFLICT) /* the planner was faster */
		assert_int_equal(status, SU_OK);
	fixture_sql(fixture, "SELECT pg_notify('suitd', 'device - meter')");
	fixture_settle(fixture);
}

static const struct profile pulls = { 0 };
static const struct profile never_idle = {
	.has_always_on = true,
	.always_on = true,
	.has_install = true,
	.install_s = 60,
};

static void say(struct peer *peer, enum deployment_state state)
{
	assert_int_equal(fixture_say(peer->fixture, "meter", state).error.status, SU_OK);
}

static void come_back(struct peer *peer, struct su_span image, uint64_t sequence_number)
{
	const struct characteristics told = fixture_device(peer->fixture, image, sequence_number);
	assert_int_equal(fixture_register(peer->fixture, "meter", &told).error.status, SU_OK);
}

static void an_agreed_update_goes_from_offer_to_proof(void **state)
{
	struct peer peer;
	drive(&peer, fixture_of(state), MODE_NEGOTIATED);
	peer.answers[COMMAND_OFFER].outcome = COMMAND_NOW;
	plan(&peer, pulls);
	reach(&peer);
	until(&peer, "state", "downloading");
	assert_int_equal(peer.sent[COMMAND_OFFER], 1);
	assert_int_equal(peer.sent[COMMAND_TRIGGER], 1);
	assert_int_equal(peer.last.download_bytes, NEW.len);
	say(&peer, DEPLOYMENT_DOWNLOADED);
	until(&peer, "state", "installing");
	assert_int_equal(peer.sent[COMMAND_INSTALL], 1);
	come_back(&peer, NEW, 7);
	until(&peer, "state", "confirmed");
}

static void a_device_is_commanded_in_server_mode(void **state)
{
	struct peer peer;
	drive(&peer, fixture_of(state), MODE_SERVER);
	plan(&peer, never_idle);
	reach(&peer);
	until(&peer, "state", "downloading");
	assert_int_equal(peer.sent[COMMAND_OFFER], 0);
	assert_int_equal(peer.sent[COMMAND_TRIGGER], 1);
	say(&peer, DEPLOYMENT_DOWNLOADED);
	settle(&peer);
	assert_int_equal(peer.sent[COMMAND_INSTALL], 0);
	/* It is never idle: told before its service is taken away. */
	fixture_advance(peer.fixture, 48 * HOUR_MS);
	reach(&peer);
	until_sent(&peer, COMMAND_NOTICE, 1);
	settle(&peer);
	assert_int_equal(peer.sent[COMMAND_INSTALL], 0);
	fixture_advance(peer.fixture, 10 * MINUTE_MS);
	reach(&peer);
	until(&peer, "state", "installing");
	assert_int_equal(peer.sent[COMMAND_NOTICE], 1);
	assert_string_equal(fixture_sql(peer.fixture, "SELECT count(*) FROM deployment_history"
						      " WHERE event = 'notice'"),
		"1");
	/* What runs is asked when it should be done. */
	fixture_advance(peer.fixture, 5 * MINUTE_MS);
	reach(&peer);
	until_sent(&peer, COMMAND_ASK, 1);
}

static void what_is_due_is_found_in_the_database(void **state)
{
	struct peer peer;
	drive(&peer, fixture_of(state), MODE_SERVER);
	plan(&peer, pulls);
	look(&peer);
	until(&peer, "state", "downloading");
}

static void a_promise_is_bounded_and_kept(void **state)
{
	struct peer peer;
	drive(&peer, fixture_of(state), MODE_NEGOTIATED);
	peer.answers[COMMAND_OFFER] = (struct command_result){
		.outcome = COMMAND_AT,
		.at_ms = FIXTURE_NOW + 100 * HOUR_MS,
	};
	plan(&peer, pulls);
	reach(&peer);
	until(&peer, "state", "accepted");
	assert_int_equal(peer.last.deadline_ms, FIXTURE_NOW + 4 * HOUR_MS);
	assert_string_equal(value(&peer, "deferrals"), "1");
	assert_int_equal(
		strtoll(value(&peer, "ms(promised_at)"), NULL, 10), FIXTURE_NOW + 4 * HOUR_MS);
	reach(&peer);
	settle(&peer);
	assert_int_equal(peer.sent[COMMAND_TRIGGER], 0);
	fixture_advance(peer.fixture, 4 * HOUR_MS);
	reach(&peer);
	until(&peer, "state", "downloading");
	assert_int_equal(peer.sent[COMMAND_OFFER], 1);
}

static void who_says_no_too_often_is_told(void **state)
{
	struct peer peer;
	drive(&peer, fixture_of(state), MODE_NEGOTIATED);
	peer.answers[COMMAND_OFFER] = (struct command_result){
		.outcome = COMMAND_NO,
		.reason = "in the middle of something",
	};
	plan(&peer, pulls);
	reach(&peer);
	until(&peer, "deferrals", "1");
	assert_string_equal(value(&peer, "state"), "deferred");
	assert_string_equal(value(&peer, "reason"), "in the middle of something");
	for (unsigned n = 2; n <= 3; n++) {
		fixture_advance(peer.fixture, 31 * MINUTE_MS);
		reach(&peer);
		until_sent(&peer, COMMAND_OFFER, n);
	}
	until(&peer, "deferrals", "3");
	reach(&peer);
	until(&peer, "state", "downloading");
	assert_string_equal(value(&peer, "mode"), "server");
	assert_string_equal(fixture_sql(peer.fixture, "SELECT count(*) FROM deployment_history"
						      " WHERE event = 'escalate'"),
		"1");
}

static void a_lost_offer_is_repeated_with_patience(void **state)
{
	struct peer peer;
	drive(&peer, fixture_of(state), MODE_NEGOTIATED);
	peer.answers[COMMAND_OFFER].outcome = COMMAND_LOST;
	plan(&peer, pulls);
	reach(&peer);
	until_sent(&peer, COMMAND_OFFER, 1);
	settle(&peer);
	for (int i = 0; i < 5; i++) {
		reach(&peer);
		settle(&peer);
	}
	assert_int_equal(peer.n_sent, 1);
	fixture_advance(peer.fixture, 5 * MINUTE_MS);
	reach(&peer);
	until_sent(&peer, COMMAND_OFFER, 2);
	settle(&peer);
	fixture_advance(peer.fixture, 6 * MINUTE_MS);
	reach(&peer);
	settle(&peer);
	assert_int_equal(peer.n_sent, 2);
	assert_string_equal(value(&peer, "offers"), "2");
}

/* Not even for the pause after the last question. */
static void who_never_answers_is_told_in_time(void **state)
{
	struct peer peer;
	drive(&peer, fixture_of(state), MODE_NEGOTIATED);
	plan(&peer, pulls);
	reach(&peer);
	until_sent(&peer, COMMAND_OFFER, 1);
	settle(&peer);
	fixture_advance(peer.fixture, 24 * HOUR_MS - 2 * MINUTE_MS);
	reach(&peer);
	until_sent(&peer, COMMAND_OFFER, 2);
	settle(&peer);
	assert_int_equal(peer.sent[COMMAND_TRIGGER], 0);
	fixture_advance(peer.fixture, 3 * MINUTE_MS);
	until(&peer, "state", "downloading");
	assert_string_equal(value(&peer, "mode"), "server");
	assert_int_equal(peer.n_sent, 3);
}

static void an_answer_may_come_as_a_status_message(void **state)
{
	struct peer peer;
	drive(&peer, fixture_of(state), MODE_NEGOTIATED);
	plan(&peer, pulls); /* the offer is taken without an answer */
	reach(&peer);
	until_sent(&peer, COMMAND_OFFER, 1);
	settle(&peer);
	const struct offer_answer now = { .kind = ANSWER_NOW };
	const struct status_message message = { .answer = &now };
	assert_int_equal(fixture_status(peer.fixture, "meter", &message).error.status, SU_OK);
	until(&peer, "state", "downloading");
	assert_int_equal(peer.sent[COMMAND_TRIGGER], 1);
}

/* The planner has booked the download for when the device was to be asked again. */
static void who_changes_its_mind_is_served_at_once(void **state)
{
	struct peer peer;
	drive(&peer, fixture_of(state), MODE_NEGOTIATED);
	peer.answers[COMMAND_OFFER].outcome = COMMAND_NO;
	plan(&peer, pulls);
	reach(&peer);
	until(&peer, "state", "deferred");
	until(&peer, "download_at = promised_at", "t");
	const struct offer_answer now = { .kind = ANSWER_NOW };
	const struct status_message message = { .answer = &now };
	assert_int_equal(fixture_status(peer.fixture, "meter", &message).error.status, SU_OK);
	until(&peer, "state", "downloading");
	assert_int_equal(peer.sent[COMMAND_OFFER], 1);
}

static void nonsense_is_a_failure_with_another_try(void **state)
{
	struct peer peer;
	drive(&peer, fixture_of(state), MODE_SERVER);
	peer.answers[COMMAND_TRIGGER].outcome = COMMAND_NONSENSE;
	plan(&peer, pulls);
	reach(&peer);
	until(&peer, "failures", "1");
	assert_string_equal(value(&peer, "state"), "planned");
	reach(&peer);
	settle(&peer);
	assert_int_equal(peer.n_sent, 1);
	fixture_advance(peer.fixture, 2 * HOUR_MS);
	reach(&peer);
	until(&peer, "state", "failed");
	assert_int_equal(peer.n_sent, 2);
	assert_string_equal(
		value(&peer, "reason"), "nonsense: the answer to trigger makes no sense");
}

static void the_old_image_after_the_reboot_is_tried_again(void **state)
{
	struct peer peer;
	drive(&peer, fixture_of(state), MODE_SERVER);
	plan(&peer, pulls);
	reach(&peer);
	until(&peer, "state", "downloading");
	say(&peer, DEPLOYMENT_REBOOTING);
	come_back(&peer, OLD, 6);
	until(&peer, "state", "planned");
	assert_non_null(strstr(value(&peer, "reason"), "the old image is back"));
	fixture_advance(peer.fixture, 2 * HOUR_MS);
	reach(&peer);
	until(&peer, "state", "downloading");
	say(&peer, DEPLOYMENT_REBOOTING);
	come_back(&peer, OLD, 6);
	until(&peer, "state", "failed");
}

static void who_cannot_fetch_is_given_the_images(void **state)
{
	struct peer peer;
	drive(&peer, fixture_of(state), MODE_SERVER);
	peer.answers[COMMAND_TRIGGER].outcome = COMMAND_CANNOT;
	plan(&peer, pulls);
	reach(&peer);
	until(&peer, "state", "downloading");
	assert_int_equal(peer.sent[COMMAND_TRIGGER], 1);
	assert_int_equal(peer.sent[COMMAND_PUSH], 1);
	assert_int_equal(peer.n_images, 1);
}

/* One command at a time, and nothing to a device that is out of reach or was lost. */
static void a_sleeping_device_is_served_when_it_wakes(void **state)
{
	const struct profile sleeps = { .has_reachability = true, .reachability = REACH_QUEUE };
	struct peer peer;
	drive(&peer, fixture_of(state), MODE_SERVER);
	peer.in_reach = false;
	plan(&peer, sleeps);
	look(&peer);
	settle(&peer);
	assert_int_equal(peer.n_sent, 0);
	peer.in_reach = true;
	peer.answers[COMMAND_TRIGGER].outcome = COMMAND_LOST;
	reach(&peer);
	until_sent(&peer, COMMAND_TRIGGER, 1);
	settle(&peer);
	fixture_advance(peer.fixture, HOUR_MS);
	look(&peer);
	settle(&peer);
	assert_int_equal(peer.n_sent, 1);
	peer.withholds = true;
	peer.answers[COMMAND_TRIGGER].outcome = COMMAND_TAKEN;
	reach(&peer);
	until_sent(&peer, COMMAND_TRIGGER, 2);
	reach(&peer);
	settle(&peer);
	assert_int_equal(peer.n_sent, 2);
	peer.withholds = false;
	until(&peer, "state", "downloading");
}

int main(void)
{
#define WITH_FIXTURE(test_)                                                                        \
	cmocka_unit_test_setup_teardown(test_, fixture_set_up, fixture_tear_down)
	const struct CMUnitTest tests[] = {
		WITH_FIXTURE(an_agreed_update_goes_from_offer_to_proof),
		WITH_FIXTURE(a_device_is_commanded_in_server_mode),
		WITH_FIXTURE(what_is_due_is_found_in_the_database),
		WITH_FIXTURE(a_promise_is_bounded_and_kept),
		WITH_FIXTURE(who_says_no_too_often_is_told),
		WITH_FIXTURE(a_lost_offer_is_repeated_with_patience),
		WITH_FIXTURE(who_never_answers_is_told_in_time),
		WITH_FIXTURE(an_answer_may_come_as_a_status_message),
		WITH_FIXTURE(who_changes_its_mind_is_served_at_once),
		WITH_FIXTURE(nonsense_is_a_failure_with_another_try),
		WITH_FIXTURE(the_old_image_after_the_reboot_is_tried_again),
		WITH_FIXTURE(who_cannot_fetch_is_given_the_images),
		WITH_FIXTURE(a_sleeping_device_is_served_when_it_wakes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
