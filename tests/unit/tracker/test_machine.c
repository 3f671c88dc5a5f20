/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tracker on a real database under random events: devices that say anything in any order,
 * operators, commands of which anything may come, restarts, cut connections, and a clock that jumps.
 * The law (machine_law.sql) watches every transaction; at the end silence and the clock alone must
 * bring every deployment on. SUITD_TEST_SEEDS says how many seeds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "crowd.h"
#include "law.h"
#include "model/urgency.h"
#include "peers.h"
#include "policy/level.h"
#include "store/policy_store.h"
#include "tracker/planning_due.h"
#include "tracker/release_approval.h"
#include "tracker/tracker_parts.h"

#define MINUTE_MS    INT64_C(60000)
#define HOUR_MS      (60 * MINUTE_MS)
#define DAY_MS       (24 * HOUR_MS)
#define STEPS        600
#define CASES        4
#define STRIDE_MS    (4 * DAY_MS) /* a server that was away for so long finds more at once */
#define AFTERLIFE_MS (100 * DAY_MS)
#define PATIENCE     3000 /* rounds of the loop until something must have happened */
#define JOURNAL_END  4000 /* bytes that are shown when something is wrong */

struct world {
	struct fixture *fixture;
	struct dice dice;
	struct peers peers;
	struct crowd crowd;
	unsigned seed;
};

static void fail_world(struct world *world, const char *what)
{
	char *journal = su_strdup(su_buf_str(&world->crowd.journal));
	const size_t len = strlen(journal);
	char *at = journal + (len > JOURNAL_END ? len - JOURNAL_END : 0);
	for (char *line; (line = strsep(&at, "\n"));)
		print_error("# %s\n", line);
	free(journal);
	fail_msg("seed %u: %s", world->seed, what);
}

static void check_law(struct world *world)
{
	const char *breach = law_breach(world->fixture);
	if (breach)
		fail_world(world, breach);
	if (world->crowd.fault.status != SU_OK)
		fail_world(world, world->crowd.fault.text);
	assert_int_equal(world->peers.n_twice, 0);
}

/* Nothing is expected within a time: a busy machine only gets more rounds of longer waits. */
static void wait_a_little(struct world *world, int round)
{
	fixture_turn(world->fixture, round < 200 ? 1 : 20);
}

static void until_answered(struct world *world)
{
	for (int i = 0; crowd_waits(&world->crowd); i++) {
		if (i == PATIENCE)
			fail_world(world, "a message was never answered");
		wait_a_little(world, i);
	}
}

static void write_level(struct dice *dice, const char *name, struct su_buf *out)
{
	const bool escalates = dice_hits(dice, 60), commands = escalates && dice_hits(dice, 60);
	su_buf_printf(out,
		"\"%s\": { \"announce_within\": \"PT1H\", \"start_within\": \"PT2H\","
		" \"deadline\": \"P%uD\", \"negotiate_after\": %s, \"command_after\": %s,"
		" \"interrupt_after\": \"P2D\", \"notice\": \"PT10M\", \"at_deadline\": \"%s\","
		" \"max_deferrals\": %u, \"max_deferral\": \"PT12H\", \"max_retries\": %u,"
		" \"retry_after\": \"PT1H\", \"share\": 1.0, \"poll_interval\": \"PT1H\" }",
		name, 3 + dice_throw(dice, 10), escalates ? "\"PT6H\"" : "\"never\"",
		commands ? "\"P1D\"" : "\"never\"",
		name_of(at_deadline_names, (int)dice_throw(dice, DEADLINE_GIVE_UP + 1)),
		dice_throw(dice, 4), dice_throw(dice, 4));
}

/* All devices are driven in one mode. */
static void write_policy(struct world *world, enum update_mode mode, struct su_buf *out)
{
	su_buf_printf(out, "{ \"levels\": { ");
	for (int i = 0; i < URGENCY_COUNT; i++) {
		write_level(&world->dice, name_of(urgency_names, i), out);
		su_buf_printf(out, i + 1 < URGENCY_COUNT ? ", " : " }, ");
	}
	su_buf_printf(out,
		"\"default_urgency\": \"normal\", \"urgency\": [],"
		" \"modes\": [ { \"name\": \"of the test\", \"mode\": \"%s\" } ],"
		" \"approvals\": [ { \"name\": \"operator\", \"roles\": [\"operator\"] } ],"
		" \"capacity\": { \"downloads\": 5 } }",
		name_of(update_mode_names, (int)mode));
}

