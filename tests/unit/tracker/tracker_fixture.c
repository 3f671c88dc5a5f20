/* SPDX-License-Identifier: Apache-2.0 */
/* Starts what the daemon would start, in its order, and takes it down again. */
#include "tracker_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "cluster.h"
#include "model/role.h"
#include "store/anchor_store.h"
#include "store/migrate.h"
#include "store/release_store.h"
#include "tracker/policy_holder.h"
#include "tracker/release_approval.h"

struct fixture {
	const char *conninfo;
	char folder[64];
	struct su_arena *arena;
	struct su_loop *loop;
	struct su_work *work;
	struct committer *committer;
	struct notify *notify;
	struct blob_store *blobs;
	struct store_conn *conn;
	struct policy_holder *policies;
	struct tracker *tracker;
	struct key *author;
	bool authenticated, require_known;
	bool answered;
	struct answer answer;
	struct su_timer *turn;
	size_t n_heard, n_settled; /* notifications; and those of fixture_settle */
};

/* The tracker's clock has no argument. */
static int64_t shown_time;

static int64_t clock_now(void)
{
	return shown_time;
}

static void on_notify(void *arg, enum notify_topic topic, const char *payload)
{
	struct fixture *fixture = arg;
	fixture->n_heard++;
	fixture->n_settled += topic == NOTIFY_TOKEN;
	if (fixture->policies)
		policy_holder_on_notify(fixture->policies, topic);
	if (fixture->tracker)
		tracker_on_notify(fixture->tracker, topic, payload);
	su_loop_stop(fixture->loop);
}

static void start_tracker(struct fixture *fixture)
{
	const struct tracker_opts opts = {
		.loop = fixture->loop,
		.work = fixture->work,
		.committer = fixture->committer,
		.blobs = fixture->blobs,
		.max_cached_devices = 8,
		.require_known_devices = fixture->require_known,
		.now_ms = clock_now,
		.policies = fixture->policies,
	};
	assert_int_equal(tracker_start(&opts, &fixture->tracker, NULL), SU_OK);
}

static void trust_author(struct fixture *fixture)
{
	uint8_t thumbprint[32];
	assert_int_equal(key_thumbprint(fixture->author, thumbprint, NULL), SU_OK);
	const struct trust_anchor anchor = {
		.id = su_uuid_v7(FIXTURE_NOW),
		.name = "author",
		.purpose = ANCHOR_AUTHOR,
		.spki = key_spki(fixture->arena, fixture->author),
		.key_type = "P-256",
		.thumbprint = su_span_of(thumbprint, sizeof(thumbprint)),
		.created_at_ms = FIXTURE_NOW,
	};
	struct txn txn = txn_begin(fixture->conn);
	anchor_store_insert(&txn, &anchor, "test");
	assert_int_equal(txn_commit(&txn, NULL), SU_OK);
}

static void empty_database(struct fixture *fixture)
{
	fixture_sql(fixture,
		"TRUNCATE device_provision, release_scope, release, release_image, public_path, "
		"device,"
		" device_component, device_credential, deployment,"
		" deployment_component, deployment_history, report, counter, audit, image,"
		" trust_anchor, plan_job, policy_document, replan_job, release_approval");
}

static void start_services(struct fixture *fixture)
{
	const struct su_work_hooks hooks = store_conn_hooks(fixture->conninfo);
	const struct committer_opts committer = {
		.loop = fixture->loop,
		.conninfo = fixture->conninfo,
		.max_queued = 100,
		.max_batch = 10,
	};
	fixture->work = su_work_new(fixture->loop, 2, 100, &hooks);
	assert_int_equal(committer_start(&committer, &fixture->committer, NULL), SU_OK);
	const struct notify_opts notify = {
		.loop = fixture->loop,
		.conninfo = fixture->conninfo,
		.origin = committer_origin(fixture->committer),
		.on_notify = on_notify,
		.arg = fixture,
	};
	assert_int_equal(notify_start(&notify, &fixture->notify, NULL), SU_OK);
}

/* As the daemon does: what workers and committer still complete belongs to the tracker. */
static void stop_services(struct fixture *fixture)
{
	notify_stop(&fixture->notify);
	tracker_quiesce(fixture->tracker);
	su_work_stop(fixture->work);
	committer_stop(&fixture->committer);
	tracker_stop(&fixture->tracker);
	policy_holder_stop(&fixture->policies);
	su_work_free(&fixture->work);
}

/* The stored document, or this one when there is none. */
static void start_policies(struct fixture *fixture, const char *document)
{
	const struct policy_holder_opts opts = {
		.loop = fixture->loop,
		.work = fixture->work,
		.conn = fixture->conn,
		.seed = su_span_str(document),
		.now_ms = shown_time,
	};
	struct su_error error = { 0 };
	if (policy_holder_start(&opts, &fixture->policies, &error) != SU_OK)
		fail_msg("policy: %s: %s", error.field, error.text);
}

