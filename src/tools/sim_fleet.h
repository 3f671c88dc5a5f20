/* SPDX-License-Identifier: Apache-2.0 */
/* The fleet of a simulation: what devices say of themselves, and what is true of them (docs/policy-simulator.md). */
#pragma once

#include <limits.h>

#include "base/arena.h"
#include "model/device.h"

#define SIM_SECOND_MS       INT64_C(1000)
#define SIM_MINUTE_MS       (60 * SIM_SECOND_MS)
#define SIM_HOUR_MS         (60 * SIM_MINUTE_MS)
#define SIM_DAY_MS          (24 * SIM_HOUR_MS)
#define SIM_RELEASE_MS      (INT64_C(1772532000) * SIM_SECOND_MS) /* 2026-03-03T10:00:00Z, a Tuesday */
#define SIM_IMAGE_BYTES     UINT64_C(500000)
#define SIM_MAX_IMAGE_BYTES (UINT64_C(1) << 40)
#define SIM_MAX_DEVICES     2000000
#define SIM_MAX_DAYS        366
#define SIM_MAX_CLASSES     256
#define SIM_NO_CLASS        UINT_MAX

/* Other: says nothing of how it works; always in reach, knows itself when it can be spared. */
enum sim_kind { SIM_METER, SIM_VEHICLE, SIM_SENSOR, SIM_CAMERA, SIM_GATEWAY, SIM_OTHER };
#define SIM_KINDS (SIM_OTHER + 1)
extern const struct name_row sim_kind_names[];

struct sim_device {
	enum sim_kind kind;
	const char *endpoint;
	const char *site; /* NULL: none */
	struct profile profile;
	const struct calendar *calendar; /* as told or provisioned; NULL: none */
	const char *said; /* JSON: more that the server knows of it (sim_known.h); NULL: no more */
	bool has_class;   /* that it names itself: its bound on links counts */
	struct su_uuid class_id;
	unsigned class_no; /* what is learned of one is believed of all; SIM_NO_CLASS: nothing */
	/* From here on: the truth, which only the world and the clairvoyant know. */
	uint64_t seed;
	const struct calendar *idle; /* windows in which it can be spared, if they come true */
	int64_t transfer_ms, install_ms;
	bool first_install_fails, keeps_its_word; /* each of its windows comes true */
	int64_t absent_from_ms, absent_until_ms;  /* equal: never */
	int64_t phase_ms, wake_every_ms;          /* of polls and wake-ups */
	int64_t trip_minute[2];                   /* of the day, when it usually drives off */
};

struct sim_tables;

struct sim_fleet {
	uint64_t seed;
	unsigned days;
	int64_t from_ms, until_ms; /* from the release on */
	uint64_t image_bytes;
	size_t n, room;
	size_t n_of_kind[SIM_KINDS];
	size_t n_class_ids; /* the class_no of the first is SIM_KINDS */
	struct su_uuid class_ids[SIM_MAX_CLASSES];
	struct sim_device *devices;
	struct sim_tables *tables;
};

/* What fleets are made with. */
struct sim_recipe {
	size_t n; /* to be made up */
	uint64_t seed;
	unsigned days;
	int64_t from_ms;
	uint64_t image_bytes;
	unsigned without; /* bits (1 << enum sim_kind): none of these; not all */
};

/* A number that depends on nothing but its arguments. */
uint64_t sim_mix(uint64_t seed, uint64_t salt);
/* In [0, 1). */
double sim_chance(uint64_t seed, uint64_t salt);

struct sim_fleet *sim_fleet_generate(struct su_arena *arena, const struct sim_recipe *recipe);
/* Without devices. */
struct sim_fleet *sim_fleet_new(struct su_arena *arena, const struct sim_recipe *recipe);
/* Adds a device of a kind, all of it drawn. Valid until the next one is added. */
struct sim_device *sim_fleet_draw(
	struct su_arena *arena, struct sim_fleet *fleet, enum sim_kind kind);
