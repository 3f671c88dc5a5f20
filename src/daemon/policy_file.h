/* SPDX-License-Identifier: Apache-2.0 */
/* The part of the daemon that keeps the policy in force, begun from the configured file. */
#pragma once

#include "daemon/config.h"
#include "tracker/policy_holder.h"

/* The file is read when the database has no policy yet; where there is none, the default is taken. */
enum su_status policy_file_start(const struct config *config, struct su_loop *loop,
	struct su_work *work, struct policy_holder **out, struct su_error *err) SU_MUST_CHECK;
