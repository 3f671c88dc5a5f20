/* SPDX-License-Identifier: Apache-2.0 */
/* Each condition against what a device told, known and unknown. */
#include "suit/fit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "example.h"
#include "suit/survey.h"

#define NOW_S       1700000000
#define OTHER_CLASS "5ca1ab1e-0000-4000-8000-000000000001"

struct fixture {
	struct su_arena *arena;
	struct characteristics told; /* a device that example manifests are for */
	struct su_error err;
};

static int set_up(void **state)
{
	struct fixture *fixture = su_new(struct fixture);
	struct characteristics *told = &fixture->told;
	fixture->arena = su_arena_new();
	told->n_vendor_ids = told->n_class_ids = told->n_components = 1;
	told->vendor_ids[0] = example_uuid(EXAMPLE_VENDOR);
	told->class_ids[0] = example_uuid(EXAMPLE_CLASS);
	told->components[0].id = example_component(fixture->arena, "[h'00']");
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	su_arena_free(&fixture->arena);
	su_free_ptr(&fixture);
	return 0;
}

static enum su_status fit(struct fixture *fixture, struct su_span encoded)
{
	struct envelope envelope = example_decode(fixture->arena, encoded);
	fixture->err = (struct su_error){ 0 };
	return fit_device(fixture->arena, &envelope.manifest, &fixture->told, (int64_t)NOW_S * 1000,
		&fixture->err);
}

static void assert_fits(struct fixture *fixture, struct su_span encoded)
{
	if (fit(fixture, encoded) != SU_OK)
		fail_msg("%s: %s", fixture->err.field, fixture->err.text);
}

static void assert_unfit(
	struct fixture *fixture, struct su_span encoded, const char *condition, const char *text)
{
	assert_int_equal(fit(fixture, encoded), SU_CONFLICT);
	assert_string_equal(fixture->err.field, condition);
	if (!strstr(fixture->err.text, text))
		assert_string_equal(fixture->err.text, text);
}

static struct su_span with_install(struct fixture *fixture, struct sequence_builder *install)
{
	struct manifest_builder *builder = example_builder(fixture->arena, 1);
	example_add(builder, MANIFEST_INSTALL, install, false);
	return example_finish(fixture->arena, builder);
}

static struct su_span simple_update(struct fixture *fixture)
{
	struct sequence_builder install = { 0 };
	example_put_fetch(&install, "#1");
	return with_install(fixture, &install);
}

/* An update that sets the parameters, checks the condition and fetches. */
static struct su_span conditional(
	struct fixture *fixture, struct parameters parameters, enum command_code condition)
{
	struct sequence_builder install = { 0 };
	if (parameters.set)
		example_put_override(&install, parameters);
	sequence_put_condition(&install, condition, POLICY_ALL);
	example_put_fetch(&install, "#1");
	return with_install(fixture, &install);
}

static void test_vendor_and_class_have_to_be_reported(void **state)
{
	struct fixture *fixture = *state;
	struct su_span update = simple_update(fixture);
	assert_fits(fixture, update);
	fixture->told.class_ids[0] = example_uuid(OTHER_CLASS);
	assert_unfit(fixture, update, "class-identifier", OTHER_CLASS);
	fixture->told.class_ids[1] = example_uuid(EXAMPLE_CLASS);
	fixture->told.n_class_ids = 2;
	assert_fits(fixture, update);
	fixture->told.n_class_ids = 0;
	assert_unfit(fixture, update, "class-identifier", "reported none");
	fixture->told.n_vendor_ids = 0;
	assert_unfit(fixture, update, "vendor-identifier", EXAMPLE_VENDOR);
}

static bool needs_class(struct fixture *fixture, struct su_span encoded)
{
	struct envelope envelope = example_decode(fixture->arena, encoded);
	struct survey survey;
	assert_int_equal(survey_manifest(fixture->arena, &envelope.manifest, &survey, NULL), SU_OK);
	assert_true(survey.checks_class);
	return survey.needs_class;
}

/* Whoever looks at its class only before it starts an image may take the image. */
static void test_the_survey_says_who_cannot_fit(void **state)
{
	struct fixture *fixture = *state;
	struct manifest_builder *builder = manifest_builder_new(3);
	struct sequence_builder validate = { 0 }, invoke = { 0 };
	manifest_builder_add_component(builder, example_component(fixture->arena, "[h'00']"));
	example_put_override(&validate, example_image(EXAMPLE_DIGEST, 1));
	sequence_put_condition(&validate, CMD_IMAGE_MATCH, POLICY_ALL);
	example_add(builder, MANIFEST_VALIDATE, &validate, false);
	example_put_override(&invoke, example_class(EXAMPLE_CLASS));
	sequence_put_condition(&invoke, CMD_CLASS_IDENTIFIER, POLICY_ALL);
	sequence_put_directive(&invoke, CMD_INVOKE, 0);
	example_add(builder, MANIFEST_INVOKE, &invoke, false);
	struct su_span update = simple_update(fixture),
		       start = example_finish(fixture->arena, builder);
	fixture->told.class_ids[0] = example_uuid(OTHER_CLASS);
	assert_true(needs_class(fixture, update));
	assert_int_equal(fit(fixture, update), SU_CONFLICT);
	assert_false(needs_class(fixture, start));
	assert_string_not_equal(
		fit(fixture, start) == SU_OK ? "" : fixture->err.field, "class-identifier");
}

