/* SPDX-License-Identifier: Apache-2.0 */
/* Releases of several images: in which order, and what becomes of each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "tracker/channel.h"
#include "tracker/lifecycle.h"
#include "tracker/release_approval.h"
#include "tracker/release_facts.h"
#include "tracker_fixture.h"

#define OLD       su_span_str("the old image")
#define NEW_RADIO su_span_str("the new radio")
#define NEW_APP   su_span_str("the new application, which needs the new radio")
#define STRANGE   su_span_str("an image that nobody asked for")

static void put_image(struct sequence_builder *sequence, uint64_t index, struct su_span image)
{
	const struct parameters parameters = {
		.set = 1 << PARAM_IMAGE_DIGEST | 1 << PARAM_IMAGE_SIZE,
		.image_digest = author_digest(image),
		.image_size_bytes = image.len,
	};
	sequence_put_index(sequence, index);
	sequence_put_parameters(sequence, CMD_OVERRIDE_PARAMETERS, &parameters);
}

static void put_fetch(struct sequence_builder *sequence, uint64_t index, const char *uri)
{
	const struct parameters parameters = { .set = 1 << PARAM_URI, .uri = su_span_str(uri) };
	sequence_put_index(sequence, index);
	sequence_put_parameters(sequence, CMD_OVERRIDE_PARAMETERS, &parameters);
	sequence_put_directive(sequence, CMD_FETCH, 2);
}

static void put_identity(struct sequence_builder *sequence)
{
	struct su_uuid vendor = author_uuid(AUTHOR_VENDOR);
	const struct parameters parameters = {
		.set = 1 << PARAM_VENDOR_IDENTIFIER | 1 << PARAM_CLASS_IDENTIFIER,
		.vendor_identifier = su_span_of(vendor.bytes, sizeof(vendor.bytes)),
		.class_identifier = author_uuid(AUTHOR_CLASS),
	};
	sequence_put_index(sequence, 0);
	sequence_put_parameters(sequence, CMD_OVERRIDE_PARAMETERS, &parameters);
	sequence_put_condition(sequence, CMD_VENDOR_IDENTIFIER, 15);
	sequence_put_condition(sequence, CMD_CLASS_IDENTIFIER, 15);
}

/* One manifest with two components of its own. */
static struct su_span radio_and_app(struct fixture *fixture)
{
	struct manifest_builder *builder = manifest_builder_new(7);
	struct sequence_builder shared su_auto(sequence_builder_free) = { 0 };
	struct sequence_builder install su_auto(sequence_builder_free) = { 0 };
	struct su_buf out su_auto(su_buf_free) = { 0 };
	struct su_arena *arena = fixture_arena(fixture);
	manifest_builder_add_component(builder, author_component(arena, "['radio']"));
	manifest_builder_add_component(builder, author_component(arena, "['app']"));
	put_identity(&shared);
	put_image(&shared, 0, NEW_RADIO);
	put_image(&shared, 1, NEW_APP);
	manifest_builder_shared(builder, &shared);
	put_fetch(&install, 0, "/fw/radio.bin");
	put_fetch(&install, 1, "/fw/app.bin");
	manifest_builder_sequence(builder, MANIFEST_INSTALL, &install, false);
	assert_int_equal(manifest_builder_finish(builder, DIGEST_SHA256, &out, NULL), SU_OK);
	manifest_builder_free(&builder);
	return author_sign(arena, su_buf_span(&out), fixture_author(fixture));
}

