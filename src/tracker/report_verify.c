/* SPDX-License-Identifier: Apache-2.0 */
/* The origin of a report, and its content in words. */
#include "tracker/report_verify.h"

#include "base/memory.h"
#include "suit/manifest.h"

/* A key that cannot be read is one that does not fit. */
static enum su_status try_anchor(
	struct report_container *container, const struct trust_anchor *anchor, struct su_error *err)
{
	struct key *key su_auto(key_free) = NULL;
	SU_TRY(key_from_spki(anchor->spki, &key, err));
	if (container->cose.n_signatures == 0)
		return su_fail(err, SU_UNAUTHENTIC, "", "the report carries no signature");
	return cose_verify(&container->cose, &container->cose.signatures[0],
		container->cose.payload, SU_SPAN_EMPTY, key, err);
}

static enum su_status verify_signature(struct report_container *container,
	const struct trust_anchor *anchors, size_t n, struct report_origin *origin,
	struct su_error *err)
{
	if (container->cose.tag == COSE_MAC0 || container->cose.tag == COSE_MAC)
		return su_fail(err, SU_UNSUPPORTED, "",
			"a report with a MAC cannot be verified with a public key: sign it");
	for (size_t i = 0; i < n; i++) {
		struct su_error ignored;
		if (try_anchor(container, &anchors[i], &ignored) != SU_OK)
			continue;
		if (anchors[i].revoked_at_ms != 0)
			return su_fail(
				err, SU_DENIED, "", "the key that signed the report is revoked");
		origin->authentication = "signed";
		origin->is_signed = origin->is_authentic = true;
		origin->anchor_id = anchors[i].id;
		return SU_OK;
	}
	return su_fail(err, SU_UNAUTHENTIC, "", "%s",
		n > 0 ? "the report's signature does not verify with a key of this device"
		      : "the report is signed, but no key of this device is known here");
}

/* Only a key of its own says that a device can sign; a shared one does not. */
static bool has_own_anchor(const struct trust_anchor *anchors, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (anchors[i].endpoint && anchors[i].revoked_at_ms == 0)
			return true;
	return false;
}

enum su_status report_verify(struct su_arena *arena, struct su_span body,
	bool channel_authenticated, const struct trust_anchor *anchors, size_t n_anchors,
	struct report *out, struct report_origin *origin_out, struct su_error *err)
{
	struct report_container container;
	SU_TRY(report_open(arena, body, &container, err));
	*origin_out = (struct report_origin){
		.authentication = channel_authenticated ? "channel" : "none",
		.is_authentic = channel_authenticated,
	};
	if (container.signed_or_maced)
		SU_TRY(verify_signature(&container, anchors, n_anchors, origin_out, err));
	else if (!channel_authenticated && has_own_anchor(anchors, n_anchors))
		return su_fail(err, SU_UNAUTHENTIC, "",
			"the report is not signed, though this device has a key to sign with");
	return report_decode(arena, container.payload, out, err);
}

const char *report_verify_describe(struct su_arena *arena, const struct report *report)
{
	if (report->success)
		return NULL;
	const char *reason = report_reason_name(report->reason);
	const char *what =
		reason ? reason : su_arena_printf(arena, "reason %lld", (long long)report->reason);
	if (!report->has_failed_record)
		return su_arena_printf(arena, "%s (code %lld)", what, (long long)report->code);
	const struct report_record *record = &report->failed_record;
	const char *section = manifest_key_name(record->section);
	return su_arena_printf(arena, "%s in %s at offset %llu, component %llu (code %lld)", what,
		section ? section : "an unknown section", (unsigned long long)record->offset,
		(unsigned long long)record->component_index, (long long)report->code);
}

static struct installed_component *component_for(
	struct characteristics *told, struct component_id id)
{
	for (size_t i = 0; i < told->n_components; i++)
		if (component_id_equal(told->components[i].id, id))
			return &told->components[i];
	if (told->n_components == DEVICE_MAX_COMPONENTS)
		return NULL;
	struct installed_component *added = &told->components[told->n_components++];
	*added = (struct installed_component){ .id = id };
	return added;
}

void report_claims_apply(
	const struct report *report, uint64_t sequence_number, struct characteristics *told)
{
	for (size_t i = 0; i < report->n_claims; i++) {
		const struct report_claim *claim = &report->claims[i];
		if (!parameters_have(&claim->properties, PARAM_IMAGE_DIGEST))
			continue;
		struct installed_component *component = component_for(told, claim->component);
		if (!component)
			continue;
		component->digest = claim->properties.image_digest;
		component->has_sequence_number = true;
		component->sequence_number = sequence_number;
	}
}
