/* SPDX-License-Identifier: Apache-2.0 */
/* Drawn for a page of paper or a slide: nothing that moves, nothing from elsewhere. */
#include "tools/sim_picture.h"

#include "base/memory.h"
#include "base/span.h"
#include "tools/whole_file.h"

#define WIDTH  960
#define HEIGHT 580
#define LEFT   70
#define TOP    64
#define PLOT_W (WIDTH - LEFT - 30)
#define PLOT_H 320
#define TABLE  (TOP + PLOT_H + 90)
#define ROW_H  22

#define SHORT_HOURS 96 /* up to here the axis counts hours */
#define MAX_TICKS   12
/* The plot ends when this share of the devices runs the release, and some time after the deadline. */
#define NEARLY_ALL 0.998
#define MARGIN     1.15

struct plot {
	const struct sim_outcome *outcome;
	size_t hours;
	const struct level *level; /* of all devices; NULL: they differ */
};

static const char *const colours[SIM_STRATEGIES] = { "#0b7a53", "#8a8f99", "#c8443c", "#2f5d8a" };
static const char *const dashes[SIM_STRATEGIES] = { "", " stroke-dasharray=\"2 4\"",
	" stroke-dasharray=\"10 4\"", " stroke-dasharray=\"6 4\"" };
static const char *const words[SIM_STRATEGIES] = { "policy", "polling only", "pushed at once",
	"lower bound (knows everything ahead)" };

static double x_of(const struct plot *plot, double hour)
{
	return LEFT + PLOT_W * hour / (double)plot->hours;
}

static double y_of(const struct plot *plot, size_t updated)
{
	return TOP + PLOT_H * (1 - (double)updated / (double)plot->outcome->task->fleet->n);
}

static size_t hour_of_nearly_all(const struct sim_outcome *outcome)
{
	const struct sim_result *result = &outcome->results[SIM_POLICY];
	double wanted = NEARLY_ALL * (double)result->updated;
	size_t hour = 0;
	for (size_t updated = 0; hour < result->n_hours - 1; hour++) {
		updated += result->done_in_hour[hour];
		if ((double)updated >= wanted)
			break;
	}
	return hour + 1;
}

static const struct level *common_level(const struct sim_task *task)
{
	const struct level *level = sim_task_level(task, 0);
	for (size_t i = 1; i < task->fleet->n; i++)
		if (sim_task_level(task, i) != level)
			return NULL;
	return level;
}

static struct plot plot_of(const struct sim_outcome *outcome)
{
	const size_t all_hours = (size_t)outcome->task->fleet->days * 24;
	struct plot plot = { .outcome = outcome, .level = common_level(outcome->task) };
	size_t hours = hour_of_nearly_all(outcome);
	if (plot.level != NULL && plot.level->deadline_ms / SIM_HOUR_MS > (int64_t)hours)
		hours = plot.level->deadline_ms / SIM_HOUR_MS < (int64_t)all_hours
				? (size_t)(plot.level->deadline_ms / SIM_HOUR_MS)
				: all_hours;
	hours = (size_t)((double)hours * MARGIN) + 1;
	plot.hours = hours < all_hours ? hours : all_hours;
	return plot;
}

/* The policy is a broad band, so that a bound that it comes near is seen on it. */
static const char *stroke_of(int strategy)
{
	return strategy == SIM_POLICY ? "stroke-width=\"7\" stroke-opacity=\"0.45\""
				      : "stroke-width=\"2\"";
}

static void draw_curve(struct su_buf *svg, const struct plot *plot, int strategy)
{
	const struct sim_result *result = &plot->outcome->results[strategy];
	size_t updated = 0;
	su_buf_printf(svg, "<polyline fill=\"none\" stroke=\"%s\" %s%s points=\"%d,%d",
		colours[strategy], stroke_of(strategy), dashes[strategy], LEFT, TOP + PLOT_H);
	for (size_t hour = 0; hour < plot->hours; hour++) {
		updated += result->done_in_hour[hour];
		su_buf_printf(svg, " %.1f,%.1f", x_of(plot, (double)hour + 1), y_of(plot, updated));
	}
	su_buf_printf(svg, "\"/>\n");
}

static void draw_ticks(struct su_buf *svg, const struct plot *plot)
{
	bool in_hours = plot->hours <= SHORT_HOURS;
	size_t unit = in_hours ? 1 : 24, n_units = plot->hours / unit;
	size_t step = 1;
	while (n_units / step > MAX_TICKS)
		step = in_hours && step == 4 ? 6 : 2 * step;
	for (size_t at = 0; at <= n_units; at += step)
		su_buf_printf(svg,
			"<path d=\"M%.1f %dv6\" stroke=\"#888\"/><text x=\"%.1f\" y=\"%d\" "
			"text-anchor=\"middle\">%zu</text>\n",
			x_of(plot, (double)(at * unit)), TOP + PLOT_H,
			x_of(plot, (double)(at * unit)), TOP + PLOT_H + 22, at);
	su_buf_printf(svg,
		"<text x=\"%d\" y=\"%d\" text-anchor=\"middle\" fill=\"#555\">%s since the "
		"release</text>\n",
		LEFT + PLOT_W / 2, TOP + PLOT_H + 42, in_hours ? "hours" : "days");
}

