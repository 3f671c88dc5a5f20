/* SPDX-License-Identifier: Apache-2.0 */
/* The same figures in three forms. */
#include "tools/sim_report.h"

#include <math.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/span.h"
#include "tools/whole_file.h"

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
	for (size_t i = 0; i < outcome->fleet->n; i++)
		if (ours->is_late[i] && !best->is_late[i])
			json_array_append_new(
				devices, json_string(outcome->fleet->devices[i].endpoint));
	return devices;
}

json_t *sim_report_json(const struct sim_outcome *outcome)
{
	const struct sim_fleet *fleet = outcome->fleet;
	json_t *kinds = json_object();
	for (int kind = 0; kind < SIM_KINDS; kind++)
		json_object_set_new(kinds, name_of(sim_kind_names, kind),
			json_integer((json_int_t)fleet->n_of_kind[kind]));
	json_t *report =
		json_pack("{s:{s:I, s:I, s:I, s:s, s:o}}", "fleet", "devices", (json_int_t)fleet->n,
			"seed", (json_int_t)fleet->seed, "days", (json_int_t)fleet->days, "urgency",
			name_of(urgency_names, (int)outcome->urgency), "kinds", kinds);
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
	const struct sim_fleet *fleet = outcome->fleet;
	printf("%zu devices, %u days, urgency %s, seed %llu\n\n", fleet->n, fleet->days,
		name_of(urgency_names, (int)outcome->urgency), (unsigned long long)fleet->seed);
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

#define SVG_WIDTH  900
#define SVG_HEIGHT 420
#define SVG_LEFT   60
#define SVG_TOP    30
#define PLOT_W     (SVG_WIDTH - SVG_LEFT - 160)
#define PLOT_H     (SVG_HEIGHT - SVG_TOP - 50)

static const char *const colours[SIM_STRATEGIES] = { "#0b6e4f", "#8d99ae", "#d1495b", "#30638e" };

static void draw_curve(struct su_buf *svg, const struct sim_outcome *outcome, int strategy)
{
	const struct sim_result *result = &outcome->results[strategy];
	size_t updated = 0;
	su_buf_printf(svg,
		"<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\"%s points=\"%d,%d",
		colours[strategy], strategy == SIM_CLAIRVOYANT ? " stroke-dasharray=\"6 4\"" : "",
		SVG_LEFT, SVG_TOP + PLOT_H);
	for (size_t hour = 0; hour < result->n_hours - 1; hour++) {
		updated += result->done_in_hour[hour];
		su_buf_printf(svg, " %.1f,%.1f",
			SVG_LEFT +
				(double)PLOT_W * (double)(hour + 1) / (double)(result->n_hours - 1),
			SVG_TOP + PLOT_H * (1 - (double)updated / (double)outcome->fleet->n));
	}
	su_buf_printf(svg, "\"/>\n<text x=\"%d\" y=\"%d\" fill=\"%s\">%s</text>\n",
		SVG_LEFT + PLOT_W + 12, SVG_TOP + 20 + 22 * strategy, colours[strategy],
		name_of(sim_strategy_names, strategy));
}

static void draw_axes(struct su_buf *svg, const struct sim_fleet *fleet)
{
	for (int i = 0; i <= 4; i++) {
		int y = SVG_TOP + PLOT_H - i * PLOT_H / 4;
		su_buf_printf(svg,
			"<path d=\"M%d %dh%d\" stroke=\"#ddd\"/><text x=\"8\" y=\"%d\">%d "
			"%%</text>\n",
			SVG_LEFT, y, PLOT_W, y + 4, i * 25);
	}
	unsigned step = fleet->days > 10 ? (fleet->days + 9) / 10 : 1;
	for (unsigned day = 0; day <= fleet->days; day += step)
		su_buf_printf(svg, "<text x=\"%u\" y=\"%d\" text-anchor=\"middle\">%u</text>\n",
			SVG_LEFT + PLOT_W * day / fleet->days, SVG_TOP + PLOT_H + 20, day);
	su_buf_printf(svg, "<text x=\"%d\" y=\"%d\">days since the release</text>\n", SVG_LEFT,
		SVG_HEIGHT - 8);
}

enum su_status sim_report_draw(
	const struct sim_outcome *outcome, const char *path, struct su_error *err)
{
	struct su_buf svg su_auto(su_buf_free) = { 0 };
	su_buf_printf(&svg,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
		"font-family=\"sans-serif\" font-size=\"13\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n"
		"<text x=\"%d\" y=\"18\">Devices updated, of %zu; urgency %s</text>\n",
		SVG_WIDTH, SVG_HEIGHT, SVG_LEFT, outcome->fleet->n,
		name_of(urgency_names, (int)outcome->urgency));
	draw_axes(&svg, outcome->fleet);
	for (int i = SIM_STRATEGIES - 1; i >= 0; i--)
		draw_curve(&svg, outcome, i);
	su_buf_printf(&svg, "</svg>\n");
	return whole_file_write(path, su_buf_span(&svg), 0644, err);
}
