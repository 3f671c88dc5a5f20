/* SPDX-License-Identifier: Apache-2.0 */
/* Words for the states and kinds of a release, and for what one lacks. */
#include "model/release.h"

const struct name_row release_state_names[] = {
	{ RELEASE_INCOMPLETE, "incomplete" },
	{ RELEASE_VERIFIED, "verified" },
	{ RELEASE_APPROVED, "approved" },
	{ RELEASE_WITHDRAWN, "withdrawn" },
	{ 0, NULL },
};

const struct name_row release_kind_names[] = {
	{ KIND_UNSPECIFIED, "unspecified" },
	{ KIND_SECURITY, "security" },
	{ KIND_BUGFIX, "bugfix" },
	{ KIND_FEATURE, "feature" },
	{ KIND_CONFIGURATION, "configuration" },
	{ 0, NULL },
};

const struct name_row wait_event_names[] = {
	{ WAIT_AUTHORIZATION, "authorization" },
	{ WAIT_POWER, "power" },
	{ WAIT_NETWORK, "network" },
	{ WAIT_OTHER_DEVICE, "other_device" },
	{ WAIT_TIME, "time" },
	{ WAIT_TIME_OF_DAY, "time_of_day" },
	{ WAIT_DAY_OF_WEEK, "day_of_week" },
	{ WAIT_TIME_OF_DAY_UTC, "time_of_day_utc" },
	{ WAIT_DAY_OF_WEEK_UTC, "day_of_week_utc" },
	{ 0, NULL },
};

const char *release_image_problem(struct su_arena *arena, const struct release_image *image)
{
	if (!image->hosted || image->present)
		return NULL;
	if (!image->has_found)
		return "has not come yet";
	if (image->has_size && image->found_bytes != image->size_bytes)
		return su_arena_printf(arena,
			"has %llu bytes, the manifest says %llu: the release can never be complete",
			(unsigned long long)image->found_bytes,
			(unsigned long long)image->size_bytes);
	return "is a dependency that is incomplete itself";
}
