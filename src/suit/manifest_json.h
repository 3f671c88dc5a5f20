/* SPDX-License-Identifier: Apache-2.0 */
/* An envelope shown as JSON: for suitctl manifest show and for the REST resource alike. */
#pragma once

#include <jansson.h>

#include "suit/envelope.h"
#include "suit/survey.h"

/*
 * The members are listed in api/openapi.yaml, schema Manifest:
 *   digest, digest_match, manifest_version, sequence_number (a string beyond 2^63-1), components,
 *   manifest_component_id, dependencies, set_version, reference_uri, vendor_ids, class_ids,
 *   device_ids, images, update_priority, use_before, minimum_battery, waits, authentication,
 *   severed, sections, text, integrated, tagged, envelope_bytes, warnings.
 * What the manifest does not give is null, or an empty list or object. Text of the manifest is
 * shown with control characters removed and bounded, never acted upon. The caller owns the result.
 */
json_t *manifest_json(
	struct su_arena *arena, const struct envelope *envelope, const struct survey *survey);
