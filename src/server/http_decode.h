/* SPDX-License-Identifier: Apache-2.0 */
/* Percent-encoding of URIs (RFC 3986 section 2.1), read strictly. */
#pragma once

#include "base/arena.h"
#include "base/span.h"
#include "base/status.h"

/* SU_INVALID for a bad escape, an encoded NUL, or what is not UTF-8 after decoding. */
enum su_status http_decode_percent(struct su_arena *arena, struct su_span text, const char **out,
	struct su_error *err) SU_MUST_CHECK;
