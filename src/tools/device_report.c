/* SPDX-License-Identifier: Apache-2.0 */
/* Filling struct report from what the device knows. */
#include "tools/device_report.h"

#include "suit/report.h"

#define BIT(key) (UINT64_C(1) << (key))

void device_report_success(const struct device_state *state, struct su_buf *out)
{
	struct report_claim claims[DEVICE_MAX_COMPONENTS] = { 0 };
	size_t n = 0;
	for (size_t i = 0; i < state->n_components; i++) {
		const struct installed_component *component = &state->components[i];
		if (!digest_is_set(&component->digest))
			continue;
		claims[n].component = component->id;
		claims[n].properties.set = BIT(PARAM_IMAGE_DIGEST) | BIT(PARAM_IMAGE_SIZE);
		claims[n].properties.image_digest = component->digest;
		claims[n].properties.image_size_bytes = component->size_bytes;
		n++;
	}
	struct report report = {
		.reference_uri = su_span_str(state->reference_uri),
		.manifest_digest = state->installed_manifest,
		.n_claims = n,
		.claims = claims,
		.success = true,
	};
	report_encode(&report, out);
}

static int64_t reason_of(enum su_status status)
{
	switch ((int)status) {
	case SU_CONFLICT:
		return REASON_CONDITION_FAILED;
	case SU_UNSUPPORTED:
		return REASON_COMMAND_UNSUPPORTED;
	case SU_DENIED:
		return REASON_UNAUTHORISED;
	default:
		return REASON_OPERATION_FAILED;
	}
}

void device_report_failure(const struct envelope *envelope, const struct command_site *site,
	const struct su_error *why, struct su_buf *out)
{
	struct su_buf nothing = { 0 };
	cbor_put_map(&nothing, 0);
	struct report report = {
		.reference_uri = envelope->manifest.reference_uri,
		.manifest_digest = envelope->manifest_digest,
		.code = -1,
		.reason = reason_of(why->status),
		/* The report names sections only; a fault in the shared sequence has none. */
		.has_failed_record =
			site->section != 0 && site->section != MANIFEST_COMMON,
		.failed_record = {
			.section = site->section,
			.offset = site->offset,
			.component_index = site->component_index,
			.properties = su_buf_span(&nothing),
		},
	};
	report_encode(&report, out);
	su_buf_free(&nothing);
}
