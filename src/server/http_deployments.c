/* SPDX-License-Identifier: Apache-2.0 */
/* Deployments: those of a device, one by its identifier, and their histories. */
#include <inttypes.h>
#include <stdlib.h>

#include "server/http_handlers.h"
#include "server/http_json.h"
#include "server/http_values.h"
#include "server/http_views.h"
#include "store/deployment_store.h"
#include "store/device_store.h"
#include "tracker/management.h"

/* A page of a device's deployments, as the query asks for it. */
struct page {
	size_t limit, n, n_followed;
	struct deployment *deployments;
	struct followed_component *followed;
	const char *next; /* NULL: this is the last page */
};

static size_t load_components(struct http_call *call, struct txn *txn,
	const struct deployment *deployments, size_t n, struct followed_component **out)
{
	struct su_uuid *ids = su_arena_array(call->arena, n, sizeof(*ids));
	for (size_t i = 0; i < n; i++)
		ids[i] = deployments[i].id;
	return component_progress_store_list(txn, call->arena, ids, n, out);
}

static enum su_status load_page(
	struct http_call *call, struct txn *txn, struct page *page, struct su_error *err)
{
	const char *cursor = http_call_query(call, "cursor");
	struct device device;
	struct su_uuid before;
	SU_TRY(http_call_limit(call, &page->limit, err));
	if (cursor && su_uuid_parse(cursor, &before, NULL) != SU_OK)
		return su_fail(err, SU_INVALID, "cursor", "this cursor is not one of ours");
	*txn = txn_begin(call->conn);
	if (!device_store_get(txn, call->arena, call->values[0], &device)) {
		txn_fail(txn, SU_NOT_FOUND, "endpoint", "there is no such device");
		return SU_OK;
	}
	page->n = deployment_store_list(txn, call->arena, device.id, cursor ? &before : NULL,
		page->limit + 1, &page->deployments);
	page->n_followed = load_components(call, txn, page->deployments, page->n, &page->followed);
	if (page->n <= page->limit)
		return SU_OK;
	page->n = page->limit;
	char *next = su_arena_alloc(call->arena, SU_UUID_TEXT_SIZE);
	su_uuid_format(page->deployments[page->n - 1].id, next);
	page->next = next;
	return SU_OK;
}

enum su_status http_deployments_list(struct http_call *call, struct su_error *err)
{
	struct page page = { 0 };
	struct txn txn;
	SU_TRY(load_page(call, &txn, &page, err));
	SU_TRY(txn_commit(&txn, err));
	json_t *items = json_array();
	for (size_t i = 0; i < page.n; i++) {
		const struct deployment *deployment = &page.deployments[i];
		json_t *item = http_view_deployment(deployment, call->values[0]);
		http_json_put_take(item, "components",
			http_view_components(
				call->arena, deployment->id, page.followed, page.n_followed));
		json_array_append_new(items, item);
	}
	http_reply_json_take(call, 200, http_json_page_take(items, page.next));
	return SU_OK;
}

static enum su_status read_history_page(
	struct http_call *call, struct device_history_page *page, struct su_error *err)
{
	const char *cursor = http_call_query(call, "cursor");
	char *end = NULL;
	SU_TRY(http_call_limit(call, &page->limit, err));
	page->limit++; /* one more tells whether another page follows */
	if (cursor)
		page->before = strtoll(cursor, &end, 10);
	if (cursor && (*end != '\0' || page->before <= 0))
		return su_fail(err, SU_INVALID, "cursor", "this cursor is not one of ours");
	return SU_OK;
}

enum su_status http_deployments_device_history(struct http_call *call, struct su_error *err)
{
	struct device_history_page page = { 0 };
	struct device_history *steps = NULL;
	struct device device;
	size_t n = 0;
	SU_TRY(read_history_page(call, &page, err));
	struct txn txn = txn_begin(call->conn);
	if (device_store_get(&txn, call->arena, call->values[0], &device))
		n = deployment_store_device_history(&txn, call->arena, device.id, &page, &steps);
	else
		txn_fail(&txn, SU_NOT_FOUND, "endpoint", "there is no such device");
	SU_TRY(txn_commit(&txn, err));
	json_t *items = json_array();
	for (size_t i = 0; i < n && i + 1 < page.limit; i++)
		json_array_append_new(items,
			http_view_history(steps[i].deployment, &steps[i].release, &steps[i].step));
	const char *next =
		n < page.limit ? NULL : su_arena_printf(call->arena, "%" PRId64, steps[n - 2].id);
	http_reply_json_take(call, 200, http_json_page_take(items, next));
	return SU_OK;
}

