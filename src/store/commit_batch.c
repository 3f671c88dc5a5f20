/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Order of locks: the one of newcomers, devices by id, new devices by name, deployments (whose devices are
 * held by then), estimates by class, counters by name. Two processes that keep it wait for each other, but never
 * crosswise.
 */
#include "store/commit_batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/commit_rows.h"
#include "store/deployment_count.h"
#include "store/learning.h"
#include "store/notify_send.h"
#include "store/txn_query.h"

#define ATTEMPTS 3

struct batch {
	struct txn txn;
	struct su_arena *arena;
	struct batch_item **items; /* new devices by name, then known ones by id */
	size_t n;
};

static bool is_live(const struct batch_item *item)
{
	return item->result.status == SU_OK;
}

static void drop(struct batch_item *item, enum su_status status, const char *text)
{
	item->result.status = su_fail(&item->result.error, status, "", "%s", text);
}

static int compare_items(const void *a, const void *b)
{
	const struct device *left = (*(struct batch_item *const *)a)->write->device;
	const struct device *right = (*(struct batch_item *const *)b)->write->device;
	if (left->id != right->id)
		return left->id < right->id ? -1 : 1;
	return left->id == 0 ? strcmp(left->endpoint, right->endpoint) : 0;
}

/* By id, or by name where id is 0. */
static struct batch_item *find_written(const struct batch *batch, int64_t id, const char *endpoint)
{
	const struct device device = { .id = id, .endpoint = endpoint };
	const struct device_write write = { .device = &device };
	struct batch_item key = { .write = &write }, *key_pointer = &key;
	struct batch_item **found =
		bsearch(&key_pointer, batch->items, batch->n, sizeof(*batch->items), compare_items);
	return found ? *found : NULL;
}

static bool has_deployment(const struct batch_item *item, bool new)
{
	const struct deployment *deployment = item->write->deployment;
	return is_live(item) && deployment && (deployment->row_version == 0) == new;
}

static void begin_items(struct batch *batch)
{
	for (size_t i = 0; i < batch->n; i++) {
		struct batch_item *item = batch->items[i];
		item->result = (struct committer_result){ 0 };
		item->device_id = 0;
		item->was_removed = false;
		item->result.status = commit_rows_check(item->write, &item->result.error);
		if (is_live(item) && item->write->device->id == 0 && has_deployment(item, false))
			drop(item, SU_BUG, "a new device cannot have an old deployment");
	}
}

/* device_id stays 0 unless the row is there at the version that was read. */
static void lock_devices(struct batch *batch)
{
	struct sql_array ids su_auto(sql_array_free) = sql_array_of(SQL_INTS);
	for (size_t i = 0; i < batch->n; i++)
		if (is_live(batch->items[i]) && batch->items[i]->write->device->id != 0)
			sql_array_add_int(&ids, batch->items[i]->write->device->id);
	if (ids.n == 0)
		return;
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(&batch->txn, STATEMENT_BATCH_LOCK_DEVICES, sql_list(&ids));
	for (size_t i = 0; i < sql_rows_count(rows); i++) {
		struct sql_row row = sql_row_at(rows, i, batch->arena, &batch->txn.error);
		int64_t id = sql_read_int(&row);
		struct batch_item *item = find_written(batch, id, "");
		if (item && sql_read_int(&row) == item->write->device->row_version) {
			item->device_id = id;
			item->was_removed = sql_read_bool(&row);
			item->result.device_row_version = item->write->device->row_version;
		}
	}
}

/* Before the rows of devices, as provisioning takes it before them, too. */
static void lock_newcomers(struct batch *batch)
{
	for (size_t i = 0; i < batch->n; i++)
		if (is_live(batch->items[i]) && batch->items[i]->write->device->id == 0) {
			txn_change(&batch->txn, STATEMENT_BATCH_LOCK_NEWCOMERS, NULL, 0);
			return;
		}
}

static void insert_devices(struct batch *batch)
{
	struct sql_table table su_auto(sql_table_free) = commit_rows_devices();
	for (size_t i = 0; i < batch->n; i++)
		if (is_live(batch->items[i]) && batch->items[i]->write->device->id == 0)
			commit_rows_add_device(&table, batch->items[i]->write->device);
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_run_table(&batch->txn, STATEMENT_BATCH_INSERT_DEVICES, &table);
	for (size_t i = 0; i < sql_rows_count(rows); i++) {
		struct sql_row row = sql_row_at(rows, i, batch->arena, &batch->txn.error);
		const char *endpoint = sql_read_text(&row);
		struct batch_item *item = find_written(batch, 0, endpoint);
		item->device_id = sql_read_int(&row);
		item->was_removed = true; /* so that the counter rises */
		item->result.device_id = item->device_id;
		item->result.device_row_version = 1;
	}
}

