/* SPDX-License-Identifier: Apache-2.0 */
/* The order of columns here is the order of $1, $2... in sql/queries/committer.sql. */
#include "store/commit_rows.h"

#include "base/arena.h"
#include "base/memory.h"
#include "store/device_json.h"

static bool too_large(uint64_t value)
{
	return value > INT64_MAX;
}

static bool component_too_large(const struct installed_component *component)
{
	return (component->has_sequence_number && too_large(component->sequence_number)) ||
	       (component->has_size && too_large(component->size_bytes)) ||
	       (component->has_slot && too_large(component->active_slot));
}

enum su_status commit_rows_check(const struct device_write *write, struct su_error *err)
{
	const struct characteristics *told = &write->device->told;
	bool bad = (told->profile.has_link_rate && too_large(told->profile.link_bytes_per_s)) ||
		   (told->has_battery && too_large(told->battery_mwh)) ||
		   (told->has_free_memory && too_large(told->free_memory_bytes)) ||
		   (write->deployment && too_large(write->deployment->progress_bytes));
	for (size_t i = 0; i < told->n_components; i++)
		bad = bad || component_too_large(&told->components[i]);
	if (bad)
		return su_fail(err, SU_INVALID, "", "a number is larger than 2^63 - 1");
	return SU_OK;
}

struct sql_table commit_rows_devices(void)
{
	return SQL_TABLE(SQL_INTS, SQL_TEXTS, SQL_UUIDS, SQL_INTS, SQL_INTS, SQL_INTS, SQL_INTS,
		SQL_INTS, SQL_INTS, SQL_TEXTS, SQL_TEXTS, SQL_TEXTS, SQL_TEXTS, SQL_TEXTS,
		SQL_UUIDS, SQL_TEXTS, SQL_TEXTS, SQL_TEXTS, SQL_TEXTS, SQL_TEXTS, SQL_INTS,
		SQL_INTS, SQL_TEXTS, SQL_TEXTS, SQL_TEXTS, SQL_TEXTS, SQL_TEXTS, SQL_TEXTS,
		SQL_INTS);
}

static void add_characteristics(struct sql_table *t, const struct characteristics *told)
{
	sql_array_add_uuid_list(sql_table_next(t), told->vendor_ids, told->n_vendor_ids);
	sql_array_add_uuid_list(sql_table_next(t), told->class_ids, told->n_class_ids);
	sql_array_add_uuid_if(sql_table_next(t), told->has_device_id ? &told->device_id : NULL);
	sql_array_add_text(sql_table_next(t), told->serial);
	sql_array_add_text(sql_table_next(t), told->manufacturer);
	sql_array_add_text(sql_table_next(t), told->model);
	sql_array_add_text(sql_table_next(t), told->hardware_version);
	sql_array_add_text(sql_table_next(t), told->site);
	sql_array_add_uint_if(sql_table_next(t), told->has_battery, told->battery_mwh);
	sql_array_add_uint_if(sql_table_next(t), told->has_free_memory, told->free_memory_bytes);
}

/* How it works, as told and as it counts. */
static void add_ways(struct sql_table *t, const struct device *device)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	const struct profile profile = device_profile(device);
	sql_array_add_text(sql_table_next(t), device_json_profile(arena, &device->told.profile));
	sql_array_add_text(sql_table_next(t), device_json_calendar(arena, device->calendar));
	sql_array_add_text(sql_table_next(t), device_site(device));
	sql_array_add_text(sql_table_next(t), device_json_profile(arena, &profile));
	sql_array_add_text(sql_table_next(t), name_of(update_mode_names, (int)device->mode));
	sql_array_add_text(sql_table_next(t), device->mode_reason);
	sql_array_add_int(sql_table_next(t), device->provision.row_version);
}

void commit_rows_add_device(struct sql_table *t, const struct device *device)
{
	sql_array_add_int(sql_table_next(t), device->id);
	sql_array_add_text(sql_table_next(t), device->endpoint);
	sql_array_add_uuid(sql_table_next(t), device->registration);
	sql_array_add_int(sql_table_next(t), device->registered_at_ms);
	sql_array_add_int(sql_table_next(t), device->updated_at_ms);
	sql_array_add_int(sql_table_next(t), device->expires_at_ms);
	sql_array_add_time(sql_table_next(t), device->removed_at_ms);
	sql_array_add_int(sql_table_next(t), device->last_seen_at_ms);
	sql_array_add_int(sql_table_next(t), device->lifetime_s);
	sql_array_add_text(sql_table_next(t), name_of(transport_names, (int)device->transport));
	sql_array_add_text(sql_table_next(t), device->address);
	sql_array_add_text(
		sql_table_next(t), name_of(envelope_form_names, (int)device->envelope_form));
	add_characteristics(t, &device->told);
	add_ways(t, device);
}

