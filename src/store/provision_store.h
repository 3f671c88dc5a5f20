/* SPDX-License-Identifier: Apache-2.0 */
/* What operators lay down for devices, which need not have appeared yet. */
#pragma once

#include "base/arena.h"
#include "model/device.h"
#include "store/txn.h"

struct provision_record {
	const char *endpoint;
	struct provision provision;
	int64_t changed_at_ms;
	const char *changed_by;
};
bool provision_store_get(struct txn *txn, struct su_arena *arena, const char *endpoint,
	struct provision_record *out);
/* record->provision.row_version becomes the new one. */
void provision_store_put(struct txn *txn, struct provision_record *record);
void provision_store_delete(struct txn *txn, const char *endpoint);
/* No device appears until the end of txn. To be called before a row of a device is held. */
void provision_store_lock_newcomers(struct txn *txn);
