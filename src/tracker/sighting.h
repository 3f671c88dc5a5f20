/* SPDX-License-Identifier: Apache-2.0 */
/* Polls and progress as signs of life: written to the database now and then, not each time. */
#pragma once

#include "tracker/tracker_parts.h"

/* Whether the time of the last contact is old enough to be written once more. */
bool sighting_is_due(const struct remembered *of, int64_t now_ms);
/* Whether sighting_note would write. */
bool sighting_would_write(
	const struct tracker *tracker, const struct remembered *of, int64_t now_ms);
void sighting_note(struct tracker *tracker, struct remembered *of, const struct contact *contact);
