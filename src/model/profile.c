/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles laid over one another. */
#include "model/profile.h"

const struct name_row reachability_names[] = {
	{ REACH_ALWAYS, "always" },
	{ REACH_WHILE_WORKING, "while_working" },
	{ REACH_QUEUE, "queue" },
	{ 0, NULL },
};

#define FILL(has_, member_)                                                                        \
	do {                                                                                       \
		if (!profile->has_ && under->has_) {                                               \
			profile->has_ = true;                                                      \
			profile->member_ = under->member_;                                         \
		}                                                                                  \
	} while (0)

void profile_fill(struct profile *profile, const struct profile *under)
{
	FILL(has_reachability, reachability);
	FILL(has_always_on, always_on);
	FILL(has_behind_nat, behind_nat);
	FILL(has_answers, answers);
	FILL(has_takes_push, takes_push);
	FILL(has_awake, awake_s);
	FILL(has_wake_every, wake_every_s);
	FILL(has_link_rate, link_bytes_per_s);
	FILL(has_install, install_s);
}

#define SAME(has_, member_) (a->has_ == b->has_ && (!a->has_ || a->member_ == b->member_))

bool profile_equal(const struct profile *a, const struct profile *b)
{
	return SAME(has_reachability, reachability) && SAME(has_always_on, always_on) &&
	       SAME(has_behind_nat, behind_nat) && SAME(has_answers, answers) &&
	       SAME(has_takes_push, takes_push) && SAME(has_awake, awake_s) &&
	       SAME(has_wake_every, wake_every_s) && SAME(has_link_rate, link_bytes_per_s) &&
	       SAME(has_install, install_s);
}
