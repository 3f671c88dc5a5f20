/* SPDX-License-Identifier: Apache-2.0 */
/* An envelope shown as JSON: for suitctl manifest show and for the REST resource alike. */
#pragma once

#include <jansson.h>

#include "suit/envelope.h"
#include "suit/survey.h"

/*
 * The members are listed in api/openapi.yaml, schema Manifest: digest, manifest_version,
 * sequence_number, components, dependencies, vendor_ids, class_ids, images, update_priority,
 * use_before, set_version, reference_uri, authentication, severed, sections, ...
 * Text of the manifest is shown with control characters removed and bounded, never acted upon.
 */
json_t *manifest_json(struct su_arena *arena, const struct envelope *envelope,
	const struct survey *survey);
