/* SPDX-License-Identifier: Apache-2.0 */
/* How urgent a release is for a device (draft-zhu-suit-automatic-fu-arch section 4). */
#pragma once

#include "model/names.h"

/* Ordered: what comes first goes first. */
enum urgency { URGENCY_CRITICAL, URGENCY_HIGH, URGENCY_NORMAL, URGENCY_LOW };
#define URGENCY_COUNT (URGENCY_LOW + 1)
extern const struct name_row urgency_names[];
