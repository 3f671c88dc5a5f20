/* SPDX-License-Identifier: Apache-2.0 */
/* A public key that may sign, and for what. */
#pragma once

#include <stdint.h>

#include "base/span.h"
#include "base/uuid.h"
#include "model/names.h"

enum anchor_purpose {
	ANCHOR_AUTHOR, /* signs manifests */
	ANCHOR_DEVICE, /* signs reports */
};
extern const struct name_row anchor_purpose_names[];

struct trust_anchor {
	struct su_uuid id;
	const char *name;
	enum anchor_purpose purpose;
	struct su_span spki;              /* SubjectPublicKeyInfo, DER */
	const char *key_type;             /* "P-256", "P-384", "P-521", "Ed25519" */
	struct su_span thumbprint;        /* RFC 9679, SHA-256 */
	size_t n_vendor_ids, n_class_ids; /* 0: any */
	const struct su_uuid *vendor_ids, *class_ids;
	const char *endpoint; /* ANCHOR_DEVICE: the device that owns it */
	int64_t created_at_ms;
	int64_t revoked_at_ms; /* 0: in force */
	const char *revocation_reason;
};
