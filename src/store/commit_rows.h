/* SPDX-License-Identifier: Apache-2.0 */
/* What a batch writes, as columns for the set-based statements. */
#pragma once

#include "store/commit_batch.h"
#include "store/sql_array.h"

/* SU_INVALID when a number of the write does not fit a bigint. */
enum su_status commit_rows_check(
	const struct device_write *write, struct su_error *err) SU_MUST_CHECK;

struct sql_table commit_rows_devices(void);
void commit_rows_add_device(struct sql_table *table, const struct device *device);
struct sql_table commit_rows_components(void);
void commit_rows_add_component(
	struct sql_table *table, int64_t device_id, const struct installed_component *component);
struct sql_table commit_rows_deployments(void);
void commit_rows_add_deployment(
	struct sql_table *table, int64_t device_id, const struct deployment *deployment);
struct sql_table commit_rows_history(void);
void commit_rows_add_history(
	struct sql_table *table, struct su_uuid deployment, const struct deployment_history *step);
/* One step of a deployment and all that it changes, for a device at the version that was read. */
struct sql_table commit_rows_steps(void);
void commit_rows_add_step(struct sql_table *table, const struct device_write *write);
struct sql_table commit_rows_progress(void);
void commit_rows_add_progress(struct sql_table *table, struct su_uuid deployment,
	const struct component_progress *progress);
struct sql_table commit_rows_reports(void);
void commit_rows_add_report(
	struct sql_table *table, int64_t device_id, const struct report_row *report);
