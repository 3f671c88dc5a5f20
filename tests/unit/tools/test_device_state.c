/* SPDX-License-Identifier: Apache-2.0 */
/* What a device knows survives a restart; a damaged file is named, not guessed at. */
#include "tools/device_state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/hex.h"
#include "folder.h"
#include "tools/whole_file.h"

static char folder[64];

static int set_up(void **state)
{
	strcpy(folder, "/tmp/suitd-device-state-XXXXXX");
	*state = su_arena_new();
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
	struct su_arena *arena = *state;
	folder_remove(folder);
	su_arena_free(&arena);
	return 0;
}

static struct component_id component(struct su_arena *arena, const char *text)
{
	struct component_id id;
	assert_int_equal(component_id_parse(arena, text, &id, NULL), SU_OK);
	return id;
}

static void test_round_trip(void **state)
{
	struct su_arena *arena = *state;
	struct device_state *device = NULL;
	struct su_error err = { 0 };
	uint8_t bytes[32] = { 1, 2, 3 };
	assert_int_equal(device_state_open(folder, &device, &err), SU_OK);
	assert_int_equal(device->n_components, 0);
	struct installed_component *app =
		device_state_component(device, component(arena, "['app']"));
	app->digest = digest_sha256(bytes);
	app->has_slot = true;
	app->active_slot = 1;
	app->has_sequence_number = true;
	app->sequence_number = 12;
	assert_int_equal(version_parse("1.2-rc.3", &app->version, &err), SU_OK);
	device->installed_manifest = digest_sha256(bytes);
	device->sequence_number = 12;
	device->report_pending = true;
	device->etag = su_span_of(bytes, 8);
	assert_int_equal(device_state_save(device, &err), SU_OK);
	device_state_close(&device);

	assert_int_equal(device_state_open(folder, &device, &err), SU_OK);
	const struct installed_component *back =
		device_state_find(device, component(arena, "['app']"));
	assert_non_null(back);
	assert_true(digest_equal(&back->digest, &device->installed_manifest));
	assert_true(back->has_slot && back->active_slot == 1);
	assert_true(back->has_sequence_number && back->sequence_number == 12);
	assert_string_equal(version_format(arena, &back->version), "1.2-rc.3");
	assert_true(device->report_pending);
	assert_int_equal(device->sequence_number, 12);
	assert_true(su_span_equal(device->etag, su_span_of(bytes, 8)));
	assert_null(device_state_find(device, component(arena, "['radio']")));
	device_state_close(&device);
}

static void put_file(struct su_arena *arena, const char *name)
{
	const char *path = su_arena_printf(arena, "%s/%s", folder, name);
	assert_int_equal(whole_file_write(path, su_span_str("x"), 0644, NULL), SU_OK);
}

static bool has_file(struct su_arena *arena, const char *name)
{
	return access(su_arena_printf(arena, "%s/%s", folder, name), F_OK) == 0;
}

static void test_tidy_leaves_what_runs(void **state)
{
	struct su_arena *arena = *state;
	struct device_state *device = NULL;
	uint8_t bytes[32] = { 1, 2, 3 };
	assert_int_equal(device_state_open(folder, &device, NULL), SU_OK);
	struct installed_component *app =
		device_state_component(device, component(arena, "['app']"));
	app->digest = digest_sha256(bytes);
	const char *running = su_arena_printf(
		arena, "image/%s", su_hex_encode_arena(arena, su_span_of(bytes, 32)));
	put_file(arena, running);
	put_file(arena, "image/00");
	put_file(arena, "staging/11.part");
	put_file(arena, "staging/11.etag");
	put_file(arena, "manifest.suit");
	assert_int_equal(device_state_save(device, NULL), SU_OK);
	device_state_tidy(device);
	assert_true(has_file(arena, running));
	assert_true(has_file(arena, "state.json"));
	assert_false(has_file(arena, "image/00"));
	assert_false(has_file(arena, "staging/11.part"));
	assert_false(has_file(arena, "staging/11.etag"));
	assert_false(has_file(arena, "manifest.suit"));
	device_state_close(&device);
}

static void test_damaged_state(void **state)
{
	struct su_arena *arena = *state;
	struct device_state *device = NULL;
	struct su_error err = { 0 };
	const char *path = su_arena_printf(arena, "%s/state.json", folder);
	assert_int_equal(whole_file_write(path, su_span_str("{\"manifest\":"), 0644, &err), SU_OK);
	assert_int_equal(device_state_open(folder, &device, &err), SU_INVALID);
	assert_non_null(strstr(err.text, path));
	assert_null(device);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_round_trip, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_tidy_leaves_what_runs, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_damaged_state, set_up, tear_down),
	};
	return cmocka_run_group_tests_name("device_state", tests, NULL, NULL);
}
