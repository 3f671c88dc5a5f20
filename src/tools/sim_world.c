/* SPDX-License-Identifier: Apache-2.0 */
/* Trips, wake-ups, absences and windows that do not come true, drawn from each device's seed. */
#include "tools/sim_world.h"

#include <stdlib.h>

#include "base/memory.h"

#define FALSE_WINDOWS 0.10
#define TRIPS_A_DAY   2
#define AWAKE_MS      (93 * SIM_SECOND_MS)
#define WINDOWS_AHEAD (62 * SIM_DAY_MS)
/* Far from the salts of the fleet. */
#define SALT_WINDOW 1000
#define SALT_JITTER 2000
#define SALT_LENGTH 3000

static bool comes_true(const struct sim_device *device, int64_t which)
{
	return device->keeps_its_word ||
	       sim_chance(sim_mix(device->seed, SALT_WINDOW), (uint64_t)which) >= FALSE_WINDOWS;
}

bool sim_world_is_absent(const struct sim_device *device, int64_t at_ms)
{
	return at_ms >= device->absent_from_ms && at_ms < device->absent_until_ms;
}

/* One of the trips of a day; false: the vehicle stays where it is. */
static bool trip_of(
	const struct sim_device *device, int64_t day, unsigned which, struct interval *out)
{
	uint64_t trip = (uint64_t)day * TRIPS_A_DAY + which;
	double late = sim_chance(sim_mix(device->seed, SALT_JITTER), trip);
	double length = sim_chance(sim_mix(device->seed, SALT_LENGTH), trip);
	out->from_ms = day * SIM_DAY_MS + device->trip_minute[which] * SIM_MINUTE_MS +
		       (int64_t)(late * SIM_HOUR_MS);
	out->until_ms = out->from_ms + 15 * SIM_MINUTE_MS + (int64_t)(length * SIM_HOUR_MS);
	return comes_true(device, (int64_t)trip);
}

static bool next_trip(
	const struct sim_device *device, int64_t at_ms, int64_t until_ms, struct interval *out)
{
	for (int64_t day = at_ms / SIM_DAY_MS - 1; day * SIM_DAY_MS < until_ms; day++)
		for (unsigned which = 0; which < TRIPS_A_DAY; which++)
			if (trip_of(device, day, which, out) && out->until_ms > at_ms)
				return out->from_ms < until_ms;
	return false;
}

static bool next_contact(
	const struct sim_device *device, int64_t at_ms, int64_t until_ms, struct interval *out)
{
	if (device->kind == SIM_VEHICLE)
		return next_trip(device, at_ms, until_ms, out);
	*out = (struct interval){ 0, INT64_MAX };
	if (device->kind == SIM_SENSOR) {
		int64_t wakes = (at_ms - device->phase_ms - AWAKE_MS) / device->wake_every_ms + 1;
		out->from_ms = device->phase_ms + wakes * device->wake_every_ms;
		out->until_ms = out->from_ms + AWAKE_MS;
	}
	return out->from_ms < until_ms;
}

bool sim_world_reach(
	const struct sim_device *device, int64_t at_ms, int64_t until_ms, struct interval *out)
{
	while (at_ms < until_ms && next_contact(device, at_ms, until_ms, out)) {
		if (out->from_ms >= device->absent_until_ms ||
			out->until_ms <= device->absent_from_ms)
			return true;
		if (out->from_ms < device->absent_from_ms && at_ms < device->absent_from_ms) {
			out->until_ms = device->absent_from_ms;
			return true;
		}
		if (out->until_ms > device->absent_until_ms) {
			out->from_ms = device->absent_until_ms;
			return out->from_ms < until_ms;
		}
		at_ms = out->until_ms;
	}
	return false;
}

int64_t sim_world_talk_until(
	const struct sim_device *device, const struct interval *contact, int64_t at_ms)
{
	if (device->kind != SIM_SENSOR)
		return contact->until_ms;
	return at_ms < device->absent_from_ms ? device->absent_from_ms : INT64_MAX;
}

static int64_t idle_window(
	const struct sim_device *device, int64_t at_ms, int64_t need_ms, int64_t until_ms)
{
	struct calendar_query query = { WINDOW_IDLE, at_ms, need_ms, at_ms + WINDOWS_AHEAD };
	struct interval window;
	while (query.now_ms < until_ms && calendar_next(device->idle, &query, &window)) {
		int64_t from_ms = window.from_ms > query.now_ms ? window.from_ms : query.now_ms;
		/* Known by its end: one that is open is said to begin now. */
		if (!comes_true(device, window.until_ms))
			query.now_ms = window.until_ms;
		else if (sim_world_is_absent(device, from_ms))
			query.now_ms = device->absent_until_ms;
		else
			return from_ms;
	}
	return INT64_MAX;
}

