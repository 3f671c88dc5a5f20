/* SPDX-License-Identifier: Apache-2.0 */
/* What the five characters of an SQLSTATE mean to a caller. */
#pragma once

#include <stdbool.h>

#include "base/status.h"

/* NULL or "": the server said nothing, the connection is gone. Never SU_OK. */
enum su_status sqlstate_status(const char *sqlstate);
/* Whether a new connection is needed, although this one still answers. */
bool sqlstate_spoils_connection(const char *sqlstate);

/* A fault in the user's words when a known constraint was violated; false: it is not a known one. */
bool sqlstate_explain_constraint(const char *constraint, struct su_error *err);
