/* SPDX-License-Identifier: Apache-2.0 */
/* What the steps of deployments add to the counters that dashboards read, in the transaction of the step. */
#pragma once

#include "model/deployment.h"
#include "store/txn.h"

/*
 * "escalations.<mode>": so often a deployment came to be driven in this mode by the passing of time.
 * "deadlines.met", "deadlines.missed": of deployments whose class has a deadline, those that were confirmed by then,
 * and those that ended otherwise or later. after: the deployment as it then is.
 */
void deployment_count_step(
	struct txn *txn, const struct deployment *after, const struct deployment_history *step);