/* Whoever listens is told of everything first. */
static void start_again(struct fixture *fixture, const char *document)
{
	const size_t before = fixture->n_heard;
	start_services(fixture);
	if (document)
		start_policies(fixture, document);
	start_tracker(fixture);
	while (fixture->n_heard == before)
		su_loop_run(fixture->loop);
}

int fixture_set_up(void **state)
{
	const char *conninfo = cluster_database();
	*state = NULL;
	if (!conninfo)
		return 0;
	struct fixture *fixture = su_new(struct fixture);
	unsigned applied;
	shown_time = FIXTURE_NOW;
	fixture->conninfo = conninfo;
	fixture->arena = su_arena_new();
	assert_int_equal(migrate_run(conninfo, &applied, NULL), SU_OK);
	empty_database(fixture);
	snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/suitd-tracker-XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	assert_int_equal(blob_store_open(fixture->folder, &fixture->blobs, NULL), SU_OK);
	fixture->conn = store_conn_new(conninfo);
	fixture->loop = su_loop_new();
	fixture->author = author_key();
	trust_author(fixture);
	start_again(fixture, NULL);
	*state = fixture;
	return 0;
}

int fixture_tear_down(void **state)
{
	struct fixture *fixture = *state;
	if (!fixture)
		return 0;
	stop_services(fixture);
	su_timer_free(&fixture->turn);
	store_conn_free(&fixture->conn);
	blob_store_close(&fixture->blobs);
	su_loop_free(&fixture->loop);
	key_free(&fixture->author);
	su_arena_free(&fixture->arena);
	char *command su_auto(su_free_ptr) = su_printf("rm -r '%s'", fixture->folder);
	assert_int_equal(system(command), 0);
	su_free_ptr(state);
	return 0;
}

struct fixture *fixture_of(void **state)
{
	if (!*state)
		skip();
	return *state;
}

static void on_turn(void *arg)
{
	struct fixture *fixture = arg;
	su_loop_stop(fixture->loop);
}

void fixture_turn(struct fixture *fixture, int64_t at_most_ms)
{
	if (!fixture->turn)
		fixture->turn = su_timer_new(fixture->loop, on_turn, fixture);
	su_timer_set(fixture->turn, at_most_ms);
	su_loop_run(fixture->loop);
	su_timer_cancel(fixture->turn);
}

/* A notification of our own comes after all that were sent before it. */
void fixture_settle(struct fixture *fixture)
{
	size_t before = fixture->n_settled;
	fixture_sql(fixture, "SELECT pg_notify('suitd', 'token - ')");
	while (fixture->n_settled == before)
		su_loop_run(fixture->loop);
}

void fixture_reboot(struct fixture *fixture)
{
	bool has_policy = fixture->policies != NULL;
	stop_services(fixture);
	start_again(fixture, has_policy ? "" : NULL);
}

void fixture_restart(struct fixture *fixture)
{
	fixture_settle(fixture);
	fixture_reboot(fixture);
}

void fixture_use_policy(struct fixture *fixture, const char *document)
{
	fixture_settle(fixture);
	stop_services(fixture);
	start_again(fixture, document);
}

void fixture_require_known(struct fixture *fixture, bool require)
{
	fixture->require_known = require;
	fixture_restart(fixture);
}

struct su_arena *fixture_arena(struct fixture *fixture)
{
	return fixture->arena;
}

struct store_conn *fixture_conn(struct fixture *fixture)
{
	return fixture->conn;
}

struct blob_store *fixture_blobs(struct fixture *fixture)
{
	return fixture->blobs;
}

struct tracker *fixture_tracker(struct fixture *fixture)
{
	return fixture->tracker;
}

const struct key *fixture_author(struct fixture *fixture)
{
	return fixture->author;
}

struct intake_opts fixture_intake_opts(void)
{
	static const char *const names[] = { "fw.example.com" };
	return (struct intake_opts){
		.n_public_names = 1,
		.public_names = names,
		.max_envelope_bytes = 100000,
	};
}

int64_t fixture_now(struct fixture *fixture)
{
	(void)fixture;
	return shown_time;
}

void fixture_advance(struct fixture *fixture, int64_t ms)
{
	(void)fixture;
	shown_time += ms;
}

const char *fixture_sql(struct fixture *fixture, const char *fmt, ...)
{
	char line[512] = "";
	char sql[2048];
	va_list args;
	va_start(args, fmt);
	vsnprintf(sql, sizeof(sql), fmt, args);
	va_end(args);
	assert_true(cluster_sql(fixture->conninfo, sql, line, sizeof(line)));
	return su_arena_strdup(fixture->arena, line);
}

void fixture_put_image(struct fixture *fixture, struct su_span bytes)
{
	struct image image = {
		.size_bytes = bytes.len,
		.uploaded_by = "pipeline",
		.uploaded_at_ms = shown_time,
	};
	assert_int_equal(blob_put(fixture->blobs, bytes, &image.digest, NULL), SU_OK);
	const struct intake_opts opts = fixture_intake_opts();
	assert_int_equal(intake_image(&opts, fixture->conn, &image, NULL), SU_OK);
}

