/* SPDX-License-Identifier: Apache-2.0 */
/* Words for the purposes of a trust anchor. */
#include "model/trust_anchor.h"

const struct name_row anchor_purpose_names[] = {
	{ ANCHOR_AUTHOR, "author" },
	{ ANCHOR_DEVICE, "device" },
	{ 0, NULL },
};
