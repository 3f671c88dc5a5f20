/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What operators lay down for a device: written, and what rests on it decided again in the same
 * transaction. Worker thread. A device need not have appeared yet.
 */
#pragma once

#include "store/connection.h"
#include "store/provision_store.h"
#include "tracker/management.h"

struct policy_holder;

struct provisioning {
	struct store_conn *conn;
	struct su_arena *arena;
	struct policy_holder *policies;
	struct command_origin origin;
	const char *audit_detail; /* JSON, or NULL */
	int64_t if_version;       /* 0: any; else SU_STALE when another is stored, or none */
};

struct provisioned {
	struct provision_record record;
	bool has_device; /* it has registered, at least once */
	enum update_mode mode;
	const char *mode_reason;
};
/* SU_NOT_FOUND: nothing is laid down. */
enum su_status provisioning_get(const struct provisioning *how, const char *endpoint,
	struct provisioned *out, struct su_error *err) SU_MUST_CHECK;
/* Replaces what was laid down before. The caller has checked that wanted makes sense. */
enum su_status provisioning_put(const struct provisioning *how, const char *endpoint,
	const struct provision *wanted, struct provisioned *out,
	struct su_error *err) SU_MUST_CHECK;
/* SU_NOT_FOUND: nothing is laid down. */
enum su_status provisioning_delete(
	const struct provisioning *how, const char *endpoint, struct su_error *err) SU_MUST_CHECK;
