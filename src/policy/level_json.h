/* SPDX-License-Identifier: Apache-2.0 */
/* Service levels as they stand in the policy document. */
#pragma once

#include "policy/level.h"
#include "policy/member.h"

/* Every member must be there: what a class promises shall be read, not guessed. */
enum su_status level_json_read(
	const struct member *member, struct level *out, struct su_error *err) SU_MUST_CHECK;
