/* SPDX-License-Identifier: Apache-2.0 */
/* An image file's length and digest, read piece by piece: it may be larger than memory. */
#pragma once

#include "model/digest.h"

enum su_status image_file_digest(const char *path, enum digest_alg alg, struct digest *digest_out,
	uint64_t *size_out, struct su_error *err) SU_MUST_CHECK;