static struct release approve(struct fixture *fixture, struct su_span envelope, const char *labels)
{
	const struct intake_opts opts = fixture_intake_opts();
	const struct intake_request request = {
		.envelope = envelope,
		.labels_json = labels,
		.actor = "pipeline",
		.now_ms = fixture_now(fixture),
	};
	struct intake_result result;
	struct release release;
	struct su_error error = { 0 };
	if (intake_manifest(&opts, fixture_conn(fixture), fixture_blobs(fixture),
		    fixture_arena(fixture), &request, &result, &error) != SU_OK)
		fail_msg("publish: %s %s", error.field, error.text);
	const struct approval_request approval = {
		.release = &result.release.digest,
		.actor = "operator",
		.capabilities = CAN_OPERATE,
		.now_ms = fixture_now(fixture),
	};
	assert_int_equal(release_approval_give(fixture_conn(fixture), fixture_arena(fixture),
				 &approval, &release, NULL),
		SU_OK);
	fixture_settle(fixture);
	return release;
}

static struct characteristics running(
	struct fixture *fixture, struct su_span radio, struct su_span app)
{
	struct characteristics told = fixture_device(fixture, radio, 6);
	told.components[0].id = author_component(fixture_arena(fixture), "['radio']");
	told.components[1] = told.components[0];
	told.components[1].id = author_component(fixture_arena(fixture), "['app']");
	told.components[1].digest = author_digest(app);
	told.n_components = 2;
	return told;
}

static void come_back(struct fixture *fixture, struct su_span radio, struct su_span app)
{
	const struct characteristics told = running(fixture, radio, app);
	assert_int_equal(fixture_register(fixture, "vehicle", &told).error.status, SU_OK);
}

static void offer(struct fixture *fixture, const char *labels)
{
	fixture_put_image(fixture, NEW_RADIO);
	fixture_put_image(fixture, NEW_APP);
	approve(fixture, radio_and_app(fixture), labels);
	come_back(fixture, OLD, OLD);
	assert_true(fixture_poll(fixture, "vehicle").has_offer);
}

/* An operator's one may have taken the place of one that the policy planned. */
#define OF_LATEST " FROM deployment ORDER BY id DESC LIMIT 1"

static const char *states(struct fixture *fixture)
{
	return fixture_sql(fixture,
		"SELECT string_agg(state, ',' ORDER BY ordinal) FROM deployment_component"
		" WHERE deployment_id = (SELECT id" OF_LATEST ")");
}

static void each_component_is_followed(void **state)
{
	struct fixture *fixture = fixture_of(state);
	offer(fixture, NULL);
	assert_string_equal(states(fixture), "pending,pending");
	fixture_say(fixture, "vehicle", DEPLOYMENT_INSTALLING);
	const struct status_message half = {
		.has_characteristics = true,
		.told = running(fixture, NEW_RADIO, OLD),
	};
	assert_int_equal(fixture_status(fixture, "vehicle", &half).error.status, SU_OK);
	assert_string_equal(states(fixture), "confirmed,pending");
	assert_string_equal(fixture_state(fixture, "vehicle"), "installing");
	assert_string_equal(fixture_sql(fixture, "SELECT detail FROM deployment_history"
						 " WHERE event = 'runs_part'"),
		"['radio'] runs the release, ['app'] not yet");
	/* Saying so again is no further step. */
	assert_int_equal(fixture_status(fixture, "vehicle", &half).error.status, SU_OK);
	assert_string_equal(fixture_sql(fixture, "SELECT count(*) FROM deployment_history"
						 " WHERE event = 'runs_part'"),
		"1");
	come_back(fixture, NEW_RADIO, NEW_APP);
	assert_string_equal(fixture_state(fixture, "vehicle"), "confirmed");
	assert_string_equal(states(fixture), "confirmed,confirmed");
}

static void assert_failed(struct fixture *fixture, const char *word, const char *expected_states)
{
	assert_string_equal(fixture_state(fixture, "vehicle"), "failed");
	if (strncmp(fixture_sql(fixture, "SELECT reason" OF_LATEST), word, strlen(word)) != 0)
		fail_msg("\"%s\" does not begin with \"%s\"",
			fixture_sql(fixture, "SELECT reason" OF_LATEST), word);
	assert_string_equal(states(fixture), expected_states);
}

