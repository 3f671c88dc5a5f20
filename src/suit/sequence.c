/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One table gives every command its name and the shape of its argument. Recursion is bounded by
 * SEQUENCE_MAX_DEPTH, allocation by SEQUENCE_MAX_COMMANDS.
 */
#include "suit/sequence.h"

#include <inttypes.h>
#include <stdio.h>

#include "suit/parameter.h"
#include "suit/value_cbor.h"

#define LAST_REGISTERED_CODE (-255)
/* Record and system information, each on success and on failure. */
#define POLICY_BITS 0xf

struct parser {
	struct su_arena *arena;
	bool shared;
	size_t commands_left;
};

/* Reads the argument; what it finds is kept only by the commands that nest sequences. */
typedef void (*read_argument)(
	struct parser *parser, struct cbor *cursor, unsigned depth, struct command *out);

struct row {
	const char *name;
	read_argument read;
	bool is_condition;
	bool in_shared;
};

static void parse_sequence(
	struct parser *parser, struct cbor *cursor, unsigned depth, struct sequence *out);

static void read_policy(
	struct parser *parser, struct cbor *cursor, unsigned depth, struct command *out)
{
	(void)parser;
	(void)depth;
	(void)out;
	uint64_t policy = cbor_uint(cursor);
	if (policy & ~(uint64_t)POLICY_BITS)
		cbor_fail(cursor, SU_INVALID, "%" PRIu64 " is not a reporting policy", policy);
}

static void read_index(
	struct parser *parser, struct cbor *cursor, unsigned depth, struct command *out)
{
	(void)parser;
	(void)depth;
	(void)out;
	if (cbor_peek(cursor) == CBOR_SIMPLE) {
		if (!cbor_bool(cursor))
			cbor_fail(cursor, SU_INVALID, "a component index cannot be false");
		return;
	}
	if (cbor_peek(cursor) != CBOR_ARRAY) {
		(void)cbor_uint(cursor);
		return;
	}
	size_t n = cbor_array(cursor);
	if (cbor_ok(cursor) && (n == 0 || n > COMMAND_MAX_INDEXES))
		cbor_fail(cursor, SU_INVALID, "a list of component indexes has 1 to %d items",
			COMMAND_MAX_INDEXES);
	for (; n > 0 && cbor_ok(cursor); n--)
		(void)cbor_uint(cursor);
}

static void check_parameters(const struct parser *parser, struct cbor *cursor)
{
	struct parameters parameters = { 0 };
	struct su_error err;
	struct su_span map = cbor_item(cursor);
	if (!cbor_ok(cursor))
		return;
	if (parameters_decode(map, true, &parameters, &err) != SU_OK)
		cbor_fail(cursor, err.status, "%s", err.text);
	else if (parser->shared && parameters.has_custom)
		cbor_fail(cursor, SU_INVALID, "the shared sequence cannot set custom parameters");
}

static void read_parameters(
	struct parser *parser, struct cbor *cursor, unsigned depth, struct command *out)
{
	(void)depth;
	(void)out;
	check_parameters(parser, cursor);
}

static uint64_t read_index_key(struct cbor *cursor, struct su_span *last)
{
	size_t start = cursor->pos;
	uint64_t index = cbor_uint(cursor);
	cbor_key_order(cursor, su_span_of(cursor->input.data + start, cursor->pos - start), last);
	return index;
}

static size_t enter_index_map(struct cbor *cursor)
{
	size_t n = cbor_map(cursor);
	if (cbor_ok(cursor) && (n == 0 || n > COMMAND_MAX_INDEXES))
		cbor_fail(cursor, SU_INVALID, "the map names 1 to %d components",
			COMMAND_MAX_INDEXES);
	return n;
}

static void read_multiple(
	struct parser *parser, struct cbor *cursor, unsigned depth, struct command *out)
{
	(void)depth;
	(void)out;
	struct su_span last = SU_SPAN_EMPTY;
	for (size_t n = enter_index_map(cursor); n > 0 && cbor_ok(cursor); n--) {
		(void)read_index_key(cursor, &last);
		check_parameters(parser, cursor);
	}
}

