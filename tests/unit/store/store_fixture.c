/* SPDX-License-Identifier: Apache-2.0 */
/* A database for each program, emptied before each test. */
#include "store_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "cluster.h"
#include "store/commit_batch.h"
#include "store/counter_store.h"
#include "store/deployment_store.h"
#include "store/device_store.h"
#include "store/migrate.h"
#include "suit/hash.h"

static const char empty_all[] =
	"TRUNCATE device_provision, plan_job, estimate, api_token, trust_anchor, image, upload, "
	"release_scope, "
	"release, release_image, "
	"public_path, device, device_component, device_credential, deployment, "
	"deployment_component, deployment_history, "
	"report, counter, audit, replan_job, release_approval, policy_document";

int store_fixture_set_up(void **state)
{
	unsigned applied;
	const char *conninfo = cluster_database();
	*state = NULL;
	if (!conninfo)
		return 0;
	assert_int_equal(migrate_run(conninfo, &applied, NULL), SU_OK);
	assert_true(cluster_sql(conninfo, empty_all, NULL, 0));
	struct store_fixture *f = su_new(struct store_fixture);
	f->conninfo = conninfo;
	f->conn = store_conn_new(conninfo);
	f->arena = su_arena_new();
	*state = f;
	return 0;
}

int store_fixture_tear_down(void **state)
{
	struct store_fixture *f = *state;
	if (!f)
		return 0;
	store_conn_free(&f->conn);
	su_arena_free(&f->arena);
	free(f);
	return 0;
}

void begin(struct store_fixture *f)
{
	f->txn = txn_begin(f->conn);
	assert_string_equal(f->txn.error.text, "");
}

enum su_status commit_status(struct store_fixture *f)
{
	return txn_commit(&f->txn, NULL);
}

void commit(struct store_fixture *f)
{
	enum su_status status = commit_status(f);
	assert_string_equal(f->txn.error.text, "");
	assert_int_equal(status, SU_OK);
}

struct digest digest_of(const char *text)
{
	struct digest digest;
	assert_int_equal(hash_compute(DIGEST_SHA256, su_span_str(text), &digest, NULL), SU_OK);
	return digest;
}

struct su_uuid uuid_of(unsigned n)
{
	struct su_uuid id = { { 0x01, 0x9a } };
	id.bytes[14] = (uint8_t)(n >> 8);
	id.bytes[15] = (uint8_t)n;
	return id;
}

struct release sample_release(struct store_fixture *f, const char *name, uint64_t sequence)
{
	struct release_image *image = su_arena_new_of(f->arena, struct release_image);
	*image = (struct release_image){ .component = { su_span_of("\x81\x41\x00", 3) },
		.digest = digest_of("image"),
		.has_size = true,
		.size_bytes = 5,
		.uri = "coap://fw.example.com/fw/app.bin",
		.hosted = true };
	return (struct release){ .digest = digest_of(name),
		.sequence_number = sequence,
		.scope = su_span_str("scope"),
		.state = RELEASE_INCOMPLETE,
		.targeted = true,
		.version = "1.2.0",
		.kind = KIND_SECURITY,
		.labels_json = "{\"cvss\": 9.8}",
		.envelope = digest_of("envelope"),
		.envelope_bytes = 300,
		.severed_envelope = digest_of("severed"),
		.severed_envelope_bytes = 200,
		.n_images = 1,
		.images = image,
		.published_by = "ci",
		.published_at_ms = NOW_MS };
}

static const struct su_uuid vendor = { { 0x01, 0x9a, [15] = 1 } };
static const struct su_uuid class_id = { { 0x01, 0x9a, [15] = 2 } };
static const struct release_path path = { .path = "/fw/app.bin", .image = 0 };
const struct release_targets sample_targets = { .n_vendor_ids = 1,
	.vendor_ids = &vendor,
	.n_class_ids = 1,
	.class_ids = &class_id,
	.n_paths = 1,
	.paths = &path };

void store_release(struct store_fixture *f, const struct release *release)
{
	begin(f);
	assert_true(release_store_insert(&f->txn, release, &sample_targets));
	commit(f);
}

struct device sample_device(const char *endpoint)
{
	struct device device = { .endpoint = endpoint,
		.registration = su_uuid_v7(NOW_MS),
		.registered_at_ms = NOW_MS,
		.updated_at_ms = NOW_MS,
		.expires_at_ms = NOW_MS + 86400000,
		.last_seen_at_ms = NOW_MS,
		.lifetime_s = 86400,
		.transport = TRANSPORT_COAPS,
		.address = "[::1]:5683",
		.envelope_form = ENVELOPE_SEVERED };
	device.told.n_vendor_ids = 1;
	device.told.vendor_ids[0] = vendor;
	device.told.n_class_ids = 1;
	device.told.class_ids[0] = class_id;
	device.told.serial = "SN 'quoted' \"twice\" {,} \\ NULL";
	device.told.has_battery = true;
	device.told.battery_mwh = 1200;
	device.told.n_components = 1;
	device.told.components[0] = (struct installed_component){
		.id = { su_span_of("\x81\x41\x00", 3) },
		.digest = digest_of("old image"),
		.has_sequence_number = true,
		.sequence_number = 3,
		.version = { .n_parts = 3, .parts = { 1, 0, 0 } },
	};
	return device;
}

struct device store_device(struct store_fixture *f, const struct device *device)
{
	const struct device_write write = {
		.device = device, .write_device = true, .write_components = true
	};
	struct batch_item item = { .write = &write }, *items = &item;
	struct device stored;
	commit_batch_run(f->conn, "-", &items, 1);
	assert_string_equal(item.result.error.text, "");
	assert_int_equal(item.result.status, SU_OK);
	begin(f);
	assert_true(device_store_get(&f->txn, f->arena, device->endpoint, &stored));
	commit(f);
	return stored;
}

struct deployment sample_deployment(
	unsigned n, const struct device *device, const struct release *release)
{
	return (struct deployment){ .id = uuid_of(n),
		.device_id = device->id,
		.release = release->digest,
		.state = DEPLOYMENT_PLANNED,
		.mode = MODE_CLIENT,
		.created_at_ms = NOW_MS,
		.changed_at_ms = NOW_MS };
}

struct deployment_history sample_step(enum deployment_state from, enum deployment_state to)
{
	return (struct deployment_history){
		.at_ms = NOW_MS, .from = from, .to = to, .event = "offer", .actor = "suitd"
	};
}

int64_t counter_value(struct store_fixture *f, const char *name)
{
	struct counter *counters;
	int64_t value = 0;
	begin(f);
	size_t n = counter_store_list(&f->txn, f->arena, &counters);
	commit(f);
	for (size_t i = 0; i < n; i++)
		if (strcmp(counters[i].name, name) == 0)
			value = counters[i].value;
	return value;
}
