/* SPDX-License-Identifier: Apache-2.0 */
/* Command sequences: offsets, nesting, arguments, and what is refused. */
#include "suit/sequence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/memory.h"
#include "bytes.h"
#include "suit/parameter.h"

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

static struct sequence decode(void **state, const char *hex, bool shared)
{
	struct sequence sequence;
	struct su_error err = { 0 };
	enum su_status status =
		sequence_decode(*state, bytes_of(*state, hex), shared, &sequence, &err);
	assert_string_equal(err.text, "");
	assert_int_equal(status, SU_OK);
	return sequence;
}

static void assert_refused(void **state, const char *hex, bool shared, const char *why)
{
	struct sequence sequence;
	struct su_error err = { 0 };
	assert_int_equal(sequence_decode(*state, bytes_of(*state, hex), shared, &sequence, &err),
		SU_INVALID);
	if (!strstr(err.text, why))
		assert_string_equal(err.text, why);
}

static void assert_command(const struct sequence *sequence, size_t i, size_t offset, int64_t code)
{
	assert_true(i < sequence->n_commands);
	assert_int_equal(sequence->commands[i].offset, offset);
	assert_int_equal(sequence->commands[i].code, code);
}

static void test_lists_commands_with_their_offsets(void **state)
{
	/* uri "a"; fetch, policy 2; image-match, policy 15 */
	struct sequence sequence = decode(state, "86 14 a1156161 15 02 03 0f", false);
	assert_int_equal(sequence.n_commands, 3);
	assert_command(&sequence, 0, 1, CMD_OVERRIDE_PARAMETERS);
	assert_command(&sequence, 1, 6, CMD_FETCH);
	assert_command(&sequence, 2, 8, CMD_IMAGE_MATCH);
	assert_int_equal(command_policy(&sequence.commands[1]), 2);
	assert_int_equal(command_policy(&sequence.commands[2]), 15);
	assert_int_equal(command_policy(&sequence.commands[0]), 0);
}

static bool count_command(void *ctx, const struct command *command)
{
	(void)command;
	++*(size_t *)ctx;
	return *(size_t *)ctx < 4;
}

static void test_nests_alternatives(void **state)
{
	/* try-each of [slot 0; condition 5], [run-sequence of [abort]], nil; then condition 1 */
	struct sequence sequence =
		decode(state, "84 0f 83 47 84 14a10500 0505 47 82 1820 43820e00 f6 01 0f", true);
	assert_int_equal(sequence.n_commands, 2);
	const struct command *try_each = &sequence.commands[0];
	assert_int_equal(try_each->n_branches, 2);
	assert_true(try_each->nil_branch);
	assert_command(&try_each->branches[0], 0, 1, CMD_OVERRIDE_PARAMETERS);
	assert_command(&try_each->branches[0], 1, 5, CMD_COMPONENT_SLOT);
	const struct command *run = &try_each->branches[1].commands[0];
	assert_int_equal(run->code, CMD_RUN_SEQUENCE);
	assert_int_equal(run->n_branches, 1);
	assert_command(&run->branches[0], 0, 1, CMD_ABORT);
	assert_command(&sequence, 1, 20, CMD_VENDOR_IDENTIFIER);

	size_t n = 0;
	assert_false(sequence_walk(&sequence, count_command, &n));
	assert_int_equal(n, 4);
}

static void test_reads_component_indexes(void **state)
{
	struct command_indexes indexes;
	struct sequence sequence = decode(state,
		"8a 0c 07 0c f5 0c 820103 1822 a2 02 a10e01 05 a10e02 1823 a1 04 8103", false);
	command_read_indexes(&sequence.commands[0], &indexes);
	assert_int_equal(indexes.n, 1);
	assert_int_equal(indexes.at[0], 7);
	command_read_indexes(&sequence.commands[1], &indexes);
	assert_true(indexes.all);
	command_read_indexes(&sequence.commands[2], &indexes);
	assert_int_equal(indexes.n, 2);
	assert_int_equal(indexes.at[1], 3);
	command_read_indexes(&sequence.commands[3], &indexes);
	assert_int_equal(indexes.n, 2);
	assert_int_equal(indexes.at[1], 5);
	command_read_indexes(&sequence.commands[4], &indexes);
	assert_int_equal(indexes.n, 1);
	assert_int_equal(indexes.at[0], 4);
}

static void add_size(void *ctx, const struct parameters *parameters)
{
	*(uint64_t *)ctx += parameters->image_size_bytes;
}

static void test_visits_every_map_of_parameters(void **state)
{
	uint64_t sum = 0;
	struct sequence sequence =
		decode(state, "86 14 a10e01 13 a10e02 1822 a2 02 a10e04 05 a10e08", false);
	for (size_t i = 0; i < sequence.n_commands; i++)
		command_visit_parameters(&sequence.commands[i], add_size, &sum);
	assert_int_equal(sum, 15);
}

static void test_names_commands(void **state)
{
	(void)state;
	assert_string_equal(command_name(CMD_OVERRIDE_PARAMETERS), "override-parameters");
	assert_string_equal(command_name(CMD_COPY_PARAMS), "copy-params");
	assert_null(command_name(0));
	assert_null(command_name(9));
	assert_null(command_name(36));
	assert_null(command_name(-1));
	assert_null(command_name(-300));
	assert_true(command_is_condition(CMD_ABORT));
	assert_true(command_is_condition(CMD_VERSION));
	assert_false(command_is_condition(CMD_FETCH));
	assert_false(command_is_condition(-300));
}

