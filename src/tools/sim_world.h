/* SPDX-License-Identifier: Apache-2.0 */
/* What really happens: when a device can be reached, when it can be spared, and what that comes to. */
#pragma once

#include "policy/calendar.h"
#include "policy/document.h"
#include "tools/sim_fleet.h"

/* The first true time of contact that ends after at_ms. False: none before until_ms. */
bool sim_world_reach(
	const struct sim_device *device, int64_t at_ms, int64_t until_ms, struct interval *out);
/* How long a transfer that begins within contact may go on: a sensor stays awake while something comes. */
int64_t sim_world_talk_until(
	const struct sim_device *device, const struct interval *contact, int64_t at_ms);
/* The first moment from at_ms on at which need_ms of service can be spared; INT64_MAX: none. */
int64_t sim_world_idle(
	const struct sim_device *device, int64_t at_ms, int64_t need_ms, int64_t until_ms);
bool sim_world_is_absent(const struct sim_device *device, int64_t at_ms);
/* When it next asks by itself, given the interval that it was asked to keep; INT64_MAX: not before
 * until_ms. */
int64_t sim_world_poll(
	const struct sim_device *device, int64_t at_ms, int64_t interval_ms, int64_t until_ms);

/* What one strategy comes to. */
struct sim_result {
	int64_t from_ms;
	size_t updated, deadlines_missed;
	double vulnerable_ms, interrupted_ms;
	unsigned peak_downloads;
	size_t n_devices;
	bool *is_late;        /* of each device, in the order of the fleet */
	size_t *done_in_hour; /* of the hours since the release */
	size_t n_hours;
	int *change_in_second; /* of the number of downloads; NULL: counted otherwise */
	size_t n_seconds;
};
void sim_result_init(struct sim_result *result, const struct sim_fleet *fleet, bool counts_seconds);
void sim_result_deinit(struct sim_result *result);
/* For one device after the other, in the order of the fleet. done_ms INT64_MAX: never. */
void sim_result_add(struct sim_result *result, const struct sim_fleet *fleet,
	const struct level *level, int64_t done_ms);
void sim_result_add_install(struct sim_result *result, const struct sim_device *device,
	int64_t at_ms, int64_t until_ms);
void sim_result_add_download(struct sim_result *result, int64_t from_ms, int64_t until_ms);
/* Fetches as much as true contact allows, piece by piece. INT64_MAX: not before the end. */
int64_t sim_result_fetch(struct sim_result *result, const struct sim_fleet *fleet,
	const struct sim_device *device, int64_t from_ms);
/* Once all devices are in. */
void sim_result_close(struct sim_result *result);
