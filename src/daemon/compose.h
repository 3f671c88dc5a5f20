/* SPDX-License-Identifier: Apache-2.0 */
/* The only file that sees every module: puts them together, runs them, takes them apart. */
#pragma once

#include "daemon/config.h"

/* Runs until SIGTERM or SIGINT. config_path is read again on SIGHUP; config takes over what may be reloaded. */
enum su_status compose_run(
	struct config *config, const char *config_path, struct su_error *err) SU_MUST_CHECK;
