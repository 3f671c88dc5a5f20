/* SPDX-License-Identifier: Apache-2.0 */
/* The components that deployments follow. The device plane writes them through committer.h; management here. */
#pragma once

#include "base/uuid.h"
#include "model/component_progress.h"
#include "store/txn.h"

struct followed_component {
	struct su_uuid deployment;
	struct component_progress progress;
};
void component_progress_store_put(struct txn *txn, struct su_uuid deployment,
	const struct component_progress *rows, size_t n);
/* Of all these deployments, each one's in the order in which they are installed. */
size_t component_progress_store_list(struct txn *txn, struct su_arena *arena,
	const struct su_uuid *deployments, size_t n, struct followed_component **out);
