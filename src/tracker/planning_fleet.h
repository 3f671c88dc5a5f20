/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Planning a release for devices that do not come by themselves: after its approval, page by page over the
 * devices that bear its vendor or class. Those that only poll are planned when they poll.
 */
#pragma once

#include "base/log_limit.h"
#include "store/blob.h"
#include "store/connection.h"
#include "tracker/ledger.h"

struct policy;

/* What planning needs beside a transaction. Borrowed. */
struct planning_desk {
	const struct policy *policy;
	struct ledger *ledger;
	struct blob_store *blobs;
	struct su_log_limit *complaints; /* about a database that does not let it plan */
	int64_t now_ms;
};

/* Does one page of the oldest job, in one transaction. True: there may be more to do. Worker thread. */
bool planning_fleet_page(const struct planning_desk *desk, struct store_conn *conn);
