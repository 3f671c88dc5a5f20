/* SPDX-License-Identifier: Apache-2.0 */
/* The machine: which commands run for which component, and what a failure ends. */
#include "suit/interpret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "example.h"

/*
 * Conditions hold but for those on a component whose image-size parameter is 0; what ran is noted
 * as "<code>@<component>" in a line of words.
 */
struct world {
	struct su_arena *arena;
	struct su_buf log;
	enum su_status directive_status;
	size_t choice; /* what choose answers */
	size_t n_done;
	struct interpreter_hooks hooks;
	struct command_site where;
	struct su_error err;
};

static void note(struct world *world, const struct command *command, uint64_t index)
{
	su_buf_printf(&world->log, "%s%lld@%llu", world->log.len ? " " : "",
		(long long)command->code, (unsigned long long)index);
}

static enum su_status on_condition(void *ctx, const struct interpreter *machine,
	const struct command *command, const struct command_site *site, struct su_error *err)
{
	struct world *world = ctx;
	const struct parameters *parameters =
		interpreter_parameters(machine, site->component_index);
	note(world, command, site->component_index);
	if (parameters_have(parameters, PARAM_IMAGE_SIZE) && parameters->image_size_bytes == 0)
		return su_fail(err, SU_CONFLICT, "size", "the size is 0");
	return SU_OK;
}

static enum su_status on_directive(void *ctx, const struct interpreter *machine,
	const struct command *command, const struct command_site *site, struct su_error *err)
{
	(void)machine;
	struct world *world = ctx;
	note(world, command, site->component_index);
	if (world->directive_status != SU_OK)
		return su_fail(err, world->directive_status, "", "told to fail");
	return SU_OK;
}

static size_t choose(void *ctx, const struct command *try_each, const struct command_site *site,
	size_t n_alternatives)
{
	(void)try_each;
	(void)site;
	assert_true(n_alternatives >= 2);
	return ((struct world *)ctx)->choice;
}

static void on_done(void *ctx, const struct interpreter *machine)
{
	assert_non_null(machine->parameters);
	((struct world *)ctx)->n_done++;
}

static int set_up(void **state)
{
	struct world *world = su_new(struct world);
	world->arena = su_arena_new();
	world->hooks = (struct interpreter_hooks){
		.ctx = world, .condition = on_condition, .directive = on_directive, .done = on_done
	};
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;
	su_arena_free(&world->arena);
	su_buf_free(&world->log);
	su_free_ptr(&world);
	return 0;
}

static struct parameters size(uint64_t value)
{
	return (struct parameters){ .set = 1 << PARAM_IMAGE_SIZE, .image_size_bytes = value };
}

static struct parameters soft_failure(bool value)
{
	return (struct parameters){ .set = 1 << PARAM_SOFT_FAILURE, .soft_failure = value };
}

/* A manifest with three components and this install sequence, which is used up. */
static struct manifest manifest_of(
	struct world *world, struct sequence_builder *shared, struct sequence_builder *install)
{
	struct manifest_builder *builder = manifest_builder_new(1);
	manifest_builder_add_component(builder, example_component(world->arena, "['a']"));
	manifest_builder_add_component(builder, example_component(world->arena, "['b']"));
	manifest_builder_add_component(builder, example_component(world->arena, "['c']"));
	manifest_builder_add_dependency(builder, 9, NULL);
	if (shared)
		manifest_builder_shared(builder, shared);
	example_add(builder, MANIFEST_INSTALL, install, false);
	return example_decode(world->arena, example_finish(world->arena, builder)).manifest;
}

static enum su_status run(struct world *world, const struct manifest *manifest)
{
	su_buf_clear(&world->log);
	world->n_done = 0;
	world->err = (struct su_error){ 0 };
	enum su_status status = interpret(world->arena, manifest, interpret_update_sections,
		interpret_n_update_sections, &world->hooks, &world->where, &world->err);
	assert_int_equal(world->n_done, status == SU_OK);
	return status;
}

static void assert_runs(struct world *world, struct sequence_builder *install,
	enum su_status status, const char *log)
{
	struct manifest manifest = manifest_of(world, NULL, install);
	assert_int_equal(run(world, &manifest), status);
	assert_string_equal(su_buf_str(&world->log), log);
}

