/* SPDX-License-Identifier: Apache-2.0 */
/* The remembered endpoints: bounded, and never forgotten while they are in use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "tracker/registry.h"

static void load(struct registry *registry, struct remembered *of)
{
	registry_load_begins(registry, of);
	registry_load_done(of, true);
}

static void the_one_used_longest_ago_goes_first(void **state)
{
	(void)state;
	struct registry *registry su_auto(registry_free) = registry_new(3);
	registry_take(registry, "a");
	registry_take(registry, "b");
	registry_take(registry, "c");
	assert_non_null(registry_find(registry, "a"));
	registry_take(registry, "d");
	assert_null(registry_find(registry, "b"));
	assert_non_null(registry_find(registry, "a"));
	assert_non_null(registry_find(registry, "c"));
	assert_int_equal(registry_count(registry), 3);
}

static void what_is_put_last_goes_first(void **state)
{
	(void)state;
	struct registry *registry su_auto(registry_free) = registry_new(3);
	registry_take(registry, "a");
	registry_take(registry, "b");
	registry_put_last(registry, registry_take(registry, "c"));
	registry_put_last(registry, registry_take(registry, "d"));
	assert_null(registry_find(registry, "c"));
	registry_put_last(registry, registry_find(registry, "b"));
	registry_take(registry, "e");
	assert_null(registry_find(registry, "b"));
	assert_non_null(registry_find(registry, "a"));
	assert_non_null(registry_find(registry, "d"));
}

static void what_is_in_use_is_not_forgotten(void **state)
{
	(void)state;
	struct registry *registry su_auto(registry_free) = registry_new(2);
	struct remembered *a = registry_take(registry, "a");
	a->n_turns = 1;
	struct remembered *b = registry_take(registry, "b");
	registry_load_begins(registry, b);
	assert_null(registry_take(registry, "c"));
	registry_load_done(b, true);
	assert_non_null(registry_take(registry, "c"));
	assert_null(registry_find(registry, "b"));
	assert_ptr_equal(registry_find(registry, "a"), a);
}

static void a_change_during_the_load_calls_for_another(void **state)
{
	(void)state;
	struct registry *registry su_auto(registry_free) = registry_new(2);
	struct remembered *a = registry_take(registry, "a");
	assert_false(registry_is_fresh(registry, a));
	load(registry, a);
	assert_true(registry_is_fresh(registry, a));
	registry_spoil(registry, "a");
	assert_false(registry_is_fresh(registry, a));
	registry_load_begins(registry, a);
	registry_spoil(registry, "a");
	registry_load_done(a, true);
	assert_false(registry_is_fresh(registry, a));
	load(registry, a);
	registry_spoil_all(registry);
	assert_false(registry_is_fresh(registry, a));
	registry_load_begins(registry, a);
	registry_load_done(a, false);
	assert_false(registry_is_fresh(registry, a));
	registry_spoil(registry, "nobody");
}

static void many_names_are_told_apart(void **state)
{
	(void)state;
	struct registry *registry su_auto(registry_free) = registry_new(1000);
	char name[32];
	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "device-%d", i);
		assert_string_equal(registry_take(registry, name)->endpoint, name);
	}
	assert_int_equal(registry_count(registry), 1000);
	for (int i = 2000; i < 3000; i++) {
		snprintf(name, sizeof(name), "device-%d", i);
		assert_string_equal(registry_find(registry, name)->endpoint, name);
	}
}

static void a_packed_device_comes_back_whole(void **state)
{
	(void)state;
	static const uint8_t id[] = { 0x81, 0x41, 0x00 };
	struct device device = {
		.id = 7,
		.endpoint = "meter",
		.address = "[::1]:5683",
		.lifetime_s = 60,
		.row_version = 9,
		.told = { .serial = "A-1", .site = "north", .n_components = 2 },
	};
	for (size_t i = 0; i < 2; i++)
		device.told.components[i] = (struct installed_component){
			.id = { su_span_of(id, sizeof(id)) },
			.has_sequence_number = true,
			.sequence_number = i + 1,
		};
	struct snapshot *snapshot su_auto(snapshot_free) = snapshot_new(&device);
	struct device back = { 0 };
	snapshot_restore(snapshot, &back);
	assert_int_equal(back.id, 7);
	assert_int_equal(back.row_version, 9);
	assert_string_equal(back.endpoint, "meter");
	assert_ptr_not_equal(back.endpoint, device.endpoint);
	assert_string_equal(back.told.serial, "A-1");
	assert_string_equal(back.told.site, "north");
	assert_null(back.told.model);
	assert_int_equal(back.told.n_components, 2);
	assert_int_equal(back.told.components[1].sequence_number, 2);
	assert_true(component_id_equal(back.told.components[1].id, device.told.components[1].id));
}

static void fill_calendar(struct calendar *calendar)
{
	calendar->time_zone = "Europe/Berlin";
	calendar->n_windows = DEVICE_MAX_WINDOWS;
	for (size_t i = 0; i < DEVICE_MAX_WINDOWS; i++)
		calendar->windows[i].rule = i % 2 ? "FREQ=DAILY" : NULL;
}

static void a_full_device_comes_back_whole(void **state)
{
	(void)state;
	static const uint8_t id[] = { 0x81, 0x41, 0x00 };
	struct calendar told = { 0 }, laid_down = { 0 };
	fill_calendar(&told);
	fill_calendar(&laid_down);
	struct device device = {
		.endpoint = "meter",
		.mode = MODE_SERVER,
		.mode_reason = "because",
		.calendar = &told,
		.provision = { .has_mode = true, .calendar = &laid_down, .row_version = 3 },
		.told = { .n_vendor_ids = DEVICE_MAX_IDS, .n_components = DEVICE_MAX_COMPONENTS },
	};
	for (size_t i = 0; i < DEVICE_MAX_IDS; i++)
		device.told.vendor_ids[i] = su_uuid_v7((int64_t)i + 1);
	for (size_t i = 0; i < DEVICE_MAX_COMPONENTS; i++)
		device.told.components[i] = (struct installed_component){
			.id = { su_span_of(id, sizeof(id)) }, .has_size = true, .size_bytes = i
		};
	struct snapshot *snapshot su_auto(snapshot_free) = snapshot_new(&device);
	struct device back;
	memset(&back, 0xff, sizeof(back));
	snapshot_restore(snapshot, &back);
	assert_true(calendar_equal(back.calendar, &told));
	assert_true(calendar_equal(back.provision.calendar, &laid_down));
	assert_ptr_not_equal(back.calendar, &told);
	assert_int_equal(back.provision.row_version, 3);
	assert_true(back.provision.has_mode);
	assert_int_equal(back.mode, MODE_SERVER);
	assert_string_equal(back.mode_reason, "because");
	assert_null(back.address);
	assert_memory_equal(
		back.told.vendor_ids, device.told.vendor_ids, sizeof(back.told.vendor_ids));
	for (size_t i = 0; i < DEVICE_MAX_COMPONENTS; i++) {
		assert_true(su_span_equal(
			back.told.components[i].id.encoded, su_span_of(id, sizeof(id))));
		assert_int_equal(back.told.components[i].size_bytes, i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_one_used_longest_ago_goes_first),
		cmocka_unit_test(what_is_put_last_goes_first),
		cmocka_unit_test(what_is_in_use_is_not_forgotten),
		cmocka_unit_test(a_change_during_the_load_calls_for_another),
		cmocka_unit_test(many_names_are_told_apart),
		cmocka_unit_test(a_packed_device_comes_back_whole),
		cmocka_unit_test(a_full_device_comes_back_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
