/* SPDX-License-Identifier: Apache-2.0 */
/* Devices from their registration to a confirmed deployment, and what may go wrong on the way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "tracker/lifecycle.h"
#include "tracker/poll_fault.h"
#include "tracker_fixture.h"

#define OLD   su_span_str("the old image")
#define NEW   su_span_str("the new and better image")
#define NEWER su_span_str("an even newer image")

static struct firmware firmware(uint64_t sequence_number, struct su_span image)
{
	return (struct firmware){
		.sequence_number = sequence_number,
		.uri = sequence_number % 2 ? "/fw/odd.bin" : "/fw/even.bin",
		.image = image,
	};
}

/* A device that runs the old image, and a release of the new one. */
static struct answer offered(struct fixture *fixture)
{
	const struct firmware update = firmware(7, NEW);
	fixture_approved(fixture, &update);
	const struct characteristics told = fixture_device(fixture, OLD, 6);
	assert_int_equal(fixture_register(fixture, "meter", &told).error.status, SU_OK);
	return fixture_poll(fixture, "meter");
}

static void assert_fault(struct answer answer, enum su_status status, const char *words)
{
	assert_int_equal(answer.error.status, status);
	if (words && !strstr(answer.error.text, words))
		fail_msg("\"%s\" does not say \"%s\"", answer.error.text, words);
}

static void a_registration_is_renewed_and_replaced(void **state)
{
	struct fixture *fixture = fixture_of(state);
	const struct characteristics told = fixture_device(fixture, OLD, 1);
	struct answer first = fixture_register(fixture, "meter", &told);
	assert_int_equal(first.error.status, SU_OK);
	assert_int_equal(
		fixture_renew(fixture, "meter", first.registration, NULL).error.status, SU_OK);
	/* Plain CoAP names only the registration. */
	assert_int_equal(
		fixture_renew(fixture, NULL, first.registration, NULL).error.status, SU_OK);

	struct answer second = fixture_register(fixture, "meter", &told);
	assert_int_equal(second.error.status, SU_OK);
	assert_false(su_uuid_equal(first.registration, second.registration));
	assert_fault(fixture_renew(fixture, "meter", first.registration, NULL), SU_NOT_FOUND, "");
	assert_fault(fixture_renew(fixture, NULL, first.registration, NULL), SU_NOT_FOUND, "");
	assert_string_equal(fixture_sql(fixture, "SELECT count(*) FROM device"), "1");

	assert_int_equal(fixture_remove(fixture, "meter", second.registration).error.status, SU_OK);
	assert_fault(fixture_poll(fixture, "meter"), SU_NOT_FOUND, "not registered");
	assert_string_equal(
		fixture_sql(fixture, "SELECT sum(value) FROM counter WHERE name = 'devices'"), "0");
	assert_int_equal(fixture_register(fixture, "meter", &told).error.status, SU_OK);
}

static void an_unknown_device_is_told_to_register(void **state)
{
	struct fixture *fixture = fixture_of(state);
	assert_fault(fixture_poll(fixture, "nobody"), SU_NOT_FOUND, "not registered");
	assert_fault(fixture_say(fixture, "nobody", DEPLOYMENT_ACCEPTED), SU_NOT_FOUND, "");
}

static void two_devices_cannot_share_a_name_while_one_lives(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct characteristics one = fixture_device(fixture, OLD, 1), other = one;
	one.serial = "A-1";
	other.serial = "B-2";
	assert_int_equal(fixture_register(fixture, "meter", &one).error.status, SU_OK);
	assert_fault(fixture_register(fixture, "meter", &other), SU_CONFLICT, "serial");
	/* One that does not say who it is cannot be told apart. */
	other.serial = NULL;
	assert_int_equal(fixture_register(fixture, "meter", &other).error.status, SU_OK);
	assert_int_equal(fixture_register(fixture, "meter", &one).error.status, SU_OK);
	other.serial = "B-2";
	fixture_advance(fixture, (DEVICE_DEFAULT_LIFETIME_S + 1) * INT64_C(1000));
	assert_int_equal(fixture_register(fixture, "meter", &other).error.status, SU_OK);
}

