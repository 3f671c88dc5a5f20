/* SPDX-License-Identifier: Apache-2.0 */
/* What manifests can do: images on every way, what is checked for sure, urgency, and the bounds. */
#include "suit/survey.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "example.h"
#include "model/release.h"

#define OTHER_CLASS "5ca1ab1e-0000-4000-8000-000000000001"

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

static struct survey survey_of(struct su_arena *arena, struct manifest_builder *builder)
{
	struct survey survey;
	struct su_error err = { 0 };
	struct envelope envelope = example_decode(arena, example_finish(arena, builder));
	if (survey_manifest(arena, &envelope.manifest, &survey, &err) != SU_OK)
		fail_msg("%s", err.text);
	return survey;
}

static void assert_image(
	const struct survey_image *image, const char *digest, uint64_t size_bytes, const char *uri)
{
	char text[DIGEST_TEXT_SIZE];
	digest_format(&image->digest, text);
	assert_string_equal(text, digest);
	assert_true(image->has_size);
	assert_int_equal(image->size_bytes, size_bytes);
	assert_int_equal(image->fetched, uri != NULL);
	if (uri)
		assert_string_equal(image->uri, uri);
	else
		assert_null(image->uri);
}

static void put_fetch(struct sequence_builder *seq)
{
	sequence_put_directive(seq, CMD_FETCH, POLICY_FAIL);
	sequence_put_condition(seq, CMD_IMAGE_MATCH, POLICY_ALL);
}

/* As example 3: digests by slot in the shared sequence, URIs by slot in install. */
static struct manifest_builder *slots_builder(struct su_arena *arena)
{
	struct manifest_builder *builder = manifest_builder_new(3);
	struct sequence_builder shared su_auto(sequence_builder_free) = { 0 };
	struct sequence_builder install = { 0 }, validate = { 0 };
	manifest_builder_add_component(builder, example_component(arena, "[h'00']"));
	example_put_override(&shared, example_identity(arena));
	example_put_slots(&shared, example_image(EXAMPLE_DIGEST, EXAMPLE_SIZE),
		example_image(EXAMPLE_DIGEST2, EXAMPLE_SIZE2));
	example_put_identity_check(&shared);
	manifest_builder_shared(builder, &shared);
	example_put_slots(&install, example_uri("#1"), example_uri("#2"));
	put_fetch(&install);
	example_add(builder, MANIFEST_INSTALL, &install, false);
	sequence_put_condition(&validate, CMD_IMAGE_MATCH, POLICY_ALL);
	example_add(builder, MANIFEST_VALIDATE, &validate, false);
	return builder;
}

static void test_pairs_digest_and_uri_of_a_slot(void **state)
{
	struct survey survey = survey_of(*state, slots_builder(*state));
	assert_int_equal(survey.n_images, 2);
	assert_image(&survey.images[0], EXAMPLE_DIGEST, EXAMPLE_SIZE, "#1");
	assert_image(&survey.images[1], EXAMPLE_DIGEST2, EXAMPLE_SIZE2, "#2");
	for (uint64_t slot = 0; slot < 2; slot++) {
		assert_true(survey.images[slot].has_slot);
		assert_int_equal(survey.images[slot].slot, slot);
	}
	assert_true(survey.checks_vendor && survey.checks_class && survey.needs_class);
}

