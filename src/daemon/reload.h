/* SPDX-License-Identifier: Apache-2.0 */
/* SIGHUP: reads the configuration again and takes over what a running suitd can. */
#pragma once

#include "daemon/config.h"

/* Puts the values of config into force that may change while suitd runs. */
void reload_apply(const struct config *config);

/*
 * Reads path and validates all of it. On a fault nothing changes. Else options that may be reloaded
 * are taken over into running; the log names them, and those that wait for a restart.
 */
enum su_status reload_config(
	struct config *running, const char *path, struct su_error *err) SU_MUST_CHECK;
