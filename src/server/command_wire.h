/* SPDX-License-Identifier: Apache-2.0 */
/* Commands as api/device.cddl has them on their way to a device, and what it answers to an offer. Pure. */
#pragma once

#include "server/wire_reader.h"
#include "tracker/channel.h"

/* The resource of a device that takes this kind over CoAP: "offer" of /suit/offer. Not for COMMAND_PUSH. */
const char *command_wire_resource(enum command_kind kind);

/* Appends the map. with_kind: it tells which command it is, as HTTP needs it. Not for COMMAND_PUSH. */
void command_wire_write(enum wire_format format, const struct device_command *command,
	bool with_kind, struct su_buf *out);

/* A whole body that is an answer; texts live in arena. SU_INVALID names the member. */
enum su_status command_wire_read_answer(enum wire_format format, struct su_span body,
	struct su_arena *arena, struct offer_answer *out, struct su_error *err) SU_MUST_CHECK;
/* The same as a value within a message (wire_read_fn); out is a struct offer_answer. */
enum su_status command_wire_read_answer_value(
	struct wire *wire, void *out, struct su_error *err) SU_MUST_CHECK;
