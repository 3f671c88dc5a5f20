/* SPDX-License-Identifier: Apache-2.0 */
/* The routes, and the search through them. */
#include "server/http_routes.h"

#include <stdio.h>
#include <string.h>

#include "server/http_decode.h"
#include "server/http_device.h"
#include "server/http_handlers.h"
#include "server/public_paths.h"

#define CAN_APPROVE    (CAN_OPERATE | CAN_APPROVE_NETWORK)
#define CAN_AUDIT      (CAN_OPERATE | CAN_MANAGE_TRUST | CAN_MANAGE_TOKENS)
#define ENVELOPE_TYPES "application/suit-envelope+cose application/cbor application/octet-stream"
#define NONE           HTTP_BODY_NONE
#define JSON           HTTP_BODY_JSON
#define RAW            HTTP_BODY_RAW
#define STREAM         HTTP_BODY_STREAM

/* clang-format off */
static const struct http_route routes[] = {
	{ "GET", "/healthz", 0, NONE, .handler = http_health_alive },
	{ "GET", "/readyz", 0, NONE, .work = http_health_ready },
	{ "GET", "/metrics", CAN_READ | HTTP_METRICS, NONE, .work = http_metrics_get },
	{ "GET", "/blob/{hex}", 0, NONE, "*", .handler = http_blob_get },

	{ "POST", "/device/v1/rd", 0, RAW, "ep lt *", HTTP_DEVICE_MESSAGE_TYPES,
		.handler = http_device_register },
	{ "POST", "/device/v1/rd/{id}", 0, RAW, "ep lt *", HTTP_DEVICE_MESSAGE_TYPES,
		.handler = http_device_update },
	{ "DELETE", "/device/v1/rd/{id}", 0, NONE, "ep *", .handler = http_device_remove },
	{ "GET", "/device/v1/suit/manifest", 0, NONE, "ep form *", .handler = http_device_manifest },
	{ "POST", "/device/v1/suit/status", 0, RAW, "ep *", HTTP_DEVICE_MESSAGE_TYPES,
		.handler = http_device_status },
	{ "POST", "/device/v1/suit/report", 0, RAW, "ep *", .handler = http_device_report },
	{ "GET", "/device/v1/suit/command", 0, NONE, "ep wait *", .handler = http_device_command },

	{ "GET", "/api/v1/tokens", CAN_MANAGE_TOKENS, NONE, .work = http_tokens_list },
	{ "POST", "/api/v1/tokens", CAN_MANAGE_TOKENS, JSON, .work = http_tokens_create },
	{ "DELETE", "/api/v1/tokens/{id}", CAN_MANAGE_TOKENS, NONE, .work = http_tokens_revoke },

	{ "GET", "/api/v1/trust-anchors", CAN_READ, NONE, "purpose", .work = http_anchors_list },
	{ "POST", "/api/v1/trust-anchors", CAN_MANAGE_TRUST, JSON, .work = http_anchors_create },
	{ "GET", "/api/v1/trust-anchors/{id}", CAN_READ, NONE, .work = http_anchors_get },
	{ "POST", "/api/v1/trust-anchors/{id}/revoke", CAN_MANAGE_TRUST, JSON, .work = http_anchors_revoke },

	{ "GET", "/api/v1/images", CAN_READ, NONE, "limit cursor", .work = http_images_list },
	{ "GET", "/api/v1/images/{digest}", CAN_READ, NONE, .work = http_images_get },
	{ "PUT", "/api/v1/images/{digest}", CAN_PUBLISH, STREAM, .stream = &http_images_put },

	{ "OPTIONS", "/api/v1/uploads", 0, NONE, .handler = http_uploads_options },
	{ "POST", "/api/v1/uploads", CAN_PUBLISH, NONE, .work = http_uploads_create },
	{ "OPTIONS", "/api/v1/uploads/{id}", 0, NONE, .handler = http_uploads_options },
	{ "HEAD", "/api/v1/uploads/{id}", CAN_PUBLISH, NONE, .work = http_uploads_head },
	{ "PATCH", "/api/v1/uploads/{id}", CAN_PUBLISH, STREAM,
		.types = "application/offset+octet-stream", .stream = &http_uploads_patch },
	{ "DELETE", "/api/v1/uploads/{id}", CAN_PUBLISH, NONE, .work = http_uploads_delete },

	{ "POST", "/api/v1/manifests", CAN_PUBLISH, RAW, "kind labels", ENVELOPE_TYPES,
		.work = http_manifests_create },
	{ "GET", "/api/v1/manifests/{digest}", CAN_READ, NONE, .work = http_manifests_get },

	{ "GET", "/api/v1/releases", CAN_READ, NONE, "limit cursor", .work = http_releases_list },
	{ "GET", "/api/v1/releases/{digest}", CAN_READ, NONE, .work = http_releases_get },
	{ "GET", "/api/v1/releases/{digest}/plan", CAN_READ, NONE, "limit cursor state",
		.work = http_release_plan_get },
	{ "POST", "/api/v1/releases/{digest}/approve", CAN_APPROVE, JSON, .work = http_releases_approve },
	{ "POST", "/api/v1/releases/{digest}/withdraw", CAN_OPERATE, JSON, .work = http_releases_withdraw },

	{ "GET", "/api/v1/devices", CAN_READ, NONE, "limit cursor filter", .work = http_devices_list },
	{ "GET", "/api/v1/devices/{endpoint}", CAN_READ, NONE, .work = http_devices_get },
	{ "GET", "/api/v1/devices/{endpoint}/decision", CAN_READ, NONE, .work = http_decision_get },
	{ "GET", "/api/v1/devices/{endpoint}/history", CAN_READ, NONE, "limit cursor",
		.work = http_deployments_device_history },
	{ "GET", "/api/v1/devices/{endpoint}/provision", CAN_READ, NONE, .work = http_provision_get },
	{ "PUT", "/api/v1/devices/{endpoint}/provision", CAN_OPERATE, JSON, .work = http_provision_put },
	{ "DELETE", "/api/v1/devices/{endpoint}/provision", CAN_OPERATE, NONE,
		.work = http_provision_delete },
	{ "PUT", "/api/v1/devices/{endpoint}/credentials", CAN_OPERATE, JSON, .work = http_credentials_put },
	{ "DELETE", "/api/v1/devices/{endpoint}/credentials", CAN_OPERATE, NONE,
		.work = http_credentials_delete },
	{ "GET", "/api/v1/devices/{endpoint}/deployments", CAN_READ, NONE, "limit cursor",
		.work = http_deployments_list },
	{ "POST", "/api/v1/devices/{endpoint}/deployments", CAN_OPERATE, JSON,
		.work = http_deployments_create },

	{ "GET", "/api/v1/deployments/{id}", CAN_READ, NONE, .work = http_deployments_get },
	{ "GET", "/api/v1/deployments/{id}/history", CAN_READ, NONE, .work = http_deployments_history },
	{ "POST", "/api/v1/deployments/{id}/cancel", CAN_OPERATE, JSON, .work = http_deployments_cancel },

	{ "GET", "/api/v1/policy", CAN_READ, NONE, .work = http_policy_get },
	{ "PUT", "/api/v1/policy", CAN_OPERATE, JSON, .work = http_policy_put },
	{ "GET", "/api/v1/policy/versions", CAN_READ, NONE, "limit cursor", .work = http_policy_versions },
	{ "GET", "/api/v1/policy/versions/{version}", CAN_READ, NONE, .work = http_policy_version },

	{ "GET", "/api/v1/fleet/summary", CAN_READ, NONE, .work = http_fleet_summary },
	{ "GET", "/api/v1/audit", CAN_AUDIT, NONE, "limit cursor", .work = http_audit_list },
};
/* clang-format on */

