/* SPDX-License-Identifier: Apache-2.0 */
/* Samples out of the history, and the moments of their classes: each in one statement. */
#include "store/learning.h"

#include <stdlib.h>

#include "base/memory.h"
#include "policy/estimate.h"
#include "store/txn_query.h"

struct sample {
	struct su_uuid class_id;
	uint64_t bytes;
	int64_t transfer_ms, install_ms; /* 0: not seen from begin to end */
};

struct class_estimate {
	struct su_uuid class_id;
	struct estimate estimate;
};

static size_t read_samples(struct txn *txn, struct su_arena *arena,
	const struct su_uuid *deployments, size_t n, struct sample **out)
{
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_LEARNING_SAMPLES, sql_uuids(deployments, n));
	const size_t found = sql_rows_count(rows);
	*out = su_arena_array(arena, found, sizeof(**out));
	for (size_t i = 0; i < found; i++) {
		struct sql_row row = sql_row_at(rows, i, arena, &txn->error);
		(*out)[i].class_id = sql_read_uuid(&row);
		(*out)[i].bytes = sql_read_uint(&row);
		(*out)[i].transfer_ms = sql_read_int(&row);
		(*out)[i].install_ms = sql_read_int(&row);
	}
	return txn_ok(txn) ? found : 0;
}

static double read_real(struct sql_row *row)
{
	const char *text = sql_read_text(row);
	return text ? strtod(text, NULL) : 0;
}

/* Two who learn of the same classes come one after the other. */
static size_t lock_classes(struct txn *txn, struct su_arena *arena, const struct sample *samples,
	size_t n, struct class_estimate **out)
{
	struct sql_array ids su_auto(sql_array_free) = sql_array_of(SQL_UUIDS);
	for (size_t i = 0; i < n; i++)
		sql_array_add_uuid(&ids, samples[i].class_id);
	txn_execute(txn, STATEMENT_LEARNING_OPEN, sql_list(&ids));
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_LEARNING_LOCK, sql_list(&ids));
	const size_t found = sql_rows_count(rows);
	*out = su_arena_array(arena, found, sizeof(**out));
	for (size_t i = 0; i < found; i++) {
		struct sql_row row = sql_row_at(rows, i, arena, &txn->error);
		struct estimate *estimate = &(*out)[i].estimate;
		(*out)[i].class_id = sql_read_uuid(&row);
		estimate->n_transfers = sql_read_uint(&row);
		estimate->n_installs = sql_read_uint(&row);
		estimate->mean_log_rate = read_real(&row);
		estimate->m2_log_rate = read_real(&row);
		estimate->mean_log_install = read_real(&row);
		estimate->m2_log_install = read_real(&row);
	}
	return txn_ok(txn) ? found : 0;
}

static void learn(struct class_estimate *classes, size_t n_classes, const struct sample *sample)
{
	for (size_t i = 0; i < n_classes; i++) {
		if (!su_uuid_equal(classes[i].class_id, sample->class_id))
			continue;
		estimate_learn_transfer(&classes[i].estimate, sample->bytes, sample->transfer_ms);
		estimate_learn_install(&classes[i].estimate, sample->install_ms);
	}
}

/* Real numbers travel as text, with all their digits. */
static void add_real(struct sql_table *table, struct su_arena *arena, double value)
{
	sql_array_add_text(sql_table_next(table), su_arena_printf(arena, "%.17g", value));
}

static void write_classes(
	struct txn *txn, struct su_arena *arena, const struct class_estimate *classes, size_t n)
{
	struct sql_table table su_auto(sql_table_free) = SQL_TABLE(
		SQL_UUIDS, SQL_INTS, SQL_INTS, SQL_TEXTS, SQL_TEXTS, SQL_TEXTS, SQL_TEXTS);
	for (size_t i = 0; i < n; i++) {
		const struct estimate *estimate = &classes[i].estimate;
		sql_array_add_uuid(sql_table_next(&table), classes[i].class_id);
		sql_array_add_int(sql_table_next(&table), (int64_t)estimate->n_transfers);
		sql_array_add_int(sql_table_next(&table), (int64_t)estimate->n_installs);
		add_real(&table, arena, estimate->mean_log_rate);
		add_real(&table, arena, estimate->m2_log_rate);
		add_real(&table, arena, estimate->mean_log_install);
		add_real(&table, arena, estimate->m2_log_install);
	}
	txn_change_table(txn, STATEMENT_LEARNING_WRITE, &table);
}

void learning_take(
	struct txn *txn, struct su_arena *arena, const struct su_uuid *deployments, size_t n)
{
	struct sample *samples;
	struct class_estimate *classes;
	if (n == 0)
		return;
	const size_t n_samples = read_samples(txn, arena, deployments, n, &samples);
	if (n_samples == 0)
		return;
	const size_t n_classes = lock_classes(txn, arena, samples, n_samples, &classes);
	for (size_t i = 0; i < n_samples; i++)
		learn(classes, n_classes, &samples[i]);
	write_classes(txn, arena, classes, n_classes);
}
