/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 9562 identifiers: version 7 for our own, version 5 for vendors and classes. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "base/status.h"

#define SU_UUID_TEXT_SIZE 37

struct su_uuid {
	uint8_t bytes[16];
};

struct su_uuid su_uuid_v7(int64_t wall_ms); /* time-ordered, the rest random */
struct su_uuid su_uuid_v5(struct su_uuid namespace_id, struct su_span name);
extern const struct su_uuid su_uuid_namespace_dns;

bool su_uuid_equal(struct su_uuid a, struct su_uuid b);
void su_uuid_format(struct su_uuid id, char out[SU_UUID_TEXT_SIZE]);
enum su_status su_uuid_parse(
	const char *text, struct su_uuid *out, struct su_error *err) SU_MUST_CHECK;

/* Cryptographically strong random bytes; aborts if the kernel gives none. */
void su_random_bytes(void *out, size_t len);
