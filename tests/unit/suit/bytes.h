/* SPDX-License-Identifier: Apache-2.0 */
/* Test input written as hexadecimal text, and the checks that every decoder's tests repeat. */
#pragma once

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hex.h"
#include "base/span.h"

/* White space in the text is for the reader. */
static inline struct su_span bytes_of(struct su_arena *arena, const char *hex)
{
	char *digits = su_arena_alloc(arena, strlen(hex) + 1);
	size_t n = 0;
	for (; *hex; hex++)
		if (!strchr(" \n\t\r", *hex))
			digits[n++] = *hex;
	uint8_t *out = su_arena_alloc(arena, n / 2 + 1);
	size_t len = 0;
	if (su_hex_decode(su_span_of(digits, n), out, n / 2, &len, NULL) != SU_OK)
		abort();
	return su_span_of(out, len);
}
