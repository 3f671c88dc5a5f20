/* SPDX-License-Identifier: Apache-2.0 */
/* suitd: reads the command line and the configuration, and does what they say. */
#include <stdio.h>

#include "daemon/command_line.h"
#include "daemon/commands.h"

int main(int argc, char **argv)
{
	struct command_line line;
	struct su_error err = { 0 };
	if (command_line_parse(argc, argv, &line, &err) != SU_OK) {
		fprintf(stderr, "suitd: %s\n", err.text);
		return 2;
	}
	if (commands_execute(&line, &err) == SU_OK)
		return 0;
	if (err.field[0])
		fprintf(stderr, "suitd: %s: %s\n", err.field, err.text);
	else
		fprintf(stderr, "suitd: %s\n", err.text);
	return 1;
}
