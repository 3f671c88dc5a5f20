/* SPDX-License-Identifier: Apache-2.0 */
/* Which devices a manifest fits, condition by condition, and what the refusal says. */
#include "suit/fit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "made_manifest.h"

#define NOW_MS INT64_C(1800000000000)

static const struct su_uuid vendor = { { 1 } }, class = { { 2 } }, stranger = { { 3 } };

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

static struct characteristics plain_device(struct su_arena *arena)
{
	struct characteristics told = { .n_vendor_ids = 1, .n_class_ids = 1, .n_components = 1 };
	told.vendor_ids[0] = vendor;
	told.class_ids[0] = class;
	assert_int_equal(component_id_parse(arena, "['app']", &told.components[0].id, NULL), SU_OK);
	return told;
}

/* NULL: it fits. Else the refusal. */
static const char *refusal(struct su_arena *arena, const struct parameters *parameters,
	enum command_code condition, const struct characteristics *told)
{
	struct made_manifest made = {
		.parameters = *parameters,
		.n_conditions = 1,
		.conditions = { condition },
	};
	struct envelope envelope = made_manifest_envelope(arena, &made, NULL, 0);
	struct su_error err = { 0 };
	enum su_status status = fit_device(arena, &envelope.manifest, told, NOW_MS, &err);
	if (status == SU_OK)
		return NULL;
	assert_int_equal(status, SU_CONFLICT);
	return su_arena_strdup(arena, err.text);
}

static void assert_says(const char *text, const char *part)
{
	assert_non_null(text);
	if (strstr(text, part) == NULL)
		fail_msg("'%s' does not say '%s'", text, part);
}

static void test_vendor_and_class(void **state)
{
	struct characteristics told = plain_device(*state), silent = { 0 };
	struct parameters ours = {
		.set = MADE_BIT(PARAM_VENDOR_IDENTIFIER) | MADE_BIT(PARAM_CLASS_IDENTIFIER),
		.vendor_identifier = su_span_of(vendor.bytes, 16),
		.class_identifier = class,
	};
	struct parameters theirs = ours;
	theirs.vendor_identifier = su_span_of(stranger.bytes, 16);
	theirs.class_identifier = stranger;
	assert_null(refusal(*state, &ours, CMD_VENDOR_IDENTIFIER, &told));
	assert_null(refusal(*state, &ours, CMD_CLASS_IDENTIFIER, &told));
	assert_says(refusal(*state, &theirs, CMD_VENDOR_IDENTIFIER, &told), "not of vendor 03");
	assert_says(refusal(*state, &theirs, CMD_CLASS_IDENTIFIER, &told), "not of class 03");
	/* A device that did not say whose it is gets nothing that is meant for somebody. */
	assert_says(refusal(*state, &ours, CMD_VENDOR_IDENTIFIER, &silent), "not of vendor");
	assert_says(refusal(*state, &ours, CMD_CLASS_IDENTIFIER, &silent), "not of class");
}

static void test_one_of_several_identifiers_is_enough(void **state)
{
	struct characteristics told = plain_device(*state);
	told.n_class_ids = 2;
	told.class_ids[1] = stranger;
	struct parameters theirs = {
		.set = MADE_BIT(PARAM_CLASS_IDENTIFIER),
		.class_identifier = stranger,
	};
	assert_null(refusal(*state, &theirs, CMD_CLASS_IDENTIFIER, &told));
}

static void test_device_identifier(void **state)
{
	struct characteristics told = plain_device(*state);
	struct parameters wanted = {
		.set = MADE_BIT(PARAM_DEVICE_IDENTIFIER),
		.device_identifier = stranger,
	};
	assert_null(refusal(*state, &wanted, CMD_DEVICE_IDENTIFIER, &told));
	told.has_device_id = true;
	told.device_id = vendor;
	assert_says(refusal(*state, &wanted, CMD_DEVICE_IDENTIFIER, &told), "another device");
}

static void test_use_before(void **state)
{
	struct characteristics told = plain_device(*state);
	struct parameters expiry = {
		.set = MADE_BIT(PARAM_USE_BEFORE),
		.use_before_s = NOW_MS / 1000 + 1,
	};
	assert_null(refusal(*state, &expiry, CMD_USE_BEFORE, &told));
	expiry.use_before_s = NOW_MS / 1000;
	assert_says(refusal(*state, &expiry, CMD_USE_BEFORE, &told), "2027-01-15T08:00:00Z");
}

static void test_battery(void **state)
{
	struct characteristics told = plain_device(*state);
	struct parameters battery = {
		.set = MADE_BIT(PARAM_MINIMUM_BATTERY),
		.minimum_battery_mwh = 50,
	};
	assert_null(refusal(*state, &battery, CMD_MINIMUM_BATTERY, &told));
	told.has_battery = true;
	told.battery_mwh = 50;
	assert_null(refusal(*state, &battery, CMD_MINIMUM_BATTERY, &told));
	told.battery_mwh = 49;
	assert_says(refusal(*state, &battery, CMD_MINIMUM_BATTERY, &told), "49 mWh, and 50");
}

static void test_version(void **state)
{
	struct characteristics told = plain_device(*state);
	struct parameters wanted = {
		.set = MADE_BIT(PARAM_VERSION),
		.version_comparison = VERSION_GREATER_EQUAL,
		.version = { 2, { 1, 4 } },
	};
	assert_null(refusal(*state, &wanted, CMD_VERSION, &told));
	told.components[0].version = (struct version){ 3, { 1, 4, 0 } };
	assert_null(refusal(*state, &wanted, CMD_VERSION, &told));
	told.components[0].version = (struct version){ 3, { 1, 3, 9 } };
	assert_says(refusal(*state, &wanted, CMD_VERSION, &told), "1.3.9 is installed, and >= 1.4");
}

static void test_slot(void **state)
{
	struct characteristics told = plain_device(*state);
	struct parameters slot = { .set = MADE_BIT(PARAM_COMPONENT_SLOT), .component_slot = 1 };
	assert_null(refusal(*state, &slot, CMD_COMPONENT_SLOT, &told));
	told.components[0].has_slot = true;
	told.components[0].active_slot = 0;
	assert_null(refusal(*state, &slot, CMD_COMPONENT_SLOT, &told));
	told.components[0].active_slot = 1;
	assert_says(refusal(*state, &slot, CMD_COMPONENT_SLOT, &told), "slot 1");
}

static void test_precursor_image(void **state)
{
	struct characteristics told = plain_device(*state);
	struct parameters base = {
		.set = MADE_BIT(PARAM_IMAGE_DIGEST),
		.image_digest = { DIGEST_SHA256, 32, { 9 } },
	};
	assert_null(refusal(*state, &base, CMD_IMAGE_MATCH, &told));
	told.components[0].digest = (struct digest){ DIGEST_SHA256, 32, { 8 } };
	assert_says(refusal(*state, &base, CMD_IMAGE_MATCH, &told), "another image");
	assert_null(refusal(*state, &base, CMD_IMAGE_NOT_MATCH, &told));
	told.components[0].digest = base.image_digest;
	assert_null(refusal(*state, &base, CMD_IMAGE_MATCH, &told));
	assert_says(refusal(*state, &base, CMD_IMAGE_NOT_MATCH, &told), "excludes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_vendor_and_class, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_one_of_several_identifiers_is_enough, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_device_identifier, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_use_before, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_battery, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_version, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_slot, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_precursor_image, set_up, tear_down),
	};
	return cmocka_run_group_tests_name("fit", tests, NULL, NULL);
}
