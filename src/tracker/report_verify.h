/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a SUIT_Report comes from the device that it claims to come from. A signed report must
 * verify with a trust anchor of the device, over whatever channel it came. An unsigned one is taken
 * over an authenticated channel, and from a device that has neither anchor nor credential: then it
 * is hearsay, good enough to follow the update, never enough to prove its end.
 */
#pragma once

#include "model/device.h"
#include "model/trust_anchor.h"
#include "suit/report.h"

struct report_origin {
	const char *authentication; /* "signed", "channel" or "none" */
	bool is_signed, is_authentic;
	struct su_uuid anchor_id; /* when signed */
};

/* anchors: of purpose device, for this endpoint or for any. SU_UNAUTHENTIC, SU_DENIED (revoked
 * key), SU_INVALID (malformed), SU_UNSUPPORTED (a MAC). */
enum su_status report_verify(struct su_arena *arena, struct su_span body,
	bool channel_authenticated, const struct trust_anchor *anchors, size_t n_anchors,
	struct report *out, struct report_origin *origin_out, struct su_error *err) SU_MUST_CHECK;

/* One line about a failure, for the deployment's reason; NULL after a success. */
const char *report_verify_describe(struct su_arena *arena, const struct report *report);

/* Image digests that the report claims, put over what the device had told about its components. */
void report_claims_apply(
	const struct report *report, uint64_t sequence_number, struct characteristics *told);
