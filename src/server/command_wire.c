/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a command member by member; reads answers with the reader of all device messages. */
#include "server/command_wire.h"

#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "model/device_keys.h"
#include "suit/value_cbor.h"

enum { MS_PER_S = 1000 };
#define MAX_TIME_S ((uint64_t)INT64_MAX / MS_PER_S)

const char *command_wire_resource(enum command_kind kind)
{
	assert(kind != COMMAND_PUSH);
	return kind == COMMAND_ASK ? "status" : name_of(command_kind_names, (int)kind);
}

/* The map under construction: pairs of CBOR that are counted, or a JSON object. */
struct writer {
	struct su_buf pairs;
	size_t n_pairs;
	json_t *object; /* NULL: CBOR */
};

static void put_key(struct writer *writer, enum command_key key)
{
	cbor_put_uint(&writer->pairs, (uint64_t)key);
	writer->n_pairs++;
}

static void put_json(struct writer *writer, enum command_key key, json_t *value)
{
	json_object_set_new(writer->object, name_of(command_keys, (int)key), value);
}

static void put_text(struct writer *writer, enum command_key key, const char *text)
{
	if (writer->object) {
		put_json(writer, key, json_string(text));
		return;
	}
	put_key(writer, key);
	cbor_put_tstr(&writer->pairs, text);
}

static void put_uint(struct writer *writer, enum command_key key, uint64_t value)
{
	if (writer->object) {
		put_json(writer, key, json_integer((json_int_t)value));
		return;
	}
	put_key(writer, key);
	cbor_put_uint(&writer->pairs, value);
}

/* In CBOR the number, in JSON the word. */
static void put_name(
	struct writer *writer, enum command_key key, const struct name_row *table, int value)
{
	if (writer->object)
		put_text(writer, key, name_of(table, value));
	else
		put_uint(writer, key, (uint64_t)value);
}

/* Whole seconds, rounded down: a deadline must not seem later than it is. */
static void put_time(struct writer *writer, enum command_key key, int64_t at_ms)
{
	char text[SU_TIME_TEXT_SIZE];
	int64_t at_s = at_ms / MS_PER_S;
	if (!writer->object) {
		put_uint(writer, key, (uint64_t)at_s);
		return;
	}
	su_time_format(at_s * MS_PER_S, text);
	put_text(writer, key, text);
}

static void put_deployment(struct writer *writer, const struct device_command *command)
{
	char text[SU_UUID_TEXT_SIZE];
	if (writer->object) {
		su_uuid_format(command->deployment, text);
		put_text(writer, COMMAND_KEY_DEPLOYMENT, text);
		return;
	}
	put_key(writer, COMMAND_KEY_DEPLOYMENT);
	cbor_put_bstr(&writer->pairs,
		su_span_of(command->deployment.bytes, sizeof(command->deployment.bytes)));
}

static void put_release(struct writer *writer, const struct device_command *command)
{
	char text[DIGEST_TEXT_SIZE];
	if (writer->object) {
		digest_format(&command->release, text);
		put_text(writer, COMMAND_KEY_RELEASE, text);
		return;
	}
	put_key(writer, COMMAND_KEY_RELEASE);
	value_cbor_put_digest(&writer->pairs, &command->release);
}

/* Which update it is about; a question may be about none. */
static void put_identity(struct writer *writer, const struct device_command *command)
{
	if (!digest_is_set(&command->release))
		return;
	put_deployment(writer, command);
	put_release(writer, command);
	put_name(writer, COMMAND_KEY_URGENCY, urgency_names, (int)command->urgency);
}

static void put_members(struct writer *writer, const struct device_command *command)
{
	put_identity(writer, command);
	if (command->envelope_bytes > 0)
		put_uint(writer, COMMAND_KEY_ENVELOPE_BYTES, command->envelope_bytes);
	if (command->download_bytes > 0)
		put_uint(writer, COMMAND_KEY_DOWNLOAD_BYTES, command->download_bytes);
	if (command->interruption_s > 0)
		put_uint(writer, COMMAND_KEY_INTERRUPTION_S, (uint64_t)command->interruption_s);
	if (command->deadline_ms > 0)
		put_time(writer, COMMAND_KEY_DEADLINE_S, command->deadline_ms);
	if (command->start_ms > 0)
		put_time(writer, COMMAND_KEY_START_S, command->start_ms);
	if (command->reason)
		put_text(writer, COMMAND_KEY_REASON, command->reason);
}

