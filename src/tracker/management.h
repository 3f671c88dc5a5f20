/* SPDX-License-Identifier: Apache-2.0 */
/* What operators do to releases and deployments. Worker thread; each is one transaction with its audit entry. */
#pragma once

#include "base/arena.h"
#include "model/deployment.h"
#include "model/release.h"
#include "store/blob.h"
#include "store/connection.h"

/* Where a command comes from. */
struct command_origin {
	const char *actor; /* the token's name */
	int64_t now_ms;
};

/* Withdrawing also ends the release's deployments that have not begun installing; a second time it
 * only does what is left of that. if_version 0: any. */
enum su_status management_withdraw(struct store_conn *conn, struct su_arena *arena,
	const struct digest *release, int64_t if_version, const struct command_origin *origin,
	struct release *out, struct su_error *err) SU_MUST_CHECK;

/* An operator names a release for a device: the only way for a manifest without vendor or class. */
enum su_status management_deploy(struct store_conn *conn, struct blob_store *blobs,
	struct su_arena *arena, const char *endpoint, const struct digest *release,
	const struct command_origin *origin, struct deployment *out,
	struct su_error *err) SU_MUST_CHECK;
enum su_status management_cancel(struct store_conn *conn, struct su_arena *arena,
	struct su_uuid deployment, const struct command_origin *origin, struct deployment *out,
	struct su_error *err) SU_MUST_CHECK;
