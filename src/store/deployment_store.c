/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of deployment and deployment_history, read and written by management. */
#include "store/deployment_store.h"

#include <string.h>

#include "base/memory.h"
#include "store/deployment_count.h"
#include "store/notify_send.h"
#include "store/txn_query.h"

#define PUT_OFF_MAX 5000 /* at a time: each device is among them once in some days */

static struct deployment_plan read_plan(struct sql_row *row)
{
	struct deployment_plan plan;
	plan.urgency = (enum urgency)sql_read_name(row, urgency_names, "a class of urgency");
	plan.vulnerable_since_ms = sql_read_int(row);
	plan.due_ms = sql_read_int(row);
	plan.look_ms = sql_read_int(row);
	plan.download_ms = sql_read_int(row);
	plan.transfer_ms = sql_read_int(row);
	plan.install_ms = sql_read_int(row);
	plan.promised_ms = sql_read_int(row);
	plan.deferrals = (unsigned)sql_read_uint(row);
	plan.failures = (unsigned)sql_read_uint(row);
	plan.offers = (unsigned)sql_read_uint(row);
	plan.last_failure_ms = sql_read_int(row);
	plan.last_offer_ms = sql_read_int(row);
	plan.noticed_ms = sql_read_int(row);
	plan.reasons = sql_read_text(row);
	return plan;
}

static struct deployment read_columns(struct sql_row *row)
{
	struct deployment d;
	d.id = sql_read_uuid(row);
	d.device_id = sql_read_int(row);
	d.release = sql_read_digest(row);
	d.state = (enum deployment_state)sql_read_name(
		row, deployment_state_names, "a deployment state");
	d.mode = (enum update_mode)sql_read_name(row, update_mode_names, "an update mode");
	d.named_by_operator = sql_read_bool(row);
	d.created_at_ms = sql_read_int(row);
	d.changed_at_ms = sql_read_int(row);
	d.deadline_at_ms = sql_read_int(row);
	d.progress_bytes = sql_read_uint(row);
	d.attempts = (unsigned)sql_read_uint(row);
	d.reason = sql_read_text(row);
	d.plan = read_plan(row);
	d.row_version = sql_read_int(row);
	return d;
}

static struct deployment read_deployment(struct sql_row row)
{
	return read_columns(&row);
}

static bool read_one(struct txn *txn, struct su_arena *arena, const struct pg_result *rows,
	struct deployment *out)
{
	if (sql_rows_count(rows) == 0)
		return false;
	*out = read_deployment(sql_row_at(rows, 0, arena, &txn->error));
	return txn_ok(txn);
}

static size_t read_all(struct txn *txn, struct su_arena *arena, const struct pg_result *rows,
	struct deployment **out)
{
	size_t n = sql_rows_count(rows);
	*out = su_arena_array(arena, n, sizeof(**out));
	for (size_t i = 0; i < n; i++)
		(*out)[i] = read_deployment(sql_row_at(rows, i, arena, &txn->error));
	return txn_ok(txn) ? n : 0;
}

bool deployment_store_get(
	struct txn *txn, struct su_arena *arena, struct su_uuid id, struct deployment *out)
{
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_DEPLOYMENT_GET, sql_uuid(id));
	return read_one(txn, arena, rows, out);
}

size_t deployment_store_active_batch(struct txn *txn, struct su_arena *arena,
	const int64_t *device_ids, size_t n, struct deployment **out)
{
	struct sql_array ids su_auto(sql_array_free) = sql_array_of(SQL_INTS);
	for (size_t i = 0; i < n; i++)
		sql_array_add_int(&ids, device_ids[i]);
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_DEPLOYMENT_ACTIVE, sql_list(&ids));
	return read_all(txn, arena, rows, out);
}

bool deployment_store_active(
	struct txn *txn, struct su_arena *arena, int64_t device_id, struct deployment *out)
{
	struct deployment *list;
	if (deployment_store_active_batch(txn, arena, &device_id, 1, &list) == 0)
		return false;
	*out = list[0];
	return true;
}

