/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of device and device_component, read. */
#include "store/device_store.h"

#include <stdlib.h>

#include "base/memory.h"
#include "store/device_json.h"
#include "store/txn_query.h"

static void read_ids(struct sql_row *row, struct su_uuid out[DEVICE_MAX_IDS], size_t *n_out)
{
	size_t n;
	const struct su_uuid *ids = sql_read_uuids(row, &n);
	*n_out = n < DEVICE_MAX_IDS ? n : DEVICE_MAX_IDS;
	for (size_t i = 0; i < *n_out; i++)
		out[i] = ids[i];
}

static void read_characteristics(struct sql_row *row, struct characteristics *told)
{
	read_ids(row, told->vendor_ids, &told->n_vendor_ids);
	read_ids(row, told->class_ids, &told->n_class_ids);
	told->has_device_id = !sql_read_is_null(row);
	told->device_id = sql_read_uuid(row);
	told->serial = sql_read_text(row);
	told->manufacturer = sql_read_text(row);
	told->model = sql_read_text(row);
	told->hardware_version = sql_read_text(row);
	told->site = sql_read_text(row);
	told->has_battery = sql_read_uint_if(row, &told->battery_mwh);
	told->has_free_memory = sql_read_uint_if(row, &told->free_memory_bytes);
}

/* The first column is the caller's: where the device belongs in its list. */
static void read_device(struct sql_row *row, struct device *device)
{
	device->id = sql_read_int(row);
	device->endpoint = sql_read_text(row);
	device->registration = sql_read_uuid(row);
	device->registered_at_ms = sql_read_int(row);
	device->updated_at_ms = sql_read_int(row);
	device->expires_at_ms = sql_read_int(row);
	device->removed_at_ms = sql_read_int(row);
	device->last_seen_at_ms = sql_read_int(row);
	device->lifetime_s = sql_read_int(row);
	device->transport = (enum transport)sql_read_name(row, transport_names, "a transport");
	device->address = sql_read_text(row);
	device->envelope_form =
		(enum envelope_form)sql_read_name(row, envelope_form_names, "an envelope form");
	read_characteristics(row, &device->told);
	device_json_read_profile(row, &device->told.profile);
	device->calendar = device_json_read_calendar(row);
	device->mode = (enum update_mode)sql_read_name(row, update_mode_names, "an update mode");
	device->mode_reason = sql_read_text(row);
	device_json_read_provision(row, &device->provision);
	device->row_version = sql_read_int(row);
}

static void read_component(struct sql_row *row, struct installed_component *component)
{
	component->id.encoded = sql_read_bytes(row);
	component->digest = sql_read_digest(row);
	component->has_sequence_number = sql_read_uint_if(row, &component->sequence_number);
	const char *version = sql_read_text(row);
	if (version)
		(void)!version_parse(version, &component->version, row->err);
	component->has_size = sql_read_uint_if(row, &component->size_bytes);
	component->has_slot = sql_read_uint_if(row, &component->active_slot);
}

static int compare_ids(const void *a, const void *b)
{
	const struct device *const *left = a, *const *right = b;
	return ((*left)->id > (*right)->id) - ((*left)->id < (*right)->id);
}

static void read_components(struct txn *txn, struct su_arena *arena, const struct pg_result *rows,
	struct device **by_id, size_t n)
{
	size_t at = 0; /* rows and devices are in the same order */
	for (size_t i = 0; i < sql_rows_count(rows); i++) {
		struct sql_row row = sql_row_at(rows, i, arena, &txn->error);
		int64_t device_id = sql_read_int(&row);
		while (at < n && by_id[at]->id < device_id)
			at++;
		/* One device may be asked for several times. */
		for (size_t k = at; k < n && by_id[k]->id == device_id; k++) {
			struct characteristics *told = &by_id[k]->told;
			struct sql_row again = row;
			if (told->n_components < DEVICE_MAX_COMPONENTS)
				read_component(&again, &told->components[told->n_components++]);
		}
	}
}

/* devices with id 0 are unknown ones. */
static void load_components(
	struct txn *txn, struct su_arena *arena, struct device *devices, size_t n)
{
	struct sql_array ids su_auto(sql_array_free) = sql_array_of(SQL_INTS);
	struct device **by_id = su_arena_array(arena, n, sizeof(struct device *));
	size_t n_known = 0;
	for (size_t i = 0; i < n; i++) {
		if (devices[i].id == 0)
			continue;
		sql_array_add_int(&ids, devices[i].id);
		by_id[n_known++] = &devices[i];
	}
	if (n_known == 0)
		return;
	qsort(by_id, n_known, sizeof(*by_id), compare_ids);
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_DEVICE_COMPONENTS, sql_list(&ids));
	read_components(txn, arena, rows, by_id, n_known);
}

/* What is laid down for devices that have not appeared yet. */
static void load_provisions(struct txn *txn, struct su_arena *arena, const char *const *endpoints,
	struct device *devices, size_t n)
{
	struct sql_array names su_auto(sql_array_free) = sql_array_of(SQL_TEXTS);
	size_t *at = su_arena_array(arena, n, sizeof(*at));
	for (size_t i = 0; i < n; i++) {
		if (devices[i].id != 0)
			continue;
		at[names.n] = i;
		sql_array_add_text(&names, endpoints[i]);
	}
	if (names.n == 0)
		return;
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_PROVISION_GET_BATCH, sql_list(&names));
	for (size_t i = 0; i < sql_rows_count(rows); i++) {
		struct sql_row row = sql_row_at(rows, i, arena, &txn->error);
		size_t position = at[sql_read_int(&row)];
		devices[position].endpoint = endpoints[position];
		device_json_read_provision(&row, &devices[position].provision);
	}
}