/* Twenty components with two slots each would be 2^20 ways if they were multiplied. */
static void test_components_do_not_multiply(void **state)
{
	enum { N = 20 };
	struct manifest_builder *builder = manifest_builder_new(3);
	struct sequence_builder shared su_auto(sequence_builder_free) = { 0 };
	struct sequence_builder install = { 0 };
	for (uint64_t i = 0; i < N; i++) {
		const char *name = su_arena_printf(*state, "['c%02d']", (int)i);
		manifest_builder_add_component(builder, example_component(*state, name));
		sequence_put_index(&shared, i);
		example_put_slots(&shared, example_image(EXAMPLE_DIGEST, i),
			example_image(EXAMPLE_DIGEST2, i));
		sequence_put_index(&install, i);
		example_put_slots(&install, example_uri("#1"), example_uri("#2"));
		put_fetch(&install);
	}
	manifest_builder_shared(builder, &shared);
	example_add(builder, MANIFEST_INSTALL, &install, false);
	struct survey survey = survey_of(*state, builder);
	assert_int_equal(survey.n_images, 2 * N);
	for (uint64_t i = 0; i < N; i++) {
		assert_image(&survey.images[2 * i], EXAMPLE_DIGEST, i, "#1");
		assert_image(&survey.images[2 * i + 1], EXAMPLE_DIGEST2, i, "#2");
		assert_int_equal(survey.images[2 * i].component_index, i);
	}
}

static void put_class_branch(
	struct sequence_builder *seq, const char *uuid, struct parameters parameters)
{
	example_put_override(seq, example_class(uuid));
	sequence_put_condition(seq, CMD_CLASS_IDENTIFIER, POLICY_ALL);
	example_put_override(seq, parameters);
}

static void put_classes(
	struct sequence_builder *seq, struct parameters first, struct parameters second, bool nil)
{
	struct sequence_builder branches[2] = { 0 };
	put_class_branch(&branches[0], EXAMPLE_CLASS, first);
	put_class_branch(&branches[1], OTHER_CLASS, second);
	sequence_put_try_each(seq, branches, 2, nil);
	sequence_builder_free(&branches[0]);
	sequence_builder_free(&branches[1]);
}

static void test_classes_of_alternatives_exclude_each_other(void **state)
{
	struct manifest_builder *builder = manifest_builder_new(3);
	struct sequence_builder shared su_auto(sequence_builder_free) = { 0 };
	struct sequence_builder install = { 0 };
	manifest_builder_add_component(builder, example_component(*state, "['a']"));
	put_classes(&shared, example_image(EXAMPLE_DIGEST, 1), example_image(EXAMPLE_DIGEST2, 2),
		false);
	manifest_builder_shared(builder, &shared);
	put_classes(&install, example_uri("#1"), example_uri("#2"), false);
	put_fetch(&install);
	example_add(builder, MANIFEST_INSTALL, &install, false);
	struct survey survey = survey_of(*state, builder);
	assert_int_equal(survey.n_images, 2);
	assert_image(&survey.images[0], EXAMPLE_DIGEST, 1, "#1");
	assert_image(&survey.images[1], EXAMPLE_DIGEST2, 2, "#2");
	assert_int_equal(survey.n_class_ids, 2);
	assert_true(survey.checks_class);
	assert_false(survey.checks_vendor);
}

static void test_an_alternative_without_check_leaves_it_unchecked(void **state)
{
	struct manifest_builder *builder = manifest_builder_new(3);
	struct sequence_builder shared su_auto(sequence_builder_free) = { 0 };
	struct sequence_builder install = { 0 };
	manifest_builder_add_component(builder, example_component(*state, "['a']"));
	put_classes(
		&shared, example_image(EXAMPLE_DIGEST, 1), example_image(EXAMPLE_DIGEST2, 2), true);
	manifest_builder_shared(builder, &shared);
	example_put_fetch(&install, "#1");
	example_add(builder, MANIFEST_INSTALL, &install, false);
	const struct survey survey = survey_of(*state, builder);
	assert_false(survey.checks_class || survey.needs_class);
}

/* run-sequence [soft-failure, class condition] passes on any device. */
static struct sequence_builder guarded_run(bool soft)
{
	struct sequence_builder inner su_auto(sequence_builder_free) = { 0 };
	struct sequence_builder seq = { 0 };
	struct parameters parameters = example_class(EXAMPLE_CLASS);
	if (soft) {
		parameters.set |= 1 << PARAM_SOFT_FAILURE;
		parameters.soft_failure = true;
	}
	example_put_override(&inner, parameters);
	sequence_put_condition(&inner, CMD_CLASS_IDENTIFIER, POLICY_ALL);
	sequence_put_run(&seq, &inner);
	return seq;
}

