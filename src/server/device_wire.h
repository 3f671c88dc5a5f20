/* SPDX-License-Identifier: Apache-2.0 */
/* What devices send, as api/device.cddl has it, into what the tracker takes. Pure. */
#pragma once

#include "server/wire_reader.h"
#include "tracker/tracker.h"

/* Texts live in arena. SU_INVALID and SU_UNSUPPORTED name the member in err->field. */
enum su_status device_wire_read_registration(enum wire_format format, struct su_span body,
	struct su_arena *arena, struct registration *out, struct su_error *err) SU_MUST_CHECK;
enum su_status device_wire_read_status(enum wire_format format, struct su_span body,
	struct su_arena *arena, struct status_message *out, struct su_error *err) SU_MUST_CHECK;

/* The query parameter lt within the bounds of a lifetime; NULL leaves out as it is. */
enum su_status device_wire_parse_lifetime(
	const char *text, int64_t *lifetime_s_out, struct su_error *err) SU_MUST_CHECK;
/* Whether anything but a renewal is asked for. */
bool device_wire_changes(const struct registration *update);
