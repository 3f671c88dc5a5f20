/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated world on devices of which everything can be worked out by hand, and the strategies on small fleets. */
#include "tools/sim_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/memory.h"
#include "policy/document.h"
#include "tools/sim_strategy.h"

#define NOW   SIM_RELEASE_MS
#define LATER (NOW + 30 * SIM_DAY_MS)

static struct sim_device device_of(enum sim_kind kind)
{
	return (struct sim_device){ .kind = kind,
		.endpoint = "it",
		.transfer_ms = 100 * SIM_SECOND_MS,
		.install_ms = SIM_MINUTE_MS,
		.wake_every_ms = SIM_HOUR_MS,
		.trip_minute = { 480, 1020 },
		.seed = 5 };
}

static struct sim_fleet fleet_of(struct sim_device *device)
{
	return (struct sim_fleet){ .days = 30,
		.from_ms = NOW,
		.until_ms = LATER,
		.image_bytes = SIM_IMAGE_BYTES,
		.n = 1,
		.devices = device };
}

static void test_absence_cuts_contact(void **state)
{
	(void)state;
	struct sim_device meter = device_of(SIM_METER);
	struct interval contact;
	meter.absent_from_ms = NOW + SIM_HOUR_MS;
	meter.absent_until_ms = NOW + SIM_DAY_MS;
	assert_true(sim_world_reach(&meter, NOW, LATER, &contact));
	assert_int_equal(contact.until_ms, NOW + SIM_HOUR_MS);
	assert_true(sim_world_reach(&meter, NOW + SIM_HOUR_MS, LATER, &contact));
	assert_int_equal(contact.from_ms, NOW + SIM_DAY_MS);
	assert_int_equal(sim_world_idle(&meter, NOW, 1, LATER), INT64_MAX);
	meter.absent_until_ms = LATER;
	assert_false(sim_world_reach(&meter, NOW + SIM_HOUR_MS, LATER, &contact));
}

static void test_sensor_wakes(void **state)
{
	(void)state;
	struct sim_device sensor = device_of(SIM_SENSOR);
	struct interval contact;
	sensor.phase_ms = 20 * SIM_MINUTE_MS;
	assert_true(sim_world_reach(&sensor, NOW, LATER, &contact));
	assert_int_equal(contact.from_ms, NOW + 20 * SIM_MINUTE_MS);
	assert_int_equal(contact.until_ms - contact.from_ms, 93 * SIM_SECOND_MS);
	assert_int_equal(sim_world_poll(&sensor, NOW, SIM_DAY_MS, LATER), contact.from_ms);
	assert_int_equal(sim_world_idle(&sensor, NOW, 1, LATER), NOW);
}

/* Two trips a day at most, and it is spared as soon as one is over. */
static void test_vehicle_drives(void **state)
{
	(void)state;
	struct sim_device vehicle = device_of(SIM_VEHICLE);
	struct interval trip;
	int trips = 0;
	for (int64_t at = NOW; sim_world_reach(&vehicle, at, LATER, &trip); at = trip.until_ms) {
		assert_true(trip.until_ms > at && trip.until_ms > trip.from_ms);
		assert_int_equal(sim_world_idle(&vehicle, trip.from_ms, 1, LATER), trip.until_ms);
		trips++;
	}
	assert_in_range(trips, 40, 60);
}

/* One window in ten does not come true. */
static void test_windows_that_are_false(void **state)
{
	(void)state;
	struct sim_device camera = device_of(SIM_CAMERA);
	const struct calendar nightly = { .n_windows = 1,
		.windows = { { .meaning = WINDOW_IDLE,
			.form = WINDOW_WEEKLY,
			.days = WINDOW_EVERY_DAY,
			.start_minute = 120,
			.duration_min = 60 } } };
	camera.idle = &nightly;
	int came = 0;
	int64_t end_ms = NOW + 1000 * SIM_DAY_MS;
	for (int64_t at = NOW; at < end_ms; came++) {
		int64_t idle_ms = sim_world_idle(&camera, at, SIM_MINUTE_MS, end_ms);
		if (idle_ms == INT64_MAX)
			break;
		assert_int_equal(idle_ms % SIM_DAY_MS, 2 * SIM_HOUR_MS);
		at = idle_ms + 2 * SIM_HOUR_MS;
	}
	assert_in_range(came, 860, 940);
}

struct strategies {
	struct su_arena *arena;
	struct policy *policy;
};

static struct sim_task task_of(
	const struct strategies *given, struct sim_fleet *fleet, enum urgency urgency)
{
	struct sim_task task = { .fleet = fleet, .policy = given->policy, .urgency = urgency };
	sim_task_settle(&task, given->arena);
	return task;
}

static double hours_of(struct sim_result *result)
{
	double hours = result->vulnerable_ms / SIM_HOUR_MS;
	sim_result_deinit(result);
	return hours;
}

