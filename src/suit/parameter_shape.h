/* SPDX-License-Identifier: Apache-2.0 */
/* The shape of the three parameters whose values are maps or structures of their own. */
#pragma once

#include "suit/cbor.h"

/*
 * Each checks the content of the parameter's byte string and leaves a fault in cursor.
 * wait-info: suit-update-management; encryption-info: suit-firmware-encryption, COSE_Encrypt under
 * tag 96, whose encoding need not be deterministic (RFC 9052 does not ask for it).
 */
void parameter_shape_check_wait_info(struct cbor *cursor, struct su_span content);
void parameter_shape_check_metadata(struct cbor *cursor, struct su_span content);
void parameter_shape_check_encryption_info(struct cbor *cursor, struct su_span content);