enum su_status fixture_publish(struct fixture *fixture, const struct firmware *firmware,
	struct release *out, struct su_error *err)
{
	const struct intake_opts opts = fixture_intake_opts();
	const struct intake_request request = {
		.envelope = author_write(fixture->arena, firmware, fixture->author),
		.kind = KIND_BUGFIX,
		.actor = "pipeline",
		.now_ms = shown_time,
	};
	struct intake_result result;
	SU_TRY(intake_manifest(
		&opts, fixture->conn, fixture->blobs, fixture->arena, &request, &result, err));
	*out = result.release;
	return SU_OK;
}

struct release fixture_approved(struct fixture *fixture, const struct firmware *firmware)
{
	struct release release;
	struct su_error error = { 0 };
	const struct approval_request approval = {
		.release = &release.digest,
		.actor = "operator",
		.capabilities = CAN_OPERATE,
		.now_ms = shown_time,
	};
	if (firmware->uri && firmware->image.len)
		fixture_put_image(fixture, firmware->image);
	if (fixture_publish(fixture, firmware, &release, &error) != SU_OK)
		fail_msg("publish: %s %s", error.field, error.text);
	if (release_approval_give(fixture->conn, fixture->arena, &approval, &release, &error) !=
		SU_OK)
		fail_msg("approve: %s %s", error.field, error.text);
	fixture_settle(fixture);
	return release;
}

struct contact fixture_contact(const struct fixture *fixture, const char *endpoint)
{
	return (struct contact){
		.endpoint = endpoint,
		.transport = TRANSPORT_COAP,
		.address = "[::1]:5683",
		.authenticated = fixture->authenticated,
		.now_ms = shown_time,
	};
}

static void finish(struct fixture *fixture, const struct su_error *err)
{
	if (err)
		fixture->answer.error = *err;
	fixture->answered = true;
	su_loop_stop(fixture->loop);
}

static void on_registered(void *arg, const struct su_uuid *id, const struct su_error *err)
{
	struct fixture *fixture = arg;
	if (id)
		fixture->answer.registration = *id;
	finish(fixture, err);
}

static void on_done(void *arg, const struct su_error *err)
{
	finish(arg, err);
}

static void on_offer(void *arg, const struct offer *offer, const struct su_error *err)
{
	struct fixture *fixture = arg;
	fixture->answer.has_offer = offer != NULL;
	if (offer)
		fixture->answer.offer = *offer;
	finish(fixture, err);
}

static void ask(struct fixture *fixture)
{
	fixture->answered = false;
	fixture->answer = (struct answer){ 0 };
}

static struct answer wait_for_answer(struct fixture *fixture)
{
	while (!fixture->answered)
		su_loop_run(fixture->loop);
	return fixture->answer;
}

struct answer fixture_register(
	struct fixture *fixture, const char *endpoint, const struct characteristics *told)
{
	struct contact contact = fixture_contact(fixture, endpoint);
	struct registration registration = { .has_characteristics = true, .told = *told };
	ask(fixture);
	tracker_register(fixture->tracker, &contact, &registration, on_registered, fixture);
	return wait_for_answer(fixture);
}

struct answer fixture_renew(struct fixture *fixture, const char *endpoint, struct su_uuid id,
	const struct characteristics *told)
{
	struct contact contact = fixture_contact(fixture, endpoint);
	struct registration change = { .has_characteristics = told != NULL };
	if (told)
		change.told = *told;
	ask(fixture);
	tracker_update(fixture->tracker, &contact, id, told ? &change : NULL, on_done, fixture);
	return wait_for_answer(fixture);
}

struct answer fixture_remove(struct fixture *fixture, const char *endpoint, struct su_uuid id)
{
	struct contact contact = fixture_contact(fixture, endpoint);
	ask(fixture);
	tracker_remove(fixture->tracker, &contact, id, on_done, fixture);
	return wait_for_answer(fixture);
}

struct answer fixture_poll(struct fixture *fixture, const char *endpoint)
{
	struct contact contact = fixture_contact(fixture, endpoint);
	ask(fixture);
	tracker_poll(fixture->tracker, &contact, on_offer, fixture);
	return wait_for_answer(fixture);
}

struct answer fixture_status(
	struct fixture *fixture, const char *endpoint, const struct status_message *message)
{
	struct contact contact = fixture_contact(fixture, endpoint);
	ask(fixture);
	tracker_status(fixture->tracker, &contact, message, on_done, fixture);
	return wait_for_answer(fixture);
}

struct answer fixture_report(struct fixture *fixture, const char *endpoint, struct su_span body)
{
	struct contact contact = fixture_contact(fixture, endpoint);
	ask(fixture);
	tracker_report(fixture->tracker, &contact, body, on_done, fixture);
	return wait_for_answer(fixture);
}

void fixture_authenticate(struct fixture *fixture, bool authenticated)
{
	fixture->authenticated = authenticated;
}
