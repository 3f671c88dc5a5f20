/* SPDX-License-Identifier: Apache-2.0 */
/* The parameters of one component (suit-manifest section 8.4.8, suit-update-management, suit-firmware-encryption). */
#pragma once

#include "base/uuid.h"
#include "model/component.h"
#include "suit/cbor.h"

enum parameter_key {
	PARAM_VENDOR_IDENTIFIER = 1,
	PARAM_CLASS_IDENTIFIER = 2,
	PARAM_IMAGE_DIGEST = 3,
	PARAM_USE_BEFORE = 4,
	PARAM_COMPONENT_SLOT = 5,
	PARAM_STRICT_ORDER = 12,
	PARAM_SOFT_FAILURE = 13,
	PARAM_IMAGE_SIZE = 14,
	PARAM_CONTENT = 18,
	PARAM_ENCRYPTION_INFO = 19,
	PARAM_URI = 21,
	PARAM_SOURCE_COMPONENT = 22,
	PARAM_INVOKE_ARGS = 23,
	PARAM_DEVICE_IDENTIFIER = 24,
	PARAM_FETCH_ARGUMENTS = 25,
	PARAM_MINIMUM_BATTERY = 26,
	PARAM_UPDATE_PRIORITY = 27,
	PARAM_VERSION = 28,
	PARAM_WAIT_INFO = 29,
	PARAM_COMPONENT_METADATA = 30,
};

/* suit-update-management: the comparison of a version parameter. */
enum version_comparison {
	VERSION_GREATER = 1,
	VERSION_GREATER_EQUAL,
	VERSION_EQUAL,
	VERSION_LESSER_EQUAL,
	VERSION_LESSER
};

/* Bit 1 << key tells which members are set. Spans point into the manifest. */
struct parameters {
	uint64_t set;
	bool has_custom; /* some with a private number (below -255) were seen; they are not kept */
	bool vendor_is_pen;
	struct su_span vendor_identifier; /* 16 bytes, or the bytes under tag 112 (CBOR PEN) */
	struct su_uuid class_identifier, device_identifier;
	struct digest image_digest;
	uint64_t image_size_bytes, use_before_s, component_slot, source_component,
		minimum_battery_mwh;
	int64_t update_priority;
	bool strict_order, soft_failure;
	struct su_span content, encryption_info, uri, invoke_args, fetch_arguments, wait_info,
		component_metadata; /* what was wrapped in a byte string is without its head */
	enum version_comparison version_comparison;
	struct version version;
};

const char *parameter_name(int64_t key); /* "image-size"; NULL for a custom or unknown one */

bool parameters_have(const struct parameters *parameters, enum parameter_key key);
/*
 * Decodes one map of parameters over what is already set; overwrite: override- or set-if-unset.
 * Strict, unknown keys included; on failure inout may be half changed.
 */
enum su_status parameters_decode(struct su_span map, bool overwrite, struct parameters *inout,
	struct su_error *err) SU_MUST_CHECK;
/* Copies one parameter (directive copy-params), or nothing when from does not have it. */
void parameters_copy(struct parameters *to, const struct parameters *from, enum parameter_key key);
/* Appends the map of all that is set. */
void parameters_put(struct su_buf *out, const struct parameters *parameters);

/* The vendor's UUID, which is derived from a private enterprise number; false when none is set. */
bool parameters_vendor_uuid(const struct parameters *parameters, struct su_uuid *out);
/* What wait-info waits for: bits (1 << enum wait_event); 0 without it. */
unsigned parameters_wait_events(const struct parameters *parameters);
/* The priority that wait-info waits to have authorised (event 1); false when it names none. */
bool parameters_wait_priority(const struct parameters *parameters, int64_t *out);
bool version_comparison_holds(enum version_comparison comparison, const struct version *actual,
	const struct version *wanted);
