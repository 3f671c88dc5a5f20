/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1/releases/{digest}/plan: how far a release is over the fleet, and what is still to come. */
#include "base/moment.h"
#include "server/http_handlers.h"
#include "server/http_json.h"
#include "server/http_values.h"
#include "server/http_views.h"
#include "store/deployment_store.h"
#include "store/release_plan_store.h"
#include "store/release_store.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

/* So many spans make a picture that can still be read. */
#define MAX_SPANS 48

struct plan_query {
	struct digest release;
	bool has_state, has_after;
	int state;
	struct su_uuid after;
	size_t limit;
};

struct plan_summary {
	bool is_under_way;
	size_t n_groups, n_spans;
	struct release_plan_group *groups;
	int64_t width_ms;
	struct release_plan_span *spans;
};

static enum su_status read_query(
	struct http_call *call, struct plan_query *query, struct su_error *err)
{
	const char *state = http_call_query(call, "state");
	const char *cursor = http_call_query(call, "cursor");
	SU_TRY(http_value_digest(call, &query->release, err));
	SU_TRY(http_call_limit(call, &query->limit, err));
	if (state)
		SU_TRY(name_parse(deployment_state_names, "state", state, &query->state, err));
	if (cursor && su_uuid_parse(cursor, &query->after, NULL) != SU_OK)
		return su_fail(err, SU_INVALID, "cursor", "this cursor is not one of ours");
	query->has_state = state != NULL;
	query->has_after = cursor != NULL;
	return SU_OK;
}

/* The shortest round span of which not too many reach to the last beginning. */
static int64_t width_for(int64_t length_ms)
{
	static const int64_t widths_ms[] = { 5 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS, 3 * HOUR_MS,
		6 * HOUR_MS, 12 * HOUR_MS, DAY_MS, 7 * DAY_MS };
	const size_t n = sizeof(widths_ms) / sizeof(widths_ms[0]);
	for (size_t i = 0; i < n; i++)
		if (length_ms / widths_ms[i] < MAX_SPANS)
			return widths_ms[i];
	return (length_ms / MAX_SPANS / widths_ms[n - 1] + 1) * widths_ms[n - 1];
}

static void load_summary(struct http_call *call, struct txn *txn, const struct digest *release,
	struct plan_summary *out)
{
	int64_t last_ms = call->now_ms;
	out->n_groups =
		release_plan_store_groups(txn, call->arena, release, call->now_ms, &out->groups);
	for (size_t i = 0; i < out->n_groups; i++)
		if (!deployment_state_is_end(out->groups[i].state))
			last_ms = su_later(last_ms, out->groups[i].begin_ms);
	out->is_under_way = release_plan_store_is_under_way(txn, release);
	out->width_ms = width_for(last_ms - call->now_ms);
	const struct release_plan_range range = { release, call->now_ms, out->width_ms };
	out->n_spans = release_plan_store_spans(txn, call->arena, &range, &out->spans);
}

static json_t *zeros(const struct name_row *names)
{
	json_t *counts = json_object();
	for (const struct name_row *row = names; row->name; row++)
		http_json_put_int(counts, row->name, 0);
	return counts;
}

static void add(json_t *counts, const struct name_row *names, int value, uint64_t n)
{
	json_t *count = json_object_get(counts, name_of(names, value));
	json_integer_set(count, json_integer_value(count) + (json_int_t)n);
}

static void put_counts(json_t *view, const struct plan_summary *summary)
{
	json_t *states = zeros(deployment_state_names), *modes = zeros(update_mode_names);
	json_t *classes = zeros(urgency_names);
	for (size_t i = 0; i < summary->n_groups; i++) {
		const struct release_plan_group *group = &summary->groups[i];
		add(states, deployment_state_names, (int)group->state, group->n);
		add(modes, update_mode_names, (int)group->mode, group->n);
		add(classes, urgency_names, (int)group->urgency, group->n);
	}
	http_json_put_take(view, "states", states);
	http_json_put_take(view, "modes", modes);
	http_json_put_take(view, "urgency", classes);
}

