/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The remembered endpoints by name: bounded, the one that was used longest ago goes first.
 * Loop thread only.
 */
#pragma once

#include <stddef.h>

#include "tracker/remembered.h"

struct registry;

struct registry *registry_new(size_t max_devices);
void registry_free(struct registry **registry);

/* NULL when it is not remembered. Counts as use. */
struct remembered *registry_find(struct registry *registry, const char *endpoint);
/* Found, or added in state STALE. NULL when all are in use and no room is left. */
struct remembered *registry_take(struct registry *registry, const char *endpoint);
/* Of no use any more: the next to go. */
void registry_put_last(struct registry *registry, struct remembered *of);
/* What is remembered is old: to be loaded again before its next use. */
void registry_spoil(struct registry *registry, const char *endpoint);
void registry_spoil_all(struct registry *registry);
/* Whether it may be used as it is. */
bool registry_is_fresh(const struct registry *registry, const struct remembered *of);
/* To be called when the load of it began (before the query), and when it is done. */
void registry_load_begins(struct registry *registry, struct remembered *of);
void registry_load_done(struct remembered *of, bool loaded);
/* visit must neither add nor forget. */
void registry_each(
	struct registry *registry, void (*visit)(void *arg, struct remembered *of), void *arg);
size_t registry_count(const struct registry *registry);