static void test_an_installed_image_matters_until_it_is_replaced(void **state)
{
	struct fixture *fixture = *state;
	struct su_span update = simple_update(fixture);
	struct su_span boot = example_finish(fixture->arena, example_builder(fixture->arena, 0));
	struct su_span not_match =
		conditional(fixture, (struct parameters){ 0 }, CMD_IMAGE_NOT_MATCH);
	assert_fits(fixture, boot);
	fixture->told.components[0].digest = example_digest(EXAMPLE_DIGEST2);
	assert_fits(fixture, update);
	assert_fits(fixture, not_match);
	assert_unfit(fixture, boot, "image-match", EXAMPLE_DIGEST2);
	fixture->told.components[0].digest = example_digest(EXAMPLE_DIGEST);
	assert_fits(fixture, boot);
	assert_unfit(fixture, not_match, "image-not-match", "already");
}

static void test_a_precursor_can_be_asked_for(void **state)
{
	struct fixture *fixture = *state;
	struct sequence_builder install = { 0 };
	example_put_override(&install, example_image(EXAMPLE_DIGEST2, 1));
	sequence_put_condition(&install, CMD_IMAGE_MATCH, POLICY_ALL);
	example_put_override(&install, example_image(EXAMPLE_DIGEST, EXAMPLE_SIZE));
	example_put_fetch(&install, "#delta");
	struct su_span delta = with_install(fixture, &install);
	fixture->told.components[0].digest = example_digest(EXAMPLE_DIGEST2);
	assert_fits(fixture, delta);
	fixture->told.components[0].digest = example_digest(EXAMPLE_DIGEST);
	assert_unfit(fixture, delta, "image-match", "needs " EXAMPLE_DIGEST2);
}

static void test_use_before(void **state)
{
	struct parameters parameters = { .set = 1 << PARAM_USE_BEFORE };
	parameters.use_before_s = NOW_S + 1;
	assert_fits(*state, conditional(*state, parameters, CMD_USE_BEFORE));
	parameters.use_before_s = NOW_S;
	assert_unfit(*state, conditional(*state, parameters, CMD_USE_BEFORE), "use-before",
		"2023-11-14T22:13:20Z");
	parameters.use_before_s = UINT64_MAX;
	assert_fits(*state, conditional(*state, parameters, CMD_USE_BEFORE));
}

static void test_battery(void **state)
{
	struct fixture *fixture = *state;
	struct su_span update = conditional(fixture,
		(struct parameters){
			.set = 1 << PARAM_MINIMUM_BATTERY, .minimum_battery_mwh = 100 },
		CMD_MINIMUM_BATTERY);
	assert_fits(fixture, update);
	fixture->told.has_battery = true;
	fixture->told.battery_mwh = 99;
	assert_unfit(fixture, update, "minimum-battery", "needs 100 mWh, the battery has 99");
	fixture->told.battery_mwh = 100;
	assert_fits(fixture, update);
}

static void test_version(void **state)
{
	struct fixture *fixture = *state;
	struct su_span update = conditional(fixture,
		(struct parameters){ .set = 1 << PARAM_VERSION,
			.version_comparison = VERSION_GREATER_EQUAL,
			.version = { 2, { 1, 2 } } },
		CMD_VERSION);
	assert_fits(fixture, update);
	fixture->told.components[0].version = (struct version){ 3, { 1, 1, 9 } };
	assert_unfit(fixture, update, "version", "of at least 1.2, installed is 1.1.9");
	fixture->told.components[0].version = (struct version){ 3, { 1, 2, 0 } };
	assert_fits(fixture, update);
}

static void test_device_identifier(void **state)
{
	struct fixture *fixture = *state;
	struct parameters parameters = { .set = 1 << PARAM_DEVICE_IDENTIFIER,
		.device_identifier = example_uuid(EXAMPLE_CLASS) };
	struct su_span update = conditional(fixture, parameters, CMD_DEVICE_IDENTIFIER);
	assert_unfit(fixture, update, "device-identifier", "reported none");
	fixture->told.has_device_id = true;
	assert_unfit(fixture, update, "device-identifier", EXAMPLE_CLASS);
	fixture->told.device_id = example_uuid(EXAMPLE_CLASS);
	assert_fits(fixture, update);
}

