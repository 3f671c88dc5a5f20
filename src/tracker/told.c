/* SPDX-License-Identifier: Apache-2.0 */
/* Deep copies. */
#include "tracker/told.h"

static void keep(struct su_arena *arena, struct characteristics *told)
{
	told->serial = su_arena_strdup(arena, told->serial);
	told->manufacturer = su_arena_strdup(arena, told->manufacturer);
	told->model = su_arena_strdup(arena, told->model);
	told->hardware_version = su_arena_strdup(arena, told->hardware_version);
	told->site = su_arena_strdup(arena, told->site);
	for (size_t i = 0; i < told->n_components; i++)
		told->components[i].id.encoded =
			su_arena_copy(arena, told->components[i].id.encoded);
}

void told_copy(
	struct su_arena *arena, const struct characteristics *from, struct characteristics *to)
{
	*to = *from;
	keep(arena, to);
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

void told_keep_device(struct su_arena *arena, struct device *device)
{
	device->endpoint = su_arena_strdup(arena, device->endpoint);
	device->address = su_arena_strdup(arena, device->address);
	keep(arena, &device->told);
	device->calendar = told_copy_calendar(arena, device->calendar);
	device->provision.site = su_arena_strdup(arena, device->provision.site);
	device->provision.calendar = told_copy_calendar(arena, device->provision.calendar);
	device->mode_reason = su_arena_strdup(arena, device->mode_reason);
}