bool deployment_store_latest(struct txn *txn, struct su_arena *arena, int64_t device_id,
	const struct digest *release, struct deployment *out)
{
	struct pg_result *rows su_auto(sql_rows_free) = txn_query(
		txn, STATEMENT_DEPLOYMENT_LATEST, sql_int(device_id), sql_digest(release));
	return read_one(txn, arena, rows, out);
}

size_t deployment_store_past(struct txn *txn, struct su_arena *arena,
	const struct past_query *query, struct past_deployment **out)
{
	struct sql_array ids su_auto(sql_array_free) = sql_array_of(SQL_INTS);
	struct sql_array releases su_auto(sql_array_free) = sql_array_of(SQL_TEXTS);
	for (size_t i = 0; i < query->n_devices; i++)
		sql_array_add_int(&ids, query->device_ids[i]);
	for (size_t i = 0; i < query->n_releases; i++)
		sql_array_add_digest(&releases, query->releases[i]);
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_DEPLOYMENT_PAST, sql_list(&ids), sql_list(&releases));
	const size_t n = sql_rows_count(rows);
	*out = su_arena_array(arena, n, sizeof(**out));
	for (size_t i = 0; i < n; i++) {
		struct sql_row row = sql_row_at(rows, i, arena, &txn->error);
		(*out)[i].device_id = sql_read_int(&row);
		(*out)[i].release = sql_read_digest(&row);
		(*out)[i].state = (enum deployment_state)sql_read_name(
			&row, deployment_state_names, "a deployment state");
		(*out)[i].reason = sql_read_text(&row);
	}
	return txn_ok(txn) ? n : 0;
}

size_t deployment_store_list(struct txn *txn, struct su_arena *arena, int64_t device_id,
	const struct su_uuid *before, size_t limit, struct deployment **out)
{
	struct su_uuid last;
	memset(last.bytes, 0xff, sizeof(last.bytes));
	struct pg_result *rows su_auto(sql_rows_free) = txn_query(txn, STATEMENT_DEPLOYMENT_LIST,
		sql_int(device_id), sql_uuid(before ? *before : last), sql_uint(limit));
	return read_all(txn, arena, rows, out);
}

size_t deployment_store_of_release(struct txn *txn, struct su_arena *arena,
	const struct digest *release, const struct deployment_page *page, struct deployment **out)
{
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_DEPLOYMENT_OF_RELEASE, sql_digest(release),
			sql_int(page->after_device), sql_uint(page->limit));
	return read_all(txn, arena, rows, out);
}

static size_t read_unended(
	struct txn *txn, struct su_arena *arena, const struct pg_result *rows, struct unended **out)
{
	size_t n = sql_rows_count(rows);
	*out = su_arena_array(arena, n, sizeof(**out));
	for (size_t i = 0; i < n; i++) {
		struct sql_row row = sql_row_at(rows, i, arena, &txn->error);
		(*out)[i].deployment = read_columns(&row);
		(*out)[i].endpoint = sql_read_text(&row);
	}
	return txn_ok(txn) ? n : 0;
}

size_t deployment_store_page_of_release(struct txn *txn, struct su_arena *arena,
	const struct digest *release, const struct release_page *page, struct unended **out)
{
	static const struct su_uuid first = { { 0 } };
	struct pg_result *rows su_auto(sql_rows_free) = txn_query(txn,
		STATEMENT_DEPLOYMENT_PAGE_OF_RELEASE, sql_digest(release),
		sql_uuid(page->after ? *page->after : first),
		sql_text(page->state ? name_of(deployment_state_names, (int)*page->state) : NULL),
		sql_uint(page->limit));
	return read_unended(txn, arena, rows, out);
}

