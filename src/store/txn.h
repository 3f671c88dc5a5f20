/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A transaction keeps its first error: later steps do nothing, so a caller writes begin, several
 * steps, commit, and checks once. A body may run twice (see txn_retry), so it has no effects outside
 * the database before its commit is known.
 */
#pragma once

#include <stdbool.h>

#include "base/status.h"
#include "store/connection.h"

struct txn {
	struct store_conn *conn;
	struct su_error error; /* status SU_OK: all went well so far */
};

struct txn txn_begin(struct store_conn *conn); /* a failure to connect shows in error */
bool txn_ok(const struct txn *txn);
/* Records a fault that the caller found (first one counts): commit will roll back and return it. */
void txn_fail(struct txn *txn, enum su_status status, const char *field, const char *fmt, ...)
	SU_PRINTF(4, 5);
/*
 * SU_OK: durable. SU_RETRY: nothing happened (database away, serialization failure).
 * SU_UNCERTAIN: the connection broke during COMMIT. Anything else: the first error; rolled back.
 */
enum su_status txn_commit(struct txn *txn, struct su_error *err) SU_MUST_CHECK;
void txn_rollback(struct txn *txn); /* nothing to do after commit */

/*
 * begin, body, commit; again, some times, when it is SU_RETRY and the database is there. body reports
 * through txn alone and must start from scratch each time.
 */
typedef void (*txn_body_fn)(struct txn *txn, void *arg);
enum su_status txn_retry(
	struct store_conn *conn, txn_body_fn body, void *arg, struct su_error *err) SU_MUST_CHECK;