static void a_device_with_a_credential_must_show_it(void **state)
{
	struct fixture *fixture = fixture_of(state);
	const struct characteristics told = fixture_device(fixture, OLD, 1);
	fixture_sql(fixture, "INSERT INTO device_credential VALUES"
			     " ('meter', NULL, '\\x00', now(), 'operator')");
	assert_fault(fixture_register(fixture, "meter", &told), SU_UNAUTHENTICATED, "credential");
	fixture_authenticate(fixture, true);
	assert_int_equal(fixture_register(fixture, "meter", &told).error.status, SU_OK);
	fixture_authenticate(fixture, false);
	assert_fault(fixture_poll(fixture, "meter"), SU_UNAUTHENTICATED, "credential");
	fixture_require_known(fixture, true);
	assert_fault(fixture_register(fixture, "other", &told), SU_DENIED, "no credential");
}

static void an_update_goes_from_offer_to_proof(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct answer poll = offered(fixture);
	assert_true(poll.has_offer);
	assert_int_equal(poll.offer.envelope_bytes,
		strtoul(fixture_sql(fixture, "SELECT envelope_bytes FROM release"), NULL, 10));
	struct answer again = fixture_poll(fixture, "meter");
	assert_true(su_uuid_equal(poll.offer.deployment, again.offer.deployment));
	static const enum deployment_state steps[] = { DEPLOYMENT_ACCEPTED, DEPLOYMENT_DOWNLOADING,
		DEPLOYMENT_DOWNLOADED, DEPLOYMENT_INSTALLING, DEPLOYMENT_REBOOTING };
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		assert_int_equal(fixture_say(fixture, "meter", steps[i]).error.status, SU_OK);
		/* A duplicate is harmless. */
		assert_int_equal(fixture_say(fixture, "meter", steps[i]).error.status, SU_OK);
		assert_string_equal(
			fixture_state(fixture, "meter"), name_of(deployment_state_names, steps[i]));
	}
	assert_false(fixture_poll(fixture, "meter").has_offer);
	const struct characteristics told = fixture_device(fixture, NEW, 7);
	assert_int_equal(fixture_register(fixture, "meter", &told).error.status, SU_OK);
	assert_string_equal(fixture_state(fixture, "meter"), "confirmed");
	assert_string_equal(fixture_sql(fixture, "SELECT count(*) FROM deployment_history"), "7");
	assert_false(fixture_poll(fixture, "meter").has_offer);
}

static void what_was_committed_survives_a_restart(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct answer before = offered(fixture);
	fixture_say(fixture, "meter", DEPLOYMENT_DOWNLOADING);
	fixture_restart(fixture);
	struct answer after = fixture_poll(fixture, "meter");
	assert_true(after.has_offer);
	assert_true(su_uuid_equal(before.offer.deployment, after.offer.deployment));
	assert_int_equal(fixture_say(fixture, "meter", DEPLOYMENT_DOWNLOADED).error.status, SU_OK);
	assert_string_equal(fixture_state(fixture, "meter"), "downloaded");
}

static void a_renewal_during_the_download_changes_nothing(void **state)
{
	struct fixture *fixture = fixture_of(state);
	const struct firmware update = firmware(7, NEW);
	fixture_approved(fixture, &update);
	const struct characteristics told = fixture_device(fixture, OLD, 6);
	struct answer registered = fixture_register(fixture, "meter", &told);
	fixture_poll(fixture, "meter");
	fixture_say(fixture, "meter", DEPLOYMENT_DOWNLOADING);
	fixture_renew(fixture, "meter", registered.registration, &told);
	assert_int_equal(fixture_register(fixture, "meter", &told).error.status, SU_OK);
	assert_string_equal(fixture_state(fixture, "meter"), "downloading");
	assert_true(fixture_poll(fixture, "meter").has_offer);
}