static void read_copy(
	struct parser *parser, struct cbor *cursor, unsigned depth, struct command *out)
{
	(void)parser;
	(void)depth;
	(void)out;
	struct su_span last = SU_SPAN_EMPTY;
	for (size_t n = enter_index_map(cursor); n > 0 && cbor_ok(cursor); n--) {
		(void)read_index_key(cursor, &last);
		size_t n_keys = cbor_array(cursor);
		if (cbor_ok(cursor) && n_keys == 0)
			cbor_fail(cursor, SU_INVALID, "no parameter is named");
		for (; n_keys > 0 && cbor_ok(cursor); n_keys--) {
			int64_t key = cbor_int(cursor);
			if (key >= LAST_REGISTERED_CODE && !parameter_name(key))
				cbor_fail(cursor, SU_INVALID, "unknown parameter %" PRId64, key);
		}
	}
}

static void parse_branch(
	struct parser *parser, struct cbor *cursor, unsigned depth, struct sequence *out)
{
	struct cbor inner = cbor_open(cbor_bstr(cursor), true);
	if (!cbor_ok(cursor))
		return;
	parse_sequence(parser, &inner, depth + 1, out);
	value_cbor_adopt(cursor, &inner, NULL);
}

/*
 * [2* bstr, ? nil] by the letter; one sequence and nil is taken too, because "do this if you can"
 * is plain enough and is written.
 */
static void read_try_each(
	struct parser *parser, struct cbor *cursor, unsigned depth, struct command *out)
{
	size_t n = cbor_array(cursor);
	if (cbor_ok(cursor) && (n < 2 || n > TRY_EACH_MAX_BRANCHES))
		cbor_fail(cursor, SU_INVALID, "there are 2 to %d alternatives, not %zu",
			TRY_EACH_MAX_BRANCHES, n);
	if (!cbor_ok(cursor))
		return;
	out->branches = su_arena_array(parser->arena, n, sizeof(*out->branches));
	for (size_t i = 0; i < n && cbor_ok(cursor); i++) {
		if (i + 1 == n && cbor_peek(cursor) == CBOR_SIMPLE) {
			cbor_null(cursor);
			out->nil_branch = true;
			break;
		}
		parse_branch(parser, cursor, depth, &out->branches[i]);
		out->n_branches = i + 1;
	}
}

static void read_run(
	struct parser *parser, struct cbor *cursor, unsigned depth, struct command *out)
{
	out->branches = su_arena_new_of(parser->arena, struct sequence);
	out->n_branches = 1;
	parse_branch(parser, cursor, depth, &out->branches[0]);
}

static void read_custom(
	struct parser *parser, struct cbor *cursor, unsigned depth, struct command *out)
{
	(void)depth;
	(void)out;
	enum cbor_type type = cbor_peek(cursor);
	if (parser->shared)
		cbor_fail(cursor, SU_INVALID, "custom commands are not allowed here");
	else if (type == CBOR_SIMPLE)
		cbor_null(cursor);
	else if (type == CBOR_BSTR || type == CBOR_TSTR || type == CBOR_UINT || type == CBOR_NINT)
		(void)cbor_item(cursor);
	else
		cbor_fail(cursor, SU_INVALID, "a custom command takes a string, an integer or nil");
}

