/* SPDX-License-Identifier: Apache-2.0 */
/* How old the firmware is which the release replaces: since when what the device reports was published. */
#include "tracker/planning_facts.h"

#include "store/release_store.h"
#include "tracker/planner_memory.h"

static bool has_component(const struct release *release, struct component_id component)
{
	for (size_t i = 0; i < release->n_images; i++)
		if (component_id_equal(release->images[i].component, component))
			return true;
	return false;
}

static int64_t ask_published_ms(
	const struct planning *planning, const struct installed_component *const *running, size_t n)
{
	return planning->memory ? planner_memory_published(planning->memory, running, n)
				: release_store_published(planning->txn, running, n);
}

static int64_t published_ms(const struct planning *planning, const struct characteristics *told,
	const struct release *release)
{
	const struct installed_component *running[DEVICE_MAX_COMPONENTS];
	size_t n = 0;
	if (!planning->txn)
		return 0;
	for (size_t i = 0; i < told->n_components; i++)
		if (digest_is_set(&told->components[i].digest) &&
			has_component(release, told->components[i].id))
			running[n++] = &told->components[i];
	return ask_published_ms(planning, running, n);
}

struct facts planning_facts(
	const struct planning *planning, const struct device *device, const struct release *release)
{
	struct facts facts = { .now_ms = planning->now_ms, .device = device, .release = release };
	facts_sum_up(&facts, published_ms(planning, &device->told, release));
	return facts;
}
