/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of deployment_component. */
#include "store/component_progress_store.h"

#include <string.h>

#include "base/memory.h"
#include "store/commit_rows.h"
#include "store/txn_query.h"

static size_t count_words(const char *text)
{
	size_t n = 0;
	for (; text && *text; text++)
		n += *text == ' ';
	return n + 1;
}

/* Digests side by side, as the committer writes them. */
static void read_wanted(struct sql_row *row, struct component_progress *out)
{
	const char *text = sql_read_text(row);
	struct digest *wanted =
		su_arena_array(row->arena, count_words(text), sizeof(struct digest));
	out->n_wanted = 0;
	out->wanted = wanted;
	while (text && *text) {
		size_t len = strcspn(text, " ");
		const char *word = su_arena_strndup(row->arena, text, len);
		if (digest_parse(word, &wanted[out->n_wanted], row->err) == SU_OK)
			out->n_wanted++;
		text += len + (text[len] == ' ');
	}
}

size_t component_progress_store_list(struct txn *txn, struct su_arena *arena,
	const struct su_uuid *deployments, size_t n, struct followed_component **out)
{
	*out = NULL;
	if (n == 0)
		return 0;
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_COMPONENT_PROGRESS_LIST, sql_uuids(deployments, n));
	size_t n_rows = sql_rows_count(rows);
	*out = su_arena_array(arena, n_rows, sizeof(**out));
	for (size_t i = 0; i < n_rows; i++) {
		struct sql_row row = sql_row_at(rows, i, arena, &txn->error);
		struct component_progress *progress = &(*out)[i].progress;
		(*out)[i].deployment = sql_read_uuid(&row);
		progress->id.encoded = sql_read_bytes(&row);
		read_wanted(&row, progress);
		progress->state = (enum component_state)sql_read_name(
			&row, component_state_names, "a state of a component");
		progress->reported = sql_read_digest(&row);
		progress->changed_at_ms = sql_read_int(&row);
		progress->detail = sql_read_text(&row);
	}
	return txn_ok(txn) ? n_rows : 0;
}

void component_progress_store_put(
	struct txn *txn, struct su_uuid deployment, const struct component_progress *rows, size_t n)
{
	struct sql_table table su_auto(sql_table_free) = commit_rows_progress();
	for (size_t i = 0; i < n; i++)
		commit_rows_add_progress(&table, deployment, &rows[i]);
	txn_change_table(txn, STATEMENT_BATCH_PUT_COMPONENT_PROGRESS, &table);
}
