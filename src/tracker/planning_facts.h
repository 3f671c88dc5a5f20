/* SPDX-License-Identifier: Apache-2.0 */
/* The facts about a device and a release that rules of urgency may ask for, out of the database. */
#pragma once

#include "tracker/planning.h"

/* Without a transaction nothing is known of what the device runs. */
struct facts planning_facts(const struct planning *planning, const struct device *device,
	const struct release *release);
