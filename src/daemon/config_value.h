/* SPDX-License-Identifier: Apache-2.0 */
/* One value of a configuration file: from its text, back to text, and compared. */
#pragma once

#include "base/arena.h"
#include "base/span.h"
#include "daemon/config_schema.h"

/* member: the option's place in a struct config. Texts are copied into arena. */
enum su_status config_value_parse(struct su_arena *arena, const struct config_option *option,
	const char *text, void *member, struct su_error *err) SU_MUST_CHECK;
/* Appends what config_value_parse reads back. */
void config_value_format(
	const struct config_option *option, const void *member, struct su_buf *out);
