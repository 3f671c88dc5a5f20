/* SPDX-License-Identifier: Apache-2.0 */
/* SUIT_Report (draft-ietf-suit-report): what a device says happened when it ran a manifest. */
#pragma once

#include "suit/cose.h"
#include "suit/parameter.h"

enum report_reason {
	REASON_OK,
	REASON_CBOR_PARSE,
	REASON_COSE_UNSUPPORTED,
	REASON_ALG_UNSUPPORTED,
	REASON_UNAUTHORISED,
	REASON_COMMAND_UNSUPPORTED,
	REASON_COMPONENT_UNSUPPORTED,
	REASON_COMPONENT_UNAUTHORISED,
	REASON_PARAMETER_UNSUPPORTED,
	REASON_SEVERING_UNSUPPORTED,
	REASON_CONDITION_FAILED,
	REASON_OPERATION_FAILED,
	REASON_INVOKE_PENDING,
};
const char *report_reason_name(int64_t reason); /* "condition-failed"; NULL for an unknown one */

#define REPORT_MAX_RECORDS     1024 /* records and claims together */
#define REPORT_MAX_MANIFEST_ID 16   /* levels of dependencies */

struct report_record {
	size_t n_manifest_id; /* path in the dependency tree; 0: the root */
	const uint64_t *manifest_id;
	int64_t section;
	uint64_t offset, component_index;
	struct su_span properties; /* encoded map */
};

/* system-property-claims: what the device found to be so. Properties we do not know are left out. */
struct report_claim {
	struct component_id component;
	struct parameters properties;
};

struct report {
	struct su_span reference_uri;
	struct digest manifest_digest;
	struct su_span nonce; /* empty: none */
	size_t n_records, n_claims;
	struct report_record *records;
	struct report_claim *claims;
	bool success; /* result is true */
	int64_t code; /* vendor-specific, when not */
	int64_t reason;
	bool has_failed_record;
	struct report_record failed_record;
	bool duplicate_keys; /* tolerated: published implementations emit them; the first counts */
	bool has_capability_report;
	struct su_span capability_report; /* encoded map */
};

struct report_container {
	bool signed_or_maced;
	struct cose cose;       /* when signed_or_maced */
	struct su_span payload; /* the encoded SUIT_Report */
};

/*
 * A bare report, or one in COSE_Sign1 / COSE_Mac0 (tagged or not) with attached payload. Nothing is
 * verified: that is cose_verify over out->payload. SU_UNSUPPORTED: an encrypted report, or another
 * COSE structure.
 */
enum su_status report_open(struct su_arena *arena, struct su_span input,
	struct report_container *out, struct su_error *err) SU_MUST_CHECK;
/*
 * Tolerates unsorted and duplicate keys, as deployed encoders emit them, and members of later drafts,
 * which are left out; nothing else. Spans point into payload or arena. SU_TOO_LARGE: too many records.
 */
enum su_status report_decode(struct su_arena *arena, struct su_span payload, struct report *out,
	struct su_error *err) SU_MUST_CHECK;
/* Deterministic encoding of what report holds: records before claims, reason only without success. */
void report_encode(const struct report *report, struct su_buf *out);