size_t deployment_store_overdue(
	struct txn *txn, struct su_arena *arena, int64_t now_ms, size_t limit, struct unended **out)
{
	txn_execute(txn, STATEMENT_DEPLOYMENT_PUT_OFF_DEADLINES, sql_int(now_ms),
		sql_uint(PUT_OFF_MAX));
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_DEPLOYMENT_OVERDUE, sql_int(now_ms), sql_uint(limit));
	return read_unended(txn, arena, rows, out);
}

size_t deployment_store_to_look_at(
	struct txn *txn, struct su_arena *arena, int64_t now_ms, size_t limit, struct unended **out)
{
	txn_execute(
		txn, STATEMENT_DEPLOYMENT_PUT_OFF_LOOKS, sql_int(now_ms), sql_uint(PUT_OFF_MAX));
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_DEPLOYMENT_TO_LOOK_AT, sql_int(now_ms), sql_uint(limit));
	return read_unended(txn, arena, rows, out);
}

size_t deployment_store_withdrawn(struct txn *txn, struct su_arena *arena,
	const enum deployment_state *states, size_t n_states, size_t limit, struct unended **out)
{
	struct sql_array names su_auto(sql_array_free) = sql_array_of(SQL_TEXTS);
	for (size_t i = 0; i < n_states; i++)
		sql_array_add_text(&names, name_of(deployment_state_names, (int)states[i]));
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_DEPLOYMENT_WITHDRAWN, sql_list(&names), sql_uint(limit));
	return read_unended(txn, arena, rows, out);
}

static struct deployment_history read_step(struct sql_row *row)
{
	struct deployment_history step;
	step.at_ms = sql_read_int(row);
	step.from = (enum deployment_state)sql_read_name(
		row, deployment_state_names, "a deployment state");
	step.to = (enum deployment_state)sql_read_name(
		row, deployment_state_names, "a deployment state");
	step.event = sql_read_text(row);
	step.actor = sql_read_text(row);
	step.detail = sql_read_text(row);
	return step;
}

size_t deployment_store_history(
	struct txn *txn, struct su_arena *arena, struct su_uuid id, struct deployment_history **out)
{
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_DEPLOYMENT_HISTORY, sql_uuid(id));
	size_t n = sql_rows_count(rows);
	*out = su_arena_array(arena, n, sizeof(**out));
	for (size_t i = 0; i < n; i++) {
		struct sql_row row = sql_row_at(rows, i, arena, &txn->error);
		(*out)[i] = read_step(&row);
	}
	return txn_ok(txn) ? n : 0;
}

size_t deployment_store_device_history(struct txn *txn, struct su_arena *arena, int64_t device_id,
	const struct device_history_page *page, struct device_history **out)
{
	struct pg_result *rows su_auto(sql_rows_free) = txn_query(txn,
		STATEMENT_DEPLOYMENT_DEVICE_HISTORY, sql_int(device_id),
		sql_int(page->before > 0 ? page->before : INT64_MAX), sql_uint(page->limit));
	size_t n = sql_rows_count(rows);
	*out = su_arena_array(arena, n, sizeof(**out));
	for (size_t i = 0; i < n; i++) {
		struct sql_row row = sql_row_at(rows, i, arena, &txn->error);
		(*out)[i].id = sql_read_int(&row);
		(*out)[i].deployment = sql_read_uuid(&row);
		(*out)[i].release = sql_read_digest(&row);
		(*out)[i].step = read_step(&row);
	}
	return txn_ok(txn) ? n : 0;
}

/*
 * Who writes a deployment holds its device's row first, as the committer does: so they wait for
 * each other in one order.
 */
static void lock_device(struct txn *txn, int64_t device_id)
{
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_DEVICE_LOCK, sql_int(device_id));
	if (txn_ok(txn) && sql_rows_count(rows) == 0)
		txn_fail(txn, SU_NOT_FOUND, "", "there is no such device");
}

static void insert_step(struct txn *txn, struct su_uuid id, const struct deployment_history *step)
{
	txn_execute(txn, STATEMENT_DEPLOYMENT_HISTORY_INSERT, sql_uuid(id), sql_int(step->at_ms),
		sql_text(name_of(deployment_state_names, (int)step->from)),
		sql_text(name_of(deployment_state_names, (int)step->to)), sql_text(step->event),
		sql_text(step->actor), sql_text(step->detail));
}