static void drop_stale_devices(struct batch *batch)
{
	for (size_t i = 0; i < batch->n; i++) {
		struct batch_item *item = batch->items[i];
		if (is_live(item) && item->device_id == 0)
			drop(item, SU_CONFLICT,
				item->write->device->id == 0
					? "a device of this name has appeared, or was provisioned"
					: "the device has moved on in the meantime");
	}
}

/* The row of the device is held, by management as well: what is in flight now stays so. */
static void check_new_deployments(struct batch *batch)
{
	struct sql_array ids su_auto(sql_array_free) = sql_array_of(SQL_INTS);
	for (size_t i = 0; i < batch->n; i++) {
		struct batch_item *item = batch->items[i];
		if (!has_deployment(item, true))
			continue;
		item->result.deployment_row_version = 1;
		if (item->write->device->id != 0)
			sql_array_add_int(&ids, item->device_id);
	}
	if (ids.n == 0)
		return;
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(&batch->txn, STATEMENT_BATCH_ACTIVE_DEPLOYMENTS, sql_list(&ids));
	for (size_t i = 0; i < sql_rows_count(rows); i++) {
		struct sql_row row = sql_row_at(rows, i, batch->arena, &batch->txn.error);
		struct batch_item *item = find_written(batch, sql_read_int(&row), "");
		drop(item, SU_CONFLICT, "another deployment of this device is in flight");
	}
}

static void write_devices(struct batch *batch)
{
	struct sql_table table su_auto(sql_table_free) = commit_rows_devices();
	for (size_t i = 0; i < batch->n; i++) {
		struct batch_item *item = batch->items[i];
		const struct device *device = item->write->device;
		if (!is_live(item) || device->id == 0 || !item->write->write_device)
			continue;
		commit_rows_add_device(&table, device);
		item->result.device_row_version = device->row_version + 1;
	}
	txn_change_table(&batch->txn, STATEMENT_BATCH_UPDATE_DEVICES, &table);
}

static void write_components(struct batch *batch)
{
	struct sql_array ids su_auto(sql_array_free) = sql_array_of(SQL_INTS);
	struct sql_table table su_auto(sql_table_free) = commit_rows_components();
	for (size_t i = 0; i < batch->n; i++) {
		struct batch_item *item = batch->items[i];
		const struct characteristics *told = &item->write->device->told;
		if (!is_live(item) || !item->write->write_components)
			continue;
		sql_array_add_int(&ids, item->device_id);
		for (size_t k = 0; k < told->n_components; k++)
			commit_rows_add_component(&table, item->device_id, &told->components[k]);
	}
	if (ids.n > 0)
		txn_execute(&batch->txn, STATEMENT_BATCH_DELETE_COMPONENTS, sql_list(&ids),
			sql_list(&table.columns[0]), sql_list(&table.columns[1]));
	txn_change_table(&batch->txn, STATEMENT_BATCH_PUT_COMPONENTS, &table);
}

/* The first step begins in the state that the row had; without a step it stays. */
static enum deployment_state state_before(const struct device_write *write)
{
	return write->n_history > 0 ? write->history[0].from : write->deployment->state;
}

/* The first thing that is written of a write, for it tells who is late. */
static void update_deployments(struct batch *batch)
{
	struct sql_table changed su_auto(sql_table_free) = commit_rows_deployments();
	for (size_t i = 0; i < batch->n; i++)
		if (has_deployment(batch->items[i], false))
			commit_rows_add_deployment(&changed, batch->items[i]->device_id,
				batch->items[i]->write->deployment);
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_run_table(&batch->txn, STATEMENT_BATCH_UPDATE_DEPLOYMENTS, &changed);
	for (size_t i = 0; i < sql_rows_count(rows); i++) {
		struct sql_row row = sql_row_at(rows, i, batch->arena, &batch->txn.error);
		struct batch_item *item = find_written(batch, sql_read_int(&row), "");
		item->result.deployment_row_version = item->write->deployment->row_version + 1;
		item->old_state = state_before(item->write);
	}
	for (size_t i = 0; txn_ok(&batch->txn) && i < batch->n; i++)
		if (has_deployment(batch->items[i], false) &&
			batch->items[i]->result.deployment_row_version == 0)
			drop(batch->items[i], SU_CONFLICT,
				"the deployment has moved on in the meantime");
}

static void insert_deployments(struct batch *batch)
{
	struct sql_table added su_auto(sql_table_free) = commit_rows_deployments();
	for (size_t i = 0; i < batch->n; i++)
		if (has_deployment(batch->items[i], true))
			commit_rows_add_deployment(&added, batch->items[i]->device_id,
				batch->items[i]->write->deployment);
	txn_change_table(&batch->txn, STATEMENT_BATCH_INSERT_DEPLOYMENTS, &added);
}

