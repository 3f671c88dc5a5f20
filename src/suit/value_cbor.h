/* SPDX-License-Identifier: Apache-2.0 */
/* The small values that manifests, envelopes and reports share, as CBOR: read and written. */
#pragma once

#include "model/component.h"
#include "suit/cbor.h"

/* A URI longer than this is refused. */
#define URI_MAX_BYTES 4096

/*
 * Readers follow the manner of cbor.h: a fault stays in the cursor and the value is then of no
 * use. Values that are wrapped in a byte string are read from a cursor over its content; adopt
 * then makes a fault of that inner cursor (or bytes that it left) one of the outer, behind
 * "what: " (NULL: nothing).
 */
void value_cbor_adopt(struct cbor *outer, const struct cbor *inner, const char *what);

/* SUIT_Digest: [algorithm, bytes]. */
void value_cbor_read_digest(struct cbor *cursor, struct digest *out);
void value_cbor_put_digest(struct su_buf *out, const struct digest *digest);

/* suit-update-management: an array of 1..VERSION_MAX_PARTS integers. */
void value_cbor_read_version(struct cbor *cursor, struct version *out);
void value_cbor_put_version(struct su_buf *out, const struct version *version);

/* A component identifier; its bytes stay where they are. */
struct component_id value_cbor_read_component(struct cbor *cursor);
/* A URI reference (RFC 3986): 1..URI_MAX_BYTES of printable ASCII without space. */
struct su_span value_cbor_read_uri(struct cbor *cursor);
