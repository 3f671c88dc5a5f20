/* SPDX-License-Identifier: Apache-2.0 */
/* PostgreSQL's error codes (its manual, appendix A) as statuses, longest match first. */
#include "store/sqlstate.h"

#include <stddef.h>
#include <string.h>

struct code_row {
	const char *prefix; /* a class of two characters or a whole code */
	enum su_status status;
};

static const struct code_row codes[] = {
	{ "0A000", SU_RETRY },    /* a cached plan's result type changed under a migration */
	{ "21000", SU_INVALID },  /* the same key twice in one upsert */
	{ "23503", SU_CONFLICT }, /* refers to what is not there */
	{ "23505", SU_CONFLICT },
	{ "25006", SU_RETRY }, /* a standby: the primary is somewhere else now */
	{ "25P03", SU_RETRY },
	{ "26000", SU_RETRY }, /* something between us and the server dropped our statements */
	{ "42501", SU_FULL },  /* its files are read-only, as after a fault of the disk */
	{ "53100", SU_FULL },
	{ "55P03", SU_RETRY },
	{ "57014", SU_RETRY }, /* statement_timeout */
	{ "58030", SU_IO },
	{ "08", SU_RETRY },
	{ "22", SU_INVALID },
	{ "23", SU_INVALID },
	{ "28", SU_RETRY },
	{ "3D", SU_RETRY },
	{ "40", SU_RETRY },
	{ "53", SU_RETRY },
	{ "57", SU_RETRY },
	{ "58", SU_IO },
	{ "XX", SU_IO },
};

static const struct constraint_row {
	const char *name;
	const char *field;
	const char *text;
} constraints[] = {
	{ "api_token_name_key", "name", "a token of this name exists already" },
	{ "trust_anchor_in_force", "", "this key is in force already for the same purpose" },
	{ "deployment_in_flight", "", "another deployment of this device is in flight" },
	{ "release_scope_sequence_number_key", "sequence_number",
		"a release with this sequence number exists already" },
	{ "public_path_pkey", "uri", "this path already serves other content" },
	{ "device_endpoint_key", "endpoint", "a device of this name exists already" },
};

enum su_status sqlstate_status(const char *sqlstate)
{
	if (!sqlstate || !*sqlstate)
		return SU_RETRY;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (strncmp(sqlstate, codes[i].prefix, strlen(codes[i].prefix)) == 0)
			return codes[i].status;
	return SU_BUG;
}

bool sqlstate_spoils_connection(const char *sqlstate)
{
	static const char *const spoiling[] = { "0A000", "25006", "26000" };
	for (size_t i = 0; sqlstate && i < sizeof(spoiling) / sizeof(spoiling[0]); i++)
		if (strcmp(sqlstate, spoiling[i]) == 0)
			return true;
	return false;
}

bool sqlstate_explain_constraint(const char *constraint, struct su_error *err)
{
	for (size_t i = 0; constraint && i < sizeof(constraints) / sizeof(constraints[0]); i++) {
		if (strcmp(constraint, constraints[i].name) != 0)
			continue;
		su_fail(err, SU_CONFLICT, constraints[i].field, "%s", constraints[i].text);
		return true;
	}
	return false;
}
