/* SPDX-License-Identifier: Apache-2.0 */
/* One set-based statement for each table. */
#include "store/commit_steps.h"

#include "base/memory.h"
#include "store/commit_rows.h"
#include "store/deployment_count.h"
#include "store/learning.h"
#include "store/notify_send.h"

/* To unnest an array for each column takes as long as so many statements of one row. */
#define MAX_ONE_BY_ONE 3

bool commit_steps_is_live(const struct batch_item *item)
{
	return item->result.status == SU_OK;
}

bool commit_steps_has_deployment(const struct batch_item *item, bool new)
{
	const struct deployment *deployment = item->write->deployment;
	return commit_steps_is_live(item) && deployment && (deployment->row_version == 0) == new;
}

bool commit_steps_is_newcomer(const struct batch_item *item)
{
	return item->write->device->id == 0;
}

enum deployment_state commit_steps_state_before(const struct device_write *write)
{
	return write->n_history > 0 ? write->history[0].from : write->deployment->state;
}

bool commit_steps_is_plain(const struct batch_item *item)
{
	const struct device_write *write = item->write;
	return !commit_steps_is_newcomer(item) && write->device->removed_at_ms == 0 &&
	       commit_steps_has_deployment(item, false) && write->n_history == 1 &&
	       write->deployment->state != DEPLOYMENT_CONFIRMED && !write->report;
}

size_t commit_steps_send_locks(struct batch *batch)
{
	struct sql_array ids su_auto(sql_array_free) = sql_array_of(SQL_INTS);
	for (size_t i = 0; i < batch->n; i++)
		if (commit_steps_is_live(batch->items[i]) &&
			!commit_steps_is_newcomer(batch->items[i]))
			sql_array_add_int(&ids, batch->items[i]->write->device->id);
	const struct sql_arg args[] = { sql_list(&ids) };
	return ids.n > 0 ? txn_pipe_send(&batch->pipe, STATEMENT_BATCH_LOCK_DEVICES, args, 1)
			 : TXN_PIPE_NONE;
}

size_t commit_steps_send_deployments(struct batch *batch)
{
	struct sql_table changed su_auto(sql_table_free) = commit_rows_deployments();
	for (size_t i = 0; i < batch->n; i++) {
		const struct device_write *write = batch->items[i]->write;
		if (commit_steps_has_deployment(batch->items[i], false))
			commit_rows_add_deployment(&changed, write->device->id, write->deployment);
	}
	if (sql_table_rows(&changed) == 1)
		return txn_pipe_send_row(&batch->pipe, STATEMENT_BATCH_UPDATE_DEPLOYMENT, &changed);
	return txn_pipe_send_table(&batch->pipe, STATEMENT_BATCH_UPDATE_DEPLOYMENTS, &changed);
}

static void send_step(struct batch *batch, const struct device_write *write)
{
	struct sql_table step su_auto(sql_table_free) = commit_rows_steps();
	commit_rows_add_step(&step, write);
	txn_pipe_send_row(&batch->pipe, STATEMENT_BATCH_TAKE_STEP, &step);
}

void commit_steps_send_plain(struct batch *batch)
{
	struct sql_table steps su_auto(sql_table_free) = commit_rows_steps();
	for (size_t i = 0; i < batch->n; i++) {
		const struct device_write *write = batch->items[i]->write;
		if (batch->n <= MAX_ONE_BY_ONE)
			send_step(batch, write);
		else
			commit_rows_add_step(&steps, write);
	}
	txn_pipe_send_table(&batch->pipe, STATEMENT_BATCH_TAKE_STEPS, &steps);
	batch->has_steps = true;
}

static void write_devices(struct batch *batch)
{
	struct sql_table table su_auto(sql_table_free) = commit_rows_devices();
	for (size_t i = 0; i < batch->n; i++) {
		struct batch_item *item = batch->items[i];
		const struct device *device = item->write->device;
		if (!commit_steps_is_live(item) || device->id == 0 || !item->write->write_device)
			continue;
		commit_rows_add_device(&table, device);
		item->result.device_row_version = device->row_version + 1;
	}
	txn_pipe_send_table(&batch->pipe, STATEMENT_BATCH_UPDATE_DEVICES, &table);
}

static void write_components(struct batch *batch)
{
	struct sql_array ids su_auto(sql_array_free) = sql_array_of(SQL_INTS);
	struct sql_table table su_auto(sql_table_free) = commit_rows_components();
	for (size_t i = 0; i < batch->n; i++) {
		struct batch_item *item = batch->items[i];
		const struct characteristics *told = &item->write->device->told;
		if (!commit_steps_is_live(item) || !item->write->write_components)
			continue;
		sql_array_add_int(&ids, item->device_id);
		for (size_t k = 0; k < told->n_components; k++)
			commit_rows_add_component(&table, item->device_id, &told->components[k]);
	}
	const struct sql_arg args[] = { sql_list(&ids), sql_list(&table.columns[0]),
		sql_list(&table.columns[1]) };
	if (ids.n > 0)
		txn_pipe_send(&batch->pipe, STATEMENT_BATCH_DELETE_COMPONENTS, args, 3);
	txn_pipe_send_table(&batch->pipe, STATEMENT_BATCH_PUT_COMPONENTS, &table);
}

static void insert_deployments(struct batch *batch)
{
	struct sql_table added su_auto(sql_table_free) = commit_rows_deployments();
	for (size_t i = 0; i < batch->n; i++)
		if (commit_steps_has_deployment(batch->items[i], true))
			commit_rows_add_deployment(&added, batch->items[i]->device_id,
				batch->items[i]->write->deployment);
	txn_pipe_send_table(&batch->pipe, STATEMENT_BATCH_INSERT_DEPLOYMENTS, &added);
}

