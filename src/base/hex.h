/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as text: hexadecimal, and base64url without padding (RFC 4648 section 5). */
#pragma once

#include "base/arena.h"
#include "base/span.h"
#include "base/status.h"

/* Writes 2 * len lower-case digits and a NUL. */
void su_hex_encode(struct su_span bytes, char *out);
char *su_hex_encode_arena(struct su_arena *arena, struct su_span bytes);
/* Both cases accepted; text must be exactly 2 * capacity digits or fewer, an even number. */
enum su_status su_hex_decode(struct su_span text, uint8_t *out, size_t capacity, size_t *len_out,
	struct su_error *err) SU_MUST_CHECK;

char *su_base64url_encode_arena(struct su_arena *arena, struct su_span bytes);
enum su_status su_base64url_decode(struct su_arena *arena, struct su_span text, struct su_span *out,
	struct su_error *err) SU_MUST_CHECK;
/* Standard alphabet with padding (tus metadata and checksums). */
enum su_status su_base64_decode(struct su_arena *arena, struct su_span text, struct su_span *out,
	struct su_error *err) SU_MUST_CHECK;
