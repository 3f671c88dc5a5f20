/* SPDX-License-Identifier: Apache-2.0 */
/* The statements of the committer, for what the planner writes. */
#include "store/deployment_batch.h"

#include "base/memory.h"
#include "store/commit_rows.h"
#include "store/deployment_count.h"
#include "store/notify_send.h"
#include "store/txn_query.h"

struct deployment_batch {
	struct sql_table moved, added, history, components;
	struct su_buf endpoints; /* const char * */
};

struct deployment_batch *deployment_batch_new(void)
{
	struct deployment_batch *batch = su_new(struct deployment_batch);
	batch->moved = commit_rows_deployments();
	batch->added = commit_rows_deployments();
	batch->history = commit_rows_history();
	batch->components = commit_rows_progress();
	return batch;
}

void deployment_batch_free(struct deployment_batch **batch)
{
	if (!*batch)
		return;
	sql_table_free(&(*batch)->moved);
	sql_table_free(&(*batch)->added);
	sql_table_free(&(*batch)->history);
	sql_table_free(&(*batch)->components);
	su_buf_free(&(*batch)->endpoints);
	su_free_ptr(batch);
}

static void count_state(struct txn *txn, enum deployment_state state, int64_t change)
{
	txn_count(txn, "deployments.", name_of(deployment_state_names, (int)state), change);
}

void deployment_batch_move(struct deployment_batch *batch, struct txn *txn,
	const struct deployment *deployment, const struct deployment_history *step)
{
	commit_rows_add_deployment(&batch->moved, deployment->device_id, deployment);
	commit_rows_add_history(&batch->history, deployment->id, step);
	deployment_count_step(txn, deployment, step);
	count_state(txn, step->from, -1);
	count_state(txn, deployment->state, 1);
}

void deployment_batch_add(struct deployment_batch *batch, struct txn *txn,
	const struct deployment *deployment, const struct deployment_history *first)
{
	commit_rows_add_deployment(&batch->added, deployment->device_id, deployment);
	commit_rows_add_history(&batch->history, deployment->id, first);
	count_state(txn, deployment->state, 1);
}

void deployment_batch_add_components(struct deployment_batch *batch, struct su_uuid deployment,
	const struct component_progress *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		commit_rows_add_progress(&batch->components, deployment, &rows[i]);
}

void deployment_batch_tell(struct deployment_batch *batch, const char *endpoint)
{
	su_buf_append(&batch->endpoints, &endpoint, sizeof(endpoint));
}

static void write_moved(struct deployment_batch *batch, struct txn *txn)
{
	const size_t n = sql_table_rows(&batch->moved);
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_run_table(txn, STATEMENT_BATCH_UPDATE_DEPLOYMENTS, &batch->moved);
	if (txn_ok(txn) && n > 0 && sql_rows_count(rows) != n)
		txn_fail(txn, SU_STALE, "", "a deployment has moved on in the meantime");
}

void deployment_batch_write(struct deployment_batch *batch, struct txn *txn)
{
	write_moved(batch, txn);
	txn_change_table(txn, STATEMENT_BATCH_INSERT_DEPLOYMENTS, &batch->added);
	txn_change_table(txn, STATEMENT_BATCH_INSERT_HISTORY, &batch->history);
	txn_change_table(txn, STATEMENT_BATCH_PUT_COMPONENT_PROGRESS, &batch->components);
	notify_send_all(txn, NOTIFY_DEVICE, NOTIFY_NO_ORIGIN,
		(const char *const *)(const void *)batch->endpoints.data,
		batch->endpoints.len / sizeof(const char *));
}