struct sql_table commit_rows_components(void)
{
	return SQL_TABLE(SQL_INTS, SQL_BYTEAS, SQL_TEXTS, SQL_INTS, SQL_TEXTS, SQL_INTS, SQL_INTS);
}

void commit_rows_add_component(
	struct sql_table *t, int64_t device_id, const struct installed_component *component)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	sql_array_add_int(sql_table_next(t), device_id);
	sql_array_add_bytes(sql_table_next(t), component->id.encoded);
	sql_array_add_digest(sql_table_next(t), &component->digest);
	sql_array_add_uint_if(
		sql_table_next(t), component->has_sequence_number, component->sequence_number);
	sql_array_add_text(sql_table_next(t), component->version.n_parts == 0
						      ? NULL
						      : version_format(arena, &component->version));
	sql_array_add_uint_if(sql_table_next(t), component->has_size, component->size_bytes);
	sql_array_add_uint_if(sql_table_next(t), component->has_slot, component->active_slot);
}

#define DEPLOYMENT_COLUMNS                                                                         \
	SQL_UUIDS, SQL_INTS, SQL_TEXTS, SQL_TEXTS, SQL_BOOLS, SQL_TEXTS, SQL_BOOLS, SQL_INTS,      \
		SQL_INTS, SQL_INTS, SQL_INTS, SQL_INTS, SQL_TEXTS, SQL_TEXTS, SQL_INTS, SQL_INTS,  \
		SQL_INTS, SQL_INTS, SQL_INTS, SQL_INTS, SQL_INTS, SQL_INTS, SQL_INTS, SQL_INTS,    \
		SQL_INTS, SQL_INTS, SQL_INTS, SQL_TEXTS, SQL_INTS
#define HISTORY_COLUMNS SQL_UUIDS, SQL_INTS, SQL_TEXTS, SQL_TEXTS, SQL_TEXTS, SQL_TEXTS, SQL_TEXTS

struct sql_table commit_rows_deployments(void)
{
	return SQL_TABLE(DEPLOYMENT_COLUMNS);
}

static void add_plan(struct sql_table *t, const struct deployment_plan *plan)
{
	sql_array_add_text(sql_table_next(t), name_of(urgency_names, (int)plan->urgency));
	sql_array_add_time(sql_table_next(t), plan->vulnerable_since_ms);
	sql_array_add_time(sql_table_next(t), plan->due_ms);
	sql_array_add_time(sql_table_next(t), plan->look_ms);
	sql_array_add_time(sql_table_next(t), plan->download_ms);
	sql_array_add_int(sql_table_next(t), plan->transfer_ms);
	sql_array_add_time(sql_table_next(t), plan->install_ms);
	sql_array_add_time(sql_table_next(t), plan->promised_ms);
	sql_array_add_int(sql_table_next(t), (int64_t)plan->deferrals);
	sql_array_add_int(sql_table_next(t), (int64_t)plan->failures);
	sql_array_add_int(sql_table_next(t), (int64_t)plan->offers);
	sql_array_add_time(sql_table_next(t), plan->last_failure_ms);
	sql_array_add_time(sql_table_next(t), plan->last_offer_ms);
	sql_array_add_time(sql_table_next(t), plan->noticed_ms);
	sql_array_add_text(sql_table_next(t), plan->reasons);
}

void commit_rows_add_deployment(struct sql_table *t, int64_t device_id, const struct deployment *d)
{
	sql_array_add_uuid(sql_table_next(t), d->id);
	sql_array_add_int(sql_table_next(t), device_id);
	sql_array_add_digest(sql_table_next(t), &d->release);
	sql_array_add_text(sql_table_next(t), name_of(deployment_state_names, (int)d->state));
	sql_array_add_bool(sql_table_next(t), !deployment_state_is_end(d->state));
	sql_array_add_text(sql_table_next(t), name_of(update_mode_names, (int)d->mode));
	sql_array_add_bool(sql_table_next(t), d->named_by_operator);
	sql_array_add_int(sql_table_next(t), d->created_at_ms);
	sql_array_add_int(sql_table_next(t), d->changed_at_ms);
	sql_array_add_time(sql_table_next(t), d->deadline_at_ms);
	sql_array_add_int(sql_table_next(t), (int64_t)d->progress_bytes);
	sql_array_add_int(sql_table_next(t), (int64_t)d->attempts);
	sql_array_add_text(sql_table_next(t), d->reason);
	add_plan(t, &d->plan);
	sql_array_add_int(sql_table_next(t), d->row_version);
}

