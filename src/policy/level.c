/* SPDX-License-Identifier: Apache-2.0 */
/* The words for what happens at a deadline. */
#include "policy/level.h"

const struct name_row at_deadline_names[] = {
	{ DEADLINE_KEEP_TRYING, "keep_trying" },
	{ DEADLINE_GIVE_UP, "give_up" },
	{ 0, NULL },
};