static void count_state(struct txn *txn, enum deployment_state state, int64_t change)
{
	txn_count(txn, "deployments.", name_of(deployment_state_names, (int)state), change);
}

void deployment_store_insert(
	struct txn *txn, const struct deployment *d, const struct deployment_history *first)
{
	const struct deployment_plan *p = &d->plan;
	lock_device(txn, d->device_id);
	size_t added = txn_execute(txn, STATEMENT_DEPLOYMENT_INSERT, sql_uuid(d->id),
		sql_int(d->device_id), sql_digest(&d->release),
		sql_text(name_of(deployment_state_names, (int)d->state)),
		sql_bool(!deployment_state_is_end(d->state)),
		sql_text(name_of(update_mode_names, (int)d->mode)), sql_bool(d->named_by_operator),
		sql_int(d->created_at_ms), sql_int(d->changed_at_ms), sql_time(d->deadline_at_ms),
		sql_uint(d->progress_bytes), sql_uint(d->attempts), sql_text(d->reason),
		sql_text(name_of(urgency_names, (int)p->urgency)), sql_time(p->vulnerable_since_ms),
		sql_time(p->due_ms), sql_time(p->look_ms), sql_time(p->download_ms),
		sql_int(p->transfer_ms), sql_time(p->install_ms), sql_time(p->promised_ms),
		sql_uint(p->deferrals), sql_uint(p->failures), sql_uint(p->offers),
		sql_time(p->last_failure_ms), sql_time(p->last_offer_ms), sql_time(p->noticed_ms),
		sql_text(p->reasons));
	if (added == 0)
		txn_fail(txn, SU_NOT_FOUND, "", "there is no such release");
	insert_step(txn, d->id, first);
	count_state(txn, d->state, 1);
}

void deployment_store_update(
	struct txn *txn, const struct deployment *d, const struct deployment_history *step)
{
	const struct deployment_plan *p = &d->plan;
	lock_device(txn, d->device_id);
	size_t changed = txn_execute(txn, STATEMENT_DEPLOYMENT_UPDATE, sql_uuid(d->id),
		sql_int(d->row_version), sql_text(name_of(deployment_state_names, (int)d->state)),
		sql_bool(!deployment_state_is_end(d->state)),
		sql_text(name_of(update_mode_names, (int)d->mode)), sql_int(d->changed_at_ms),
		sql_time(d->deadline_at_ms), sql_uint(d->progress_bytes), sql_uint(d->attempts),
		sql_text(d->reason), sql_text(name_of(urgency_names, (int)p->urgency)),
		sql_time(p->vulnerable_since_ms), sql_time(p->due_ms), sql_time(p->look_ms),
		sql_time(p->download_ms), sql_int(p->transfer_ms), sql_time(p->install_ms),
		sql_time(p->promised_ms), sql_uint(p->deferrals), sql_uint(p->failures),
		sql_uint(p->offers), sql_time(p->last_failure_ms), sql_time(p->last_offer_ms),
		sql_time(p->noticed_ms), sql_text(p->reasons));
	if (changed == 0)
		txn_fail(txn, SU_STALE, "", "the deployment has moved on in the meantime");
	if (!step)
		return;
	insert_step(txn, d->id, step);
	deployment_count_step(txn, d, step);
	count_state(txn, step->from, -1);
	count_state(txn, d->state, 1);
}

void deployment_store_look_now(struct txn *txn, int64_t device_id, int64_t now_ms)
{
	txn_execute(txn, STATEMENT_DEPLOYMENT_LOOK_NOW, sql_int(device_id), sql_int(now_ms));
}

void deployment_store_notify(struct txn *txn, const char *endpoint)
{
	notify_send(txn, NOTIFY_DEVICE, endpoint);
}
