/* SPDX-License-Identifier: Apache-2.0 */
/* suitctl policy simulate: what a policy would do to a fleet, before it is used. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "tools/command_list.h"
#include "tools/sim_picture.h"
#include "tools/sim_report.h"
#include "tools/sim_source.h"
#include "tools/sim_strategy.h"

static void run_all(struct sim_outcome *outcome)
{
	const struct sim_task *task = outcome->task;
	int64_t begun_ms = su_clock_mono_ms();
	sim_policy_run(task, &outcome->results[SIM_POLICY]);
	sim_baseline_poll_only(task, &outcome->results[SIM_POLL_ONLY]);
	sim_baseline_push_at_once(task, &outcome->results[SIM_PUSH_AT_ONCE]);
	sim_clairvoyant_run(task, &outcome->results[SIM_CLAIRVOYANT]);
	outcome->elapsed_s = (double)(su_clock_mono_ms() - begun_ms) / 1000;
}

static enum su_status report(
	struct cli *cli, const struct sim_outcome *outcome, struct su_error *err)
{
	if (cli_flag(cli, "json")) {
		json_t *json = sim_report_json(outcome);
		json_dumpf(json, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(json);
	} else {
		sim_report_print(outcome);
	}
	const char *svg = cli_value(cli, "svg");
	return svg != NULL ? sim_picture_write(outcome, svg, err) : SU_OK;
}

static enum su_status simulate(struct cli *cli, struct su_error *err)
{
	struct sim_task task;
	SU_TRY(sim_source_read(cli, &task, err));
	struct sim_outcome outcome = { .task = &task };
	const char *trace = cli_value(cli, "trace");
	task.trace = trace != NULL ? fopen(trace, "we") : NULL;
	if (trace != NULL && task.trace == NULL)
		return su_fail(err, SU_IO, "trace", "%s: %s", trace, strerror(errno));
	run_all(&outcome);
	enum su_status status = SU_OK;
	if (task.trace != NULL && fclose(task.trace) != 0)
		status = su_fail(err, SU_IO, "trace", "%s: %s", trace, strerror(errno));
	if (status == SU_OK)
		status = report(cli, &outcome, err);
	for (int i = 0; i < SIM_STRATEGIES; i++)
		sim_result_deinit(&outcome.results[i]);
	return status;
}

const struct cli_command cmd_policy_simulate = {
	.words = "policy simulate",
	.arguments = "",
	.summary = "Show what a policy would do to a fleet, beside polling only, pushing at once and "
		   "the best possible",
	.options = {
		{ "generate", "N", "make up a fleet of so many devices; else the server's fleet" },
		{ "fleet", "FILE", "the devices, one JSON object a line (docs/policy-simulator.md)" },
		{ "filter", "EXPRESSION", "of the server's devices those for which this is true" },
		{ "without", "KIND", "leave these out of a made-up fleet; may be repeated" },
		{ "seed", "S", "of everything that is left to chance; default 1" },
		{ "start", "TIME", "when the release comes; default now, or 2026-03-03T10:00:00Z" },
		{ "days", "D", "how many days after the release; default 30" },
		{ "release", "RELEASE",
			"its class is up to the policy: a digest, or a file with labels and so on" },
		{ "urgency", "CLASS", "critical, high, normal, low; default the policy's" },
		{ "policy", "FILE", "the policy document; default the server's, or the built-in one" },
		{ "svg", "FILE", "draw the curves" },
		{ "trace", "FILE", "write each decision of the policy, one JSON object a line" },
		{ "json", NULL, "print the figures as JSON" },
		{ NULL, NULL, NULL },
	},
	.run = simulate,
};