/* Each kind of seed begins with a mode, the last one with the default policy. */
static void lay_down_policy(struct world *world)
{
	struct su_buf out su_auto(su_buf_free) = { 0 };
	const unsigned mode = world->seed % CASES;
	if (mode <= MODE_SERVER)
		write_policy(world, (enum update_mode)mode, &out);
	fixture_use_policy(world->fixture, su_buf_str(&out));
}

static void change_policy(struct world *world)
{
	struct su_buf out su_auto(su_buf_free) = { 0 };
	const enum update_mode mode = (enum update_mode)dice_throw(&world->dice, MODE_SERVER + 1);
	write_policy(world, mode, &out);
	crowd_note(&world->crowd, "another policy: %s", name_of(update_mode_names, (int)mode));
	struct txn txn = txn_begin(fixture_conn(world->fixture));
	const struct policy_record record = {
		.version = policy_store_version(&txn) + 1,
		.text = su_buf_str(&out),
		.saved_by = "operator",
		.saved_at_ms = fixture_now(world->fixture),
	};
	policy_store_insert(&txn, &record);
	(void)!txn_commit(&txn, NULL); /* the connection may have been cut */
}

/* The tracker is a new one: as far as it knows, nothing has happened before. */
static void join(struct world *world)
{
	peers_join(&world->peers, fixture_tracker(world->fixture));
}

static void publish_all(struct world *world)
{
	struct su_arena *arena = fixture_arena(world->fixture);
	for (unsigned i = 0; i < CROWD_RELEASES; i++) {
		struct crowd_release *made = &world->crowd.releases[i];
		struct release release;
		made->image = su_span_str(su_arena_printf(arena, "image number %u", i + 1));
		const struct firmware firmware = {
			.sequence_number = i + 1,
			.uri = su_arena_printf(arena, "/fw/%u.bin", i + 1),
			.image = made->image,
		};
		fixture_put_image(world->fixture, made->image);
		assert_int_equal(fixture_publish(world->fixture, &firmware, &release, NULL), SU_OK);
		made->digest = release.digest;
	}
	world->crowd.n_releases = CROWD_RELEASES;
}

static const struct crowd_release *some_release(struct world *world)
{
	return &world->crowd.releases[dice_throw(&world->dice, CROWD_RELEASES)];
}

/* Refused is fine. */
static void operate(struct world *world)
{
	static const unsigned weights[] = { 50, 10, 20, 20 };
	struct fixture *fixture = world->fixture;
	struct store_conn *conn = fixture_conn(fixture);
	struct su_arena *arena = fixture_arena(fixture);
	const struct command_origin origin = { "operator", fixture_now(fixture) };
	const struct crowd_release *named = some_release(world);
	const struct crowd_device *device =
		&world->crowd.devices[dice_throw(&world->dice, CROWD_DEVICES)];
	const struct approval_request approval = {
		.release = &named->digest,
		.actor = origin.actor,
		.capabilities = CAN_OPERATE,
		.now_ms = origin.now_ms,
	};
	struct release release;
	struct deployment deployment;
	struct su_error error = { 0 };
	switch (dice_pick(&world->dice, weights, 4)) {
	case 0:
		crowd_note(&world->crowd, "a release is approved");
		(void)!release_approval_give(conn, arena, &approval, &release, &error);
		break;
	case 1:
		crowd_note(&world->crowd, "a release is withdrawn");
		(void)!management_withdraw(
			conn, arena, &named->digest, 0, &origin, &release, &error);
		break;
	case 2:
		crowd_note(&world->crowd, "a release is named for %s", device->endpoint);
		(void)!management_deploy(conn, fixture_blobs(fixture), arena, device->endpoint,
			&named->digest, &origin, &deployment, &error);
		break;
	default:
		crowd_note(&world->crowd, "what was offered to %s is cancelled", device->endpoint);
		(void)!management_cancel(
			conn, arena, device->deployment, &origin, &deployment, &error);
	}
	if (error.status == SU_BUG || error.status == SU_IO)
		fail_world(world, error.text);
}