static void write_history(struct batch *batch)
{
	struct sql_table history su_auto(sql_table_free) = commit_rows_history();
	for (size_t i = 0; i < batch->n; i++) {
		const struct device_write *write = batch->items[i]->write;
		for (size_t k = 0; commit_steps_is_live(batch->items[i]) && k < write->n_history;
			k++)
			commit_rows_add_history(
				&history, write->deployment->id, &write->history[k]);
	}
	txn_pipe_send_table(&batch->pipe, STATEMENT_BATCH_INSERT_HISTORY, &history);
}

static void write_progress(struct batch *batch)
{
	struct sql_table table su_auto(sql_table_free) = commit_rows_progress();
	for (size_t i = 0; i < batch->n; i++) {
		const struct device_write *write = batch->items[i]->write;
		for (size_t k = 0; commit_steps_is_live(batch->items[i]) && k < write->n_progress;
			k++)
			commit_rows_add_progress(&table, write->progress_of, &write->progress[k]);
	}
	txn_pipe_send_table(&batch->pipe, STATEMENT_BATCH_PUT_COMPONENT_PROGRESS, &table);
}

static void write_reports(struct batch *batch)
{
	struct sql_table table su_auto(sql_table_free) = commit_rows_reports();
	for (size_t i = 0; i < batch->n; i++)
		if (commit_steps_is_live(batch->items[i]) && batch->items[i]->write->report)
			commit_rows_add_report(
				&table, batch->items[i]->device_id, batch->items[i]->write->report);
	batch->reports = txn_pipe_send_table(&batch->pipe, STATEMENT_BATCH_INSERT_REPORTS, &table);
}

/* Of those that are stored now, and were not before. */
static void count_reports(struct batch *batch)
{
	const struct pg_result *rows = txn_pipe_result(&batch->pipe, batch->reports);
	for (size_t i = 0; i < sql_rows_count(rows); i++) {
		struct sql_row row = sql_row_at(rows, i, batch->arena, &batch->txn.error);
		txn_count(&batch->txn, "reports.", sql_read_bool(&row) ? "success" : "failure", 1);
	}
}

void commit_steps_send_rows(struct batch *batch)
{
	write_devices(batch);
	write_components(batch);
	insert_deployments(batch);
	if (!batch->has_steps)
		write_history(batch);
	write_progress(batch);
	write_reports(batch);
}

static bool is_confirmed_now(const struct batch_item *item)
{
	const struct deployment *deployment = item->write->deployment;
	return commit_steps_is_live(item) && deployment &&
	       deployment->state == DEPLOYMENT_CONFIRMED && deployment->row_version != 0 &&
	       item->old_state != DEPLOYMENT_CONFIRMED;
}

static bool must_wait(const struct batch *batch)
{
	if (batch->reports != TXN_PIPE_NONE)
		return true;
	for (size_t i = 0; i < batch->n; i++)
		if (is_confirmed_now(batch->items[i]))
			return true;
	return false;
}

static void learn(struct batch *batch)
{
	struct su_uuid *confirmed = su_arena_array(batch->arena, batch->n, sizeof(*confirmed));
	size_t n = 0;
	for (size_t i = 0; i < batch->n; i++)
		if (is_confirmed_now(batch->items[i]))
			confirmed[n++] = batch->items[i]->write->deployment->id;
	learning_take(&batch->txn, batch->arena, confirmed, n);
}

static void count_item(struct txn *txn, const struct batch_item *item)
{
	const struct device_write *write = item->write;
	bool is_removed = write->device->removed_at_ms != 0;
	if (write->device->id == 0 || write->write_device)
		txn_count(txn, "devices", "", (int64_t)item->was_removed - (int64_t)is_removed);
	if (write->deployment) {
		const struct name_row *names = deployment_state_names;
		if (write->deployment->row_version != 0)
			txn_count(txn, "deployments.", name_of(names, (int)item->old_state), -1);
		txn_count(txn, "deployments.", name_of(names, (int)write->deployment->state), 1);
		for (size_t i = 0; i < write->n_history; i++)
			deployment_count_step(txn, write->deployment, &write->history[i]);
	}
}

static void count_and_notify(struct batch *batch, const char *origin)
{
	const char **changed = su_arena_array(batch->arena, batch->n, sizeof(*changed));
	size_t n_changed = 0;
	for (size_t i = 0; i < batch->n; i++) {
		const struct batch_item *item = batch->items[i];
		if (!commit_steps_is_live(item))
			continue;
		count_item(&batch->txn, item);
		if (item->write->write_device || item->write->write_components ||
			item->write->deployment || item->write->device->id == 0)
			changed[n_changed++] = item->write->device->endpoint;
	}
	struct sql_array payloads su_auto(sql_array_free) = sql_array_of(SQL_TEXTS);
	notify_send_pack(NOTIFY_DEVICE, origin, changed, n_changed, &payloads);
	const struct sql_arg args[] = { sql_list(&payloads), sql_text(origin) };
	if (payloads.n > 0)
		txn_pipe_send(&batch->pipe, STATEMENT_NOTIFY_OTHERS, args, 2);
}

void commit_steps_finish(struct batch *batch, const char *origin)
{
	if (must_wait(batch)) {
		txn_pipe_collect(&batch->pipe);
		count_reports(batch);
		learn(batch);
	}
	count_and_notify(batch, origin);
}