static void draw_moment(
	struct su_buf *svg, const struct plot *plot, int64_t after_ms, const char *text)
{
	if (after_ms / SIM_HOUR_MS > (int64_t)plot->hours)
		return;
	double x = x_of(plot, (double)after_ms / SIM_HOUR_MS);
	su_buf_printf(svg,
		"<path d=\"M%.1f %dv%d\" stroke=\"#b06a00\" stroke-dasharray=\"3 3\"/>"
		"<text x=\"%.1f\" y=\"%d\" fill=\"#b06a00\">%s</text>\n",
		x, TOP, PLOT_H, x + 6, TOP + PLOT_H - 10, text);
}

static void draw_frame(struct su_buf *svg, const struct plot *plot)
{
	for (int i = 0; i <= 4; i++) {
		int y = TOP + PLOT_H - i * PLOT_H / 4;
		su_buf_printf(svg,
			"<path d=\"M%d %dh%d\" stroke=\"%s\"/><text x=\"%d\" y=\"%d\" "
			"text-anchor=\"end\">%d %%</text>\n",
			LEFT, y, PLOT_W, i == 0 ? "#888" : "#e2e2e2", LEFT - 8, y + 4, i * 25);
	}
	draw_ticks(svg, plot);
	if (plot->level == NULL)
		return;
	draw_moment(svg, plot, plot->level->interrupt_after_ms, "service may be taken away");
	draw_moment(svg, plot, plot->level->deadline_ms, "deadline");
}

static void draw_cell(struct su_buf *svg, int x, int y, const char *fill, const char *text)
{
	su_buf_printf(svg, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\" fill=\"%s\">%s</text>\n", x,
		y, fill, text);
}

#define N_COLUMNS 5
static const int columns[N_COLUMNS] = { LEFT + 370, LEFT + 490, LEFT + 590, LEFT + 730,
	LEFT + PLOT_W };

static void draw_row(struct su_buf *svg, const struct plot *plot, int strategy)
{
	const struct sim_result *result = &plot->outcome->results[strategy];
	int y = TABLE + ROW_H * (strategy + 1);
	char text[N_COLUMNS][32];
	snprintf(text[0], sizeof(text[0]), "%zu", result->updated);
	snprintf(text[1], sizeof(text[1]), "%.0f", result->vulnerable_ms / SIM_HOUR_MS);
	snprintf(text[2], sizeof(text[2]), "%zu", result->deadlines_missed);
	snprintf(text[3], sizeof(text[3]), "%.0f", result->interrupted_ms / SIM_MINUTE_MS);
	snprintf(text[4], sizeof(text[4]), "%u", result->peak_downloads);
	su_buf_printf(svg,
		"<path d=\"M%d %dh34\" stroke=\"%s\" %s%s/>"
		"<text x=\"%d\" y=\"%d\">%s</text>\n",
		LEFT, y - 5, colours[strategy], stroke_of(strategy), dashes[strategy], LEFT + 44, y,
		words[strategy]);
	for (size_t i = 0; i < N_COLUMNS; i++)
		draw_cell(svg, columns[i], y, "#222", text[i]);
}

static void draw_table(struct su_buf *svg, const struct plot *plot)
{
	static const char *const headings[N_COLUMNS][2] = { { "devices", "updated" },
		{ "vulnerable", "hours" }, { "devices", "too late" },
		{ "minutes without", "service" }, { "downloads", "at once" } };
	for (size_t i = 0; i < N_COLUMNS; i++) {
		draw_cell(svg, columns[i], TABLE - 18, "#555", headings[i][0]);
		draw_cell(svg, columns[i], TABLE - 2, "#555", headings[i][1]);
	}
	for (int i = 0; i < SIM_STRATEGIES; i++)
		draw_row(svg, plot, i);
}

enum su_status sim_picture_write(
	const struct sim_outcome *outcome, const char *path, struct su_error *err)
{
	struct su_buf svg su_auto(su_buf_free) = { 0 };
	const struct plot plot = plot_of(outcome);
	su_buf_printf(&svg,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
		"font-family=\"sans-serif\" font-size=\"13\" fill=\"#222\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n"
		"<text x=\"%d\" y=\"32\" font-size=\"18\">Devices that run the release, of "
		"%zu</text>\n"
		"<text x=\"%d\" y=\"50\" fill=\"#555\">%s; %u days simulated, seed %llu</text>\n",
		WIDTH, HEIGHT, LEFT, outcome->task->fleet->n, LEFT, sim_report_class(outcome),
		outcome->task->fleet->days, (unsigned long long)outcome->task->fleet->seed);
	draw_frame(&svg, &plot);
	for (int i = 0; i < SIM_STRATEGIES; i++)
		draw_curve(&svg, &plot, i);
	draw_table(&svg, &plot);
	su_buf_printf(&svg, "</svg>\n");
	return whole_file_write(path, su_buf_span(&svg), 0644, err);
}
