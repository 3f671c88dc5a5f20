/* SPDX-License-Identifier: Apache-2.0 */
/* A chained hash table and a list in order of use. */
#include "tracker/registry.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/uuid.h"

/* How many of the oldest are looked at for one that is not in use. */
#define EVICTION_REACH 64

struct registry {
	size_t max, count;
	size_t n_buckets; /* a power of two */
	struct remembered **buckets;
	struct remembered *newest, *oldest;
	uint64_t epoch;
	uint64_t seed; /* names come from outside: nobody shall choose their bucket */
};

struct registry *registry_new(size_t max_devices)
{
	struct registry *registry = su_new(struct registry);
	registry->max = max_devices ? max_devices : 1;
	registry->n_buckets = 16;
	while (registry->n_buckets < registry->max)
		registry->n_buckets *= 2;
	registry->buckets = su_new_array(registry->n_buckets, sizeof(*registry->buckets));
	su_random_bytes(&registry->seed, sizeof(registry->seed));
	return registry;
}

void registry_free(struct registry **registry)
{
	if (!registry || !*registry)
		return;
	for (struct remembered *of = (*registry)->newest, *next; of; of = next) {
		next = of->lru_next;
		remembered_free(&of);
	}
	free((*registry)->buckets);
	free(*registry);
	*registry = NULL;
}

/* FNV-1a over the name, mixed with the seed before and after. */
static struct remembered **bucket_of(const struct registry *registry, const char *endpoint)
{
	uint64_t hash = 0xcbf29ce484222325ULL ^ registry->seed;
	for (const char *at = endpoint; *at; at++)
		hash = (hash ^ (uint8_t)*at) * 0x100000001b3ULL;
	hash ^= hash >> 32;
	hash *= registry->seed | 1;
	hash ^= hash >> 29;
	return &registry->buckets[hash & (registry->n_buckets - 1)];
}

static void unlink_used(struct registry *registry, struct remembered *of)
{
	*(of->lru_previous ? &of->lru_previous->lru_next : &registry->newest) = of->lru_next;
	*(of->lru_next ? &of->lru_next->lru_previous : &registry->oldest) = of->lru_previous;
	of->lru_previous = of->lru_next = NULL;
}

static void link_newest(struct registry *registry, struct remembered *of)
{
	of->lru_next = registry->newest;
	*(registry->newest ? &registry->newest->lru_previous : &registry->oldest) = of;
	registry->newest = of;
}

static void link_oldest(struct registry *registry, struct remembered *of)
{
	of->lru_previous = registry->oldest;
	*(registry->oldest ? &registry->oldest->lru_next : &registry->newest) = of;
	registry->oldest = of;
}

static void forget(struct registry *registry, struct remembered *of)
{
	struct remembered **at = bucket_of(registry, of->endpoint);
	while (*at != of)
		at = &(*at)->bucket_next;
	*at = of->bucket_next;
	unlink_used(registry, of);
	registry->count--;
	remembered_free(&of);
}

static bool make_room(struct registry *registry)
{
	if (registry->count < registry->max)
		return true;
	struct remembered *of = registry->oldest;
	for (int reach = 0; of && reach < EVICTION_REACH; reach++, of = of->lru_previous) {
		if (remembered_is_pinned(of))
			continue;
		forget(registry, of);
		return true;
	}
	return false;
}

static struct remembered *look_up(const struct registry *registry, const char *endpoint)
{
	struct remembered *of = *bucket_of(registry, endpoint);
	while (of && strcmp(of->endpoint, endpoint) != 0)
		of = of->bucket_next;
	return of;
}

struct remembered *registry_find(struct registry *registry, const char *endpoint)
{
	struct remembered *of = look_up(registry, endpoint);
	if (of && of != registry->newest) {
		unlink_used(registry, of);
		link_newest(registry, of);
	}
	return of;
}

struct remembered *registry_take(struct registry *registry, const char *endpoint)
{
	struct remembered *of = registry_find(registry, endpoint);
	if (of)
		return of;
	if (!make_room(registry))
		return NULL;
	of = remembered_new(endpoint);
	struct remembered **bucket = bucket_of(registry, endpoint);
	of->bucket_next = *bucket;
	*bucket = of;
	link_newest(registry, of);
	registry->count++;
	return of;
}

void registry_put_last(struct registry *registry, struct remembered *of)
{
	unlink_used(registry, of);
	link_oldest(registry, of);
}

void registry_spoil(struct registry *registry, const char *endpoint)
{
	struct remembered *of = look_up(registry, endpoint);
	if (!of)
		return;
	of->spoiled = true;
	if (of->state == REMEMBERED_READY)
		of->state = REMEMBERED_STALE;
}

void registry_spoil_all(struct registry *registry)
{
	registry->epoch++;
}

bool registry_is_fresh(const struct registry *registry, const struct remembered *of)
{
	return of->state == REMEMBERED_READY && of->epoch == registry->epoch;
}

void registry_load_begins(struct registry *registry, struct remembered *of)
{
	of->state = REMEMBERED_LOADING;
	of->spoiled = false;
	of->epoch = registry->epoch;
}

void registry_load_done(struct remembered *of, bool loaded)
{
	of->state = loaded && !of->spoiled ? REMEMBERED_READY : REMEMBERED_STALE;
}

void registry_each(
	struct registry *registry, void (*visit)(void *arg, struct remembered *of), void *arg)
{
	for (struct remembered *of = registry->newest; of; of = of->lru_next)
		visit(arg, of);
}

size_t registry_count(const struct registry *registry)
{
	return registry->count;
}
