/* SPDX-License-Identifier: Apache-2.0 */
/* Words for those who approve. */
#include "model/approval.h"

const struct name_row approver_names[] = {
	{ APPROVER_OPERATOR, "operator" },
	{ APPROVER_NETWORK_OPERATOR, "network_operator" },
	{ APPROVER_POLICY, "policy" },
	{ 0, NULL },
};
