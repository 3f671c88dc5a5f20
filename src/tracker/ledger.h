/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who downloads when, for all who plan at once. The truth are the booked times of the deployments in
 * flight: so a booking outlives a restart, and ends with its deployment without anybody giving it back. What
 * is remembered here is read again every few seconds, for what other processes booked. Any thread.
 */
#pragma once

#include "policy/capacity.h"
#include "store/txn.h"

struct ledger;

struct ledger *ledger_new(void);
void ledger_free(struct ledger **ledger);

/* False: no room in that time. Nothing is stored: that is for the row of the deployment. */
bool ledger_book(struct ledger *ledger, struct txn *txn, const struct policy *policy,
	const struct booking *booking, int64_t now_ms, int64_t *start_out);
