/* SPDX-License-Identifier: Apache-2.0 */
/* What each role may do: separation of author and operator is decided in this table alone. */
#include "model/role.h"

#include <stddef.h>

const struct name_row role_names[] = {
	{ ROLE_AUTHOR, "author" },
	{ ROLE_OPERATOR, "operator" },
	{ ROLE_NETWORK_OPERATOR, "network_operator" },
	{ ROLE_TRUST_AUTHORITY, "trust_authority" },
	{ ROLE_VIEWER, "viewer" },
	{ ROLE_ADMINISTRATOR, "administrator" },
	{ 0, NULL },
};

static const unsigned capabilities[] = {
	[ROLE_AUTHOR] = CAN_READ | CAN_PUBLISH,
	[ROLE_OPERATOR] = CAN_READ | CAN_OPERATE,
	[ROLE_NETWORK_OPERATOR] = CAN_READ | CAN_APPROVE_NETWORK,
	[ROLE_TRUST_AUTHORITY] = CAN_READ | CAN_MANAGE_TRUST,
	[ROLE_VIEWER] = CAN_READ,
	[ROLE_ADMINISTRATOR] = CAN_READ | CAN_PUBLISH | CAN_OPERATE | CAN_APPROVE_NETWORK |
			       CAN_MANAGE_TRUST | CAN_MANAGE_TOKENS,
};

unsigned role_capabilities(enum role role)
{
	if ((size_t)role >= sizeof(capabilities) / sizeof(capabilities[0]))
		return 0;
	return capabilities[role];
}
