/* SPDX-License-Identifier: Apache-2.0 */
/* suitctl policy simulate: what a policy would do to a fleet, before it is used. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "tools/command_list.h"
#include "tools/sim_report.h"
#include "tools/sim_strategy.h"
#include "tools/whole_file.h"

#define DEFAULT_DAYS    30
#define DEFAULT_DEVICES 10000

static enum su_status read_number(
	struct cli *cli, const char *option, uint64_t most, uint64_t *value, struct su_error *err)
{
	const char *text = cli_value(cli, option);
	if (text == NULL)
		return SU_OK;
	char *end;
	errno = 0;
	unsigned long long number = strtoull(text, &end, 10);
	if (errno != 0 || *end != '\0' || *text < '0' || *text > '9' || number > most)
		return su_fail(err, SU_INVALID, option, "must be a number up to %llu",
			(unsigned long long)most);
	*value = number;
	return SU_OK;
}

static enum su_status read_without(struct cli *cli, unsigned *out, struct su_error *err)
{
	const char *word;
	for (size_t i = 0; (word = cli_nth(cli, "without", i)) != NULL; i++) {
		int kind;
		SU_TRY(name_parse(sim_kind_names, "--without", word, &kind, err));
		*out |= 1U << kind;
	}
	if (*out == (1U << SIM_KINDS) - 1)
		return su_fail(err, SU_INVALID, "without", "no kind is left");
	return SU_OK;
}

static enum su_status get_fleet(struct cli *cli, struct sim_fleet **out, struct su_error *err)
{
	struct sim_recipe recipe = { .seed = 1 };
	uint64_t n = DEFAULT_DEVICES, days = DEFAULT_DAYS;
	SU_TRY(read_number(cli, "generate", SIM_MAX_DEVICES, &n, err));
	SU_TRY(read_number(cli, "seed", INT64_MAX, &recipe.seed, err));
	SU_TRY(read_number(cli, "days", SIM_MAX_DAYS, &days, err));
	SU_TRY(read_without(cli, &recipe.without, err));
	if (n == 0 || days == 0)
		return su_fail(err, SU_INVALID, n == 0 ? "generate" : "days", "must be 1 or more");
	recipe.n = (size_t)n;
	recipe.days = (unsigned)days;
	const char *file = cli_value(cli, "fleet");
	if (file != NULL && (cli_flag(cli, "generate") || recipe.without != 0))
		return su_fail(err, SU_INVALID, "fleet",
			"goes neither with --generate nor with --without");
	if (file != NULL)
		return sim_fleet_read(cli->arena, file, &recipe, out, err);
	*out = sim_fleet_generate(cli->arena, &recipe);
	return SU_OK;
}

static enum su_status get_policy(struct cli *cli, struct policy **out, struct su_error *err)
{
	struct su_span text = policy_default_text();
	const char *file = cli_value(cli, "policy");
	if (file != NULL)
		SU_TRY(whole_file_read(cli->arena, file, POLICY_MAX_BYTES, &text, err));
	return policy_parse(cli->arena, text, out, err);
}

static void run_all(struct sim_outcome *outcome, const struct policy *policy, FILE *trace)
{
	const struct sim_fleet *fleet = outcome->fleet;
	enum urgency urgency = outcome->urgency;
	int64_t begun_ms = su_clock_mono_ms();
	sim_policy_run(fleet, policy, urgency, trace, &outcome->results[SIM_POLICY]);
	sim_baseline_poll_only(fleet, policy, urgency, &outcome->results[SIM_POLL_ONLY]);
	sim_baseline_push_at_once(fleet, policy, urgency, &outcome->results[SIM_PUSH_AT_ONCE]);
	sim_clairvoyant_run(fleet, policy, urgency, &outcome->results[SIM_CLAIRVOYANT]);
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
	return svg != NULL ? sim_report_draw(outcome, svg, err) : SU_OK;
}

static enum su_status simulate(struct cli *cli, struct su_error *err)
{
	struct sim_outcome outcome = { 0 };
	struct sim_fleet *fleet;
	struct policy *policy;
	SU_TRY(get_policy(cli, &policy, err));
	SU_TRY(get_fleet(cli, &fleet, err));
	int urgency = (int)policy->default_urgency;
	const char *word = cli_value(cli, "urgency");
	if (word != NULL)
		SU_TRY(name_parse(urgency_names, "--urgency", word, &urgency, err));
	outcome.fleet = fleet;
	outcome.urgency = (enum urgency)urgency;
	const char *trace_path = cli_value(cli, "trace");
	FILE *trace = trace_path != NULL ? fopen(trace_path, "we") : NULL;
	if (trace_path != NULL && trace == NULL)
		return su_fail(err, SU_IO, "trace", "%s: %s", trace_path, strerror(errno));
	run_all(&outcome, policy, trace);
	enum su_status status = SU_OK;
	if (trace != NULL && fclose(trace) != 0)
		status = su_fail(err, SU_IO, "trace", "%s: %s", trace_path, strerror(errno));
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
		{ "generate", "N", "make up a fleet of so many devices; default 10000" },
		{ "fleet", "FILE", "the devices, one JSON object a line (docs/policy-simulator.md)" },
		{ "without", "KIND", "leave these out of a made-up fleet; may be repeated" },
		{ "seed", "S", "of everything that is left to chance; default 1" },
		{ "days", "D", "how many days after the release; default 30" },
		{ "urgency", "CLASS", "critical, high, normal, low; default the policy's" },
		{ "policy", "FILE", "the policy document; default the built-in one" },
		{ "svg", "FILE", "draw the curves" },
		{ "trace", "FILE", "write each decision of the policy, one JSON object a line" },
		{ "json", NULL, "print the figures as JSON" },
		{ NULL, NULL, NULL },
	},
	.run = simulate,
};
