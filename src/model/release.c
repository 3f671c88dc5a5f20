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
