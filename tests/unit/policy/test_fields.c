/* SPDX-License-Identifier: Apache-2.0 */
/* The table of fields: names, values, what is unknown, and what was probably meant. */
#include "policy/fields.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "example_facts.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static int set_up(void **state)
{
	*state = su_arena_new();
	return 0;
}

static int tear_down(void **state)
{
	struct su_arena *arena = *state;
	su_arena_free(&arena);
	return 0;
}

static void test_each_name_finds_its_field(void **state)
{
	(void)state;
	for (const struct field *field = fields; field->name; field++) {
		assert_ptr_equal(fields_find(field->name), field);
		assert_ptr_equal(fields_find_near(field->name), field);
		assert_true(strlen(field->help) > 0);
		assert_true(!field->words || field->type == FIELD_TEXT);
	}
	assert_null(fields_find("device"));
	assert_null(fields_find("device.Model"));
	assert_null(fields_find(""));
}

static const struct {
	const char *name, *value;
} values[] = {
	{ "device.endpoint", "'meter-7'" },
	{ "device.vendor_ids", "unknown" },
	{ "device.class_ids", "['" EXAMPLE_CLASS_ID "']" },
	{ "device.serial", "unknown" },
	{ "device.model", "'m1'" },
	{ "device.site", "'north'" },
	{ "device.battery_mwh", "5000" },
	{ "device.free_memory_bytes", "unknown" },
	{ "device.transport", "'coaps'" },
	{ "device.last_seen", "2026-12-06T08:00:00Z" },
	{ "device.mode", "'negotiated'" },
	{ "device.reachability", "unknown" },
	{ "device.always_on", "true" },
	{ "device.answers", "false" },
	{ "device.takes_push", "unknown" },
	{ "device.link_bytes_per_s", "unknown" },
	{ "device.wake_every", "PT1H" },
	{ "release.kind", "'security'" },
	{ "release.update_priority", "-3" },
	{ "release.use_before", "unknown" },
	{ "release.download_bytes", "1500" },
	{ "release.components", "2" },
	{ "release.component_ids", "['[h\\'00\\']', '[h\\'01\\']']" },
	{ "release.waits_for", "['authorization', 'power']" },
	{ "release.cvss", "9.8" },
	{ "installed.age", "P10D" },
	{ "now", "2027-01-15T08:00:00Z" },
};

static void test_values_are_read_and_shown(void **state)
{
	struct facts facts = example_facts();
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		const struct field *field = fields_find(values[i].name);
		struct field_value value = fields_read(field, &facts, *state);
		assert_int_equal(value.type, field->type);
		assert_string_equal(fields_format_value(*state, &value), values[i].value);
	}
}

static void test_texts_are_shown_as_they_are_written(void **state)
{
	const struct field_value value = {
		.type = FIELD_TEXT, .known = true, .text = "it's \\ so"
	};
	assert_string_equal(fields_format_value(*state, &value), "'it\\'s \\\\ so'");
}

static void test_large_numbers_stay_within_64_bits(void **state)
{
	struct device device = { .endpoint = "d" };
	struct facts facts = { .device = &device };
	device.told.has_battery = true;
	device.told.battery_mwh = UINT64_MAX;
	device.told.profile.has_wake_every = true;
	device.told.profile.wake_every_s = INT64_MAX;
	assert_true(fields_read(fields_find("device.battery_mwh"), &facts, *state).integer ==
		    INT64_MAX);
	assert_true(fields_read(fields_find("device.wake_every"), &facts, *state).integer ==
		    INT64_C(10000000000000));
}

static void test_facts_are_summed_up(void **state)
{
	struct facts facts = example_facts();
	(void)state;
	assert_true(facts.download_bytes == 1500);
	assert_true(facts.has_installed_age);
	assert_true(facts.installed_age_ms == 10 * EXAMPLE_DAY_MS);
	facts_sum_up(&facts, 0);
	assert_false(facts.has_installed_age);
	facts_sum_up(&facts, EXAMPLE_NOW_MS + 1);
	assert_false(facts.has_installed_age);
	facts.release = NULL;
	facts_sum_up(&facts, 0);
	assert_true(facts.download_bytes == 0);
}

/* A row per field, with its help and its words. */
static void test_the_manual_names_each_field(void **state)
{
	char path[1024];
	static char manual[65536];
	const char *srcdir = getenv("srcdir");
	snprintf(path, sizeof(path), "%s/docs/expressions.md", srcdir ? srcdir : ".");
	FILE *file = fopen(path, "r");
	if (!file)
		skip();
	manual[fread(manual, 1, sizeof(manual) - 1, file)] = '\0';
	fclose(file);
	for (const struct field *field = fields; field->name; field++) {
		const char *name = su_arena_printf(*state, "\n| `%s` | ", field->name);
		const char *row = strstr(manual, name);
		if (!row)
			fail_msg("docs/expressions.md does not name %s", field->name);
		row = su_arena_strndup(*state, row + 1, strcspn(row + 1, "\n"));
		assert_non_null(strstr(row, field->help));
		for (const struct name_row *word = field->words; word && word->name; word++)
			assert_non_null(strstr(row, su_arena_printf(*state, "`%s`", word->name)));
	}
}

static void test_near_names(void **state)
{
	(void)state;
	assert_string_equal(fields_find_near("device.modell")->name, "device.model");
	assert_string_equal(fields_find_near("release.cvs")->name, "release.cvss");
	assert_string_equal(fields_find_near("battery_mwh")->name, "device.battery_mwh");
	assert_null(fields_find_near("x"));
	assert_null(fields_find_near("something.entirely.different"));
	char long_name[200] = "device.";
	memset(long_name + 7, 'a', sizeof(long_name) - 8);
	assert_null(fields_find_near(long_name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_name_finds_its_field),
		cmocka_unit_test_setup_teardown(test_values_are_read_and_shown, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_texts_are_shown_as_they_are_written, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_large_numbers_stay_within_64_bits, set_up, tear_down),
		cmocka_unit_test(test_facts_are_summed_up),
		cmocka_unit_test_setup_teardown(
			test_the_manual_names_each_field, set_up, tear_down),
		cmocka_unit_test(test_near_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
