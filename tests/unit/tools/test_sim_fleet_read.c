/* SPDX-License-Identifier: Apache-2.0 */
/* Devices that are described: what is said counts, kinds are found out, nonsense is refused by name. */
#include "tools/sim_fleet_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct sim_recipe recipe = {
	.seed = 3, .days = 30, .from_ms = SIM_RELEASE_MS, .image_bytes = 1000000
};

struct given {
	struct su_arena *arena;
	struct sim_fleet *fleet;
};

static enum su_status read_text(struct given *given, const char *text, struct su_error *err)
{
	json_t *object = json_loads(text, 0, NULL);
	assert_non_null(object);
	enum su_status status = sim_fleet_read_device(given->arena, given->fleet, object, err);
	json_decref(object);
	return status;
}

static const struct sim_device *read_good(struct given *given, const char *text)
{
	struct su_error err = { 0 };
	if (read_text(given, text, &err) != SU_OK)
		fail_msg("%s: %s", err.field, err.text);
	return &given->fleet->devices[given->fleet->n - 1];
}

static void test_a_kind_and_what_differs(void **state)
{
	struct given *given = *state;
	const struct sim_device *camera =
		read_good(given, "{\"kind\": \"camera\", \"endpoint\": \"cam\", \"site\": "
				 "\"roof\", \"link_bytes_per_s\": 5000,"
				 " \"install_s\": 40, \"answers\": true, \"well_behaved\": true}");
	assert_string_equal(camera->endpoint, "cam");
	assert_string_equal(camera->site, "roof");
	assert_in_range(camera->transfer_ms, 200000, 200001);
	assert_int_equal(camera->install_ms, 40000);
	assert_true(camera->profile.answers && camera->keeps_its_word);
	assert_int_equal(camera->absent_from_ms, camera->absent_until_ms);
	assert_non_null(camera->calendar); /* drawn */
	assert_ptr_equal(camera->idle, camera->calendar);
	camera = read_good(given,
		"{\"kind\": \"camera\", \"calendar\": {\"time_zone\": \"Asia/Tokyo\", \"windows\": "
		"["
		"{\"days\": [\"sat\"], \"start\": \"02:30\", \"duration\": \"PT2H\"}]}}");
	assert_string_equal(camera->calendar->time_zone, "Asia/Tokyo");
	assert_int_equal(camera->calendar->windows[0].start_minute, 150);
}

/* What GET /devices says, nulls and members of no interest included. */
static void test_as_the_server_says(void **state)
{
	struct given *given = *state;
	const struct sim_device *device =
		read_good(given, "{\"endpoint\": \"s-1\", \"site\": null, \"live\": true, "
				 "\"deployment\": null, \"profile\": "
				 "{\"reachability\": \"queue\", \"wake_every_s\": 600, "
				 "\"answers\": false}, \"calendar\": null}");
	assert_int_equal(device->kind, SIM_SENSOR);
	assert_int_equal(device->wake_every_ms, 600000);
	assert_null(device->calendar);
	assert_null(device->site);
	assert_false(device->profile.has_link_rate); /* it did not say */
	assert_int_equal(device->class_no, SIM_NO_CLASS);
	device = read_good(
		given, "{\"endpoint\": \"v\", \"profile\": {\"reachability\": \"while_working\"}}");
	assert_int_equal(device->kind, SIM_VEHICLE);
	device = read_good(given, "{\"endpoint\": \"m\", \"profile\": {\"always_on\": true}}");
	assert_int_equal(device->kind, SIM_METER);
	device =
		read_good(given, "{\"endpoint\": \"c\", \"provision\": {\"site\": \"hall\", "
				 "\"calendar\": {\"windows\": ["
				 "{\"rule\": \"FREQ=DAILY;BYHOUR=3\", \"duration\": \"PT1H\"}]}}}");
	assert_int_equal(device->kind, SIM_CAMERA);
	assert_string_equal(device->site, "hall");
	device = read_good(given,
		"{\"endpoint\": \"o\", \"mode\": \"client\", \"mode_reason\": \"default: so\"}");
	assert_int_equal(device->kind, SIM_OTHER);
}

/* Devices of one class are learned of together. */
static void test_classes(void **state)
{
	struct given *given = *state;
	static const char *const texts[] = {
		"{\"endpoint\": \"a\", \"class_ids\": [\"1492af14-2569-5e48-bf42-9b2d51f2ab45\"]}",
		"{\"endpoint\": \"b\", \"class_ids\": [\"fa6b4a53-d5ad-5fdf-be9d-e663e4d41ffe\"]}",
		"{\"endpoint\": \"c\", \"class_ids\": [\"1492af14-2569-5e48-bf42-9b2d51f2ab45\"]}",
	};
	unsigned numbers[3];
	for (size_t i = 0; i < 3; i++)
		numbers[i] = read_good(given, texts[i])->class_no;
	assert_int_equal(numbers[0], numbers[2]);
	assert_int_not_equal(numbers[0], numbers[1]);
	assert_in_range(numbers[1], SIM_KINDS, SIM_KINDS + SIM_MAX_CLASSES - 1);
}

static void test_refused(void **state)
{
	struct given *given = *state;
	static const struct {
		const char *text, *field;
	} bad[] = {
		{ "{\"kind\": \"toaster\"}", "kind" },
		{ "{\"kind\": 5}", "kind" },
		{ "{\"model\": \"x\"}", "kind" },
		{ "{\"kind\": \"meter\", \"colour\": \"red\"}", "colour" },
		{ "{\"kind\": \"meter\", \"install_s\": 0}", "install_s" },
		{ "{\"kind\": \"meter\", \"link_bytes_per_s\": 0}", "link_bytes_per_s" },
		{ "{\"endpoint\": \"x\", \"class_ids\": [\"y\"]}", "class_ids" },
		{ "{\"endpoint\": \"x\", \"provision\": {\"mode\": \"fast\"}}", "provision.mode" },
		{ "{\"endpoint\": \"\"}", "endpoint" },
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct su_error err = { 0 };
		assert_int_equal(read_text(given, bad[i].text, &err), SU_INVALID);
		assert_string_equal(err.field, bad[i].field);
	}
}

/* The fleet grows beyond what it was made for. */
static void test_many(void **state)
{
	struct given *given = *state;
	for (int i = 0; i < 1000; i++)
		read_good(given, "{\"kind\": \"gateway\"}");
	assert_int_equal(given->fleet->n, 1000);
	assert_int_equal(given->fleet->n_of_kind[SIM_GATEWAY], 1000);
	assert_string_equal(given->fleet->devices[0].endpoint, "gateway-0");
	assert_string_equal(given->fleet->devices[999].endpoint, "gateway-999");
}

static int set_up(void **state)
{
	static struct given given;
	given.arena = su_arena_new();
	given.fleet = sim_fleet_new(given.arena, &recipe);
	*state = &given;
	return 0;
}

static int tear_down(void **state)
{
	su_arena_free(&((struct given *)*state)->arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_kind_and_what_differs, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_as_the_server_says, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_classes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_many, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
