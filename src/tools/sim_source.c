/* SPDX-License-Identifier: Apache-2.0 */
/* A fleet that is neither made up nor in a file is the server's, and then the policy is, too. */
#include "tools/sim_source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "tools/api_pages.h"
#include "tools/sim_fleet_read.h"
#include "tools/sim_release.h"
#include "tools/whole_file.h"

#define DEFAULT_DAYS 30

static void free_json(json_t **json)
{
	json_decref(*json);
}

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
	*out |= 1U << SIM_OTHER;
	if (*out == (1U << SIM_KINDS) - 1)
		return su_fail(err, SU_INVALID, "without", "no kind is left");
	return SU_OK;
}

static bool is_served(const struct cli *cli)
{
	return cli_value(cli, "fleet") == NULL && cli_value(cli, "generate") == NULL;
}

static enum su_status read_recipe(struct cli *cli, struct sim_recipe *out, struct su_error *err)
{
	uint64_t n = 1, days = DEFAULT_DAYS;
	const char *start = cli_value(cli, "start");
	*out = (struct sim_recipe){ .seed = 1, .image_bytes = SIM_IMAGE_BYTES };
	SU_TRY(read_number(cli, "generate", SIM_MAX_DEVICES, &n, err));
	SU_TRY(read_number(cli, "seed", INT64_MAX, &out->seed, err));
	SU_TRY(read_number(cli, "days", SIM_MAX_DAYS, &days, err));
	SU_TRY(read_without(cli, &out->without, err));
	if (n == 0 || days == 0)
		return su_fail(err, SU_INVALID, n == 0 ? "generate" : "days", "must be 1 or more");
	out->n = (size_t)n;
	out->days = (unsigned)days;
	out->from_ms = is_served(cli) ? su_clock_wall_ms() : SIM_RELEASE_MS;
	if (start == NULL)
		return SU_OK;
	return su_time_parse(start, &out->from_ms, NULL) == SU_OK
		       ? SU_OK
		       : su_fail(err, SU_INVALID, "start",
				 "must be a time such as 2026-11-21T09:00:00Z");
}

static enum su_status ask_server(
	struct cli *cli, const char *path, json_t **reply_out, struct su_error *err)
{
	struct api_client *client su_auto(api_client_free) = NULL;
	SU_TRY(api_client_new(cli, &client, err));
	return api_call(client, "GET", path, NULL, reply_out, err);
}

static enum su_status read_policy(struct cli *cli, const struct policy **out, struct su_error *err)
{
	struct su_span text = policy_default_text();
	struct policy *policy;
	const char *file = cli_value(cli, "policy");
	if (file != NULL) {
		SU_TRY(whole_file_read(cli->arena, file, POLICY_MAX_BYTES, &text, err));
	} else if (is_served(cli)) {
		json_t *reply su_auto(free_json) = NULL;
		SU_TRY(ask_server(cli, "/policy", &reply, err));
		char *json su_auto(su_free_ptr) =
			json_dumps(json_object_get(reply, "policy"), JSON_COMPACT);
		text = su_arena_copy(cli->arena, su_span_str(json != NULL ? json : ""));
	}
	SU_TRY(policy_parse(cli->arena, text, &policy, err));
	*out = policy;
	return SU_OK;
}

/* Of the server by its digest, else a file. */
static enum su_status read_release(
	struct cli *cli, struct sim_task *task, struct sim_recipe *recipe, struct su_error *err)
{
	const char *name = cli_value(cli, "release");
	if (name == NULL)
		return SU_OK;
	struct release *release = su_arena_new_of(cli->arena, struct release);
	if (strncmp(name, "sha256:", strlen("sha256:")) == 0) {
		json_t *reply su_auto(free_json) = NULL;
		const char *path =
			su_arena_printf(cli->arena, "/releases/%s", api_segment(cli->arena, name));
		SU_TRY(ask_server(cli, path, &reply, err));
		SU_TRY(sim_release_read(cli->arena, reply, release, err));
	} else {
		SU_TRY(sim_release_read_file(cli->arena, name, release, err));
	}
	struct facts facts = { .release = release };
	facts_sum_up(&facts, 0);
	if (facts.download_bytes > 0 && facts.download_bytes <= SIM_MAX_IMAGE_BYTES)
		recipe->image_bytes = facts.download_bytes;
	task->release = release;
	return SU_OK;
}