static void reboot(struct world *world)
{
	crowd_note(&world->crowd, "the server restarts");
	peers_leave(&world->peers);
	fixture_turn(world->fixture, 0);
	fixture_reboot(world->fixture);
	if (crowd_waits(&world->crowd))
		fail_world(world, "a message was not answered when the server stopped");
	join(world);
}

/* As when the database fails over: what was being committed may have been, or not. */
static void cut_connections(struct world *world)
{
	crowd_note(&world->crowd, "the connections to the database are cut");
	fixture_sql(world->fixture,
		"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
		" WHERE datname = current_database() AND pid <> pg_backend_pid()");
}

/* As if another server had written in between. */
static void disturb(struct world *world)
{
	crowd_note(&world->crowd, "somebody else writes");
	fixture_sql(world->fixture,
		"WITH held AS (SELECT id FROM device ORDER BY id FOR NO KEY UPDATE),"
		" a AS (UPDATE deployment SET row_version = row_version + 1"
		" WHERE active AND (SELECT count(*) FROM held) > 0),"
		" b AS (UPDATE device SET row_version = row_version + 1"
		" WHERE (SELECT count(*) FROM held) > 0) SELECT 1");
}

static void pass_time(struct world *world)
{
	static const unsigned weights[] = { 60, 30, 8, 2 };
	static const int64_t most_ms[] = { MINUTE_MS, HOUR_MS, DAY_MS, 40 * DAY_MS };
	const size_t which = dice_pick(&world->dice, weights, 4);
	const int64_t ms =
		(int64_t)dice_throw(&world->dice, (unsigned)(most_ms[which] / 1000)) * 1000;
	crowd_note(&world->crowd, "%lld s pass", (long long)ms / 1000);
	fixture_advance(world->fixture, ms);
}

static void move_somebody(struct world *world)
{
	const size_t device = dice_throw(&world->dice, CROWD_DEVICES);
	const bool in_reach = dice_hits(&world->dice, 80);
	crowd_note(&world->crowd, "d%zu is %s reach", device, in_reach ? "in" : "out of");
	peers_move(&world->peers, device, in_reach, fixture_now(world->fixture));
}

static void let_answer(struct world *world)
{
	if (peers_answer(&world->peers, fixture_now(world->fixture)))
		crowd_note(&world->crowd, "a command is answered");
}

static void look(struct world *world)
{
	crowd_note(&world->crowd, "the planner looks");
	planning_due_wake(fixture_tracker(world->fixture)->due);
}

static void step(struct world *world)
{
	static const struct {
		unsigned weight;
		void (*act)(struct world *world);
	} acts[] = {
		{ 120, NULL }, /* somebody speaks */
		{ 40, let_answer },
		{ 20, move_somebody },
		{ 20, pass_time },
		{ 12, operate },
		{ 8, look },
		{ 2, reboot },
		{ 2, change_policy },
		{ 1, cut_connections },
		{ 2, disturb },
	};
	unsigned weights[sizeof(acts) / sizeof(*acts)];
	for (size_t i = 0; i < sizeof(acts) / sizeof(*acts); i++)
		weights[i] = acts[i].weight;
	const size_t which = dice_pick(&world->dice, weights, sizeof(acts) / sizeof(*acts));
	if (acts[which].act)
		acts[which].act(world);
	else
		crowd_speak(&world->crowd);
	if (dice_hits(&world->dice, 40))
		until_answered(world);
	else
		fixture_turn(world->fixture, 0);
}

static void fail_asleep(struct world *world)
{
	fail_world(world, fixture_sql(world->fixture,
				  "SELECT format('%%s (%%s, deadline %%s, look %%s): its timer has "
				  "no effect',"
				  " id, state, deadline_at, look_at) FROM deployment WHERE active"
				  " ORDER BY least(deadline_at, look_at) LIMIT 1"));
}

/* Days later the server starts: each timer that is over has its effect, at the latest at the next look,
 * for which it is started again. When the next timer is; 0: never. */
static int64_t wake(struct world *world, int64_t next_ms)
{
	struct fixture *fixture = world->fixture;
	fixture_advance(fixture, next_ms + STRIDE_MS - fixture_now(fixture));
	for (int i = 0; i < PATIENCE; i++) {
		if (i % 200 == 0)
			reboot(world);
		wait_a_little(world, i);
		if (i % 20 != 19)
			continue;
		next_ms = law_next_timer_ms(fixture);
		if (next_ms == 0 || next_ms > fixture_now(fixture))
			return next_ms;
	}
	fail_asleep(world);
	return 0;
}

