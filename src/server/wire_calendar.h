/* SPDX-License-Identifier: Apache-2.0 */
/* How a device works and when it is idle, read from CBOR or JSON. */
#pragma once

#include "model/profile.h"
#include "model/window.h"
#include "server/wire_reader.h"

enum su_status wire_read_profile(
	struct wire *wire, struct profile *out, struct su_error *err) SU_MUST_CHECK;
/* The shape; whether it makes sense now is for the tracker to say. Rules are for operators only. */
enum su_status wire_read_calendar(
	struct wire *wire, const struct calendar **out, struct su_error *err) SU_MUST_CHECK;