/* A meter: fetched at once, interrupted when the class allows it, again after a failure. */
static void test_a_meter_by_hand(void **state)
{
	const struct strategies *given = *state;
	const struct level *level = &given->policy->levels[URGENCY_CRITICAL];
	struct sim_device meter = device_of(SIM_METER);
	meter.profile.has_always_on = meter.profile.always_on = true;
	struct sim_fleet fleet = fleet_of(&meter);
	struct sim_task task = task_of(given, &fleet, URGENCY_CRITICAL);
	struct sim_result result;
	assert_int_equal(task.settled[0].mode, MODE_SERVER);
	sim_clairvoyant_run(&task, &result);
	double minute = SIM_MINUTE_MS;
	assert_true(result.vulnerable_ms == (double)level->interrupt_after_ms + minute);
	assert_true(result.interrupted_ms == minute);
	assert_int_equal(result.peak_downloads, 1);
	double best = hours_of(&result);
	sim_policy_run(&task, &result);
	assert_int_equal(result.updated, 1);
	assert_true(result.interrupted_ms == minute);
	assert_true(hours_of(&result) == best);
	meter.first_install_fails = true;
	sim_clairvoyant_run(&task, &result);
	assert_true(result.vulnerable_ms ==
		    (double)(level->interrupt_after_ms + level->retry_after_ms) + 2 * minute +
			    100 * SIM_SECOND_MS);
	assert_true(result.interrupted_ms == 2 * minute);
	sim_result_deinit(&result);
	sim_baseline_push_at_once(&task, &result);
	assert_true(result.vulnerable_ms == 2 * (100 * SIM_SECOND_MS + minute));
	sim_result_deinit(&result);
	sim_baseline_poll_only(&task, &result);
	assert_int_equal(result.updated, 0);
	assert_int_equal(result.deadlines_missed, 1);
	assert_true(result.is_late[0]);
	sim_result_deinit(&result);
}

/* The policy chooses the class from what is known of release and device. */
static void test_class_by_policy(void **state)
{
	const struct strategies *given = *state;
	struct sim_device meter = device_of(SIM_METER);
	struct sim_fleet fleet = fleet_of(&meter);
	struct release release = { .labels_json = "{\"cvss\": 9.8}" };
	struct sim_task task = { .fleet = &fleet, .policy = given->policy, .release = &release };
	sim_task_settle(&task, given->arena);
	assert_int_equal(task.settled[0].urgency, URGENCY_CRITICAL);
	assert_string_equal(task.settled[0].urgency_rule, "severe flaw");
	release.labels_json = NULL;
	release.kind = KIND_FEATURE;
	sim_task_settle(&task, given->arena);
	assert_int_equal(task.settled[0].urgency, URGENCY_LOW);
	assert_ptr_equal(sim_task_level(&task, 0), &given->policy->levels[URGENCY_LOW]);
}

/* No strategy beats the bound, the same seed gives the same, and no deadline is missed that could be met. */
static void test_bound_and_targets(void **state)
{
	const struct strategies *given = *state;
	for (uint64_t seed = 1; seed <= 3; seed++) {
		const struct sim_recipe recipe = { .n = 2000,
			.seed = seed,
			.days = 30,
			.from_ms = NOW,
			.image_bytes = SIM_IMAGE_BYTES };
		struct sim_fleet *fleet = sim_fleet_generate(given->arena, &recipe);
		for (int urgency = URGENCY_CRITICAL; urgency <= URGENCY_LOW; urgency++) {
			struct sim_result best, ours, again;
			struct sim_task task = task_of(given, fleet, (enum urgency)urgency);
			sim_clairvoyant_run(&task, &best);
			sim_policy_run(&task, &ours);
			sim_policy_run(&task, &again);
			assert_true(ours.vulnerable_ms == again.vulnerable_ms);
			assert_true(best.vulnerable_ms <= ours.vulnerable_ms);
			assert_true(ours.vulnerable_ms <= 1.15 * best.vulnerable_ms);
			assert_true(ours.interrupted_ms <=
				    1.25 * best.interrupted_ms +
					    0.25 * SIM_MINUTE_MS * (double)fleet->n);
			for (size_t i = 0; i < fleet->n; i++)
				assert_true(best.is_late[i] || !ours.is_late[i]);
			sim_result_deinit(&best);
			sim_result_deinit(&ours);
			sim_result_deinit(&again);
		}
	}
}

static int set_up(void **state)
{
	static struct strategies given;
	given.arena = su_arena_new();
	*state = &given;
	return policy_parse(given.arena, policy_default_text(), &given.policy, NULL) == SU_OK ? 0
											      : -1;
}

static int tear_down(void **state)
{
	su_arena_free(&((struct strategies *)*state)->arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_absence_cuts_contact),
		cmocka_unit_test(test_sensor_wakes),
		cmocka_unit_test(test_vehicle_drives),
		cmocka_unit_test(test_windows_that_are_false),
		cmocka_unit_test(test_a_meter_by_hand),
		cmocka_unit_test(test_class_by_policy),
		cmocka_unit_test(test_bound_and_targets),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
