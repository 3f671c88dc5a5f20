/* SPDX-License-Identifier: Apache-2.0 */
/* An approval of a release: each who has a say in it gives one. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "model/names.h"

enum approver {
	APPROVER_OPERATOR,
	APPROVER_NETWORK_OPERATOR,
	APPROVER_POLICY, /* it asked for nobody */
	APPROVER_COUNT
};
extern const struct name_row approver_names[];

struct approval {
	enum approver as;
	const char *by; /* a token's name */
	int64_t at_ms;
	const char *reason; /* the rule that asked for it; NULL: before there were rules */
};

/* Each approver agrees once. */
struct approvals {
	size_t n;
	struct approval list[APPROVER_COUNT];
};