struct sql_table commit_rows_history(void)
{
	return SQL_TABLE(HISTORY_COLUMNS);
}

void commit_rows_add_history(
	struct sql_table *t, struct su_uuid deployment, const struct deployment_history *step)
{
	sql_array_add_uuid(sql_table_next(t), deployment);
	sql_array_add_int(sql_table_next(t), step->at_ms);
	sql_array_add_text(sql_table_next(t), name_of(deployment_state_names, (int)step->from));
	sql_array_add_text(sql_table_next(t), name_of(deployment_state_names, (int)step->to));
	sql_array_add_text(sql_table_next(t), step->event);
	sql_array_add_text(sql_table_next(t), step->actor);
	sql_array_add_text(sql_table_next(t), step->detail);
}

struct sql_table commit_rows_steps(void)
{
	return SQL_TABLE(DEPLOYMENT_COLUMNS, HISTORY_COLUMNS, SQL_INTS);
}

void commit_rows_add_step(struct sql_table *t, const struct device_write *write)
{
	commit_rows_add_deployment(t, write->device->id, write->deployment);
	commit_rows_add_history(t, write->deployment->id, &write->history[0]);
	sql_array_add_int(sql_table_next(t), write->device->row_version);
}

struct sql_table commit_rows_progress(void)
{
	return SQL_TABLE(SQL_UUIDS, SQL_BYTEAS, SQL_INTS, SQL_TEXTS, SQL_TEXTS, SQL_TEXTS, SQL_INTS,
		SQL_TEXTS);
}

static void add_wanted(struct sql_array *column, const struct component_progress *progress)
{
	struct su_buf text su_auto(su_buf_free) = { 0 };
	for (size_t i = 0; i < progress->n_wanted; i++) {
		char digest[DIGEST_TEXT_SIZE];
		digest_format(&progress->wanted[i], digest);
		su_buf_printf(&text, "%s%s", i > 0 ? " " : "", digest);
	}
	su_buf_append_byte(&text, '\0');
	sql_array_add_text(column, (const char *)text.data);
}

void commit_rows_add_progress(
	struct sql_table *t, struct su_uuid deployment, const struct component_progress *progress)
{
	sql_array_add_uuid(sql_table_next(t), deployment);
	sql_array_add_bytes(sql_table_next(t), progress->id.encoded);
	sql_array_add_int(sql_table_next(t), (int64_t)progress->ordinal);
	add_wanted(sql_table_next(t), progress);
	sql_array_add_text(sql_table_next(t), name_of(component_state_names, (int)progress->state));
	sql_array_add_digest(sql_table_next(t), &progress->reported);
	sql_array_add_int(sql_table_next(t), progress->changed_at_ms);
	sql_array_add_text(sql_table_next(t), progress->detail);
}

struct sql_table commit_rows_reports(void)
{
	return SQL_TABLE(SQL_UUIDS, SQL_INTS, SQL_UUIDS, SQL_INTS, SQL_BYTEAS, SQL_TEXTS, SQL_UUIDS,
		SQL_BOOLS, SQL_TEXTS);
}

void commit_rows_add_report(struct sql_table *t, int64_t device_id, const struct report_row *report)
{
	sql_array_add_uuid(sql_table_next(t), report->id);
	sql_array_add_int(sql_table_next(t), device_id);
	sql_array_add_uuid_if(sql_table_next(t), report->deployment_id);
	sql_array_add_int(sql_table_next(t), report->received_at_ms);
	sql_array_add_bytes(sql_table_next(t), report->payload);
	sql_array_add_text(sql_table_next(t), report->authentication);
	sql_array_add_uuid_if(sql_table_next(t), report->anchor_id);
	sql_array_add_bool(sql_table_next(t), report->success);
	sql_array_add_text(sql_table_next(t), report->reason);
}