int64_t sim_world_idle(
	const struct sim_device *device, int64_t at_ms, int64_t need_ms, int64_t until_ms)
{
	if (device->idle != NULL && calendar_has(device->idle, WINDOW_IDLE))
		return idle_window(device, at_ms, need_ms, until_ms);
	if (device->kind == SIM_METER || device->kind == SIM_CAMERA || device->kind == SIM_GATEWAY)
		return INT64_MAX;
	struct interval trip;
	if (device->kind == SIM_VEHICLE && next_trip(device, at_ms, until_ms, &trip) &&
		trip.from_ms <= at_ms)
		at_ms = trip.until_ms;
	return sim_world_is_absent(device, at_ms) ? device->absent_until_ms : at_ms;
}

int64_t sim_world_poll(
	const struct sim_device *device, int64_t at_ms, int64_t interval_ms, int64_t until_ms)
{
	if (device->kind != SIM_SENSOR && device->kind != SIM_VEHICLE) {
		int64_t rest_ms = (at_ms - device->phase_ms) % interval_ms;
		at_ms += rest_ms == 0 ? 0 : interval_ms - rest_ms;
	}
	struct interval contact;
	if (!sim_world_reach(device, at_ms, until_ms, &contact))
		return INT64_MAX;
	return contact.from_ms > at_ms ? contact.from_ms : at_ms;
}

void sim_result_init(struct sim_result *result, const struct sim_fleet *fleet, bool counts_seconds)
{
	*result = (struct sim_result){ .from_ms = fleet->from_ms,
		.n_hours = (size_t)fleet->days * 24 + 1 };
	result->done_in_hour = su_new_array(result->n_hours, sizeof(size_t));
	result->is_late = su_new_array(fleet->n + 1, sizeof(bool));
	if (!counts_seconds)
		return;
	result->n_seconds = (size_t)fleet->days * 86400 + 2;
	result->change_in_second = su_new_array(result->n_seconds, sizeof(int));
}

void sim_result_deinit(struct sim_result *result)
{
	free(result->done_in_hour);
	free(result->is_late);
	free(result->change_in_second);
	*result = (struct sim_result){ 0 };
}

void sim_result_add(struct sim_result *result, const struct sim_fleet *fleet,
	const struct level *level, int64_t done_ms)
{
	bool done = done_ms < fleet->until_ms;
	int64_t vulnerable_ms = (done ? done_ms : fleet->until_ms) - fleet->from_ms;
	result->vulnerable_ms += (double)vulnerable_ms;
	/* A deadline beyond the horizon is not known to be missed. */
	bool late = level->deadline_ms < vulnerable_ms;
	result->is_late[result->n_devices++] = late;
	result->deadlines_missed += late;
	if (!done)
		return;
	result->updated++;
	result->done_in_hour[vulnerable_ms / SIM_HOUR_MS]++;
}

void sim_result_add_install(
	struct sim_result *result, const struct sim_device *device, int64_t at_ms, int64_t until_ms)
{
	if (at_ms < until_ms &&
		sim_world_idle(device, at_ms, device->install_ms, until_ms) != at_ms)
		result->interrupted_ms += (double)device->install_ms;
}

void sim_result_add_download(struct sim_result *result, int64_t from_ms, int64_t until_ms)
{
	size_t from = (size_t)((from_ms - result->from_ms) / SIM_SECOND_MS);
	size_t until = (size_t)((until_ms - result->from_ms) / SIM_SECOND_MS);
	if (from >= result->n_seconds)
		return;
	result->change_in_second[from]++;
	if (until < result->n_seconds)
		result->change_in_second[until]--;
}

int64_t sim_result_fetch(struct sim_result *result, const struct sim_fleet *fleet,
	const struct sim_device *device, int64_t from_ms)
{
	int64_t rest_ms = device->transfer_ms;
	struct interval contact;
	while (sim_world_reach(device, from_ms, fleet->until_ms, &contact)) {
		int64_t at_ms = contact.from_ms > from_ms ? contact.from_ms : from_ms;
		int64_t cut_ms = sim_world_talk_until(device, &contact, at_ms);
		int64_t end_ms = at_ms + rest_ms < cut_ms ? at_ms + rest_ms : cut_ms;
		sim_result_add_download(result, at_ms, end_ms);
		rest_ms -= end_ms - at_ms;
		if (rest_ms == 0)
			return end_ms;
		from_ms = end_ms;
	}
	return INT64_MAX;
}

void sim_result_close(struct sim_result *result)
{
	int now = 0;
	for (size_t i = 0; i < result->n_seconds; i++) {
		now += result->change_in_second[i];
		if (now > (int)result->peak_downloads)
			result->peak_downloads = (unsigned)now;
	}
}
