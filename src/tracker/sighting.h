/* SPDX-License-Identifier: Apache-2.0 */
/* Polls as signs of life: written to the database now and then, not each time. */
#pragma once

#include "tracker/tracker_parts.h"

void sighting_note(struct tracker *tracker, struct remembered *of, const struct contact *contact);
