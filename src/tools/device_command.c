/* SPDX-License-Identifier: Apache-2.0 */
/* CBOR of commands; keys from model/device_keys.h. */
#include "tools/device_command.h"

#include <stdio.h>
#include <string.h>

#include "model/device_keys.h"

/* 9999-12-31: later times are nonsense, and would not fit when counted in milliseconds. */
#define LATEST_S UINT64_C(253402300799)

const struct name_row device_command_names[] = {
	{ DEVICE_OFFER, "offer" },
	{ DEVICE_TRIGGER, "trigger" },
	{ DEVICE_INSTALL, "install" },
	{ DEVICE_NOTICE, "notice" },
	{ DEVICE_ASK, "ask" },
	{ 0, NULL },
};

static void read_release(struct cbor *cursor, struct digest *release)
{
	if (cbor_array(cursor) != 2) {
		cbor_fail(cursor, SU_INVALID, "a digest has two members");
		return;
	}
	enum digest_alg alg = (enum digest_alg)cbor_int(cursor);
	struct su_span bytes = cbor_bstr(cursor);
	if (!cbor_ok(cursor))
		return;
	if (bytes.len == 0 || bytes.len != digest_alg_len(alg)) {
		cbor_fail(cursor, SU_INVALID, "is no digest that is known here");
		return;
	}
	release->alg = alg;
	release->len = (uint8_t)bytes.len;
	memcpy(release->bytes, bytes.data, bytes.len);
}

static void read_uuid(struct cbor *cursor, struct su_uuid *id)
{
	struct su_span bytes = cbor_bstr(cursor);
	if (bytes.len == sizeof(id->bytes))
		memcpy(id->bytes, bytes.data, sizeof(id->bytes));
	else
		cbor_fail(cursor, SU_INVALID, "a deployment is named by a UUID");
}

static uint64_t read_time(struct cbor *cursor)
{
	uint64_t seconds = cbor_uint(cursor);
	if (seconds > LATEST_S)
		cbor_fail(cursor, SU_INVALID, "the time is out of bounds");
	return seconds;
}

/* Only said to whoever watches: what is too long is cut. */
static void read_reason(struct cbor *cursor, char *reason, size_t size)
{
	struct su_span text = cbor_tstr(cursor);
	snprintf(reason, size, "%.*s", (int)(text.len < size ? text.len : size),
		text.data != NULL ? (const char *)text.data : "");
}

static void read_member(struct cbor *cursor, int64_t key, struct device_command *command)
{
	switch (key) {
	case COMMAND_KEY_KIND:
		command->kind = (enum device_command_kind)cbor_uint(cursor);
		break;
	case COMMAND_KEY_DEPLOYMENT:
		read_uuid(cursor, &command->deployment);
		break;
	case COMMAND_KEY_RELEASE:
		read_release(cursor, &command->release);
		break;
	case COMMAND_KEY_URGENCY:
		command->urgency = (enum urgency)cbor_uint(cursor);
		command->has_urgency = true;
		break;
	case COMMAND_KEY_ENVELOPE_BYTES:
		command->envelope_bytes = cbor_uint(cursor);
		break;
	case COMMAND_KEY_DOWNLOAD_BYTES:
		command->download_bytes = cbor_uint(cursor);
		break;
	case COMMAND_KEY_INTERRUPTION_S:
		command->interruption_s = read_time(cursor);
		break;
	case COMMAND_KEY_DEADLINE_S:
		command->deadline_s = read_time(cursor);
		break;
	case COMMAND_KEY_START_S:
		command->start_s = read_time(cursor);
		break;
	case COMMAND_KEY_REASON:
		read_reason(cursor, command->reason, sizeof(command->reason));
		break;
	default:
		cbor_item(cursor);
		break;
	}
}

static enum su_status check(const struct device_command *command, struct su_error *err)
{
	if (name_of(device_command_names, (int)command->kind) == NULL)
		return su_fail(err, SU_UNSUPPORTED, "command", "is not known here");
	if (command->has_urgency && name_of(urgency_names, (int)command->urgency) == NULL)
		return su_fail(err, SU_INVALID, "urgency", "is not one of the four");
	if (command->kind != DEVICE_ASK && !digest_is_set(&command->release))
		return su_fail(err, SU_INVALID, "release", "is missing");
	return SU_OK;
}

enum su_status device_command_decode(struct su_span bytes, const enum device_command_kind *kind,
	struct device_command *out, struct su_error *err)
{
	struct cbor cursor = cbor_open(bytes, false);
	uint64_t seen = 0;
	memset(out, 0, sizeof(*out));
	out->kind = kind != NULL ? *kind : DEVICE_ASK;
	bool says_kind = kind != NULL;
	for (size_t n = cbor_map(&cursor); n > 0 && cbor_ok(&cursor); n--) {
		int64_t key = cbor_int(&cursor);
		if (key >= 0 && key < 64 && (seen & UINT64_C(1) << key) != 0)
			cbor_fail(&cursor, SU_INVALID, "the key %lld stands twice", (long long)key);
		if (key >= 0 && key < 64)
			seen |= UINT64_C(1) << key;
		if (key == COMMAND_KEY_KIND && kind != NULL)
			cbor_item(&cursor); /* the path has said it */
		else
			read_member(&cursor, key, out);
		says_kind = says_kind || key == COMMAND_KEY_KIND;
	}
	SU_TRY(cbor_done(&cursor, err));
	if (!says_kind)
		return su_fail(err, SU_INVALID, "command", "is missing");
	return check(out, err);
}

void device_command_put_answer(const struct offer_answer *answer, struct su_buf *out)
{
	bool has_time = answer->kind == ANSWER_AT;
	cbor_put_map(out, 1u + has_time + (answer->reason != NULL));
	cbor_put_uint(out, ANSWER_KEY_KIND);
	cbor_put_uint(out, answer->kind);
	if (has_time) {
		cbor_put_uint(out, ANSWER_KEY_AT_S);
		cbor_put_uint(out, (uint64_t)(answer->at_ms / 1000));
	}
	if (answer->reason != NULL) {
		cbor_put_uint(out, ANSWER_KEY_REASON);
		cbor_put_tstr(out, answer->reason);
	}
}
