/* SPDX-License-Identifier: Apache-2.0 */
/* Words for the states and kinds of a release. */
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
