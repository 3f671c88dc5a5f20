/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of the trace. */
#include "tools/sim_trace.h"

#include <jansson.h>

#include "base/clock.h"

static void put_time(json_t *line, const char *name, int64_t at_ms)
{
	char text[SU_TIME_TEXT_SIZE];
	if (at_ms == 0 || at_ms == INT64_MAX)
		return;
	su_time_format(at_ms, text);
	json_object_set_new(line, name, json_string(text));
}

static void put_step(json_t *line, const struct sim_settled *settled, const struct step *step)
{
	json_object_set_new(
		line, "urgency", json_string(name_of(urgency_names, (int)settled->urgency)));
	json_object_set_new(line, "urgency_rule", json_string(settled->urgency_rule));
	json_object_set_new(line, "mode", json_string(name_of(update_mode_names, (int)step->mode)));
	json_object_set_new(line, "mode_rule", json_string(settled->mode_rule));
	json_object_set_new(line, "step", json_string(name_of(step_kind_names, (int)step->kind)));
	put_time(line, "from", step->from_ms);
	put_time(line, "install_at", step->install_from_ms);
	json_object_set_new(line, "escalated", json_boolean(step->escalated));
	json_object_set_new(line, "interrupts", json_boolean(step->interrupts));
	json_object_set_new(line, "because", json_string(step->why));
}

void sim_trace_write(const struct sim_task *task, size_t device, int64_t now_ms,
	const char *decision, const struct step *step)
{
	if (task->trace == NULL)
		return;
	json_t *line = json_object();
	put_time(line, "time", now_ms);
	json_object_set_new(line, "device", json_string(task->fleet->devices[device].endpoint));
	json_object_set_new(line, "decision", json_string(decision));
	if (step != NULL)
		put_step(line, &task->settled[device], step);
	json_dumpf(line, task->trace, JSON_COMPACT);
	fputc('\n', task->trace);
	json_decref(line);
}