static void a_part_that_stays_old_is_a_failure_of_its_own(void **state)
{
	struct fixture *fixture = fixture_of(state);
	offer(fixture, NULL);
	fixture_say(fixture, "vehicle", DEPLOYMENT_REBOOTING);
	come_back(fixture, NEW_RADIO, OLD);
	assert_failed(fixture, "partial: ['radio'] runs", "confirmed,reverted");
	assert_non_null(strstr(
		fixture_sql(fixture, "SELECT reason" OF_LATEST), "['app'] still the old image"));
}

static void who_asked_for_all_or_nothing_is_told_so(void **state)
{
	struct fixture *fixture = fixture_of(state);
	offer(fixture, "{\"all_or_nothing\":true}");
	fixture_say(fixture, "vehicle", DEPLOYMENT_REBOOTING);
	come_back(fixture, NEW_RADIO, OLD);
	assert_failed(fixture, "partial: all or nothing", "confirmed,reverted");
}

static void reverts_and_other_images_are_told_apart(void **state)
{
	struct fixture *fixture = fixture_of(state);
	offer(fixture, NULL);
	fixture_say(fixture, "vehicle", DEPLOYMENT_REBOOTING);
	come_back(fixture, OLD, OLD);
	assert_failed(fixture, "reverted:", "reverted,reverted");
}

static void another_image_is_no_revert(void **state)
{
	struct fixture *fixture = fixture_of(state);
	offer(fixture, NULL);
	fixture_say(fixture, "vehicle", DEPLOYMENT_REBOOTING);
	come_back(fixture, NEW_RADIO, STRANGE);
	assert_failed(fixture, "other_digest:", "confirmed,other");
	assert_non_null(
		strstr(fixture_sql(fixture, "SELECT reason" OF_LATEST), "['app'] runs sha256:"));
}

/* The radio is a release of its own, fetched by what depends on it. */
static struct release dependent(struct fixture *fixture)
{
	const struct firmware radio = {
		.sequence_number = 6,
		.component = "['radio']",
		.untargeted = true,
		.uri = "/fw/radio.bin",
		.image = NEW_RADIO,
	};
	struct su_arena *arena = fixture_arena(fixture);
	struct manifest_builder *builder = manifest_builder_new(7);
	struct sequence_builder shared su_auto(sequence_builder_free) = { 0 };
	struct sequence_builder install su_auto(sequence_builder_free) = { 0 };
	struct su_buf out su_auto(su_buf_free) = { 0 };
	struct release below = fixture_approved(fixture, &radio);
	const struct parameters is_radio = {
		.set = 1 << PARAM_IMAGE_DIGEST,
		.image_digest = below.digest,
	};
	manifest_builder_add_component(builder, author_component(arena, "['app']"));
	manifest_builder_add_dependency(builder, 1, NULL);
	put_identity(&shared);
	put_image(&shared, 0, NEW_APP);
	sequence_put_index(&shared, 1);
	sequence_put_parameters(&shared, CMD_OVERRIDE_PARAMETERS, &is_radio);
	manifest_builder_shared(builder, &shared);
	put_fetch(&install, 0, "/fw/app.bin");
	put_fetch(&install, 1, "/fw/radio.suit");
	sequence_put_condition(&install, CMD_DEPENDENCY_INTEGRITY, 15);
	sequence_put_directive(&install, CMD_PROCESS_DEPENDENCY, 0);
	manifest_builder_sequence(builder, MANIFEST_INSTALL, &install, false);
	assert_int_equal(manifest_builder_finish(builder, DIGEST_SHA256, &out, NULL), SU_OK);
	manifest_builder_free(&builder);
	fixture_put_image(fixture, NEW_APP);
	return approve(
		fixture, author_sign(arena, su_buf_span(&out), fixture_author(fixture)), NULL);
}

