/* SPDX-License-Identifier: Apache-2.0 */
/* What was learned of transfers and installations, for each device class. */
#pragma once

#include "base/uuid.h"
#include "policy/estimate.h"
#include "store/txn.h"

/* Zeros when nothing was learned yet. */
struct estimate estimate_store_get(struct txn *txn, struct su_uuid class_id);
void estimate_store_put(struct txn *txn, struct su_uuid class_id, const struct estimate *estimate);
