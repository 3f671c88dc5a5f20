/* SPDX-License-Identifier: Apache-2.0 */
/* What a manifest can do, found by walking every sequence and every alternative. */
#pragma once

#include "suit/envelope.h"
#include "suit/parameter.h"

/* One payload of one component on one path through the alternatives. */
struct survey_image {
	uint64_t component_index;
	struct component_id component; /* empty for a dependency outside the list */
	struct digest digest;          /* unset: none given */
	bool has_size;
	uint64_t size_bytes;
	const char *uri; /* NULL: none */
	bool has_slot;
	uint64_t slot;
	bool encrypted;     /* digest and size may be of the plaintext (suit-firmware-encryption) */
	bool is_dependency; /* the digest is a manifest digest, the payload an envelope */
	bool fetched;       /* a fetch directive uses the URI */
};

struct survey {
	size_t n_vendor_ids, n_class_ids, n_device_ids;
	struct su_uuid *vendor_ids, *class_ids, *device_ids; /* set anywhere, each once */
	/*
	 * Whichever way a device takes, a condition looks at its vendor (class) before anything is
	 * fetched, written or started. A check in one of several alternatives is not enough.
	 */
	bool checks_vendor, checks_class;
	bool needs_class; /* checks_class, and the update itself does: it fails without one of class_ids */
	size_t n_images;
	struct survey_image *images; /* one for each distinct choice */
	bool has_update_priority;
	int64_t update_priority; /* the smallest found: the most urgent */
	uint64_t use_before_s;   /* the earliest found; 0: none (0 itself counts as 1) */
	bool has_minimum_battery;
	uint64_t minimum_battery_mwh; /* the largest found */
	bool has_wait_info;
	unsigned waits; /* what any wait-info waits for: bits (1 << enum wait_event) */
	/*
	 * Sequence numbers rise within it: CBOR of the manifest-component-id, or of the sorted
	 * component identifiers when there is none, with the sorted vendor and class identifiers.
	 */
	struct su_span scope;
};

/*
 * SU_TOO_LARGE when there are more than 4,096 ways through the alternatives that concern one
 * component, or when walking them all takes more than a million steps. In the list of images those
 * of one component stand together, in the order of components and then of alternatives; dependencies
 * stand before all others, since a device needs them first (suit-trust-domains section 3).
 */
enum su_status survey_manifest(struct su_arena *arena, const struct manifest *manifest,
	struct survey *out, struct su_error *err) SU_MUST_CHECK;
