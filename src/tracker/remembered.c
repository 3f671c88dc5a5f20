/* SPDX-License-Identifier: Apache-2.0 */
/* One remembered endpoint. */
#include "tracker/remembered.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct remembered *remembered_new(const char *endpoint)
{
	const size_t name_bytes = strlen(endpoint) + 1;
	struct remembered *of = su_new_bytes(sizeof(*of) + name_bytes);
	of->endpoint = memcpy(of->name, endpoint, name_bytes);
	return of;
}

void remembered_free(struct remembered **of)
{
	if (!of || !*of)
		return;
	snapshot_free(&(*of)->device);
	snapshot_free(&(*of)->foreseen);
	release_facts_unref(&(*of)->facts);
	free((*of)->active_reason);
	free(*of);
	*of = NULL;
}

void remembered_set_foreseen(struct remembered *of, const struct device *device)
{
	snapshot_free(&of->foreseen);
	of->foreseen = device ? snapshot_new(device) : NULL;
}

void remembered_set_device(struct remembered *of, const struct device *device)
{
	struct snapshot *fresh = device ? snapshot_new(device) : NULL;
	snapshot_free(&of->device);
	of->device = fresh;
	if (device && device->last_seen_at_ms > of->last_seen_ms)
		of->last_seen_ms = device->last_seen_at_ms;
}

void remembered_set_active(
	struct remembered *of, const struct deployment *active, struct release_facts *facts)
{
	struct release_facts *kept = release_facts_ref(active ? facts : NULL);
	char *reason = active ? su_strdup(active->reason) : NULL;
	release_facts_unref(&of->facts);
	free(of->active_reason);
	of->facts = kept;
	of->active_reason = reason;
	of->has_active = active != NULL;
	of->active = active ? *active : (struct deployment){ 0 };
	of->active.reason = reason;
	of->active.plan.reasons = NULL; /* large, and only for people to read: the row keeps them */
}

bool remembered_is_pinned(const struct remembered *of)
{
	return of->n_turns > 0 || of->running || of->pumping || of->commanding ||
	       of->state == REMEMBERED_LOADING;
}
