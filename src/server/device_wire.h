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

/* A lifetime within the bounds of api/device.cddl; also for the query parameter lt. */
enum su_status device_wire_check_lifetime(uint64_t lifetime_s, struct su_error *err) SU_MUST_CHECK;
