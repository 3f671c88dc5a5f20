/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Order of locks: the one of newcomers, devices by id, new devices by name, deployments (whose devices are
 * held by then), estimates by class, counters by name. Two processes that keep it wait for each other, but never
 * crosswise.
 *
 * Two round trips: the claim locks, inserts newcomers and updates deployments, as if all writes held; what
 * it finds tells which do. The second one writes the rest and commits. When the claim has touched what it
 * should not, because the device of a deployment has moved on, it is made anew without that write.
 *
 * A few plain writes are sent in one round trip, commit included, so that a lone message waits as short as
 * can be: their statement fails when one of them does not hold. Then they are claimed as the others are.
 */
#include "store/commit_batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/commit_rows.h"
#include "store/commit_steps.h"

#define ATTEMPTS 3
#define MAX_AT_ONCE                                                                                \
	32 /* the more writes, the less counts a round trip, and the more one that does not hold */

/* Numbers of results in the pipe. */
struct claim {
	size_t locked, inserted, unwanted, updated;
};

static void drop(struct batch_item *item, enum su_status status, const char *text)
{
	item->result.status = su_fail(&item->result.error, status, "", "%s", text);
}

static int compare_to(const struct device *left, int64_t id, const char *endpoint)
{
	if (left->id != id)
		return left->id < id ? -1 : 1;
	return id == 0 ? strcmp(left->endpoint, endpoint) : 0;
}

static int compare_items(const void *a, const void *b)
{
	const struct device *left = (*(struct batch_item *const *)a)->write->device;
	const struct device *right = (*(struct batch_item *const *)b)->write->device;
	return compare_to(left, right->id, right->endpoint);
}

