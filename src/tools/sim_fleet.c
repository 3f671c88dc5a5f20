/* SPDX-License-Identifier: Apache-2.0 */
/* Draws devices from a documented mix; the same seed gives the same fleet. */
#include "tools/sim_fleet.h"

#include <math.h>
#include <string.h>

const struct name_row sim_kind_names[] = {
	{ SIM_METER, "meter" },
	{ SIM_VEHICLE, "vehicle" },
	{ SIM_SENSOR, "sensor" },
	{ SIM_CAMERA, "camera" },
	{ SIM_GATEWAY, "gateway" },
	{ SIM_OTHER, "other" },
	{ 0, NULL },
};

/* Per cent of a generated fleet. */
static const unsigned mix_percent[SIM_KINDS] = { 30, 20, 25, 15, 10, 0 };

#define SLOWEST_BYTES_S 2000.0
#define LINK_FACTOR     100.0
#define FAILS_FIRST     0.03
#define VANISHES        0.05
#define GATEWAYS_A_SITE 40

static const char *const zones[] = { "UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata",
	"America/Los_Angeles", "Asia/Tokyo" };
#define N_ZONES  (sizeof(zones) / sizeof(zones[0]))
#define N_STARTS 10

/* What each draw is for, so that one more of them leaves the others as they were. */
enum salt {
	SALT_KIND,
	SALT_LINK,
	SALT_KNOWS_LINK,
	SALT_INSTALL,
	SALT_FAILS,
	SALT_VANISHES,
	SALT_VANISHES_AT,
	SALT_VANISHES_FOR,
	SALT_PHASE,
	SALT_WAKE,
	SALT_ZONE,
	SALT_START,
	SALT_ANSWERS,
	SALT_SITE,
	SALT_TRIP,
	SALT_TRIP_BACK
};

uint64_t sim_mix(uint64_t seed, uint64_t salt)
{
	uint64_t value = seed + (salt + 1) * UINT64_C(0x9e3779b97f4a7c15);
	value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
	return value ^ (value >> 31);
}

double sim_chance(uint64_t seed, uint64_t salt)
{
	return (double)(sim_mix(seed, salt) >> 11) * 0x1p-53;
}

/* From low to high, evenly. */
static double draw(const struct sim_device *device, enum salt salt, double low, double high)
{
	return low + (high - low) * sim_chance(device->seed, salt);
}

/* One calendar for each zone and hour: most devices of a kind have the same few. */
static const struct calendar *nightly(struct su_arena *arena, const struct calendar **table,
	const struct sim_device *device, unsigned hours)
{
	size_t zone = sim_mix(device->seed, SALT_ZONE) % N_ZONES;
	size_t start = sim_mix(device->seed, SALT_START) % N_STARTS;
	const struct calendar **place = &table[zone * N_STARTS + start];
	if (*place != NULL)
		return *place;
	struct calendar *calendar = su_arena_new_of(arena, struct calendar);
	calendar->time_zone = zones[zone];
	calendar->n_windows = 1;
	calendar->windows[0] = (struct window){
		.meaning = WINDOW_IDLE,
		.form = WINDOW_WEEKLY,
		.days = WINDOW_EVERY_DAY,
		.start_minute = (unsigned)((22 * 60 + start * 30) % WINDOW_MINUTES_OF_DAY),
		.duration_min = hours * 60,
	};
	*place = calendar;
	return calendar;
}

struct sim_tables {
	const struct calendar *cameras[N_ZONES * N_STARTS], *gateways[N_ZONES * N_STARTS];
};

static void give_truth(struct sim_device *device, const struct sim_fleet *fleet)
{
	double rate = SLOWEST_BYTES_S * pow(LINK_FACTOR, sim_chance(device->seed, SALT_LINK));
	device->transfer_ms = (int64_t)((double)fleet->image_bytes / rate * 1000) + 1;
	device->install_ms = (int64_t)(draw(device, SALT_INSTALL, 30, 180) * 1000);
	device->first_install_fails = sim_chance(device->seed, SALT_FAILS) < FAILS_FIRST;
	device->phase_ms = (int64_t)draw(device, SALT_PHASE, 0, (double)SIM_DAY_MS);
	if (sim_chance(device->seed, SALT_VANISHES) < VANISHES) {
		device->absent_from_ms =
			fleet->from_ms + (int64_t)draw(device, SALT_VANISHES_AT, -2.0 * SIM_DAY_MS,
						 (double)fleet->days * SIM_DAY_MS);
		device->absent_until_ms =
			device->absent_from_ms +
			(int64_t)draw(device, SALT_VANISHES_FOR, SIM_DAY_MS, 6.0 * SIM_DAY_MS);
	}
	/* Half of them know their links, and within a fifth. */
	if (sim_chance(device->seed, SALT_KNOWS_LINK) < 0.5) {
		device->profile.has_link_rate = true;
		device->profile.link_bytes_per_s =
			(uint64_t)(rate * draw(device, SALT_KNOWS_LINK, 0.8, 1.6));
	}
	device->profile.has_install = true;
	device->profile.install_s = device->install_ms / 1000 + 1;
}

