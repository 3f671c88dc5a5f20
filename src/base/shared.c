/* SPDX-License-Identifier: Apache-2.0 */
/* A pointer under a lock, and counted versions. */
#include "base/shared.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/memory.h"

struct su_held {
	atomic_uint holders;
	uint64_t version;
	void *value;
	su_shared_free_fn free_value;
};

struct su_shared {
	pthread_mutex_t lock; /* between reading the pointer and counting */
	struct su_held *current;
	su_shared_free_fn free_value;
};

struct su_shared *su_shared_new(su_shared_free_fn free_value)
{
	struct su_shared *shared = su_new(struct su_shared);
	pthread_mutex_init(&shared->lock, NULL);
	shared->free_value = free_value;
	return shared;
}

void su_shared_free(struct su_shared **shared)
{
	if (!shared || !*shared)
		return;
	su_held_drop(&(*shared)->current);
	pthread_mutex_destroy(&(*shared)->lock);
	free(*shared);
	*shared = NULL;
}

void su_shared_put(struct su_shared *shared, uint64_t version, void *value)
{
	struct su_held *out = su_new(struct su_held);
	atomic_init(&out->holders, 1);
	out->version = version;
	out->value = value;
	out->free_value = shared->free_value;
	pthread_mutex_lock(&shared->lock);
	if (!shared->current || shared->current->version < version) {
		struct su_held *old = shared->current;
		shared->current = out;
		out = old;
	}
	pthread_mutex_unlock(&shared->lock);
	su_held_drop(&out);
}

struct su_held *su_shared_hold(struct su_shared *shared)
{
	pthread_mutex_lock(&shared->lock);
	struct su_held *held = shared->current;
	if (held)
		atomic_fetch_add(&held->holders, 1);
	pthread_mutex_unlock(&shared->lock);
	return held;
}

void su_held_drop(struct su_held **held)
{
	if (!held || !*held)
		return;
	struct su_held *dropped = *held;
	*held = NULL;
	if (atomic_fetch_sub(&dropped->holders, 1) > 1)
		return;
	dropped->free_value(dropped->value);
	free(dropped);
}

const void *su_held_value(const struct su_held *held)
{
	return held->value;
}

uint64_t su_held_version(const struct su_held *held)
{
	return held->version;
}
