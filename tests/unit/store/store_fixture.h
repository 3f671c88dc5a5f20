/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of the stores begin with: an empty, migrated database, and rows to refer to. */
#pragma once

#include "base/arena.h"
#include "model/deployment.h"
#include "model/device.h"
#include "model/release.h"
#include "store/release_store.h"
#include "store/txn.h"

#define NOW_MS INT64_C(1795256401123)

struct store_fixture {
	const char *conninfo;
	struct store_conn *conn;
	struct su_arena *arena;
	struct txn txn;
};

/* Without PostgreSQL *state stays NULL, and USE_FIXTURE skips. */
int store_fixture_set_up(void **state);
int store_fixture_tear_down(void **state);

#define STORE_TEST(name)                                                                           \
	cmocka_unit_test_setup_teardown(name, store_fixture_set_up, store_fixture_tear_down)
#define USE_FIXTURE(f, state)                                                                      \
	struct store_fixture *f = *(state);                                                        \
	if (!f)                                                                                    \
	skip()

void begin(struct store_fixture *f);
void commit(struct store_fixture *f);                  /* must succeed */
enum su_status commit_status(struct store_fixture *f); /* and the message is in f->txn.error */

struct digest digest_of(const char *text); /* sha256 of it */
struct su_uuid uuid_of(unsigned n);
struct token;
/* Of scope "scope", with one hosted image digest_of("image") of 5 bytes that is not there. */
struct release sample_release(struct store_fixture *f, const char *name, uint64_t sequence);
extern const struct release_targets sample_targets; /* vendor 1, class 2, path /fw/app.bin */
void store_release(struct store_fixture *f, const struct release *release);

struct device sample_device(const char *endpoint);
/* Writes it and reads it back. */
struct device store_device(struct store_fixture *f, const struct device *device);
struct deployment sample_deployment(
	unsigned n, const struct device *device, const struct release *release);
struct deployment_history sample_step(enum deployment_state from, enum deployment_state to);

int64_t counter_value(struct store_fixture *f, const char *name);