/* What a device was told to be done is in the database, whatever happened since. */
static void check_promises(struct world *world)
{
	for (size_t i = 0; i < CROWD_DEVICES; i++) {
		const struct crowd_device *device = &world->crowd.devices[i];
		char id[SU_UUID_TEXT_SIZE];
		su_uuid_format(device->registration, id);
		const char *kept = fixture_sql(world->fixture,
			"SELECT registration FROM device WHERE endpoint = '%s'", device->endpoint);
		if (!device->is_unsure && strcmp(kept, id) != 0)
			fail_world(world, "an acknowledged registration is lost");
	}
}

/* No device is heard or reached again. Silence ends what has begun, the server what was withdrawn;
 * what is planned may wait. */
static void let_the_clock_run(struct world *world)
{
	const int64_t end_ms = fixture_now(world->fixture) + AFTERLIFE_MS;
	for (size_t i = 0; i < CROWD_DEVICES; i++)
		world->peers.in_reach[i] = false;
	reboot(world);
	int64_t next_ms = law_next_timer_ms(world->fixture);
	while (next_ms != 0 && next_ms < end_ms)
		next_ms = wake(world, next_ms);
	const char *left = fixture_sql(world->fixture,
		"SELECT format('%%s is %%s for ever', d.id, d.state)"
		" FROM deployment AS d JOIN release AS r ON r.id = d.release_id"
		" WHERE d.active AND (d.state <> 'planned' OR r.state = 'withdrawn') LIMIT 1");
	if (*left)
		fail_world(world, left);
}

static void live(struct world *world)
{
	lay_down_policy(world);
	law_install(world->fixture);
	publish_all(world);
	join(world);
	for (size_t i = 0; i < CROWD_DEVICES; i++)
		crowd_register(&world->crowd, i);
	until_answered(world);
	for (int i = 0; i < STEPS; i++)
		step(world);
	until_answered(world);
	check_law(world);
	check_promises(world);
	let_the_clock_run(world);
	check_law(world);
	print_message("seed %u: %zu messages, %zu refused, %zu commands; %s\n", world->seed,
		world->crowd.n_sent, world->crowd.n_refused, world->peers.n_sent,
		fixture_sql(world->fixture,
			"SELECT string_agg(n || ' ' || state, ', ' ORDER BY state)"
			" FROM (SELECT state, count(*) AS n FROM deployment GROUP BY state) AS s"));
}

static int set_up(void **state)
{
	const unsigned seed = *(unsigned *)*state;
	if (fixture_set_up(state) != 0 || !*state)
		return 0;
	struct world *world = su_new(struct world);
	world->fixture = *state;
	world->seed = seed;
	world->dice.state = seed * 2654435761U;
	world->peers.dice = &world->dice;
	crowd_init(&world->crowd, world->fixture, &world->dice);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;
	if (!world)
		return 0;
	void *fixture = world->fixture;
	if (world->peers.tracker)
		peers_leave(&world->peers);
	fixture_turn(world->fixture, 0);
	int status = fixture_tear_down(&fixture);
	crowd_deinit(&world->crowd);
	su_free_ptr(state);
	return status;
}

/* Seeds n, n + CASES and so on, each in a world of its own. */
static void anything_may_happen(void **state)
{
	const unsigned n_seeds = dice_seeds(CASES);
	if (!*state)
		skip();
	for (;;) {
		struct world *world = *state;
		unsigned seed = world->seed;
		live(world);
		seed += CASES;
		if (seed >= n_seeds)
			return;
		tear_down(state);
		*state = &seed;
		set_up(state);
	}
}

int main(void)
{
	static unsigned seeds[CASES] = { 0, 1, 2, 3 };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate_setup_teardown(
			anything_may_happen, set_up, tear_down, &seeds[0]),
		cmocka_unit_test_prestate_setup_teardown(
			anything_may_happen, set_up, tear_down, &seeds[1]),
		cmocka_unit_test_prestate_setup_teardown(
			anything_may_happen, set_up, tear_down, &seeds[2]),
		cmocka_unit_test_prestate_setup_teardown(
			anything_may_happen, set_up, tear_down, &seeds[3]),
	};
	return cmocka_run_group_tests_name("machine", tests, NULL, NULL);
}
