/* SPDX-License-Identifier: Apache-2.0 */
/* One window laid out in time, occurrence after occurrence. */
#pragma once

#include "model/window.h"
#include "policy/calendar.h"
#include "policy/zone.h"

/* The first occurrence that ends after after_ms. False: there is none any more. */
bool occurrence_after(const struct window *window, const struct zone *zone, int64_t after_ms,
	struct interval *out);