static void what_is_depended_on_is_brought_first(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct release release = dependent(fixture);
	struct release_facts *facts su_auto(release_facts_unref) = NULL;
	struct txn txn = txn_begin(fixture_conn(fixture));
	assert_int_equal(
		release_facts_load(&txn, fixture_blobs(fixture), &release.digest, &facts, NULL),
		SU_OK);
	assert_int_equal(txn_commit(&txn, NULL), SU_OK);
	const struct digest radio = author_digest(NEW_RADIO), app = author_digest(NEW_APP);
	/* The radio, the manifest that installs it, and what needs it. */
	assert_int_equal(facts->n_images, 3);
	assert_true(digest_equal(&facts->images[0].digest, &radio));
	assert_true(digest_equal(&facts->images[2].digest, &app));
	assert_false(digest_equal(&facts->images[1].digest, &facts->images[1].blob));
	assert_true(facts->can_be_pushed);
	assert_int_equal(facts->proof.n_components, 2);
	assert_true(digest_equal(&facts->proof.components[0].digests[0], &radio));
	assert_true(digest_equal(&facts->proof.components[1].digests[0], &app));
}

static void a_dependency_is_part_of_the_deployment(void **state)
{
	struct fixture *fixture = fixture_of(state);
	dependent(fixture);
	come_back(fixture, OLD, OLD);
	assert_true(fixture_poll(fixture, "vehicle").has_offer);
	fixture_say(fixture, "vehicle", DEPLOYMENT_INSTALLING);
	come_back(fixture, OLD, NEW_APP);
	assert_string_equal(states(fixture), "pending,confirmed");
	assert_string_equal(fixture_state(fixture, "vehicle"), "installing");
	come_back(fixture, NEW_RADIO, NEW_APP);
	assert_string_equal(fixture_state(fixture, "vehicle"), "confirmed");
}

/* The application has got the number of the release; that is not all of it. */
static void what_was_installed_in_part_is_completed(void **state)
{
	struct fixture *fixture = fixture_of(state);
	fixture_put_image(fixture, NEW_RADIO);
	fixture_put_image(fixture, NEW_APP);
	approve(fixture, radio_and_app(fixture), NULL);
	struct characteristics told = running(fixture, OLD, NEW_APP);
	told.components[1].sequence_number = 7;
	assert_int_equal(fixture_register(fixture, "vehicle", &told).error.status, SU_OK);
	assert_true(fixture_poll(fixture, "vehicle").has_offer);
	assert_string_equal(states(fixture), "pending,confirmed");
}

/* What another update has brought since is not taken back for the sake of one that needs less. */
static void a_newer_dependency_is_left_alone(void **state)
{
	struct fixture *fixture = fixture_of(state);
	dependent(fixture); /* number 7, with number 6 for the radio */
	struct characteristics told = running(fixture, STRANGE, NEW_APP);
	told.components[0].sequence_number = 8;
	told.components[1].sequence_number = 7;
	assert_int_equal(fixture_register(fixture, "vehicle", &told).error.status, SU_OK);
	assert_false(fixture_poll(fixture, "vehicle").has_offer);
	told.components[0].sequence_number = 5;
	assert_int_equal(fixture_register(fixture, "vehicle", &told).error.status, SU_OK);
	assert_true(fixture_poll(fixture, "vehicle").has_offer);
}

/* The other end of a channel: takes all that is sent, and notes what a push would bring. */
struct peer {
	struct fixture *fixture;
	command_done_fn done;
	void *arg;
	enum command_kind kind;
	unsigned n_pushes;
	struct digest pushed[8];
	size_t n_pushed;
	uint64_t download_bytes;
};

static bool peer_in_reach(void *self, const char *endpoint, int64_t now_ms, int64_t *until_ms_out)
{
	(void)self;
	(void)endpoint;
	*until_ms_out = now_ms;
	return true;
}

