/* SPDX-License-Identifier: Apache-2.0 */
/* The downloads that are booked: the times that stand in the rows of deployments in flight. */
#pragma once

#include "base/arena.h"
#include "base/uuid.h"
#include "store/txn.h"

struct stored_booking {
	const char *site; /* NULL: none */
	bool has_class;
	struct su_uuid class_id;
	int64_t download_ms, transfer_ms;
};
/* Those that are not over at now_ms, the more urgent first, then in their order. */
size_t booking_store_list(
	struct txn *txn, struct su_arena *arena, int64_t now_ms, struct stored_booking **out);