static enum su_status read_urgency(struct cli *cli, struct sim_task *task, struct su_error *err)
{
	int urgency = (int)task->policy->default_urgency;
	const char *word = cli_value(cli, "urgency");
	if (word != NULL && task->release != NULL)
		return su_fail(err, SU_INVALID, "urgency",
			"the policy gives the release its class: either --urgency or --release");
	if (word != NULL)
		SU_TRY(name_parse(urgency_names, "--urgency", word, &urgency, err));
	task->urgency = (enum urgency)urgency;
	return SU_OK;
}

struct arrivals {
	struct su_arena *arena;
	struct sim_fleet *fleet;
};

static enum su_status on_page(void *arg, json_t *page, struct su_error *err)
{
	struct arrivals *to = arg;
	size_t i;
	json_t *item;
	json_array_foreach(json_object_get(page, "items"), i, item)
	{
		if (!json_is_null(json_object_get(item, "removed_at")))
			continue;
		if (to->fleet->n == SIM_MAX_DEVICES)
			return su_fail(
				err, SU_INVALID, "", "more than %d devices", SIM_MAX_DEVICES);
		SU_TRY(sim_fleet_read_device(to->arena, to->fleet, item, err));
	}
	return SU_OK;
}

static enum su_status read_server(struct cli *cli, const struct sim_recipe *recipe,
	struct sim_fleet **out, struct su_error *err)
{
	const char *filter = cli_value(cli, "filter"), *path = "/devices";
	if (filter != NULL)
		path = su_arena_printf(
			cli->arena, "/devices?filter=%s", api_segment(cli->arena, filter));
	struct arrivals to = { cli->arena, sim_fleet_new(cli->arena, recipe) };
	SU_TRY(api_pages_each(cli, path, on_page, &to, err));
	if (to.fleet->n == 0)
		return su_fail(err, SU_INVALID, "", "the server has no such devices");
	*out = to.fleet;
	return SU_OK;
}

static enum su_status read_fleet(struct cli *cli, const struct sim_recipe *recipe,
	struct sim_fleet **out, struct su_error *err)
{
	const char *file = cli_value(cli, "fleet");
	bool made_up = cli_value(cli, "generate") != NULL;
	if (file != NULL && made_up)
		return su_fail(err, SU_INVALID, "fleet", "either --fleet or --generate");
	if (!made_up && cli_value(cli, "without") != NULL)
		return su_fail(err, SU_INVALID, "without", "goes with --generate");
	if (!is_served(cli) && cli_value(cli, "filter") != NULL)
		return su_fail(err, SU_INVALID, "filter", "goes with the server's fleet");
	if (file != NULL)
		return sim_fleet_read_file(cli->arena, file, recipe, out, err);
	if (!made_up)
		return read_server(cli, recipe, out, err);
	*out = sim_fleet_generate(cli->arena, recipe);
	return SU_OK;
}

enum su_status sim_source_read(struct cli *cli, struct sim_task *out, struct su_error *err)
{
	struct sim_recipe recipe;
	*out = (struct sim_task){ 0 };
	SU_TRY(read_recipe(cli, &recipe, err));
	SU_TRY(read_policy(cli, &out->policy, err));
	SU_TRY(read_release(cli, out, &recipe, err));
	SU_TRY(read_urgency(cli, out, err));
	SU_TRY(read_fleet(cli, &recipe, &out->fleet, err));
	sim_task_settle(out, cli->arena);
	return SU_OK;
}