static enum su_status peer_send(void *self, const struct device_command *command,
	command_done_fn done, void *arg, struct su_error *err)
{
	struct peer *peer = self;
	(void)err;
	peer->done = done;
	peer->arg = arg;
	peer->kind = command->kind;
	if (command->kind != COMMAND_PUSH)
		return SU_OK;
	peer->n_pushes++;
	peer->n_pushed = command->n_images;
	peer->download_bytes = command->download_bytes;
	for (size_t i = 0; i < command->n_images; i++)
		peer->pushed[i] = command->images[i].digest;
	return SU_OK;
}

#define LEVEL                                                                                      \
	"{ \"announce_within\": \"PT1H\", \"start_within\": \"PT1H\", \"deadline\": \"P10D\","     \
	" \"negotiate_after\": \"never\", \"command_after\": \"never\", \"interrupt_after\":"      \
	" \"P2D\", \"notice\": \"PT0S\", \"at_deadline\": \"keep_trying\","                        \
	" \"max_deferrals\": 2, \"max_deferral\": \"PT4H\", \"max_retries\": 1,"                   \
	" \"retry_after\": \"PT1H\", \"share\": 1.0, \"poll_interval\": \"PT1H\" }"

static void drive(struct peer *peer, struct fixture *fixture)
{
	const struct channel channel = { peer, peer_in_reach, peer_send };
	*peer = (struct peer){ .fixture = fixture };
	fixture_use_policy(fixture,
		"{ \"levels\": { \"critical\": " LEVEL ", \"high\": " LEVEL ", \"normal\": " LEVEL
		", \"low\": " LEVEL " }, \"default_urgency\": \"normal\", \"urgency\": [],"
		" \"modes\": [ { \"name\": \"all\", \"mode\": \"server\" } ],"
		" \"approvals\": [ { \"name\": \"operator\", \"roles\": [\"operator\"] } ],"
		" \"capacity\": { \"downloads\": 1000 } }");
	tracker_add_channel(fixture_tracker(fixture), &channel);
}

/* The device takes what it is sent, but cannot fetch by itself, until its deployment is in this state. */
static void until(struct peer *peer, const char *expected)
{
	static const struct command_result taken = { .outcome = COMMAND_TAKEN };
	static const struct command_result cannot = { .outcome = COMMAND_CANNOT };
	for (int i = 0; i < 400; i++) {
		tracker_in_reach(
			fixture_tracker(peer->fixture), "vehicle", fixture_now(peer->fixture));
		fixture_settle(peer->fixture);
		command_done_fn done = peer->done;
		peer->done = NULL;
		if (done)
			done(peer->arg, peer->kind == COMMAND_TRIGGER ? &cannot : &taken);
		if (strcmp(fixture_state(peer->fixture, "vehicle"), expected) == 0)
			return;
	}
	fail_msg("the deployment is %s", fixture_state(peer->fixture, "vehicle"));
}

/* A device that takes what is pushed, and comes back with the radio but not the application. */
static void push_and_fail(struct peer *peer, const char *labels)
{
	struct fixture *fixture = peer->fixture;
	const struct command_origin origin = { "operator", fixture_now(fixture) };
	struct deployment deployment;
	fixture_put_image(fixture, NEW_RADIO);
	fixture_put_image(fixture, NEW_APP);
	struct release release = approve(fixture, radio_and_app(fixture), labels);
	come_back(fixture, OLD, OLD);
	/* The policy may have been faster: then it is planned already. */
	enum su_status status = management_deploy(fixture_conn(fixture), fixture_blobs(fixture),
		fixture_arena(fixture), "vehicle", &release.digest, &origin, &deployment, NULL);
	assert_true(status == SU_OK || status == SU_CONFLICT);
	assert_string_equal(states(fixture), "pending,pending");
	fixture_sql(fixture, "SELECT pg_notify('suitd', 'device - vehicle')");
	until(peer, "downloading");
	assert_int_equal(peer->n_pushed, 2);
	fixture_say(fixture, "vehicle", DEPLOYMENT_REBOOTING);
	come_back(fixture, NEW_RADIO, OLD);
	until(peer, "planned");
	assert_string_equal(fixture_sql(fixture, "SELECT failures" OF_LATEST), "1");
	fixture_advance(fixture, 2 * 3600 * INT64_C(1000));
	until(peer, "downloading");
	assert_int_equal(peer->n_pushes, 2);
}