static void test_takes_custom_commands_outside_shared(void **state)
{
	struct sequence sequence =
		decode(state, "88 390100 f6 390100 6161 390100 20 390100 4100", false);
	assert_int_equal(sequence.commands[0].code, -257);
	assert_refused(state, "82 390100 80", false, "custom command");
	assert_refused(state, "82 390100 f6", true, "not allowed");
}

static void test_refuses_bad_sequences(void **state)
{
	assert_refused(state, "80", false, "empty");
	assert_refused(state, "83 03 0f 03", false, "pairs");
	assert_refused(state, "82 03 0f 00", false, "follow");
	assert_refused(state, "82 00 0f", false, "unknown command 0");
	assert_refused(state, "82 09 0f", false, "unknown command 9");
	assert_refused(state, "82 38fe 0f", false, "unknown command -255");
	assert_refused(state, "82 03 10", false, "reporting policy");
	assert_refused(state, "82 03 f6", false, "unsigned");
	assert_refused(state, "82 0c f4", false, "cannot be false");
	assert_refused(state, "82 0c 80", false, "1 to 128");
	assert_refused(
		state, "82 14 a10601", false, "override-parameters at 1: unknown parameter 6");
	assert_refused(state, "82 0f 8143820e00", false, "2 to 64");
	assert_refused(state, "82 0f 82f643820e00", false, "byte string");
	assert_refused(state, "82 1820 4180", false, "run-sequence at 1: the sequence is empty");
	assert_refused(state, "82 1820 44820e0000", false, "follow");
	assert_refused(state, "82 1823 a10080", false, "no parameter");
	assert_refused(state, "82 1823 a1008106", false, "unknown parameter 6");
	assert_refused(state, "82 1822 a0", false, "1 to 128");
	assert_refused(state, "9f 03 0f ff", false, "indefinite");
}

static void test_restricts_the_shared_sequence(void **state)
{
	assert_refused(state, "82 15 02", true, "fetch at 1: it is not allowed");
	assert_refused(state, "82 13 a10e01", true, "set-parameters at 1: it is not");
	assert_refused(state, "82 14 a138ff01", true, "custom parameters");
	assert_refused(state, "82 1820 43 821502", true, "fetch at 1: it is not allowed");
}

/* Wraps inner into a sequence of one run-sequence. */
static struct su_span wrap(struct su_arena *arena, struct su_span inner)
{
	struct su_buf out su_auto(su_buf_free) = { 0 };
	cbor_put_array(&out, 2);
	cbor_put_uint(&out, CMD_RUN_SEQUENCE);
	cbor_put_bstr(&out, inner);
	return su_arena_copy(arena, su_buf_span(&out));
}

static void test_bounds_depth(void **state)
{
	struct sequence sequence;
	struct su_error err;
	struct su_span encoded = bytes_of(*state, "820e00");
	for (int depth = 1; depth < SEQUENCE_MAX_DEPTH; depth++)
		encoded = wrap(*state, encoded);
	assert_int_equal(sequence_decode(*state, encoded, false, &sequence, &err), SU_OK);
	encoded = wrap(*state, encoded);
	assert_int_equal(sequence_decode(*state, encoded, false, &sequence, &err), SU_INVALID);
	assert_non_null(strstr(err.text, "nested deeper"));
}

static enum su_status decode_many(struct su_arena *arena, size_t outer, size_t inner)
{
	struct su_buf run su_auto(su_buf_free) = { 0 };
	struct su_buf all su_auto(su_buf_free) = { 0 };
	struct sequence sequence;
	cbor_put_array(&run, 2 * inner);
	for (size_t i = 0; i < inner; i++)
		su_buf_append(&run, "\x0e\x00", 2);
	cbor_put_array(&all, 2 * outer);
	for (size_t i = 0; i < outer; i++) {
		cbor_put_uint(&all, CMD_RUN_SEQUENCE);
		cbor_put_bstr(&all, su_buf_span(&run));
	}
	return sequence_decode(arena, su_buf_span(&all), false, &sequence, NULL);
}

static void test_bounds_the_number_of_commands(void **state)
{
	assert_int_equal(decode_many(*state, 32, 31), SU_OK);
	assert_int_equal(decode_many(*state, 32, 32), SU_INVALID);
	assert_int_equal(decode_many(*state, 1, SEQUENCE_MAX_COMMANDS - 1), SU_OK);
	assert_int_equal(decode_many(*state, 1, SEQUENCE_MAX_COMMANDS), SU_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_lists_commands_with_their_offsets, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_nests_alternatives, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_reads_component_indexes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_visits_every_map_of_parameters, set_up, tear_down),
		cmocka_unit_test(test_names_commands),
		cmocka_unit_test_setup_teardown(
			test_takes_custom_commands_outside_shared, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refuses_bad_sequences, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_restricts_the_shared_sequence, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bounds_depth, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_bounds_the_number_of_commands, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