static void give_answers(struct sim_device *device, bool answers)
{
	device->profile.has_answers = true;
	device->profile.answers = answers;
}

static void give_kind(struct su_arena *arena, struct sim_tables *tables, struct sim_device *device)
{
	struct profile *profile = &device->profile;
	profile->has_reachability = true;
	profile->reachability = REACH_ALWAYS;
	switch (device->kind) {
	case SIM_METER:
		profile->has_always_on = profile->always_on = true;
		give_answers(device, false);
		break;
	case SIM_VEHICLE:
		profile->reachability = REACH_WHILE_WORKING;
		give_answers(device, true);
		device->trip_minute[0] = (int64_t)draw(device, SALT_TRIP, 5 * 60, 10 * 60);
		device->trip_minute[1] = (int64_t)draw(device, SALT_TRIP_BACK, 14 * 60, 19 * 60);
		break;
	case SIM_SENSOR:
		profile->reachability = REACH_QUEUE;
		device->wake_every_ms =
			(int64_t)draw(device, SALT_WAKE, SIM_HOUR_MS, 6 * SIM_HOUR_MS);
		device->phase_ms %= device->wake_every_ms;
		profile->has_wake_every = true;
		profile->wake_every_s = device->wake_every_ms / 1000;
		give_answers(device, false);
		break;
	case SIM_CAMERA:
		device->calendar = nightly(arena, tables->cameras, device, 4);
		give_answers(device, sim_chance(device->seed, SALT_ANSWERS) < 0.5);
		break;
	case SIM_GATEWAY:
		device->calendar = nightly(arena, tables->gateways, device, 3);
		give_answers(device, true);
		break;
	case SIM_OTHER:
		break;
	}
	device->idle = device->calendar;
}

struct sim_fleet *sim_fleet_new(struct su_arena *arena, const struct sim_recipe *recipe)
{
	struct sim_fleet *fleet = su_arena_new_of(arena, struct sim_fleet);
	fleet->seed = recipe->seed;
	fleet->days = recipe->days;
	fleet->from_ms = recipe->from_ms;
	fleet->until_ms = recipe->from_ms + (int64_t)recipe->days * SIM_DAY_MS;
	fleet->image_bytes = recipe->image_bytes;
	fleet->room = recipe->n + 1;
	fleet->devices = su_arena_array(arena, fleet->room, sizeof(struct sim_device));
	fleet->tables = su_arena_new_of(arena, struct sim_tables);
	return fleet;
}

static struct sim_device *add_device(struct su_arena *arena, struct sim_fleet *fleet)
{
	if (fleet->n == fleet->room) {
		const struct sim_device *before = fleet->devices;
		fleet->room *= 2;
		fleet->devices = su_arena_array(arena, fleet->room, sizeof(struct sim_device));
		memcpy(fleet->devices, before, fleet->n * sizeof(struct sim_device));
	}
	return &fleet->devices[fleet->n++];
}

struct sim_device *sim_fleet_draw(
	struct su_arena *arena, struct sim_fleet *fleet, enum sim_kind kind)
{
	size_t index = fleet->n;
	struct sim_device *device = add_device(arena, fleet);
	device->seed = sim_mix(fleet->seed, index);
	device->kind = kind;
	device->class_no = kind;
	fleet->n_of_kind[kind]++;
	device->endpoint =
		su_arena_printf(arena, "%s-%zu", name_of(sim_kind_names, (int)kind), index);
	if (kind == SIM_GATEWAY)
		device->site = su_arena_printf(arena, "site-%zu", index / (10 * GATEWAYS_A_SITE));
	give_truth(device, fleet);
	give_kind(arena, fleet->tables, device);
	return device;
}

struct sim_fleet *sim_fleet_generate(struct su_arena *arena, const struct sim_recipe *recipe)
{
	struct sim_fleet *fleet = sim_fleet_new(arena, recipe);
	unsigned percent[SIM_KINDS], all = 0;
	for (unsigned kind = 0; kind < SIM_KINDS; kind++) {
		percent[kind] = recipe->without & (1U << kind) ? 0 : mix_percent[kind];
		all += percent[kind];
	}
	for (size_t i = 0; i < recipe->n; i++) {
		uint64_t drawn = sim_mix(sim_mix(recipe->seed, i), SALT_KIND) % all;
		unsigned kind = 0;
		for (uint64_t sum = percent[0]; drawn >= sum; sum += percent[kind])
			kind++;
		sim_fleet_draw(arena, fleet, (enum sim_kind)kind);
	}
	return fleet;
}
