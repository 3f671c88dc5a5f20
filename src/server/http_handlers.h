/* SPDX-License-Identifier: Apache-2.0 */
/* The handlers that http_routes.c lists; http_<resource>.c defines http_<resource>_*. */
#pragma once

#include "server/http_routes.h"

#define HTTP_WORK(name) enum su_status name(struct http_call *call, struct su_error *err)

HTTP_WORK(http_tokens_create);
HTTP_WORK(http_tokens_list);
HTTP_WORK(http_tokens_revoke);

HTTP_WORK(http_anchors_create);
HTTP_WORK(http_anchors_list);
HTTP_WORK(http_anchors_get);
HTTP_WORK(http_anchors_revoke);

extern const struct http_stream http_images_put;
HTTP_WORK(http_images_list);
HTTP_WORK(http_images_get);

void http_uploads_options(struct http_call *call);
HTTP_WORK(http_uploads_create);
HTTP_WORK(http_uploads_head);
extern const struct http_stream http_uploads_patch;
HTTP_WORK(http_uploads_delete);

HTTP_WORK(http_manifests_create);
HTTP_WORK(http_manifests_get);

HTTP_WORK(http_releases_list);
HTTP_WORK(http_releases_get);
HTTP_WORK(http_releases_approve);
HTTP_WORK(http_releases_withdraw);
HTTP_WORK(http_release_plan_get);

HTTP_WORK(http_devices_list);
HTTP_WORK(http_devices_get);
HTTP_WORK(http_decision_get);

HTTP_WORK(http_credentials_put);
HTTP_WORK(http_credentials_delete);

HTTP_WORK(http_deployments_create);
HTTP_WORK(http_deployments_list);
HTTP_WORK(http_deployments_device_history);
HTTP_WORK(http_deployments_get);
HTTP_WORK(http_deployments_history);
HTTP_WORK(http_deployments_cancel);

HTTP_WORK(http_policy_get);
HTTP_WORK(http_policy_put);
HTTP_WORK(http_policy_versions);
HTTP_WORK(http_policy_version);
HTTP_WORK(http_provision_get);
HTTP_WORK(http_provision_put);
HTTP_WORK(http_provision_delete);

HTTP_WORK(http_fleet_summary);
HTTP_WORK(http_audit_list);

void http_health_alive(struct http_call *call);
HTTP_WORK(http_health_ready);
HTTP_WORK(http_metrics_get);

void http_blob_get(struct http_call *call);
/* The public paths of manifests' own URIs: from memory, else from the database. */
void http_blob_get_public(struct http_call *call);
HTTP_WORK(http_blob_find_public);
