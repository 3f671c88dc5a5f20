/* SPDX-License-Identifier: Apache-2.0 */
/* Order of locks, as in store/commit_batch.c: the one of newcomers, the device, its deployment. */
#include "tracker/provisioning.h"

#include "base/memory.h"
#include "store/audit_store.h"
#include "store/deployment_store.h"
#include "store/device_store.h"
#include "tracker/planning.h"
#include "tracker/policy_holder.h"

/* Either its row is held, or it cannot appear before the transaction ends. */
static bool hold_device(struct txn *txn, const char *endpoint)
{
	if (device_store_hold(txn, endpoint))
		return true;
	provision_store_lock_newcomers(txn);
	return device_store_hold(txn, endpoint);
}

static void check_version(struct txn *txn, const struct provision *stored, int64_t if_version)
{
	if (if_version != 0 && stored->row_version != if_version)
		txn_fail(txn, SU_STALE, "", "what is laid down has changed in the meantime");
}

static void audit(
	struct txn *txn, const struct provisioning *how, const char *action, const char *endpoint)
{
	const struct audit_entry entry = {
		.at_ms = how->origin.now_ms,
		.actor = how->origin.actor,
		.action = action,
		.subject = endpoint,
		.detail_json = how->audit_detail,
	};
	audit_store_append(txn, &entry);
}

/* Mode, and the time of what is in flight, as they are by what is stored now. */
static void settle(struct txn *txn, const struct provisioning *how, const char *endpoint,
	struct device *device)
{
	if (!device_store_get(txn, how->arena, endpoint, device))
		return;
	struct policy_use use su_auto(policy_holder_done) = policy_holder_use(how->policies);
	(void)planning_settle(use.policy, device, how->origin.now_ms, how->arena);
	device_store_settle(txn, device);
	deployment_store_look_now(txn, device->id, how->origin.now_ms);
}

static void tell(const struct device *device, struct provisioned *out)
{
	out->has_device = device->id != 0;
	out->mode = device->mode;
	out->mode_reason = device->mode_reason;
}

enum su_status provisioning_get(const struct provisioning *how, const char *endpoint,
	struct provisioned *out, struct su_error *err)
{
	struct device *device = su_arena_new_of(how->arena, struct device);
	struct txn txn = txn_begin(how->conn);
	if (!provision_store_get(&txn, how->arena, endpoint, &out->record))
		txn_fail(&txn, SU_NOT_FOUND, "endpoint", "nothing is laid down for this device");
	(void)device_store_get(&txn, how->arena, endpoint, device);
	tell(device, out);
	return txn_commit(&txn, err);
}

enum su_status provisioning_put(const struct provisioning *how, const char *endpoint,
	const struct provision *wanted, struct provisioned *out, struct su_error *err)
{
	struct device *device = su_arena_new_of(how->arena, struct device);
	struct txn txn = txn_begin(how->conn);
	bool held = hold_device(&txn, endpoint);
	provision_store_get(&txn, how->arena, endpoint, &out->record);
	check_version(&txn, &out->record.provision, how->if_version);
	out->record = (struct provision_record){
		.endpoint = endpoint,
		.provision = *wanted,
		.changed_at_ms = how->origin.now_ms,
		.changed_by = how->origin.actor,
	};
	provision_store_put(&txn, &out->record);
	if (held)
		settle(&txn, how, endpoint, device);
	tell(device, out);
	audit(&txn, how, "provision.put", endpoint);
	deployment_store_notify(&txn, endpoint);
	return txn_commit(&txn, err);
}

enum su_status provisioning_delete(
	const struct provisioning *how, const char *endpoint, struct su_error *err)
{
	struct device *device = su_arena_new_of(how->arena, struct device);
	struct provision_record stored;
	struct txn txn = txn_begin(how->conn);
	bool held = hold_device(&txn, endpoint);
	if (!provision_store_get(&txn, how->arena, endpoint, &stored))
		txn_fail(&txn, SU_NOT_FOUND, "endpoint", "nothing is laid down for this device");
	check_version(&txn, &stored.provision, how->if_version);
	provision_store_delete(&txn, endpoint);
	if (held)
		settle(&txn, how, endpoint, device);
	audit(&txn, how, "provision.delete", endpoint);
	deployment_store_notify(&txn, endpoint);
	return txn_commit(&txn, err);
}