static void test_a_check_that_may_fail_softly_is_none(void **state)
{
	for (int soft = 0; soft <= 1; soft++) {
		struct manifest_builder *builder = manifest_builder_new(3);
		struct sequence_builder shared su_auto(sequence_builder_free) = guarded_run(soft);
		struct sequence_builder install = { 0 };
		manifest_builder_add_component(builder, example_component(*state, "['a']"));
		manifest_builder_shared(builder, &shared);
		example_put_fetch(&install, "#1");
		example_add(builder, MANIFEST_INSTALL, &install, false);
		assert_int_equal(survey_of(*state, builder).checks_class, !soft);
	}
}

/* Each section that does something has to check where the shared sequence does not. */
static void test_a_check_after_the_fact_is_none(void **state)
{
	for (int late = 0; late <= 1; late++) {
		struct manifest_builder *builder = manifest_builder_new(3);
		struct sequence_builder install = { 0 }, validate = { 0 };
		manifest_builder_add_component(builder, example_component(*state, "['a']"));
		if (late)
			example_put_fetch(&install, "#1");
		example_put_override(&install, example_class(EXAMPLE_CLASS));
		sequence_put_condition(&install, CMD_CLASS_IDENTIFIER, POLICY_ALL);
		if (!late)
			example_put_fetch(&install, "#1");
		example_add(builder, MANIFEST_INSTALL, &install, false);
		sequence_put_condition(&validate, CMD_IMAGE_MATCH, POLICY_ALL);
		example_add(builder, MANIFEST_VALIDATE, &validate, false);
		assert_int_equal(survey_of(*state, builder).checks_class, !late);
	}
}

static void test_secure_boot_alone_names_its_image(void **state)
{
	struct survey survey = survey_of(*state, example_builder(*state, 0));
	assert_int_equal(survey.n_images, 1);
	assert_image(&survey.images[0], EXAMPLE_DIGEST, EXAMPLE_SIZE, NULL);
	assert_false(survey.images[0].has_slot);
}

static void test_a_digest_set_after_the_fetch_counts(void **state)
{
	struct manifest_builder *builder = manifest_builder_new(1);
	struct sequence_builder install = { 0 };
	manifest_builder_add_component(builder, example_component(*state, "['a']"));
	example_put_override(&install, example_uri("#1"));
	sequence_put_directive(&install, CMD_FETCH, 0);
	example_put_override(&install, example_image(EXAMPLE_DIGEST, 1));
	sequence_put_condition(&install, CMD_IMAGE_MATCH, 0);
	/* The next one is matched by nobody: what is set in the end is its. */
	example_put_override(&install, example_uri("#2"));
	sequence_put_directive(&install, CMD_FETCH, 0);
	example_put_override(&install, example_image(EXAMPLE_DIGEST2, 2));
	example_add(builder, MANIFEST_INSTALL, &install, false);
	struct survey survey = survey_of(*state, builder);
	assert_int_equal(survey.n_images, 2);
	assert_image(&survey.images[0], EXAMPLE_DIGEST, 1, "#1");
	assert_image(&survey.images[1], EXAMPLE_DIGEST2, 2, "#2");
}

static void test_aborted_ways_bring_nothing(void **state)
{
	struct manifest_builder *builder = manifest_builder_new(1);
	struct sequence_builder branches[2] = { 0 }, install = { 0 };
	manifest_builder_add_component(builder, example_component(*state, "['a']"));
	example_put_fetch(&branches[0], "#never");
	sequence_put_condition(&branches[0], CMD_ABORT, 0);
	example_put_fetch(&branches[1], "#1");
	example_put_override(&install, example_image(EXAMPLE_DIGEST, 1));
	sequence_put_try_each(&install, branches, 2, true);
	example_add(builder, MANIFEST_INSTALL, &install, false);
	struct survey survey = survey_of(*state, builder);
	assert_int_equal(survey.n_images, 1);
	assert_image(&survey.images[0], EXAMPLE_DIGEST, 1, "#1");
	sequence_builder_free(&branches[0]);
	sequence_builder_free(&branches[1]);
}