#define N_ROUTES (sizeof(routes) / sizeof(routes[0]))

/* Not in the list: any path outside of /api/ and /device/. */
static const struct http_route public_route = { "GET", "", 0, NONE, "*",
	.handler = http_blob_get_public };
static const struct http_route unknown_route = { "GET", "", 0, NONE, "*",
	.work = http_blob_find_public };

static bool matches(
	const char *pattern, const char *path, struct su_span values[HTTP_MAX_PATH_VALUES])
{
	size_t n = 0;
	while (*pattern && *path) {
		if (*pattern != '{') {
			if (*pattern++ != *path++)
				return false;
			continue;
		}
		size_t len = strcspn(path, "/");
		if (!len || n == HTTP_MAX_PATH_VALUES)
			return false;
		values[n++] = su_span_of(path, len);
		path += len;
		pattern += strcspn(pattern, "}") + 1;
	}
	return !*pattern && !*path;
}

static enum su_status take_route(struct http_call *call, const struct http_route *route,
	const struct su_span values[HTTP_MAX_PATH_VALUES], struct su_error *err)
{
	call->route = route;
	for (size_t i = 0; i < HTTP_MAX_PATH_VALUES && values[i].data; i++)
		SU_TRY(http_decode_percent(call->arena, values[i], &call->values[i], err));
	return SU_OK;
}

static void add_allowed(const char *method, char allow[HTTP_ROUTES_MAX_ALLOW])
{
	size_t len = strlen(allow);
	snprintf(allow + len, HTTP_ROUTES_MAX_ALLOW - len, "%s%s%s", len ? ", " : "", method,
		strcmp(method, "GET") ? "" : ", HEAD");
}

static enum su_status find_public(struct http_call *call, const char *method,
	char allow_out[HTTP_ROUTES_MAX_ALLOW], struct su_error *err)
{
	if (!strncmp(call->path, "/api/", 5) || !strncmp(call->path, "/device/", 8))
		return su_fail(err, SU_NOT_FOUND, "", "there is nothing at this path");
	call->route =
		public_paths_find(call->env->paths, call->path) ? &public_route : &unknown_route;
	if (!strcmp(method, "GET") || !strcmp(method, "HEAD"))
		return SU_OK;
	if (call->route == &unknown_route)
		return su_fail(err, SU_NOT_FOUND, "", "there is nothing at this path");
	add_allowed("GET", allow_out);
	return su_fail(err, SU_DENIED, "", "this path is read only");
}

enum su_status http_routes_find(struct http_call *call, const char *method,
	char allow_out[HTTP_ROUTES_MAX_ALLOW], struct su_error *err)
{
	const struct http_route *get = NULL;
	struct su_span get_values[HTTP_MAX_PATH_VALUES];
	allow_out[0] = '\0';
	for (size_t i = 0; i < N_ROUTES; i++) {
		struct su_span values[HTTP_MAX_PATH_VALUES] = { SU_SPAN_EMPTY };
		if (!matches(routes[i].path, call->path, values))
			continue;
		if (!strcmp(routes[i].method, method))
			return take_route(call, &routes[i], values, err);
		add_allowed(routes[i].method, allow_out);
		if (strcmp(routes[i].method, "GET") != 0)
			continue;
		get = &routes[i];
		memcpy(get_values, values, sizeof(values));
	}
	if (get && !strcmp(method, "HEAD"))
		return take_route(call, get, get_values, err);
	if (!allow_out[0])
		return find_public(call, method, allow_out, err);
	return su_fail(err, SU_DENIED, "", "this path has other methods");
}

size_t http_routes_list(const struct http_route **out)
{
	*out = routes;
	return N_ROUTES;
}
