/* SPDX-License-Identifier: Apache-2.0 */
/* A bearer token of the management interface. Only its hash is kept. */
#pragma once

#include <stdint.h>

#include "base/uuid.h"
#include "model/role.h"

struct token {
	struct su_uuid id;
	const char *name; /* shown as the actor in history and audit */
	enum role role;
	int64_t created_at_ms;
	int64_t expires_at_ms; /* 0: never */
	int64_t revoked_at_ms; /* 0: in force */
};
