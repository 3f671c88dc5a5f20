/* SPDX-License-Identifier: Apache-2.0 */
/* Who may do what over the management interface (requirements A8, A17). */
#pragma once

#include "model/names.h"

enum role {
	ROLE_AUTHOR,           /* uploads images and manifests; cannot start updates */
	ROLE_OPERATOR,         /* approves, starts, names releases for devices */
	ROLE_NETWORK_OPERATOR, /* approves where policy asks for it */
	ROLE_TRUST_AUTHORITY,  /* manages trust anchors */
	ROLE_VIEWER,           /* reads */
	ROLE_ADMINISTRATOR,    /* all of it, and tokens */
};

/* One bit a capability; a route names those it needs. */
enum capability {
	CAN_READ = 1 << 0,
	CAN_PUBLISH = 1 << 1, /* images, uploads, manifests */
	CAN_OPERATE = 1 << 2, /* releases, devices, deployments, rollouts */
	CAN_APPROVE_NETWORK = 1 << 3,
	CAN_MANAGE_TRUST = 1 << 4,
	CAN_MANAGE_TOKENS = 1 << 5,
};

extern const struct name_row role_names[];  /* "author", "operator", "network_operator", ... */
unsigned role_capabilities(enum role role); /* enum capability, or-ed; none for no role */
