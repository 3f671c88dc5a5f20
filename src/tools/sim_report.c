/* SPDX-License-Identifier: Apache-2.0 */
/* The same figures in two forms. */
#include "tools/sim_report.h"

#include <math.h>
#include <stdio.h>

#include "base/clock.h"

const struct name_row sim_strategy_names[] = {
	{ SIM_POLICY, "policy" },
	{ SIM_POLL_ONLY, "poll_only" },
	{ SIM_PUSH_AT_ONCE, "push_at_once" },
	{ SIM_CLAIRVOYANT, "clairvoyant" },
	{ 0, NULL },
};

static double rounded(double value)
{
	return round(value * 1000) / 1000;
}

static json_t *result_json(const struct sim_result *result)
{
	return json_pack("{s:I, s:f, s:I, s:f, s:I}", "updated", (json_int_t)result->updated,
		"vulnerable_device_hours", rounded(result->vulnerable_ms / SIM_HOUR_MS),
		"deadlines_missed", (json_int_t)result->deadlines_missed,
		"interrupted_service_minutes", rounded(result->interrupted_ms / SIM_MINUTE_MS),
		"peak_parallel_downloads", (json_int_t)result->peak_downloads);
}

/* Devices that were late though the bound is in time, by name. */
static json_t *avoidable_json(const struct sim_outcome *outcome)
{
	const struct sim_result *ours = &outcome->results[SIM_POLICY];
	const struct sim_result *best = &outcome->results[SIM_CLAIRVOYANT];
	json_t *devices = json_array();
	for (size_t i = 0; i < outcome->task->fleet->n; i++)
		if (ours->is_late[i] && !best->is_late[i])
			json_array_append_new(
				devices, json_string(outcome->task->fleet->devices[i].endpoint));
	return devices;
}

static void count_classes(const struct sim_outcome *outcome, size_t counts[URGENCY_COUNT])
{
	for (size_t i = 0; i < outcome->task->fleet->n; i++)
		counts[outcome->task->settled[i].urgency]++;
}

const char *sim_report_class(const struct sim_outcome *outcome)
{
	static const char *const texts[URGENCY_COUNT] = { [URGENCY_CRITICAL] = "urgency critical",
		[URGENCY_HIGH] = "urgency high",
		[URGENCY_NORMAL] = "urgency normal",
		[URGENCY_LOW] = "urgency low" };
	size_t counts[URGENCY_COUNT] = { 0 };
	count_classes(outcome, counts);
	for (int i = 0; i < URGENCY_COUNT; i++)
		if (counts[i] == outcome->task->fleet->n)
			return texts[i];
	return "urgency by device";
}

static json_t *fleet_json(const struct sim_outcome *outcome)
{
	const struct sim_fleet *fleet = outcome->task->fleet;
	size_t counts[URGENCY_COUNT] = { 0 };
	json_t *kinds = json_object(), *classes = json_object();
	char from[SU_TIME_TEXT_SIZE];
	count_classes(outcome, counts);
	for (int kind = 0; kind < SIM_KINDS; kind++)
		json_object_set_new(kinds, name_of(sim_kind_names, kind),
			json_integer((json_int_t)fleet->n_of_kind[kind]));
	for (int i = 0; i < URGENCY_COUNT; i++)
		json_object_set_new(
			classes, name_of(urgency_names, i), json_integer((json_int_t)counts[i]));
	su_time_format(fleet->from_ms, from);
	return json_pack("{s:I, s:I, s:s, s:I, s:o, s:o}", "devices", (json_int_t)fleet->n, "seed",
		(json_int_t)fleet->seed, "from", from, "days", (json_int_t)fleet->days, "urgency",
		classes, "kinds", kinds);
}

json_t *sim_report_json(const struct sim_outcome *outcome)
{
	json_t *report = json_pack("{s:o}", "fleet", fleet_json(outcome));
	for (int strategy = 0; strategy < SIM_STRATEGIES; strategy++)
		json_object_set_new(report, name_of(sim_strategy_names, strategy),
			result_json(&outcome->results[strategy]));
	json_object_set_new(
		json_object_get(report, "clairvoyant"), "is", json_string("lower_bound"));
	json_object_set_new(
		json_object_get(report, "policy"), "missed_avoidably", avoidable_json(outcome));
	json_object_set_new(report, "elapsed_s", json_real(rounded(outcome->elapsed_s)));
	return report;
}

void sim_report_print(const struct sim_outcome *outcome)
{
	const struct sim_fleet *fleet = outcome->task->fleet;
	printf("%zu devices, %u days, %s, seed %llu\n\n", fleet->n, fleet->days,
		sim_report_class(outcome), (unsigned long long)fleet->seed);
	printf("%-14s %9s %18s %12s %16s %10s\n", "STRATEGY", "UPDATED", "VULNERABLE HOURS",
		"TOO LATE", "MINUTES WITHOUT", "DOWNLOADS");
	printf("%-14s %9s %18s %12s %16s %10s\n", "", "", "", "", "SERVICE", "AT ONCE");
	for (int i = 0; i < SIM_STRATEGIES; i++) {
		const struct sim_result *result = &outcome->results[i];
		printf("%-14s %9zu %18.1f %12zu %16.1f %10u\n", name_of(sim_strategy_names, i),
			result->updated, result->vulnerable_ms / SIM_HOUR_MS,
			result->deadlines_missed, result->interrupted_ms / SIM_MINUTE_MS,
			result->peak_downloads);
	}
	printf("\nThe clairvoyant row is a lower bound: nobody can do better. Took %.1f s.\n",
		outcome->elapsed_s);
}