void device_store_get_batch(struct txn *txn, struct su_arena *arena, const char *const *endpoints,
	size_t n, struct device **out)
{
	struct sql_array names su_auto(sql_array_free) = sql_array_of(SQL_TEXTS);
	*out = su_arena_array(arena, n, sizeof(**out));
	for (size_t i = 0; i < n; i++)
		sql_array_add_text(&names, endpoints[i]);
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_DEVICE_GET_BATCH, sql_list(&names));
	for (size_t i = 0; i < sql_rows_count(rows); i++) {
		struct sql_row row = sql_row_at(rows, i, arena, &txn->error);
		size_t position = (size_t)sql_read_int(&row);
		read_device(&row, &(*out)[position]);
	}
	load_components(txn, arena, *out, n);
	load_provisions(txn, arena, endpoints, *out, n);
}

bool device_store_get(
	struct txn *txn, struct su_arena *arena, const char *endpoint, struct device *out)
{
	struct device *devices;
	device_store_get_batch(txn, arena, &endpoint, 1, &devices);
	if (!txn_ok(txn) || devices[0].id == 0)
		return false;
	*out = devices[0];
	return true;
}

const char *device_store_by_registration(
	struct txn *txn, struct su_arena *arena, struct su_uuid registration)
{
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_DEVICE_BY_REGISTRATION, sql_uuid(registration));
	if (sql_rows_count(rows) == 0)
		return NULL;
	struct sql_row row = sql_row_at(rows, 0, arena, &txn->error);
	return sql_read_text(&row);
}

const char *device_store_endpoint(struct txn *txn, struct su_arena *arena, int64_t id)
{
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_DEVICE_ENDPOINT, sql_int(id));
	if (sql_rows_count(rows) == 0)
		return NULL;
	struct sql_row row = sql_row_at(rows, 0, arena, &txn->error);
	return sql_read_text(&row);
}

static struct pg_result *run_list(struct txn *txn, const struct device_query *query)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	const struct sql_arg after = sql_text(query->after ? query->after : "");
	struct expression_sql sql;
	if (!query->filter)
		return txn_query(txn, STATEMENT_DEVICE_LIST, after, sql_uint(query->limit));
	expression_to_sql(arena, query->filter, 3, query->now_ms, &sql);
	struct sql_arg *args = su_arena_array(arena, 2 + sql.n_params, sizeof(*args));
	args[0] = after;
	args[1] = sql_uint(query->limit);
	for (size_t i = 0; i < sql.n_params; i++)
		args[2 + i] = sql_written(sql.params[i]);
	return txn_run_where(txn, STATEMENT_DEVICE_LIST, sql.where, args, 2 + sql.n_params);
}

size_t device_store_list(struct txn *txn, struct su_arena *arena, const struct device_query *query,
	struct device **out)
{
	struct pg_result *rows su_auto(sql_rows_free) = run_list(txn, query);
	size_t n = sql_rows_count(rows);
	*out = su_arena_array(arena, n, sizeof(**out));
	for (size_t i = 0; i < n; i++) {
		struct sql_row row = sql_row_at(rows, i, arena, &txn->error);
		sql_read_skip(&row);
		read_device(&row, &(*out)[i]);
	}
	load_components(txn, arena, *out, n);
	return txn_ok(txn) ? n : 0;
}

bool device_store_hold(struct txn *txn, const char *endpoint)
{
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_DEVICE_HOLD, sql_text(endpoint));
	return sql_rows_count(rows) > 0;
}

void device_store_hold_all(
	struct txn *txn, const struct device *const *devices, size_t n, bool *changed_out)
{
	struct sql_array ids su_auto(sql_array_free) = sql_array_of(SQL_INTS);
	for (size_t i = 0; i < n; i++) {
		sql_array_add_int(&ids, devices[i]->id);
		changed_out[i] = true;
	}
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_BATCH_LOCK_DEVICES, sql_list(&ids));
	for (size_t r = 0; r < sql_rows_count(rows); r++) {
		struct sql_row row = sql_row_at(rows, r, NULL, &txn->error);
		const int64_t id = sql_read_int(&row), row_version = sql_read_int(&row);
		for (size_t i = 0; i < n; i++)
			if (devices[i]->id == id)
				changed_out[i] = row_version != devices[i]->row_version;
	}
}

void device_store_settle(struct txn *txn, struct device *device)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	const struct profile profile = device_profile(device);
	if (txn_execute(txn, STATEMENT_DEVICE_SETTLE, sql_int(device->id),
		    sql_int(device->row_version), sql_text(device_json_profile(arena, &profile)),
		    sql_text(device_site(device)),
		    sql_text(name_of(update_mode_names, (int)device->mode)),
		    sql_text(device->mode_reason)) == 1)
		device->row_version++;
	else
		txn_fail(txn, SU_STALE, "", "the device has moved on in the meantime");
}