/* One deployment with all that a reply says of it. */
struct whole {
	struct deployment deployment;
	const char *endpoint;
	size_t n_followed;
	struct followed_component *followed;
};

static void load_rest(struct http_call *call, struct txn *txn, struct whole *whole)
{
	whole->endpoint = device_store_endpoint(txn, call->arena, whole->deployment.device_id);
	whole->n_followed = load_components(call, txn, &whole->deployment, 1, &whole->followed);
}

/* Fails in txn when there is no such deployment. */
static void load_one(struct http_call *call, struct txn *txn, struct su_uuid id, struct whole *out)
{
	if (deployment_store_get(txn, call->arena, id, &out->deployment))
		load_rest(call, txn, out);
	else
		txn_fail(txn, SU_NOT_FOUND, "id", "there is no such deployment");
}

static void reply_deployment(struct http_call *call, unsigned status, const struct whole *whole)
{
	const struct deployment *deployment = &whole->deployment;
	json_t *view = http_view_deployment(deployment, whole->endpoint);
	http_json_put_take(view, "components",
		http_view_components(
			call->arena, deployment->id, whole->followed, whole->n_followed));
	http_reply_row_version(call, deployment->row_version);
	http_reply_json_take(call, status, view);
}

enum su_status http_deployments_get(struct http_call *call, struct su_error *err)
{
	struct whole whole = { 0 };
	struct su_uuid id;
	SU_TRY(http_value_uuid(call, &id, err));
	struct txn txn = txn_begin(call->conn);
	load_one(call, &txn, id, &whole);
	SU_TRY(txn_commit(&txn, err));
	reply_deployment(call, 200, &whole);
	return SU_OK;
}

enum su_status http_deployments_history(struct http_call *call, struct su_error *err)
{
	struct deployment_history *steps = NULL;
	struct deployment deployment;
	struct su_uuid id;
	SU_TRY(http_value_uuid(call, &id, err));
	struct txn txn = txn_begin(call->conn);
	if (!deployment_store_get(&txn, call->arena, id, &deployment))
		txn_fail(&txn, SU_NOT_FOUND, "id", "there is no such deployment");
	size_t n = deployment_store_history(&txn, call->arena, id, &steps);
	SU_TRY(txn_commit(&txn, err));
	json_t *items = json_array();
	for (size_t i = n; i > 0; i--)
		json_array_append_new(items,
			http_view_history(deployment.id, &deployment.release, &steps[i - 1]));
	http_reply_json_take(call, 200, http_json_page_take(items, NULL));
	return SU_OK;
}

enum su_status http_deployments_create(struct http_call *call, struct su_error *err)
{
	const struct command_origin origin = { call->actor->name, call->now_ms };
	struct http_json_reader reader = http_json_reader_of(call->json);
	const char *text = http_json_need_text(&reader, "release", DIGEST_TEXT_SIZE);
	struct whole whole = { 0 };
	struct digest release;
	SU_TRY(http_json_end(&reader, err));
	if (digest_parse(text, &release, err) != SU_OK) {
		su_error_within(err, "release");
		return SU_INVALID;
	}
	SU_TRY(management_deploy(call->conn, call->env->blobs, call->arena, call->values[0],
		&release, &origin, &whole.deployment, err));
	call->device_changed = call->values[0];
	struct txn txn = txn_begin(call->conn);
	load_rest(call, &txn, &whole);
	SU_TRY(txn_commit(&txn, err));
	reply_deployment(call, 201, &whole);
	return SU_OK;
}

enum su_status http_deployments_cancel(struct http_call *call, struct su_error *err)
{
	const struct command_origin origin = { call->actor->name, call->now_ms };
	struct http_json_reader reader = http_json_reader_of(call->json);
	struct whole whole = { 0 };
	struct su_uuid id;
	SU_TRY(http_value_uuid(call, &id, err));
	SU_TRY(http_json_end(&reader, err));
	SU_TRY(management_cancel(call->conn, call->arena, id, &origin, &whole.deployment, err));
	struct txn txn = txn_begin(call->conn);
	load_rest(call, &txn, &whole);
	SU_TRY(txn_commit(&txn, err));
	call->device_changed = whole.endpoint;
	reply_deployment(call, 200, &whole);
	return SU_OK;
}
