/* SPDX-License-Identifier: Apache-2.0 */
/* What a key is made of; only for the files of suit/ that hand it to OpenSSL. */
#pragma once

#include <stdbool.h>

#include <openssl/evp.h>

#include "suit/key.h"

#define KEY_MAX_COORDINATE_BYTES 66 /* P-521 */

struct key {
	enum key_type type;
	bool is_private;
	EVP_PKEY *pkey;       /* NULL when type is KEY_HMAC */
	struct su_buf secret; /* KEY_HMAC only */
};

/* OpenSSL's name of the curve; NULL for what is not ECDSA. */
const char *key_handle_group(enum key_type type);
/* Bytes of one coordinate, and of r and s: 32, 48 or 66; of an Ed25519 key 32; 0 for HMAC. */
size_t key_handle_coordinate_len(enum key_type type);

/* Fails with OpenSSL's reason, and leaves nothing in its queue that another caller could find. */
enum su_status key_handle_fail(
	struct su_error *err, enum su_status status, const char *text) SU_MUST_CHECK;

/* For su_auto. */
void key_handle_free_pkey(EVP_PKEY **pkey);