/* clang-format off */
static const struct row rows[] = {
	[CMD_VENDOR_IDENTIFIER] = { "vendor-identifier", read_policy, true, true },
	[CMD_CLASS_IDENTIFIER] = { "class-identifier", read_policy, true, true },
	[CMD_IMAGE_MATCH] = { "image-match", read_policy, true, true },
	[CMD_USE_BEFORE] = { "use-before", read_policy, true, true },
	[CMD_COMPONENT_SLOT] = { "component-slot", read_policy, true, true },
	[CMD_CHECK_CONTENT] = { "check-content", read_policy, true, true },
	[CMD_DEPENDENCY_INTEGRITY] = { "dependency-integrity", read_policy, true, true },
	[CMD_IS_DEPENDENCY] = { "is-dependency", read_policy, true, true },
	[CMD_PROCESS_DEPENDENCY] = { "process-dependency", read_policy, false, false },
	[CMD_SET_COMPONENT_INDEX] = { "set-component-index", read_index, false, true },
	[CMD_ABORT] = { "abort", read_policy, true, true },
	[CMD_TRY_EACH] = { "try-each", read_try_each, false, true },
	[CMD_WRITE] = { "write", read_policy, false, false },
	[CMD_SET_PARAMETERS] = { "set-parameters", read_parameters, false, false },
	[CMD_OVERRIDE_PARAMETERS] = { "override-parameters", read_parameters, false, true },
	[CMD_FETCH] = { "fetch", read_policy, false, false },
	[CMD_COPY] = { "copy", read_policy, false, false },
	[CMD_INVOKE] = { "invoke", read_policy, false, false },
	[CMD_DEVICE_IDENTIFIER] = { "device-identifier", read_policy, true, true },
	[CMD_IMAGE_NOT_MATCH] = { "image-not-match", read_policy, true, true },
	[CMD_MINIMUM_BATTERY] = { "minimum-battery", read_policy, true, true },
	[CMD_UPDATE_AUTHORIZED] = { "update-authorized", read_policy, true, true },
	[CMD_VERSION] = { "version", read_policy, true, true },
	[CMD_WAIT] = { "wait", read_policy, false, false },
	[CMD_SWAP] = { "swap", read_policy, false, false },
	[CMD_RUN_SEQUENCE] = { "run-sequence", read_run, false, true },
	[CMD_UNLINK] = { "unlink", read_policy, false, false },
	[CMD_OVERRIDE_MULTIPLE] = { "override-multiple", read_multiple, false, false },
	[CMD_COPY_PARAMS] = { "copy-params", read_copy, false, false },
};
/* clang-format on */

static const struct row custom_row = { "custom command", read_custom, false, true };

static const struct row *row_of(int64_t code)
{
	const int64_t n_rows = sizeof(rows) / sizeof(rows[0]);
	if (code < LAST_REGISTERED_CODE)
		return &custom_row;
	return code >= 0 && code < n_rows && rows[code].name ? &rows[code] : NULL;
}

/* Puts the command before the text of a fault in its argument; nested ones add up from inside. */
static void name_fault(struct cbor *cursor, const char *name, size_t offset)
{
	char field[32];
	if (cbor_ok(cursor))
		return;
	su_error_prefix(&cursor->error, "%s at %zu", name, offset);
	snprintf(field, sizeof(field), "%zu", offset);
	snprintf(cursor->error.field, sizeof(cursor->error.field), "%s", field);
}

static void parse_command(
	struct parser *parser, struct cbor *cursor, unsigned depth, struct command *out)
{
	out->offset = cursor->pos;
	out->code = cbor_int(cursor);
	const struct row *row = row_of(out->code);
	if (!cbor_ok(cursor))
		return;
	if (!row) {
		cbor_fail(cursor, SU_INVALID, "unknown command %" PRId64, out->code);
		return;
	}
	size_t start = cursor->pos;
	if (parser->shared && !row->in_shared)
		cbor_fail(cursor, SU_INVALID, "it is not allowed in the shared sequence");
	else
		row->read(parser, cursor, depth, out);
	out->arg = su_span_of(cursor->input.data + start, cursor->pos - start);
	name_fault(cursor, row->name, out->offset);
}