/* By id, or by name where id is 0. */
static struct batch_item *find_written(const struct batch *batch, int64_t id, const char *endpoint)
{
	size_t low = 0, high = batch->n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare_to(batch->items[middle]->write->device, id, endpoint);
		if (order == 0)
			return batch->items[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static void check_items(struct batch_item **items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct batch_item *item = items[i];
		item->result = (struct committer_result){ 0 };
		item->result.status = commit_rows_check(item->write, &item->result.error);
		if (commit_steps_is_newcomer(item) && commit_steps_has_deployment(item, false))
			drop(item, SU_BUG, "a new device cannot have an old deployment");
	}
}

/* What an earlier attempt found; those that it dropped stay so. */
static void forget_findings(struct batch *batch)
{
	for (size_t i = 0; i < batch->n; i++) {
		struct batch_item *item = batch->items[i];
		item->device_id = 0;
		item->was_removed = false;
		if (commit_steps_is_live(item))
			item->result = (struct committer_result){ 0 };
	}
}

/* Their lock comes before the rows of devices, as provisioning takes it before them, too. */
static void send_lock_of_newcomers(struct batch *batch)
{
	for (size_t i = 0; i < batch->n; i++)
		if (commit_steps_is_live(batch->items[i]) &&
			commit_steps_is_newcomer(batch->items[i])) {
			txn_pipe_send(&batch->pipe, STATEMENT_BATCH_LOCK_NEWCOMERS, NULL, 0);
			return;
		}
}

static size_t send_newcomers(struct batch *batch)
{
	struct sql_table table su_auto(sql_table_free) = commit_rows_devices();
	for (size_t i = 0; i < batch->n; i++)
		if (commit_steps_is_live(batch->items[i]) &&
			commit_steps_is_newcomer(batch->items[i]))
			commit_rows_add_device(&table, batch->items[i]->write->device);
	return txn_pipe_send_table(&batch->pipe, STATEMENT_BATCH_INSERT_DEVICES, &table);
}

/* The row of the device is held, by management as well: what is found now stays so. */
static size_t send_question_for_unwanted(struct batch *batch)
{
	struct sql_array ids su_auto(sql_array_free) = sql_array_of(SQL_INTS);
	struct sql_array releases su_auto(sql_array_free) = sql_array_of(SQL_TEXTS);
	for (size_t i = 0; i < batch->n; i++) {
		const struct device_write *write = batch->items[i]->write;
		if (!commit_steps_has_deployment(batch->items[i], true) ||
			commit_steps_is_newcomer(batch->items[i]))
			continue;
		sql_array_add_int(&ids, write->device->id);
		sql_array_add_digest(&releases, &write->deployment->release);
	}
	const struct sql_arg args[] = { sql_list(&ids), sql_list(&releases) };
	return ids.n > 0
		       ? txn_pipe_send(&batch->pipe, STATEMENT_BATCH_UNWANTED_DEPLOYMENTS, args, 2)
		       : TXN_PIPE_NONE;
}

/* device_id stays 0 unless the row is there at the version that was read. */
static void read_locks(struct batch *batch, const struct pg_result *rows)
{
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

static void read_newcomers(struct batch *batch, const struct pg_result *rows)
{
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

static void read_unwanted(struct batch *batch, const struct pg_result *rows)
{
	for (size_t i = 0; i < sql_rows_count(rows); i++) {
		struct sql_row row = sql_row_at(rows, i, batch->arena, &batch->txn.error);
		struct batch_item *item = find_written(batch, sql_read_int(&row), "");
		drop(item, SU_CONFLICT,
			"the deployments of this device have moved on in the meantime");
	}
}

static void read_deployments(struct batch *batch, const struct pg_result *rows)
{
	for (size_t i = 0; i < sql_rows_count(rows); i++) {
		struct sql_row row = sql_row_at(rows, i, batch->arena, &batch->txn.error);
		struct batch_item *item = find_written(batch, sql_read_int(&row), "");
		item->result.deployment_row_version = item->write->deployment->row_version + 1;
		item->old_state = commit_steps_state_before(item->write);
	}
}

/* True when something was written for it. */
static bool drop_late(struct batch_item *item)
{
	bool is_written = item->result.deployment_row_version != 0;
	if (item->device_id == 0) {
		drop(item, SU_CONFLICT,
			commit_steps_is_newcomer(item)
				? "a device of this name has appeared, or was provisioned"
				: "the device has moved on in the meantime");
		return is_written;
	}
	if (commit_steps_has_deployment(item, true))
		item->result.deployment_row_version = 1;
	else if (item->write->deployment && !is_written)
		drop(item, SU_CONFLICT, "the deployment has moved on in the meantime");
	return false;
}

/* False: to be rolled back and made anew, without what was dropped now. */
static bool read_claim(struct batch *batch, const struct claim *claim)
{
	bool holds = true;
	read_locks(batch, txn_pipe_result(&batch->pipe, claim->locked));
	read_newcomers(batch, txn_pipe_result(&batch->pipe, claim->inserted));
	read_deployments(batch, txn_pipe_result(&batch->pipe, claim->updated));
	for (size_t i = 0; txn_ok(&batch->txn) && i < batch->n; i++)
		if (commit_steps_is_live(batch->items[i]) && drop_late(batch->items[i]))
			holds = false;
	read_unwanted(batch, txn_pipe_result(&batch->pipe, claim->unwanted));
	return holds;
}

static void begin(struct batch *batch, struct store_conn *conn)
{
	forget_findings(batch);
	batch->reports = TXN_PIPE_NONE;
	batch->has_steps = false;
	txn_pipe_begin(&batch->pipe, &batch->txn, conn);
}

static bool claim(struct batch *batch, struct store_conn *conn)
{
	struct claim sent;
	begin(batch, conn);
	send_lock_of_newcomers(batch);
	sent.locked = commit_steps_send_locks(batch);
	sent.inserted = send_newcomers(batch);
	sent.unwanted = send_question_for_unwanted(batch);
	sent.updated = commit_steps_send_deployments(batch);
	txn_pipe_collect(&batch->pipe);
	return read_claim(batch, &sent);
}

static bool fits_at_once(const struct batch *batch)
{
	for (size_t i = 0; i < batch->n; i++)
		if (!commit_steps_is_plain(batch->items[i]))
			return false;
	return batch->n <= MAX_AT_ONCE;
}

/* What is true of all when the transaction commits. */
static void assume_all_hold(struct batch *batch)
{
	for (size_t i = 0; i < batch->n; i++) {
		struct batch_item *item = batch->items[i];
		item->device_id = item->write->device->id;
		item->result.device_row_version = item->write->device->row_version;
		item->result.deployment_row_version = item->write->deployment->row_version + 1;
		item->old_state = commit_steps_state_before(item->write);
	}
}

static enum su_status write_at_once(
	struct batch *batch, const char *origin, struct store_conn *conn, struct su_error *err)
{
	begin(batch, conn);
	commit_steps_send_plain(batch);
	assume_all_hold(batch);
	commit_steps_send_rows(batch);
	commit_steps_finish(batch, origin);
	return txn_pipe_commit(&batch->pipe, err);
}

static enum su_status write_claimed(
	struct batch *batch, const char *origin, struct store_conn *conn, struct su_error *err)
{
	while (!claim(batch, conn))
		txn_pipe_rollback(&batch->pipe);
	commit_steps_send_rows(batch);
	commit_steps_finish(batch, origin);
	return txn_pipe_commit(&batch->pipe, err);
}

/* Whether it lies in what was written, rather than in the database's condition. */
static bool is_poison(enum su_status status)
{
	return status != SU_RETRY && status != SU_UNCERTAIN && status != SU_IO &&
	       status != SU_FULL && status != SU_BUSY;
}

static enum su_status write_once(
	struct batch *batch, const char *origin, struct store_conn *conn, struct su_error *err)
{
	if (fits_at_once(batch)) {
		enum su_status status = write_at_once(batch, origin, conn, err);
		if (status == SU_OK || !is_poison(status))
			return status;
	}
	return write_claimed(batch, origin, conn, err);
}

static void fail_all(struct batch_item **items, size_t n, const struct su_error *err)
{
	for (size_t i = 0; i < n; i++) {
		items[i]->result =
			(struct committer_result){ .status = err->status, .error = *err };
	}
}

void commit_batch_run(
	struct store_conn *conn, const char *origin, struct batch_item **items, size_t n)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct batch batch = { .arena = arena, .items = items, .n = n };
	struct su_error err = { .status = SU_RETRY };
	enum su_status status = SU_RETRY;
	qsort(items, n, sizeof(*items), compare_items);
	check_items(items, n);
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
