/* SPDX-License-Identifier: Apache-2.0 */
/* Words for what becomes of a component. */
#include "model/component_progress.h"

const struct name_row component_state_names[] = {
	{ COMPONENT_PENDING, "pending" },
	{ COMPONENT_CONFIRMED, "confirmed" },
	{ COMPONENT_REVERTED, "reverted" },
	{ COMPONENT_OTHER, "other" },
	{ COMPONENT_FAILED, "failed" },
	{ 0, NULL },
};
