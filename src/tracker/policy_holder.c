/* SPDX-License-Identifier: Apache-2.0 */
/* Loads the current document at the start and whenever it may have changed. */
#include "tracker/policy_holder.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/shared.h"
#include "store/policy_store.h"

#define RETRY_MS  2000
#define SEEDED_BY "suitd"

struct policy_holder {
	struct su_work *work;
	struct su_timer *retry;
	struct su_shared *current; /* of struct edition */
	bool loading, again;       /* again: something changed during the load */
};

/* A parsed document and the memory it lives in. */
struct edition {
	struct su_arena *arena;
	struct policy *policy;
};

struct load {
	struct policy_holder *holder;
	struct su_error err;
};

static void edition_free(void *value)
{
	struct edition *edition = value;
	su_arena_free(&edition->arena);
	free(edition);
}

static enum su_status take_record(
	struct policy_holder *holder, const struct policy_record *record, struct su_error *err)
{
	struct edition *edition = su_new(struct edition);
	edition->arena = su_arena_new();
	enum su_status status =
		policy_parse(edition->arena, su_span_str(record->text), &edition->policy, err);
	if (status != SU_OK) {
		edition_free(edition);
		su_error_prefix(err, "policy version %lld", (long long)record->version);
		return status;
	}
	su_shared_put(holder->current, (uint64_t)record->version, edition);
	return SU_OK;
}

enum su_status policy_holder_refresh(
	struct policy_holder *holder, struct store_conn *conn, struct su_error *err)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct policy_record record;
	struct txn txn = txn_begin(conn);
	bool found = policy_store_current(&txn, arena, &record);
	SU_TRY(txn_commit(&txn, err));
	if (!found)
		return su_fail(err, SU_BUG, "", "the database has no policy");
	return take_record(holder, &record, err);
}

void policy_holder_keep_up(struct policy_holder *holder, struct store_conn *conn)
{
	struct policy_use use su_auto(policy_holder_done) = policy_holder_use(holder);
	struct su_error err;
	struct txn txn = txn_begin(conn);
	const int64_t version = policy_store_version(&txn);
	if (txn_commit(&txn, &err) == SU_OK && version > use.version &&
		policy_holder_refresh(holder, conn, &err) != SU_OK)
		su_log(SU_LOG_WARNING, "policy not reloaded, the old one stays",
			SU_STR("field", err.field), SU_STR("why", err.text));
}

static void run_load(void *arg, void *thread_context)
{
	struct load *load = arg;
	/* The fault is in load->err. */
	if (policy_holder_refresh(load->holder, thread_context, &load->err) == SU_OK)
		load->err.status = SU_OK;
}

static void start_load(struct policy_holder *holder);

static void on_loaded(void *arg)
{
	struct load *load = arg;
	struct policy_holder *holder = load->holder;
	const struct su_error err = load->err;
	free(load);
	holder->loading = false;
	if (err.status != SU_OK)
		su_log(SU_LOG_WARNING, "policy not reloaded, the old one stays",
			SU_STR("field", err.field), SU_STR("why", err.text));
	if (err.status == SU_RETRY)
		su_timer_set(holder->retry, RETRY_MS);
	else if (holder->again)
		start_load(holder);
}

static void start_load(struct policy_holder *holder)
{
	holder->again = holder->loading;
	if (holder->loading)
		return;
	struct load *load = su_new(struct load);
	load->holder = holder;
	const struct su_job job = { run_load, on_loaded, load };
	holder->loading = su_work_submit(holder->work, job) == SU_OK;
	if (holder->loading)
		return;
	free(load);
	su_timer_set(holder->retry, RETRY_MS);
}

static void on_retry(void *arg)
{
	start_load(arg);
}

/* Another suitd may be doing the same: who comes second takes what is there. */
static enum su_status seed(
	const struct policy_holder_opts *opts, struct su_span text, struct su_error *err)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct policy *policy;
	SU_TRY(policy_parse(arena, text, &policy, err));
	const struct policy_record first = {
		.version = 1,
		.text = policy->text,
		.saved_by = SEEDED_BY,
		.saved_at_ms = opts->now_ms,
	};
	struct txn txn = txn_begin(opts->conn);
	policy_store_insert(&txn, &first);
	enum su_status status = txn_commit(&txn, err);
	return status == SU_STALE ? SU_OK : status;
}

static enum su_status seed_if_empty(const struct policy_holder_opts *opts, struct su_error *err)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct policy_record record;
	struct txn txn = txn_begin(opts->conn);
	bool found = policy_store_current(&txn, arena, &record);
	SU_TRY(txn_commit(&txn, err));
	if (found)
		return SU_OK;
	return seed(opts, opts->seed.len > 0 ? opts->seed : policy_default_text(), err);
}

enum su_status policy_holder_start(
	const struct policy_holder_opts *opts, struct policy_holder **out, struct su_error *err)
{
	SU_TRY(seed_if_empty(opts, err));
	struct policy_holder *holder = su_new(struct policy_holder);
	holder->work = opts->work;
	holder->retry = su_timer_new(opts->loop, on_retry, holder);
	holder->current = su_shared_new(edition_free);
	enum su_status status = policy_holder_refresh(holder, opts->conn, err);
	if (status != SU_OK) {
		policy_holder_stop(&holder);
		return status;
	}
	*out = holder;
	return SU_OK;
}

void policy_holder_stop(struct policy_holder **holder)
{
	if (!holder || !*holder)
		return;
	su_timer_free(&(*holder)->retry);
	su_shared_free(&(*holder)->current);
	free(*holder);
	*holder = NULL;
}

void policy_holder_on_notify(struct policy_holder *holder, enum notify_topic topic)
{
	if (topic == NOTIFY_POLICY || topic == NOTIFY_EVERYTHING)
		start_load(holder);
}

struct policy_use policy_holder_use(struct policy_holder *holder)
{
	struct su_held *held = su_shared_hold(holder->current);
	const struct edition *edition = su_held_value(held);
	return (struct policy_use){ edition->policy, (int64_t)su_held_version(held), held };
}

void policy_holder_done(struct policy_use *use)
{
	su_held_drop(&use->held);
	use->policy = NULL;
}
