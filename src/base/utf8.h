/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 (RFC 3629) as it must be checked wherever text comes from outside. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

/* Bytes of the first character, 0 when the text is empty or does not begin with a valid one. */
size_t su_utf8_next(struct su_span text, uint32_t *code_point_out);

bool su_utf8_is_valid(struct su_span text);

/*
 * Not a control character, a line or paragraph separator, a noncharacter, nor one that reorders
 * the text around it: what may be shown in a log line or a terminal without deceiving.
 */
bool su_utf8_is_printable(uint32_t code_point);

/* Valid, and every character printable; so is the empty text. */
bool su_utf8_is_showable(struct su_span text);