static void test_copies_and_dependencies(void **state)
{
	struct manifest_builder *builder = manifest_builder_new(1);
	struct sequence_builder install = { 0 }, load = { 0 };
	struct parameters source = { .set = 1 << PARAM_SOURCE_COMPONENT, .source_component = 9 };
	manifest_builder_add_component(builder, example_component(*state, "['a']"));
	manifest_builder_add_component(builder, example_component(*state, "['ram']"));
	manifest_builder_add_dependency(builder, 9, NULL);
	sequence_put_index(&install, 9);
	example_put_override(&install, example_image(EXAMPLE_DIGEST, 1));
	example_put_fetch(&install, "http://example.com/d.suit");
	sequence_put_index(&install, 0);
	example_put_override(&install, example_join(source, example_image(EXAMPLE_DIGEST2, 2)));
	sequence_put_directive(&install, CMD_COPY, 0);
	example_add(builder, MANIFEST_INSTALL, &install, false);
	sequence_put_index(&load, 1);
	example_put_override(&load, example_image(EXAMPLE_DIGEST2, 3));
	sequence_put_directive(&load, CMD_COPY, 0);
	example_add(builder, MANIFEST_LOAD, &load, false);
	struct survey survey = survey_of(*state, builder);
	assert_int_equal(survey.n_images, 3);
	assert_image(&survey.images[0], EXAMPLE_DIGEST, 1, "http://example.com/d.suit");
	assert_image(&survey.images[1], EXAMPLE_DIGEST2, 2, NULL);
	assert_image(&survey.images[2], EXAMPLE_DIGEST2, 3, NULL);
	assert_true(survey.images[0].is_dependency);
	assert_int_equal(survey.images[0].component.encoded.len, 0);
	assert_false(survey.images[1].is_dependency);
}

static void test_marks_encrypted_payloads(void **state)
{
	static const uint8_t info[] = "\xd8\x60\x84\x40\xa0\xf6\x81\x83\x40\xa0\x41\x00";
	struct manifest_builder *builder = manifest_builder_new(1);
	struct sequence_builder install = { 0 };
	struct parameters parameters = { .set = 1 << PARAM_CONTENT | 1 << PARAM_ENCRYPTION_INFO,
		.content = su_span_str("x"),
		.encryption_info = su_span_of(info, sizeof(info) - 1) };
	manifest_builder_add_component(builder, example_component(*state, "['a']"));
	example_put_override(&install, parameters);
	sequence_put_directive(&install, CMD_WRITE, 0);
	example_add(builder, MANIFEST_INSTALL, &install, false);
	struct survey survey = survey_of(*state, builder);
	assert_int_equal(survey.n_images, 1);
	assert_true(survey.images[0].encrypted);
	assert_false(digest_is_set(&survey.images[0].digest));
}

static struct parameters timing(int64_t priority, uint64_t use_before_s, uint64_t battery_mwh)
{
	return (struct parameters){ .set = 1 << PARAM_UPDATE_PRIORITY | 1 << PARAM_USE_BEFORE |
					   1 << PARAM_MINIMUM_BATTERY,
		.update_priority = priority,
		.use_before_s = use_before_s,
		.minimum_battery_mwh = battery_mwh };
}

