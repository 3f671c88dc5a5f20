/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which blob is served at which public path: the paths of manifests' own URIs. In memory, so that
 * downloads go on while the database is away. For the loop's thread.
 */
#pragma once

#include "base/work.h"
#include "model/digest.h"
#include "store/notify.h"

struct public_paths;

/* Loads the table through a worker; until that is done every path is unknown. */
struct public_paths *public_paths_new(struct su_loop *loop, struct su_work *work);
void public_paths_free(struct public_paths **paths);
/* To be called with every notification of the store. A failed load is tried again by itself. */
void public_paths_on_notify(struct public_paths *paths, enum notify_topic topic);
/* path begins with a slash. NULL: nothing is served there. Valid until the loop's next turn. */
const struct digest *public_paths_find(const struct public_paths *paths, const char *path);

/* blob is NULL when nothing is served at the path, or when it is unknown because of fault. */
typedef void (*public_paths_found_fn)(
	void *arg, const struct digest *blob, const struct su_error *fault);
/*
 * Asks the database, for a path that may be served since a moment ago. done is called once, later;
 * not at all when SU_BUSY is returned, because as many are asked for as may be.
 */
enum su_status public_paths_look_up(struct public_paths *paths, const char *path,
	public_paths_found_fn done, void *arg, struct su_error *err) SU_MUST_CHECK;
