/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Brings devices from the database into memory, many at once: whatever is asked for while one batch
 * is on its way travels with the next. Loop thread.
 */
#pragma once

#include "base/work.h"
#include "tracker/registry.h"

struct loader;

/* err NULL: loaded. The device may need another load at once if it was changed meanwhile. */
typedef void (*loader_done_fn)(void *arg, struct remembered *of, const struct su_error *err);

struct loader_opts {
	struct su_loop *loop;
	struct su_work *work; /* its thread context is a struct store_conn * */
	struct blob_store *blobs;
	struct registry *registry;
	loader_done_fn done;
	void *arg;
};

struct loader *loader_new(const struct loader_opts *opts);
void loader_free(struct loader **loader); /* no batch may be on its way */
/* No effect when it is on its way already. done is never called before this returns. */
void loader_want(struct loader *loader, struct remembered *of);
/* Forgets what waits for the next batch. */
void loader_stop(struct loader *loader);
bool loader_is_idle(const struct loader *loader);
