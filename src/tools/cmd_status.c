/* SPDX-License-Identifier: Apache-2.0 */
/* suitctl status: the fleet in a few lines. */
#include <stdio.h>

#include "tools/command_list.h"
#include "tools/show.h"
#include "tools/wording.h"

#define NAME_WIDTH 12

/* Numbers as they are, groups of counts as those of them that are not 0. */
static void print_summary(struct su_arena *arena, const json_t *summary)
{
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)summary, name, value)
	{
		if (json_is_object(value))
			printf("%-*s %s\n", NAME_WIDTH, name, wording_counts(arena, value));
		else
			printf("%-*s %" JSON_INTEGER_FORMAT "\n", NAME_WIDTH, name,
				json_integer_value(value));
	}
}

static enum su_status status(struct cli *cli, struct su_error *err)
{
	json_t *summary = NULL;
	SU_TRY(show_get(cli, "/fleet/summary", &summary, err));
	if (cli_flag(cli, "json"))
		show_object(cli, summary);
	else
		print_summary(cli->arena, summary);
	json_decref(summary);
	return SU_OK;
}

const struct cli_command cmd_status = {
	.words = "status",
	.arguments = "",
	.summary = "Show how many devices there are and how far their updates are",
	.options = { SHOW_JSON_OPTION, { NULL, NULL, NULL } },
	.run = status,
};
