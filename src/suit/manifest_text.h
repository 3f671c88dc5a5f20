/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text member (suit-manifest section 8.4.4): for people, in several languages. It is checked
 * and shown, but nothing is ever decided by it (RFC 9124 section 3.17).
 */
#pragma once

#include "model/component.h"
#include "suit/cbor.h"

/* One text. component is empty for texts about the manifest as a whole. */
struct manifest_text {
	struct su_span language; /* "en-US" */
	struct component_id component;
	int64_t key;
	struct su_span text; /* valid UTF-8, otherwise as the author wrote it */
};

/* "update-description", "vendor-name"; NULL for a key we do not know. */
const char *manifest_text_key_name(const struct manifest_text *text);

/*
 * Checks the whole map and calls visit (NULL allowed) for each text in the order of the encoding.
 * What visit was given before a fault was found still stands there.
 */
typedef void (*manifest_text_visit)(void *ctx, const struct manifest_text *text);
enum su_status manifest_text_read(struct su_span content, manifest_text_visit visit, void *ctx,
	struct su_error *err) SU_MUST_CHECK;