static void test_runs_commands_for_what_is_selected(void **state)
{
	struct sequence_builder seq = { 0 };
	const uint64_t list[] = { 2, 0, 9 };
	sequence_put_index(&seq, 1);
	sequence_put_directive(&seq, CMD_FETCH, 0);
	sequence_put_index_all(&seq);
	sequence_put_condition(&seq, CMD_IMAGE_MATCH, 0);
	sequence_put_index_list(&seq, list, 3);
	sequence_put_directive(&seq, CMD_INVOKE, 0);
	sequence_put_index(&seq, 9);
	sequence_put_directive(&seq, CMD_PROCESS_DEPENDENCY, 0);
	assert_runs(*state, &seq, SU_OK, "21@1 3@0 3@1 3@2 23@2 23@0 23@9 11@9");
}

static void test_nested_sequences_run_for_one_component_each(void **state)
{
	struct sequence_builder inner su_auto(sequence_builder_free) = { 0 };
	struct sequence_builder seq = { 0 };
	sequence_put_directive(&inner, CMD_FETCH, 0);
	sequence_put_condition(&inner, CMD_IMAGE_MATCH, 0);
	sequence_put_index(&inner, 2);
	sequence_put_directive(&inner, CMD_INVOKE, 0);
	const uint64_t list[] = { 0, 1 };
	sequence_put_index_list(&seq, list, 2);
	sequence_put_run(&seq, &inner);
	/* What the inner sequence selected is forgotten. */
	sequence_put_directive(&seq, CMD_UNLINK, 0);
	assert_runs(*state, &seq, SU_OK, "21@0 3@0 23@2 21@1 3@1 23@2 33@0 33@1");
}

static void put_branch(struct sequence_builder *seq, uint64_t image_size, enum command_code code)
{
	example_put_override(seq, size(image_size));
	sequence_put_condition(seq, CMD_IMAGE_MATCH, 0);
	sequence_put_directive(seq, code, 0);
}

static void test_tries_alternatives_in_turn(void **state)
{
	struct sequence_builder branches[3] = { 0 };
	struct sequence_builder seq = { 0 };
	put_branch(&branches[0], 0, CMD_FETCH);
	put_branch(&branches[1], 1, CMD_COPY);
	put_branch(&branches[2], 1, CMD_WRITE);
	sequence_put_index(&seq, 0);
	sequence_put_try_each(&seq, branches, 3, false);
	sequence_put_directive(&seq, CMD_INVOKE, 0);
	assert_runs(*state, &seq, SU_OK, "3@0 3@0 22@0 23@0");
	for (int i = 0; i < 3; i++)
		sequence_builder_free(&branches[i]);
}

static void test_no_alternative_fails_unless_there_is_nil(void **state)
{
	struct world *world = *state;
	for (int nil = 0; nil <= 1; nil++) {
		struct sequence_builder branches[2] = { 0 };
		struct sequence_builder seq = { 0 };
		put_branch(&branches[0], 0, CMD_FETCH);
		sequence_put_condition(&branches[1], CMD_ABORT, 0);
		sequence_put_index(&seq, 1);
		sequence_put_try_each(&seq, branches, 2, nil);
		sequence_put_directive(&seq, CMD_INVOKE, 0);
		assert_runs(world, &seq, nil ? SU_OK : SU_CONFLICT, nil ? "3@1 23@1" : "3@1");
		sequence_builder_free(&branches[0]);
		sequence_builder_free(&branches[1]);
	}
}

static void test_a_failed_directive_ends_the_run(void **state)
{
	struct world *world = *state;
	struct sequence_builder branches[2] = { 0 };
	struct sequence_builder seq = { 0 };
	world->directive_status = SU_CONFLICT;
	put_branch(&branches[0], 1, CMD_FETCH);
	put_branch(&branches[1], 1, CMD_COPY);
	sequence_put_index(&seq, 0);
	sequence_put_try_each(&seq, branches, 2, true);
	assert_runs(world, &seq, SU_CONFLICT, "3@0 21@0");
	assert_string_equal(world->err.text, "told to fail");
	sequence_builder_free(&branches[0]);
	sequence_builder_free(&branches[1]);
}