static void write_history(struct batch *batch)
{
	struct sql_table history su_auto(sql_table_free) = commit_rows_history();
	for (size_t i = 0; i < batch->n; i++) {
		const struct device_write *write = batch->items[i]->write;
		for (size_t k = 0; is_live(batch->items[i]) && k < write->n_history; k++)
			commit_rows_add_history(
				&history, write->deployment->id, &write->history[k]);
	}
	txn_change_table(&batch->txn, STATEMENT_BATCH_INSERT_HISTORY, &history);
}

static bool is_confirmed_now(const struct batch_item *item)
{
	const struct deployment *deployment = item->write->deployment;
	return is_live(item) && deployment && deployment->state == DEPLOYMENT_CONFIRMED &&
	       deployment->row_version != 0 && item->old_state != DEPLOYMENT_CONFIRMED;
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

static void write_progress(struct batch *batch)
{
	struct sql_table table su_auto(sql_table_free) = commit_rows_progress();
	for (size_t i = 0; i < batch->n; i++) {
		const struct device_write *write = batch->items[i]->write;
		for (size_t k = 0; is_live(batch->items[i]) && k < write->n_progress; k++)
			commit_rows_add_progress(&table, write->progress_of, &write->progress[k]);
	}
	txn_change_table(&batch->txn, STATEMENT_BATCH_PUT_COMPONENT_PROGRESS, &table);
}

static void write_reports(struct batch *batch)
{
	struct sql_table table su_auto(sql_table_free) = commit_rows_reports();
	for (size_t i = 0; i < batch->n; i++)
		if (is_live(batch->items[i]) && batch->items[i]->write->report)
			commit_rows_add_report(
				&table, batch->items[i]->device_id, batch->items[i]->write->report);
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_run_table(&batch->txn, STATEMENT_BATCH_INSERT_REPORTS, &table);
	for (size_t i = 0; i < sql_rows_count(rows); i++) {
		struct sql_row row = sql_row_at(rows, i, batch->arena, &batch->txn.error);
		txn_count(&batch->txn, "reports.", sql_read_bool(&row) ? "success" : "failure", 1);
	}
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
		if (!is_live(item))
			continue;
		count_item(&batch->txn, item);
		if (item->write->write_device || item->write->write_components ||
			item->write->deployment || item->write->device->id == 0)
			changed[n_changed++] = item->write->device->endpoint;
	}
	notify_send_all(&batch->txn, NOTIFY_DEVICE, origin, changed, n_changed);
}

static enum su_status write_once(
	struct batch *batch, const char *origin, struct store_conn *conn, struct su_error *err)
{
	begin_items(batch);
	batch->txn = txn_begin(conn);
	lock_newcomers(batch);
	lock_devices(batch);
	insert_devices(batch);
	if (txn_ok(&batch->txn))
		drop_stale_devices(batch);
	check_new_deployments(batch);
	update_deployments(batch);
	write_devices(batch);
	write_components(batch);
	insert_deployments(batch);
	write_history(batch);
	learn(batch);
	write_progress(batch);
	write_reports(batch);
	count_and_notify(batch, origin);
	return txn_commit(&batch->txn, err);
}

static void fail_all(struct batch_item **items, size_t n, const struct su_error *err)
{
	for (size_t i = 0; i < n; i++) {
		items[i]->result =
			(struct committer_result){ .status = err->status, .error = *err };
	}
}

/* Whether it lies in what was written, rather than in the database's condition. */
static bool is_poison(enum su_status status)
{
	return status != SU_RETRY && status != SU_UNCERTAIN && status != SU_IO &&
	       status != SU_FULL && status != SU_BUSY;
}

void commit_batch_run(
	struct store_conn *conn, const char *origin, struct batch_item **items, size_t n)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct batch batch = { .arena = arena, .items = items, .n = n };
	struct su_error err = { .status = SU_RETRY };
	enum su_status status = SU_RETRY;
	qsort(items, n, sizeof(*items), compare_items);
	for (int attempt = 0; attempt < ATTEMPTS && status == SU_RETRY; attempt++) {
		if (store_conn_ready_to_write(conn, &err) != SU_OK) {
			fail_all(items, n, &err);
			return;
		}
		status = write_once(&batch, origin, conn, &err);
	}
	if (status == SU_OK)
		return;
	if (n == 1 || !is_poison(err.status)) {
		fail_all(items, n, &err);
		return;
	}
	commit_batch_run(conn, origin, items, n / 2);
	commit_batch_run(conn, origin, items + n / 2, n - n / 2);
}
