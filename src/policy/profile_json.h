/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles as JSON, the same in REST, on the device plane and in fleet files. */
#pragma once

#include <jansson.h>

#include "base/status.h"
#include "model/profile.h"

/* SU_INVALID names the member. */
enum su_status profile_from_json(
	const json_t *value, struct profile *out, struct su_error *err) SU_MUST_CHECK;
/* New reference; only what is known. */
json_t *profile_to_json(const struct profile *profile);

/* Whether the numbers make sense, whichever way they came. */
enum su_status profile_check(const struct profile *profile, struct su_error *err) SU_MUST_CHECK;
