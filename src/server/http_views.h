/* SPDX-License-Identifier: Apache-2.0 */
/* Resources as JSON, in the members and the order of api/openapi.yaml. */
#pragma once

#include <jansson.h>

#include "base/arena.h"
#include "model/deployment.h"
#include "model/device.h"
#include "model/image.h"
#include "model/release.h"
#include "model/token.h"
#include "model/trust_anchor.h"
#include "store/audit_store.h"
#include "store/component_progress_store.h"
#include "suit/trust.h"

json_t *http_view_token(const struct token *token);
json_t *http_view_anchor(struct su_arena *arena, const struct trust_anchor *anchor);
json_t *http_view_image(const struct image *image);
json_t *http_view_release(struct su_arena *arena, const struct release *release);
/* Each signature of each authentication block. */
json_t *http_view_verdicts(const struct trust_result *trust);
/* deployment: the one in flight, or NULL. */
json_t *http_view_device(struct su_arena *arena, const struct device *device,
	const struct deployment *deployment, int64_t now_ms);
json_t *http_view_deployment(const struct deployment *deployment, const char *endpoint);
/* What a deployment follows; component by component, in the order in which they are installed. */
json_t *http_view_components(struct su_arena *arena, struct su_uuid deployment,
	const struct followed_component *followed, size_t n);
json_t *http_view_history(struct su_uuid deployment, const struct digest *release,
	const struct deployment_history *step);
json_t *http_view_audit(const struct audit_entry *entry);
