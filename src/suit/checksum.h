/* SPDX-License-Identifier: Apache-2.0 */
/* Checksums of transfers, which guard against accidents only. Digests that are trusted: hash.h. */
#pragma once

#include "base/span.h"
#include "base/status.h"

#define CHECKSUM_MAX_BYTES 32

struct checksum;

/* name: "sha1" or "sha256"; SU_UNSUPPORTED. */
enum su_status checksum_new(
	const char *name, struct checksum **out, struct su_error *err) SU_MUST_CHECK;
void checksum_update(struct checksum *checksum, struct su_span bytes);
/* Whether what came has this sum; then only checksum_free. */
bool checksum_matches(struct checksum *checksum, struct su_span expected);
void checksum_free(struct checksum **checksum);