static void test_says_where_it_failed(void **state)
{
	struct world *world = *state;
	struct sequence_builder seq = { 0 };
	sequence_put_index(&seq, 2);
	example_put_override(&seq, size(0));
	sequence_put_condition(&seq, CMD_IMAGE_MATCH, 0);
	assert_runs(world, &seq, SU_CONFLICT, "3@2");
	assert_int_equal(world->where.section, MANIFEST_INSTALL);
	assert_int_equal(world->where.offset, 7);
	assert_int_equal(world->where.component_index, 2);
	assert_string_equal(world->err.field, "size");
}

/* In run-sequence soft-failure is off by default, in try-each on; each way round. */
static void test_soft_failure(void **state)
{
	for (int soft = 0; soft <= 1; soft++) {
		struct sequence_builder inner[2] = { 0 };
		struct sequence_builder seq = { 0 };
		example_put_override(&inner[0], soft_failure(soft));
		put_branch(&inner[0], 0, CMD_FETCH);
		sequence_put_directive(&inner[1], CMD_COPY, 0);
		sequence_put_index(&seq, 0);
		sequence_put_run(&seq, &inner[0]);
		sequence_put_directive(&seq, CMD_INVOKE, 0);
		assert_runs(*state, &seq, soft ? SU_OK : SU_CONFLICT, soft ? "3@0 23@0" : "3@0");
		sequence_put_index(&seq, 0);
		sequence_put_try_each(&seq, inner, 2, false);
		assert_runs(*state, &seq, soft ? SU_OK : SU_CONFLICT, soft ? "3@0 22@0" : "3@0");
		sequence_builder_free(&inner[0]);
		sequence_builder_free(&inner[1]);
	}
}

static void test_soft_failure_ends_with_its_sequence(void **state)
{
	struct sequence_builder inner su_auto(sequence_builder_free) = { 0 };
	struct sequence_builder seq = { 0 };
	example_put_override(&inner, soft_failure(true));
	sequence_put_directive(&inner, CMD_WAIT, 0);
	sequence_put_index(&seq, 0);
	sequence_put_run(&seq, &inner);
	example_put_override(&seq, size(0));
	sequence_put_condition(&seq, CMD_IMAGE_MATCH, 0);
	assert_runs(*state, &seq, SU_CONFLICT, "29@0 3@0");
}

static void test_chosen_alternatives_are_final(void **state)
{
	struct world *world = *state;
	struct sequence_builder branches[2] = { 0 };
	struct sequence_builder seq = { 0 };
	put_branch(&branches[0], 0, CMD_FETCH);
	put_branch(&branches[1], 1, CMD_COPY);
	sequence_put_index(&seq, 0);
	sequence_put_try_each(&seq, branches, 2, true);
	struct manifest manifest = manifest_of(world, NULL, &seq);
	world->hooks.choose = choose;
	const enum su_status wanted[] = { SU_CONFLICT, SU_OK, SU_OK, SU_TOO_LARGE };
	const char *logs[] = { "3@0", "3@0 22@0", "", "" };
	for (world->choice = 0; world->choice < 4; world->choice++) {
		assert_int_equal(run(world, &manifest), wanted[world->choice]);
		assert_string_equal(su_buf_str(&world->log), logs[world->choice]);
	}
	sequence_builder_free(&branches[0]);
	sequence_builder_free(&branches[1]);
}

static void test_shared_runs_before_each_section(void **state)
{
	struct world *world = *state;
	struct manifest_builder *builder = manifest_builder_new(1);
	struct sequence_builder shared su_auto(sequence_builder_free) = { 0 };
	struct sequence_builder fetch = { 0 }, install = { 0 }, validate = { 0 };
	manifest_builder_add_component(builder, example_component(world->arena, "['a']"));
	sequence_put_condition(&shared, CMD_VENDOR_IDENTIFIER, 0);
	manifest_builder_shared(builder, &shared);
	sequence_put_condition(&validate, CMD_IMAGE_MATCH, 0);
	example_add(builder, MANIFEST_VALIDATE, &validate, false);
	sequence_put_directive(&fetch, CMD_FETCH, 0);
	example_add(builder, MANIFEST_PAYLOAD_FETCH, &fetch, true);
	sequence_put_directive(&install, CMD_COPY, 0);
	example_add(builder, MANIFEST_INSTALL, &install, false);
	struct su_span encoded = example_finish(world->arena, builder);
	struct envelope envelope = example_decode(world->arena, encoded);
	assert_int_equal(run(world, &envelope.manifest), SU_OK);
	assert_string_equal(su_buf_str(&world->log), "1@0 21@0 1@0 22@0 1@0 3@0");

	/* A section that is not at hand is passed over. */
	struct manifest_member *member = (struct manifest_member *)manifest_member(
		&envelope.manifest, MANIFEST_PAYLOAD_FETCH);
	member->matches = false;
	assert_int_equal(run(world, &envelope.manifest), SU_OK);
	assert_string_equal(su_buf_str(&world->log), "1@0 22@0 1@0 3@0");
	su_buf_clear(&world->log);
	assert_int_equal(
		interpret(world->arena, &envelope.manifest, NULL, 0, &world->hooks, NULL, NULL),
		SU_OK);
	assert_string_equal(su_buf_str(&world->log), "1@0");
}