/* The slot in use cannot be written, so the other alternative is taken, and its size counts. */
static void test_slots(void **state)
{
	struct fixture *fixture = *state;
	struct sequence_builder install = { 0 };
	example_put_slots(
		&install, example_image(EXAMPLE_DIGEST, 100), example_image(EXAMPLE_DIGEST2, 200));
	example_put_fetch(&install, "#1");
	struct su_span update = with_install(fixture, &install);
	fixture->told.has_free_memory = true;
	fixture->told.free_memory_bytes = 150;
	assert_fits(fixture, update);
	fixture->told.components[0].has_slot = true;
	fixture->told.components[0].active_slot = 1;
	assert_fits(fixture, update);
	fixture->told.components[0].active_slot = 0;
	assert_unfit(fixture, update, "image-size", "200 bytes");
	struct su_span only_slot_0 = conditional(fixture, example_slot(0), CMD_COMPONENT_SLOT);
	assert_unfit(fixture, only_slot_0, "component-slot", "slot 0");
}

static void test_one_component_has_to_be_there_if_any_is_known(void **state)
{
	struct fixture *fixture = *state;
	struct su_span update = simple_update(fixture);
	fixture->told.components[0].id = example_component(fixture->arena, "['other']");
	assert_unfit(fixture, update, "components", "[h'00']");
	fixture->told.components[1].id = example_component(fixture->arena, "[h'00']");
	fixture->told.n_components = 2;
	assert_fits(fixture, update);
	fixture->told.n_components = 0;
	assert_fits(fixture, update);
}

static void test_conditions_without_their_parameter_fail(void **state)
{
	const struct parameters none = { 0 };
	assert_unfit(*state, conditional(*state, none, CMD_VERSION), "version", "no such");
	assert_unfit(*state, conditional(*state, none, CMD_USE_BEFORE), "use-before", "no such");
	assert_unfit(
		*state, conditional(*state, none, CMD_COMPONENT_SLOT), "component-slot", "no such");
}

static void test_what_is_not_judged_is_no_obstacle(void **state)
{
	const struct parameters none = { 0 };
	assert_fits(*state, conditional(*state, none, CMD_UPDATE_AUTHORIZED));
	assert_fits(*state, conditional(*state, none, CMD_CHECK_CONTENT));
	assert_unfit(*state, conditional(*state, none, CMD_ABORT), "abort", "abort");
	assert_unfit(*state, conditional(*state, none, CMD_IS_DEPENDENCY), "is-dependency",
		"[h'00'] is no dependency");
}

static void test_dependencies(void **state)
{
	struct fixture *fixture = *state;
	struct manifest_builder *builder = manifest_builder_new(1);
	struct sequence_builder resolve = { 0 };
	manifest_builder_add_component(builder, example_component(fixture->arena, "[h'00']"));
	manifest_builder_add_dependency(builder, 4, NULL);
	sequence_put_index(&resolve, 4);
	sequence_put_condition(&resolve, CMD_IS_DEPENDENCY, 0);
	example_put_override(&resolve, example_image(EXAMPLE_DIGEST, 1));
	sequence_put_condition(&resolve, CMD_DEPENDENCY_INTEGRITY, 0);
	sequence_put_condition(&resolve, CMD_IMAGE_MATCH, 0);
	sequence_put_directive(&resolve, CMD_PROCESS_DEPENDENCY, 0);
	example_add(builder, MANIFEST_DEPENDENCY_RESOLUTION, &resolve, false);
	assert_fits(fixture, example_finish(fixture->arena, builder));
}

/* After a swap both components have been written, so neither's old digest counts. */
static void test_swap_writes_both(void **state)
{
	struct fixture *fixture = *state;
	struct manifest_builder *builder = manifest_builder_new(1);
	struct sequence_builder install = { 0 };
	struct parameters source = { .set = 1 << PARAM_SOURCE_COMPONENT, .source_component = 1 };
	manifest_builder_add_component(builder, example_component(fixture->arena, "[h'00']"));
	manifest_builder_add_component(builder, example_component(fixture->arena, "['b']"));
	sequence_put_index(&install, 0);
	example_put_override(&install, source);
	sequence_put_directive(&install, CMD_SWAP, 0);
	sequence_put_index_all(&install);
	example_put_override(&install, example_image(EXAMPLE_DIGEST, 1));
	sequence_put_condition(&install, CMD_IMAGE_MATCH, 0);
	example_add(builder, MANIFEST_INSTALL, &install, false);
	fixture->told.n_components = 2;
	fixture->told.components[0].digest = example_digest(EXAMPLE_DIGEST2);
	fixture->told.components[1].digest = example_digest(EXAMPLE_DIGEST2);
	fixture->told.components[1].id = example_component(fixture->arena, "['b']");
	assert_fits(fixture, example_finish(fixture->arena, builder));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_vendor_and_class_have_to_be_reported),
		TEST(test_the_survey_says_who_cannot_fit),
		TEST(test_an_installed_image_matters_until_it_is_replaced),
		TEST(test_a_precursor_can_be_asked_for),
		TEST(test_use_before),
		TEST(test_battery),
		TEST(test_version),
		TEST(test_device_identifier),
		TEST(test_slots),
		TEST(test_one_component_has_to_be_there_if_any_is_known),
		TEST(test_conditions_without_their_parameter_fail),
		TEST(test_what_is_not_judged_is_no_obstacle),
		TEST(test_dependencies),
		TEST(test_swap_writes_both),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