static void a_revert_after_the_reboot_fails_and_is_not_tried_again(void **state)
{
	struct fixture *fixture = fixture_of(state);
	offered(fixture);
	fixture_say(fixture, "meter", DEPLOYMENT_REBOOTING);
	const struct characteristics told = fixture_device(fixture, OLD, 6);
	fixture_register(fixture, "meter", &told);
	assert_string_equal(fixture_state(fixture, "meter"), "failed");
	assert_non_null(strstr(
		fixture_sql(fixture, "SELECT reason FROM deployment"), "the old image is back"));
	assert_false(fixture_poll(fixture, "meter").has_offer);
	/* A newer release is another matter. */
	const struct firmware better = firmware(8, NEWER);
	fixture_approved(fixture, &better);
	assert_true(fixture_poll(fixture, "meter").has_offer);
}

static void a_loss_of_power_while_installing_is_no_revert(void **state)
{
	struct fixture *fixture = fixture_of(state);
	offered(fixture);
	fixture_say(fixture, "meter", DEPLOYMENT_INSTALLING);
	const struct characteristics told = fixture_device(fixture, OLD, 6);
	fixture_register(fixture, "meter", &told);
	assert_string_equal(fixture_state(fixture, "meter"), "installing");
	assert_true(fixture_poll(fixture, "meter").has_offer);
	assert_int_equal(fixture_say(fixture, "meter", DEPLOYMENT_DOWNLOADING).error.status, SU_OK);
	assert_string_equal(fixture_sql(fixture, "SELECT attempts FROM deployment"), "1");
}

static void a_newer_release_takes_the_place_of_one_not_begun(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct answer first = offered(fixture);
	const struct firmware better = firmware(8, NEWER);
	struct release release = fixture_approved(fixture, &better);
	struct answer second = fixture_poll(fixture, "meter");
	assert_true(second.has_offer);
	assert_true(digest_equal(&second.offer.release, &release.digest));
	assert_false(su_uuid_equal(first.offer.deployment, second.offer.deployment));
	assert_string_equal(fixture_sql(fixture, "SELECT sum(value) FROM counter"
						 " WHERE name = 'deployments.superseded'"),
		"1");
}

static void what_stands_in_for_a_choice_is_known_as_such(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct tracker *tracker = fixture_tracker(fixture);
	assert_false(tracker_has_chosen(tracker, "meter"));
	struct answer first = offered(fixture);
	assert_true(tracker_has_chosen(tracker, "meter"));
	const struct firmware better = firmware(8, NEWER);
	struct release release = fixture_approved(fixture, &better);
	assert_false(tracker_has_chosen(tracker, "meter"));

	fixture_sql(fixture, "ALTER TABLE release RENAME TO hidden");
	struct answer again = fixture_poll(fixture, "meter");
	assert_int_equal(again.error.status, SU_OK);
	assert_true(digest_equal(&again.offer.release, &first.offer.release));
	assert_false(tracker_has_chosen(tracker, "meter"));

	fixture_sql(fixture, "ALTER TABLE hidden RENAME TO release");
	fixture_advance(fixture, POLL_FAULT_REST_MS);
	struct answer second = fixture_poll(fixture, "meter");
	assert_true(digest_equal(&second.offer.release, &release.digest));
	assert_true(tracker_has_chosen(tracker, "meter"));
}

static void a_download_under_way_is_left_alone(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct answer first = offered(fixture);
	fixture_say(fixture, "meter", DEPLOYMENT_DOWNLOADING);
	const struct firmware better = firmware(8, NEWER);
	fixture_approved(fixture, &better);
	struct answer second = fixture_poll(fixture, "meter");
	assert_true(su_uuid_equal(first.offer.deployment, second.offer.deployment));
}

static void a_withdrawn_release_is_offered_no_more(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct answer poll = offered(fixture);
	const struct command_origin origin = { "operator", fixture_now(fixture) };
	struct release release;
	assert_int_equal(management_withdraw(fixture_conn(fixture), fixture_arena(fixture),
				 &poll.offer.release, 0, &origin, &release, NULL),
		SU_OK);
	assert_int_equal(release.state, RELEASE_WITHDRAWN);
	fixture_settle(fixture);
	assert_false(fixture_poll(fixture, "meter").has_offer);
	assert_string_equal(fixture_state(fixture, "meter"), "cancelled");
	assert_fault(fixture_say(fixture, "meter", DEPLOYMENT_DOWNLOADING), SU_NOT_FOUND, "");
}