static void finish_json(struct writer *writer, struct su_buf *out)
{
	char *text = json_dumps(writer->object, JSON_COMPACT);
	json_decref(writer->object);
	assert(text);
	su_buf_append_span(out, su_span_str(text));
	free(text);
}

static void finish_cbor(struct writer *writer, struct su_buf *out)
{
	cbor_put_map(out, writer->n_pairs);
	su_buf_append_span(out, su_buf_span(&writer->pairs));
	su_buf_free(&writer->pairs);
}

void command_wire_write(enum wire_format format, const struct device_command *command,
	bool with_kind, struct su_buf *out)
{
	struct writer writer = { .object = format == WIRE_JSON ? json_object() : NULL };
	assert(command->kind != COMMAND_PUSH);
	if (with_kind)
		put_name(&writer, COMMAND_KEY_KIND, command_kind_names, (int)command->kind);
	put_members(&writer, command);
	if (format == WIRE_JSON)
		finish_json(&writer, out);
	else
		finish_cbor(&writer, out);
}

static enum su_status read_kind(struct wire *wire, void *out, struct su_error *err)
{
	struct offer_answer *answer = out;
	int kind;
	SU_TRY(wire_read_name(wire, answer_kind_names, &kind, err));
	answer->kind = (enum answer_kind)kind;
	return SU_OK;
}

static enum su_status read_json_time(struct wire *wire, int64_t *at_ms_out, struct su_error *err)
{
	const char *text;
	SU_TRY(wire_read_text(wire, SU_TIME_TEXT_SIZE, &text, err));
	return su_time_parse(text, at_ms_out, err);
}

static enum su_status read_at(struct wire *wire, void *out, struct su_error *err)
{
	struct offer_answer *answer = out;
	uint64_t at_s;
	if (wire->format == WIRE_JSON) {
		SU_TRY(read_json_time(wire, &answer->at_ms, err));
	} else {
		SU_TRY(wire_read_uint(wire, &at_s, err));
		if (at_s > MAX_TIME_S)
			return su_fail(err, SU_INVALID, "", "the time is too far away");
		answer->at_ms = (int64_t)at_s * MS_PER_S;
	}
	if (answer->at_ms <= 0)
		return su_fail(err, SU_INVALID, "", "must be after 1970");
	return SU_OK;
}

static enum su_status read_reason(struct wire *wire, void *out, struct su_error *err)
{
	struct offer_answer *answer = out;
	return wire_read_text(wire, MESSAGE_REASON_MAX_BYTES, &answer->reason, err);
}

enum su_status command_wire_read_answer_value(struct wire *wire, void *out, struct su_error *err)
{
	static const struct wire_field fields[] = {
		{ ANSWER_KEY_KIND, read_kind },
		{ ANSWER_KEY_AT_S, read_at },
		{ ANSWER_KEY_REASON, read_reason },
		{ 0, NULL },
	};
	static const struct wire_map map = { answer_keys, fields, ANSWER_KEY_KIND };
	struct offer_answer *answer = out;
	*answer = (struct offer_answer){ 0 };
	SU_TRY(wire_read_map(wire, &map, answer, err));
	if (answer->kind == ANSWER_AT && answer->at_ms == 0)
		return su_fail(err, SU_INVALID, "at", "must be given: the answer is \"at\"");
	if (answer->kind != ANSWER_AT && answer->at_ms != 0)
		return su_fail(err, SU_INVALID, "at", "the answer is not \"at\"");
	return SU_OK;
}

enum su_status command_wire_read_answer(enum wire_format format, struct su_span body,
	struct su_arena *arena, struct offer_answer *out, struct su_error *err)
{
	return wire_read_whole(format, body, arena, command_wire_read_answer_value, out, err);
}
