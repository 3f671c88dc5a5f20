/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps a credential_table as the database has it: all in pages at first, then what changes. Loop thread. */
#pragma once

#include "base/work.h"
#include "server/credential_table.h"
#include "store/credential_store.h"

struct credential_loader;

struct credential_loader_opts {
	struct su_loop *loop;
	struct su_work *work; /* its thread context is a struct store_conn * */
	struct credential_table *table;
	const struct credential_key *key; /* NULL: pre-shared keys stay closed */
};

/* Begins to load. While the database is away it tries again every second. */
struct credential_loader *credential_loader_new(const struct credential_loader_opts *opts);
void credential_loader_free(struct credential_loader **loader);
void credential_loader_reload(struct credential_loader *loader);
void credential_loader_refresh(struct credential_loader *loader, const char *endpoint);
/* As it was just written to the database; without key and token it is gone. */
void credential_loader_put(
	struct credential_loader *loader, struct su_arena *arena, struct credential *credential);
/* Whether all were loaded once. Any thread. */
bool credential_loader_is_loaded(const struct credential_loader *loader);