/* A withdrawal that was cut off after its first transaction looks like this. */
static void a_withdrawal_that_was_cut_off_is_completed(void **state)
{
	struct fixture *fixture = fixture_of(state);
	offered(fixture);
	fixture_say(fixture, "meter", DEPLOYMENT_DOWNLOADING);
	const struct characteristics told = fixture_device(fixture, OLD, 6);
	fixture_register(fixture, "installer", &told);
	fixture_poll(fixture, "installer");
	fixture_say(fixture, "installer", DEPLOYMENT_INSTALLING);
	fixture_sql(fixture, "UPDATE release SET state = 'withdrawn' RETURNING digest");
	fixture_restart(fixture); /* it looks at once */
	while (strcmp(fixture_state(fixture, "meter"), "cancelled") != 0)
		fixture_settle(fixture);
	assert_non_null(strstr(
		fixture_sql(fixture, "SELECT reason FROM deployment WHERE state = 'cancelled'"),
		"withdrawn"));
	assert_false(fixture_poll(fixture, "meter").has_offer);
	assert_string_equal(fixture_state(fixture, "installer"), "installing");
}

static void another_devices_deployment_is_refused(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct answer poll = offered(fixture);
	const struct characteristics told = fixture_device(fixture, OLD, 6);
	fixture_register(fixture, "thief", &told);
	struct status_message message = {
		.has_deployment = true,
		.deployment = poll.offer.deployment,
		.has_state = true,
		.state = DEPLOYMENT_FAILED,
	};
	assert_fault(fixture_status(fixture, "thief", &message), SU_DENIED, "another device");
	message.deployment = su_uuid_v7(FIXTURE_NOW);
	assert_fault(fixture_status(fixture, "thief", &message), SU_NOT_FOUND, "no such");
	assert_string_equal(fixture_state(fixture, "meter"), "offered");
}

static void states_that_make_no_sense_are_refused(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct answer poll = offered(fixture);
	assert_fault(fixture_say(fixture, "meter", DEPLOYMENT_CONFIRMED), SU_INVALID, "device");
	fixture_say(fixture, "meter", DEPLOYMENT_REBOOTING);
	assert_fault(
		fixture_say(fixture, "meter", DEPLOYMENT_DOWNLOADING), SU_CONFLICT, "rebooting");
	struct status_message message = {
		.has_deployment = true,
		.deployment = poll.offer.deployment,
		.has_release = true,
		.release = author_digest(OLD),
		.has_state = true,
		.state = DEPLOYMENT_FAILED,
	};
	assert_fault(fixture_status(fixture, "meter", &message), SU_CONFLICT, "not the one");
	message.has_release = false;
	message.reason = "flash is worn out";
	assert_int_equal(fixture_status(fixture, "meter", &message).error.status, SU_OK);
	assert_string_equal(
		fixture_sql(fixture, "SELECT reason FROM deployment"), "flash is worn out");
	/* Late: harmless when it says the same, refused when it says otherwise. */
	assert_int_equal(fixture_status(fixture, "meter", &message).error.status, SU_OK);
	message.state = DEPLOYMENT_DOWNLOADED;
	assert_fault(fixture_status(fixture, "meter", &message), SU_CONFLICT, "failed");
}

static void progress_is_kept_but_is_no_history(void **state)
{
	struct fixture *fixture = fixture_of(state);
	offered(fixture);
	fixture_say(fixture, "meter", DEPLOYMENT_DOWNLOADING);
	const struct status_message message = { .has_progress = true, .progress_bytes = 17 };
	assert_int_equal(fixture_status(fixture, "meter", &message).error.status, SU_OK);
	assert_string_equal(fixture_sql(fixture, "SELECT progress_bytes FROM deployment"), "17");
	assert_string_equal(fixture_sql(fixture, "SELECT count(*) FROM deployment_history"), "2");
}

