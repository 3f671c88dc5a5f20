/* SPDX-License-Identifier: Apache-2.0 */
/* A few places, taken in turn. */
#include "tracker/release_shelf.h"

#include "base/memory.h"

#define PLACES 16

struct place {
	uint64_t generation;
	struct release_facts *facts; /* NULL: empty */
};

struct release_shelf {
	size_t next;
	struct place places[PLACES];
};

struct release_shelf *release_shelf_new(void)
{
	return su_new(struct release_shelf);
}

void release_shelf_free(struct release_shelf **shelf)
{
	if (!shelf || !*shelf)
		return;
	for (size_t i = 0; i < PLACES; i++)
		release_facts_unref(&(*shelf)->places[i].facts);
	su_free_ptr(shelf);
}

static struct place *place_of(struct release_shelf *shelf, const struct digest *release)
{
	for (size_t i = 0; i < PLACES; i++)
		if (shelf->places[i].facts &&
			digest_equal(&shelf->places[i].facts->release, release))
			return &shelf->places[i];
	return &shelf->places[shelf->next++ % PLACES];
}

void release_shelf_share(
	struct release_shelf *shelf, uint64_t generation, struct release_facts **facts)
{
	if (!*facts)
		return;
	struct place *place = place_of(shelf, &(*facts)->release);
	bool is_same = place->facts && place->generation == generation &&
		       digest_equal(&place->facts->release, &(*facts)->release);
	struct release_facts **kept = is_same ? facts : &place->facts;
	struct release_facts *shared = release_facts_ref(is_same ? place->facts : *facts);
	release_facts_unref(kept);
	*kept = shared;
	place->generation = generation;
}