static enum su_status assert_size_5(void *ctx, const struct interpreter *machine,
	const struct command *command, const struct command_site *site, struct su_error *err)
{
	const struct parameters *parameters =
		interpreter_parameters(machine, site->component_index);
	(void)err;
	note(ctx, command, site->component_index);
	assert_int_equal(parameters->image_size_bytes, 5);
	assert_false(parameters_have(parameters, PARAM_SOFT_FAILURE));
	return SU_OK;
}

static void test_parameters_by_every_directive(void **state)
{
	struct world *world = *state;
	struct sequence_builder seq = { 0 };
	world->hooks.condition = assert_size_5;
	sequence_put_index_all(&seq);
	example_put_override(&seq, size(7));
	sequence_put_index(&seq, 0);
	example_put_override(&seq, size(5));
	struct parameters six = size(6);
	sequence_put_parameters(&seq, CMD_SET_PARAMETERS, &six);
	sequence_put_condition(&seq, CMD_IMAGE_MATCH, 0);
	/* override-multiple {1: {14: 5}, 2: {14: 5}}, which leaves 2 selected */
	cbor_put_uint(&seq.items, CMD_OVERRIDE_MULTIPLE);
	su_buf_append(&seq.items, "\xa2\x01\xa1\x0e\x05\x02\xa1\x0e\x05", 9);
	seq.n_items += 2;
	sequence_put_condition(&seq, CMD_IMAGE_MATCH, 0);
	sequence_put_index(&seq, 1);
	sequence_put_condition(&seq, CMD_IMAGE_MATCH, 0);
	/* copy-params {0: [14, 21]} to the dependency */
	sequence_put_index(&seq, 9);
	cbor_put_uint(&seq.items, CMD_COPY_PARAMS);
	su_buf_append(&seq.items, "\xa1\x00\x82\x0e\x15", 5);
	seq.n_items += 2;
	sequence_put_condition(&seq, CMD_IMAGE_MATCH, 0);
	assert_runs(world, &seq, SU_OK, "3@0 3@2 3@1 3@9");
}

/* Nested sequences multiply: some 53 commands make 4,600 steps on three components. */
static void test_bounds_the_number_of_steps(void **state)
{
	struct world *world = *state;
	struct sequence_builder levels[3] = { 0 };
	size_t steps = 1000;
	for (int i = 0; i < 50; i++)
		sequence_put_condition(&levels[0], CMD_UPDATE_AUTHORIZED, 0);
	sequence_put_index_all(&levels[1]);
	for (int i = 0; i < 10; i++)
		sequence_put_run(&levels[1], &levels[0]);
	sequence_put_index_all(&levels[2]);
	sequence_put_run(&levels[2], &levels[1]);
	struct manifest manifest = manifest_of(world, NULL, &levels[2]);
	assert_int_equal(run(world, &manifest), SU_OK);
	world->hooks.steps_left = &steps;
	assert_int_equal(run(world, &manifest), SU_TOO_LARGE);
	assert_int_equal(steps, 0);
	sequence_builder_free(&levels[0]);
	sequence_builder_free(&levels[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_runs_commands_for_what_is_selected, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_nested_sequences_run_for_one_component_each, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_tries_alternatives_in_turn, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_no_alternative_fails_unless_there_is_nil, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_failed_directive_ends_the_run, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_says_where_it_failed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_soft_failure, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_soft_failure_ends_with_its_sequence, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_chosen_alternatives_are_final, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_shared_runs_before_each_section, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_parameters_by_every_directive, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bounds_the_number_of_steps, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