static void a_change_by_others_is_loaded_and_applied_again(void **state)
{
	struct fixture *fixture = fixture_of(state);
	offered(fixture);
	fixture_sql(
		fixture, "UPDATE device SET row_version = row_version + 1, told_site = 'north'");
	fixture_sql(fixture, "UPDATE deployment SET row_version = row_version + 1");
	fixture_advance(fixture, INT64_C(3600) * 1000); /* so that the device is written, too */
	assert_int_equal(fixture_say(fixture, "meter", DEPLOYMENT_DOWNLOADING).error.status, SU_OK);
	assert_string_equal(fixture_state(fixture, "meter"), "downloading");
	assert_string_equal(fixture_sql(fixture, "SELECT site FROM device"), "north");
}

static void silence_ends_a_deployment(void **state)
{
	struct fixture *fixture = fixture_of(state);
	offered(fixture);
	fixture_say(fixture, "meter", DEPLOYMENT_DOWNLOADING);
	fixture_advance(fixture, lifecycle_patience_ms(DEPLOYMENT_DOWNLOADING) + 1);
	fixture_restart(fixture); /* it looks at once */
	while (strcmp(fixture_state(fixture, "meter"), "failed") != 0)
		fixture_settle(fixture);
	assert_non_null(strstr(fixture_sql(fixture, "SELECT reason FROM deployment"), "silent"));
	fixture_settle(fixture);
	assert_fault(fixture_say(fixture, "meter", DEPLOYMENT_DOWNLOADED), SU_NOT_FOUND, "");
}

static void polls_are_written_down_now_and_then(void **state)
{
	struct fixture *fixture = fixture_of(state);
	offered(fixture);
	const char *first = fixture_sql(fixture, "SELECT row_version FROM device");
	fixture_poll(fixture, "meter");
	assert_string_equal(fixture_sql(fixture, "SELECT row_version FROM device"), first);
	fixture_advance(fixture, INT64_C(3600) * 1000);
	fixture_poll(fixture, "meter");
	fixture_poll(fixture, "meter"); /* waits for what the first one set going */
	fixture_say(fixture, "meter", DEPLOYMENT_ACCEPTED);
	assert_string_equal(fixture_sql(fixture, "SELECT ms(last_seen_at) - %lld FROM device",
				    (long long)fixture_now(fixture)),
		"0");
}

static void progress_leaves_the_device_alone(void **state)
{
	struct fixture *fixture = fixture_of(state);
	offered(fixture);
	const char *first = fixture_sql(fixture, "SELECT row_version FROM device");
	fixture_say(fixture, "meter", DEPLOYMENT_ACCEPTED);
	assert_string_equal(fixture_sql(fixture, "SELECT row_version FROM device"), first);
	fixture_advance(fixture, INT64_C(3600) * 1000);
	fixture_say(fixture, "meter", DEPLOYMENT_DOWNLOADING);
	assert_string_equal(fixture_sql(fixture, "SELECT ms(last_seen_at) - %lld FROM device",
				    (long long)fixture_now(fixture)),
		"0");
}

