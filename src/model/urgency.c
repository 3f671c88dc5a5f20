/* SPDX-License-Identifier: Apache-2.0 */
/* The words for the classes of urgency. */
#include "model/urgency.h"

const struct name_row urgency_names[] = {
	{ URGENCY_CRITICAL, "critical" },
	{ URGENCY_HIGH, "high" },
	{ URGENCY_NORMAL, "normal" },
	{ URGENCY_LOW, "low" },
	{ 0, NULL },
};