/* The end of a release is known when none in flight is without a time. */
static void put_outlook(json_t *view, const struct plan_summary *summary)
{
	struct release_plan_group all = { 0 };
	uint64_t n_in_flight = 0;
	for (size_t i = 0; i < summary->n_groups; i++) {
		const struct release_plan_group *group = &summary->groups[i];
		bool ended = deployment_state_is_end(group->state);
		all.n += group->n;
		n_in_flight += ended ? 0 : group->n;
		all.n_late += group->n_late;
		all.n_untimed += group->n_untimed;
		all.due_ms = su_later(all.due_ms, ended ? 0 : group->due_ms);
		all.changed_ms = su_later(all.changed_ms, group->changed_ms);
		all.install_ms = su_later(all.install_ms, ended ? 0 : group->install_ms);
	}
	http_json_put_bool(view, "being_planned", summary->is_under_way);
	http_json_put_uint(view, "deployments", all.n);
	http_json_put_uint(view, "in_flight", n_in_flight);
	http_json_put_uint(view, "late", all.n_late);
	http_json_put_uint(view, "untimed", all.n_untimed);
	http_json_put_time(view, "last_deadline_at", all.due_ms);
	http_json_put_time(view, "last_change_at", all.changed_ms);
	http_json_put_time(view, "last_install_at", all.install_ms);
}

static json_t *view_spans(const struct plan_summary *summary)
{
	json_t *spans = json_array();
	for (size_t i = 0; i < summary->n_spans; i++) {
		const struct release_plan_span *span = &summary->spans[i];
		json_t *view = json_object();
		http_json_put_time(view, "from", span->begin_ms);
		http_json_put_time(view, "until", span->begin_ms + summary->width_ms);
		http_json_put_uint(view, "downloads", span->n_downloads);
		http_json_put_uint(view, "installs", span->n_installs);
		json_array_append_new(spans, view);
	}
	return spans;
}

static json_t *view_summary(const struct plan_summary *summary)
{
	json_t *view = json_object();
	put_outlook(view, summary);
	put_counts(view, summary);
	http_json_put_take(view, "beginnings", view_spans(summary));
	return view;
}

static json_t *view_page(const struct plan_query *query, const struct unended *found, size_t n)
{
	char next[SU_UUID_TEXT_SIZE];
	json_t *items = json_array();
	for (size_t i = 0; i < n && i < query->limit; i++)
		json_array_append_new(
			items, http_view_deployment(&found[i].deployment, found[i].endpoint));
	if (n > query->limit)
		su_uuid_format(found[query->limit - 1].deployment.id, next);
	return http_json_page_take(items, n > query->limit ? next : NULL);
}

/* The sums go with the first page only: whoever turns the pages has them. */
enum su_status http_release_plan_get(struct http_call *call, struct su_error *err)
{
	struct plan_query query;
	struct plan_summary summary = { 0 };
	struct release release;
	struct unended *found = NULL;
	SU_TRY(read_query(call, &query, err));
	const enum deployment_state state = (enum deployment_state)query.state;
	const struct release_page page = { query.has_after ? &query.after : NULL,
		query.has_state ? &state : NULL, query.limit + 1 };
	struct txn txn = txn_begin(call->conn);
	if (!release_store_get(&txn, call->arena, &query.release, &release))
		txn_fail(&txn, SU_NOT_FOUND, "digest", "there is no such release");
	if (!query.has_after)
		load_summary(call, &txn, &query.release, &summary);
	size_t n =
		deployment_store_page_of_release(&txn, call->arena, &query.release, &page, &found);
	SU_TRY(txn_commit(&txn, err));
	json_t *view = view_page(&query, found, n);
	http_json_put_digest(view, "release", &query.release);
	http_json_put_text(view, "state", name_of(release_state_names, (int)release.state));
	http_json_put_take(view, "summary", query.has_after ? NULL : view_summary(&summary));
	http_reply_json_take(call, 200, view);
	return SU_OK;
}