static void an_operator_names_an_untargeted_release(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct firmware update = firmware(7, NEW);
	update.untargeted = true;
	struct release release = fixture_approved(fixture, &update);
	const struct characteristics told = fixture_device(fixture, OLD, 6);
	fixture_register(fixture, "meter", &told);
	assert_false(fixture_poll(fixture, "meter").has_offer);
	const struct command_origin origin = { "operator", fixture_now(fixture) };
	struct deployment named;
	struct su_error error;
	assert_int_equal(
		management_deploy(fixture_conn(fixture), fixture_blobs(fixture),
			fixture_arena(fixture), "meter", &release.digest, &origin, &named, &error),
		SU_OK);
	assert_int_equal(
		management_deploy(fixture_conn(fixture), fixture_blobs(fixture),
			fixture_arena(fixture), "meter", &release.digest, &origin, &named, &error),
		SU_CONFLICT);
	fixture_settle(fixture);
	struct answer poll = fixture_poll(fixture, "meter");
	assert_true(poll.has_offer);
	assert_int_equal(management_cancel(fixture_conn(fixture), fixture_arena(fixture),
				 poll.offer.deployment, &origin, &named, &error),
		SU_OK);
	assert_int_equal(management_cancel(fixture_conn(fixture), fixture_arena(fixture),
				 poll.offer.deployment, &origin, &named, &error),
		SU_CONFLICT);
	fixture_settle(fixture);
	assert_false(fixture_poll(fixture, "meter").has_offer);
	assert_string_equal(fixture_sql(fixture, "SELECT count(*) FROM audit"
						 " WHERE action LIKE 'deployment.%%'"),
		"2");
}

static void more_devices_than_are_remembered_are_served(void **state)
{
	struct fixture *fixture = fixture_of(state);
	const struct firmware update = firmware(7, NEW);
	fixture_approved(fixture, &update);
	const struct characteristics told = fixture_device(fixture, OLD, 6);
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 20; i++) {
			char *endpoint su_auto(su_free_ptr) = su_printf("meter-%d", i);
			if (round == 0)
				fixture_register(fixture, endpoint, &told);
			assert_true(fixture_poll(fixture, endpoint).has_offer);
		}
	assert_string_equal(fixture_sql(fixture, "SELECT count(*) FROM deployment"), "20");
}

static void strangers_do_not_crowd_out_devices(void **state)
{
	struct fixture *fixture = fixture_of(state);
	const struct characteristics told = fixture_device(fixture, OLD, 6);
	struct peek seen;
	fixture_register(fixture, "meter", &told);
	assert_int_equal(fixture_poll(fixture, "meter").error.status, SU_OK);
	for (int i = 0; i < 60; i++) {
		char *endpoint su_auto(su_free_ptr) = su_printf("stranger-%d", i);
		assert_int_equal(fixture_poll(fixture, endpoint).error.status, SU_NOT_FOUND);
		assert_true(tracker_is_stranger(fixture_tracker(fixture), endpoint));
	}
	assert_true(tracker_is_stranger(fixture_tracker(fixture), "nobody"));
	assert_false(tracker_is_stranger(fixture_tracker(fixture), "meter"));
	const struct contact contact = fixture_contact(fixture, "meter");
	assert_true(tracker_peek(fixture_tracker(fixture), &contact, &seen));
}

#define CASE(name_) cmocka_unit_test_setup_teardown(name_, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_registration_is_renewed_and_replaced),
		CASE(an_unknown_device_is_told_to_register),
		CASE(two_devices_cannot_share_a_name_while_one_lives),
		CASE(a_device_with_a_credential_must_show_it),
		CASE(an_update_goes_from_offer_to_proof),
		CASE(what_was_committed_survives_a_restart),
		CASE(a_renewal_during_the_download_changes_nothing),
		CASE(a_revert_after_the_reboot_fails_and_is_not_tried_again),
		CASE(a_loss_of_power_while_installing_is_no_revert),
		CASE(a_newer_release_takes_the_place_of_one_not_begun),
		CASE(what_stands_in_for_a_choice_is_known_as_such),
		CASE(a_download_under_way_is_left_alone),
		CASE(a_withdrawn_release_is_offered_no_more),
		CASE(a_withdrawal_that_was_cut_off_is_completed),
		CASE(another_devices_deployment_is_refused),
		CASE(states_that_make_no_sense_are_refused),
		CASE(progress_is_kept_but_is_no_history),
		CASE(a_change_by_others_is_loaded_and_applied_again),
		CASE(silence_ends_a_deployment),
		CASE(polls_are_written_down_now_and_then),
		CASE(progress_leaves_the_device_alone),
		CASE(an_operator_names_an_untargeted_release),
		CASE(more_devices_than_are_remembered_are_served),
		CASE(strangers_do_not_crowd_out_devices),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