static void another_try_brings_what_is_missing(void **state)
{
	struct peer peer;
	const struct digest app = author_digest(NEW_APP);
	drive(&peer, fixture_of(state));
	push_and_fail(&peer, NULL);
	assert_int_equal(peer.n_pushed, 1);
	assert_true(digest_equal(&peer.pushed[0], &app));
	assert_int_equal(peer.download_bytes, NEW_APP.len);
	come_back(peer.fixture, NEW_RADIO, NEW_APP);
	assert_string_equal(fixture_state(peer.fixture, "vehicle"), "confirmed");
}

static void all_or_nothing_brings_all_again(void **state)
{
	struct peer peer;
	const struct digest radio = author_digest(NEW_RADIO);
	drive(&peer, fixture_of(state));
	push_and_fail(&peer, "{\"all_or_nothing\":true}");
	assert_int_equal(peer.n_pushed, 2);
	assert_true(digest_equal(&peer.pushed[0], &radio));
	assert_int_equal(peer.download_bytes, NEW_RADIO.len + NEW_APP.len);
}

/* Nobody is told to install before everything has come. */
static void installation_waits_for_all_images(void **state)
{
	struct peer peer;
	struct fixture *fixture = fixture_of(state);
	drive(&peer, fixture);
	push_and_fail(&peer, NULL);
	assert_int_equal(peer.kind, COMMAND_PUSH);
	fixture_advance(fixture, 60 * INT64_C(1000));
	const struct status_message half = { .has_progress = true, .progress_bytes = 10 };
	assert_int_equal(fixture_status(fixture, "vehicle", &half).error.status, SU_OK);
	for (int i = 0; i < 20; i++, fixture_settle(fixture))
		assert_int_not_equal(peer.kind, COMMAND_INSTALL);
	fixture_say(fixture, "vehicle", DEPLOYMENT_DOWNLOADED);
	fixture_advance(fixture, 48 * 3600 * INT64_C(1000));
	until(&peer, "installing");
	assert_int_equal(peer.kind, COMMAND_INSTALL);
}

static void silence_has_its_word(void **state)
{
	struct fixture *fixture = fixture_of(state);
	offer(fixture, NULL);
	fixture_say(fixture, "vehicle", DEPLOYMENT_DOWNLOADING);
	fixture_advance(fixture, lifecycle_patience_ms(DEPLOYMENT_DOWNLOADING) + 1);
	fixture_restart(fixture); /* it looks at once */
	while (strcmp(fixture_state(fixture, "vehicle"), "failed") != 0)
		fixture_settle(fixture);
	assert_failed(fixture, "silent:", "pending,pending");
}

#define CASE(name_) cmocka_unit_test_setup_teardown(name_, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(each_component_is_followed),
		CASE(a_part_that_stays_old_is_a_failure_of_its_own),
		CASE(who_asked_for_all_or_nothing_is_told_so),
		CASE(reverts_and_other_images_are_told_apart),
		CASE(another_image_is_no_revert),
		CASE(what_is_depended_on_is_brought_first),
		CASE(a_dependency_is_part_of_the_deployment),
		CASE(what_was_installed_in_part_is_completed),
		CASE(a_newer_dependency_is_left_alone),
		CASE(another_try_brings_what_is_missing),
		CASE(all_or_nothing_brings_all_again),
		CASE(installation_waits_for_all_images),
		CASE(silence_has_its_word),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
