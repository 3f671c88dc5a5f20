/* SPDX-License-Identifier: Apache-2.0 */
/* The SUIT_Report of the reference device (draft-ietf-suit-report). */
#pragma once

#include "suit/envelope.h"
#include "suit/interpret.h"
#include "tools/device_state.h"

/* It worked: a claim for each component, with the digest of what runs there. */
void device_report_success(const struct device_state *state, struct su_buf *out);
/* It did not: where, and why. */
void device_report_failure(const struct envelope *envelope, const struct command_site *site,
	const struct su_error *why, struct su_buf *out);
