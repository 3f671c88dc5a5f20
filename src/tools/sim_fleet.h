/* SPDX-License-Identifier: Apache-2.0 */
/* The fleet of a simulation: what devices say of themselves, and what is true of them (docs/policy-simulator.md). */
#pragma once

#include "base/arena.h"
#include "model/device.h"

#define SIM_SECOND_MS   INT64_C(1000)
#define SIM_MINUTE_MS   (60 * SIM_SECOND_MS)
#define SIM_HOUR_MS     (60 * SIM_MINUTE_MS)
#define SIM_DAY_MS      (24 * SIM_HOUR_MS)
#define SIM_RELEASE_MS  (INT64_C(1772532000) * SIM_SECOND_MS) /* 2026-03-03T10:00:00Z, a Tuesday */
#define SIM_IMAGE_BYTES 500000
#define SIM_MAX_DEVICES 2000000
#define SIM_MAX_DAYS    366

enum sim_kind { SIM_METER, SIM_VEHICLE, SIM_SENSOR, SIM_CAMERA, SIM_GATEWAY };
#define SIM_KINDS (SIM_GATEWAY + 1)
extern const struct name_row sim_kind_names[];

struct sim_device {
	enum sim_kind kind;
	char endpoint[24];
	const char *site; /* NULL: none */
	struct profile profile;
	const struct calendar *calendar; /* as told; NULL: none */
	/* From here on: the truth, which only the world and the clairvoyant know. */
	uint64_t seed;
	int64_t transfer_ms, install_ms;
	bool first_install_fails;
	int64_t absent_from_ms, absent_until_ms; /* equal: never */
	int64_t phase_ms, wake_every_ms;         /* of polls and wake-ups */
	int64_t trip_minute[2];                  /* of the day, when it usually drives off */
};

struct sim_fleet {
	uint64_t seed;
	unsigned days;
	int64_t until_ms;
	size_t n;
	size_t n_of_kind[SIM_KINDS];
	struct sim_device *devices;
};

/* A number that depends on nothing but its arguments. */
uint64_t sim_mix(uint64_t seed, uint64_t salt);
/* In [0, 1). */
double sim_chance(uint64_t seed, uint64_t salt);

struct sim_recipe {
	size_t n;
	uint64_t seed;
	unsigned days;
	unsigned without; /* bits (1 << enum sim_kind): none of these; not all */
};
struct sim_fleet *sim_fleet_generate(struct su_arena *arena, const struct sim_recipe *recipe);
/* One JSON object a line (seed and days of the recipe count): "kind", and what shall differ from a generated device of this kind. */
enum su_status sim_fleet_read(struct su_arena *arena, const char *path,
	const struct sim_recipe *recipe, struct sim_fleet **out,
	struct su_error *err) SU_MUST_CHECK;
