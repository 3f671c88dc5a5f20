/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The newest version of a value that never changes once it is there: threads hold what they read
 * for as long as they need it, while a newer one takes its place.
 */
#pragma once

#include <stdint.h>

struct su_shared; /* the place */
struct su_held;   /* one version, counted */

typedef void (*su_shared_free_fn)(void *value);

struct su_shared *su_shared_new(su_shared_free_fn free_value);
void su_shared_free(struct su_shared **shared); /* what is still held lives on */

/* Any thread. Takes value; it is freed at once when what is there is as new or newer. */
void su_shared_put(struct su_shared *shared, uint64_t version, void *value);

/* Any thread; NULL: nothing was put yet. */
struct su_held *su_shared_hold(struct su_shared *shared);
void su_held_drop(struct su_held **held);
const void *su_held_value(const struct su_held *held);
uint64_t su_held_version(const struct su_held *held);
