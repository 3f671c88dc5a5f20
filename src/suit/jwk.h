/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Web Keys (RFC 7517, RFC 7518, RFC 8037): the public ones that can verify a manifest. */
#pragma once

#include <openssl/evp.h>

#include "base/span.h"
#include "base/status.h"

/* The caller frees *out. A point that is not on its curve is left to the caller to find. */
enum su_status jwk_read_public(
	struct su_span json, EVP_PKEY **out, struct su_error *err) SU_MUST_CHECK;