static void parse_sequence(
	struct parser *parser, struct cbor *cursor, unsigned depth, struct sequence *out)
{
	size_t n = cbor_array(cursor);
	if (!cbor_ok(cursor))
		return;
	if (depth > SEQUENCE_MAX_DEPTH)
		cbor_fail(cursor, SU_INVALID, "sequences are nested deeper than %d levels",
			SEQUENCE_MAX_DEPTH);
	else if (n == 0)
		cbor_fail(cursor, SU_INVALID, "the sequence is empty");
	else if (n % 2)
		cbor_fail(
			cursor, SU_INVALID, "%zu items do not make pairs of code and argument", n);
	else if (n / 2 > parser->commands_left)
		cbor_fail(cursor, SU_INVALID, "there are more than %d commands",
			SEQUENCE_MAX_COMMANDS);
	if (!cbor_ok(cursor))
		return;
	parser->commands_left -= n / 2;
	out->n_commands = n / 2;
	out->commands = su_arena_array(parser->arena, n / 2, sizeof(*out->commands));
	for (size_t i = 0; i < n / 2 && cbor_ok(cursor); i++)
		parse_command(parser, cursor, depth, &out->commands[i]);
}

static void list_indexes(struct cbor *cursor, struct command_indexes *out)
{
	if (cbor_peek(cursor) == CBOR_SIMPLE) {
		out->all = true;
		return;
	}
	out->n = cbor_peek(cursor) == CBOR_ARRAY ? cbor_array(cursor) : 1;
	for (size_t i = 0; i < out->n; i++)
		out->at[i] = cbor_uint(cursor);
}

static void list_keys(struct cbor *cursor, struct command_indexes *out)
{
	out->n = cbor_map(cursor);
	for (size_t i = 0; i < out->n; i++) {
		out->at[i] = cbor_uint(cursor);
		(void)cbor_item(cursor);
	}
}

static void visit_map(struct su_span map, parameters_visit visit, void *ctx)
{
	struct parameters parameters = { 0 };
	/* The decoder has read this map before, so it cannot fail here. */
	if (parameters_decode(map, true, &parameters, NULL) == SU_OK)
		visit(ctx, &parameters);
}

const char *command_name(int64_t code)
{
	const struct row *row = row_of(code);
	return row && row != &custom_row ? row->name : NULL;
}

bool command_is_condition(int64_t code)
{
	const struct row *row = row_of(code);
	return row && row->is_condition;
}

uint64_t command_policy(const struct command *command)
{
	const struct row *row = row_of(command->code);
	struct cbor cursor = cbor_open(command->arg, true);
	return row && row->read == read_policy ? cbor_uint(&cursor) : 0;
}

void command_read_indexes(const struct command *command, struct command_indexes *out)
{
	struct cbor cursor = cbor_open(command->arg, true);
	out->all = false;
	out->n = 0;
	if (command->code == CMD_SET_COMPONENT_INDEX)
		list_indexes(&cursor, out);
	else if (command->code == CMD_OVERRIDE_MULTIPLE || command->code == CMD_COPY_PARAMS)
		list_keys(&cursor, out);
}

void command_visit_parameters(const struct command *command, parameters_visit visit, void *ctx)
{
	if (command->code == CMD_OVERRIDE_PARAMETERS || command->code == CMD_SET_PARAMETERS)
		visit_map(command->arg, visit, ctx);
	if (command->code != CMD_OVERRIDE_MULTIPLE)
		return;
	struct cbor cursor = cbor_open(command->arg, true);
	for (size_t n = cbor_map(&cursor); n > 0 && cbor_ok(&cursor); n--) {
		(void)cbor_uint(&cursor);
		visit_map(cbor_item(&cursor), visit, ctx);
	}
}

enum su_status sequence_decode(struct su_arena *arena, struct su_span encoded, bool shared,
	struct sequence *out, struct su_error *err)
{
	struct parser parser = { arena, shared, SEQUENCE_MAX_COMMANDS };
	struct cbor cursor = cbor_open(encoded, true);
	*out = (struct sequence){ 0 };
	parse_sequence(&parser, &cursor, 1, out);
	return cbor_done(&cursor, err);
}

bool sequence_walk(const struct sequence *sequence, sequence_visit visit, void *ctx)
{
	for (size_t i = 0; i < sequence->n_commands; i++) {
		const struct command *command = &sequence->commands[i];
		if (!visit(ctx, command))
			return false;
		for (size_t b = 0; b < command->n_branches; b++)
			if (!sequence_walk(&command->branches[b], visit, ctx))
				return false;
	}
	return true;
}