/* In a branch that aborts, in a severed member and in an uninstall sequence. */
static void test_collects_timing_from_everywhere(void **state)
{
	static const uint8_t wait[] = "\xa1\x01\x26"; /* authorization: -7 */
	struct manifest_builder *builder = example_builder(*state, 1);
	struct sequence_builder branches[2] = { 0 }, install = { 0 }, uninstall = { 0 };
	struct parameters wait_info = { .set = 1 << PARAM_WAIT_INFO,
		.wait_info = su_span_of(wait, sizeof(wait) - 1) };
	example_put_override(&branches[0], timing(4, 2000, 50));
	sequence_put_condition(&branches[0], CMD_ABORT, 0);
	example_put_override(&branches[1], timing(9, 3000, 10));
	sequence_put_try_each(&install, branches, 2, false);
	example_add(builder, MANIFEST_INSTALL, &install, true);
	example_put_override(&uninstall, wait_info);
	example_put_override(&uninstall, timing(0, 1000, 20));
	example_add(builder, MANIFEST_UNINSTALL, &uninstall, false);
	struct survey survey = survey_of(*state, builder);
	assert_true(survey.has_update_priority);
	assert_int_equal(survey.update_priority, -7);
	assert_int_equal(survey.use_before_s, 1000);
	assert_int_equal(survey.minimum_battery_mwh, 50);
	assert_true(survey.has_wait_info);
	assert_int_equal(survey.waits, 1U << WAIT_AUTHORIZATION);
	sequence_builder_free(&branches[0]);
	sequence_builder_free(&branches[1]);
}

static void test_no_timing_is_no_timing(void **state)
{
	struct survey survey = survey_of(*state, example_builder(*state, 1));
	assert_false(
		survey.has_update_priority || survey.has_minimum_battery || survey.has_wait_info);
	assert_int_equal(survey.use_before_s, 0);
	assert_int_equal(survey.n_device_ids, 0);
}

static struct su_span scope_of(
	struct su_arena *arena, const char *first, const char *second, const char *component_id)
{
	struct manifest_builder *builder = manifest_builder_new(1);
	struct sequence_builder shared su_auto(sequence_builder_free) = { 0 };
	manifest_builder_add_component(builder, example_component(arena, first));
	manifest_builder_add_component(builder, example_component(arena, second));
	if (component_id)
		manifest_builder_component_id(builder, example_component(arena, component_id));
	sequence_put_index_all(&shared);
	example_put_override(&shared, example_identity(arena));
	manifest_builder_shared(builder, &shared);
	return survey_of(arena, builder).scope;
}

static void test_scope_does_not_depend_on_order(void **state)
{
	struct su_span scope = scope_of(*state, "['a']", "['b']", NULL);
	assert_true(scope.len > 0);
	assert_true(su_span_equal(scope, scope_of(*state, "['b']", "['a']", NULL)));
	assert_false(su_span_equal(scope, scope_of(*state, "['a']", "['c']", NULL)));
	struct su_span named = scope_of(*state, "['a']", "['b']", "['whole']");
	assert_false(su_span_equal(scope, named));
	assert_true(su_span_equal(named, scope_of(*state, "['a']", "['c']", "['whole']")));
}

static enum su_status survey_wide(struct su_arena *arena, unsigned n_tries, struct su_error *err)
{
	struct manifest_builder *builder = manifest_builder_new(1);
	struct sequence_builder install = { 0 }, branches[2] = { 0 };
	struct survey survey;
	manifest_builder_add_component(builder, example_component(arena, "['a']"));
	example_put_override(&branches[0], example_uri("#1"));
	example_put_override(&branches[1], example_uri("#2"));
	for (unsigned i = 0; i < n_tries; i++)
		sequence_put_try_each(&install, branches, 2, false);
	put_fetch(&install);
	example_add(builder, MANIFEST_INSTALL, &install, false);
	sequence_builder_free(&branches[0]);
	sequence_builder_free(&branches[1]);
	struct envelope envelope = example_decode(arena, example_finish(arena, builder));
	enum su_status status = survey_manifest(arena, &envelope.manifest, &survey, err);
	if (status == SU_OK)
		assert_int_equal(survey.n_images, 2);
	return status;
}

