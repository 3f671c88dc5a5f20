/* SPDX-License-Identifier: Apache-2.0 */
/* suitctl status: the fleet in a few lines. */
#include "tools/command_list.h"
#include "tools/show.h"

static enum su_status status(struct cli *cli, struct su_error *err)
{
	return show_call(cli, "GET", "/fleet/summary", NULL, err);
}

const struct cli_command cmd_status = {
	.words = "status",
	.arguments = "",
	.summary = "Show how many devices there are and how far their updates are",
	.options = { SHOW_JSON_OPTION, { NULL, NULL, NULL } },
	.run = status,
};
