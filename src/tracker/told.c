/* SPDX-License-Identifier: Apache-2.0 */
/* Deep copies. */
#include "tracker/told.h"

void told_copy(
	struct su_arena *arena, const struct characteristics *from, struct characteristics *to)
{
	*to = *from;
	to->serial = su_arena_strdup(arena, from->serial);
	to->manufacturer = su_arena_strdup(arena, from->manufacturer);
	to->model = su_arena_strdup(arena, from->model);
	to->hardware_version = su_arena_strdup(arena, from->hardware_version);
	to->site = su_arena_strdup(arena, from->site);
	for (size_t i = 0; i < from->n_components; i++)
		to->components[i].id.encoded = su_arena_copy(arena, from->components[i].id.encoded);
}

const struct calendar *told_copy_calendar(struct su_arena *arena, const struct calendar *from)
{
	if (!from)
		return NULL;
	struct calendar *copy = su_arena_new_of(arena, struct calendar);
	*copy = *from;
	copy->time_zone = su_arena_strdup(arena, from->time_zone);
	for (size_t i = 0; i < from->n_windows; i++)
		copy->windows[i].rule = su_arena_strdup(arena, from->windows[i].rule);
	return copy;
}

struct device *told_copy_device(struct su_arena *arena, const struct device *from)
{
	struct device *copy = su_arena_new_of(arena, struct device);
	*copy = *from;
	copy->endpoint = su_arena_strdup(arena, from->endpoint);
	copy->address = su_arena_strdup(arena, from->address);
	told_copy(arena, &from->told, &copy->told);
	copy->calendar = told_copy_calendar(arena, from->calendar);
	copy->provision.site = su_arena_strdup(arena, from->provision.site);
	copy->provision.calendar = told_copy_calendar(arena, from->provision.calendar);
	copy->mode_reason = su_arena_strdup(arena, from->mode_reason);
	return copy;
}