static void test_bounds_the_number_of_ways(void **state)
{
	struct su_error err;
	assert_int_equal(survey_wide(*state, 12, &err), SU_OK);
	assert_int_equal(survey_wide(*state, 13, &err), SU_TOO_LARGE);
	assert_int_equal(survey_wide(*state, 300, &err), SU_TOO_LARGE);
}

/* Conditions without end on 64 components: stopped by the number of steps, and soon. */
static void test_bounds_the_number_of_steps(void **state)
{
	struct manifest_builder *builder = manifest_builder_new(1);
	struct sequence_builder install = { 0 };
	struct survey survey;
	struct su_error err;
	for (int i = 0; i < MANIFEST_MAX_COMPONENTS; i++)
		manifest_builder_add_component(
			builder, example_component(*state, su_arena_printf(*state, "['%02d']", i)));
	sequence_put_index_all(&install);
	for (int i = 0; i < 1000; i++)
		sequence_put_condition(&install, CMD_UPDATE_AUTHORIZED, 0);
	example_add(builder, MANIFEST_INSTALL, &install, false);
	struct envelope envelope = example_decode(*state, example_finish(*state, builder));
	assert_int_equal(survey_manifest(*state, &envelope.manifest, &survey, &err), SU_TOO_LARGE);
	assert_non_null(strstr(err.text, "steps"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* Both stand behind the components of their own in the numbering. */
static void test_dependencies_come_before_what_needs_them(void **state)
{
	struct su_arena *arena = *state;
	static const char *const order[] = { "#radio", "#boot", "#app", "#data" };
	static const char *const by_index[] = { "#app", "#data", "#radio", "#boot" };
	struct manifest_builder *builder = manifest_builder_new(3);
	struct sequence_builder shared su_auto(sequence_builder_free) = { 0 };
	struct sequence_builder install = { 0 };
	manifest_builder_add_component(builder, example_component(arena, "['app']"));
	manifest_builder_add_component(builder, example_component(arena, "['data']"));
	manifest_builder_add_dependency(builder, 2, NULL);
	manifest_builder_add_dependency(builder, 3, NULL);
	sequence_put_index(&shared, 0);
	example_put_override(&shared, example_identity(arena));
	example_put_identity_check(&shared);
	manifest_builder_shared(builder, &shared);
	for (uint64_t i = 0; i < 4; i++) {
		sequence_put_index(&install, i);
		example_put_override(&install, example_image(EXAMPLE_DIGEST, EXAMPLE_SIZE + i));
		example_put_override(&install, example_uri(by_index[i]));
		sequence_put_directive(&install, CMD_FETCH, POLICY_FAIL);
	}
	example_add(builder, MANIFEST_INSTALL, &install, false);
	struct survey survey = survey_of(arena, builder);
	assert_int_equal(survey.n_images, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_string_equal(survey.images[i].uri, order[i]);
		assert_int_equal(survey.images[i].is_dependency, i < 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_pairs_digest_and_uri_of_a_slot),
		TEST(test_components_do_not_multiply),
		TEST(test_classes_of_alternatives_exclude_each_other),
		TEST(test_an_alternative_without_check_leaves_it_unchecked),
		TEST(test_a_check_that_may_fail_softly_is_none),
		TEST(test_a_check_after_the_fact_is_none),
		TEST(test_secure_boot_alone_names_its_image),
		TEST(test_a_digest_set_after_the_fetch_counts),
		TEST(test_aborted_ways_bring_nothing),
		TEST(test_copies_and_dependencies),
		TEST(test_dependencies_come_before_what_needs_them),
		TEST(test_marks_encrypted_payloads),
		TEST(test_collects_timing_from_everywhere),
		TEST(test_no_timing_is_no_timing),
		TEST(test_scope_does_not_depend_on_order),
		TEST(test_bounds_the_number_of_ways),
		TEST(test_bounds_the_number_of_steps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
