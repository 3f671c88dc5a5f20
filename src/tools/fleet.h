/* SPDX-License-Identifier: Apache-2.0 */
/* One or many reference devices in one process. */
#pragma once

#include "tools/device_mix.h"

struct fleet_opts {
	const char *server;
	struct su_span psk; /* of every device; empty: none */
	const char *token;  /* of every device; NULL: none */
	unsigned block_szx;
	unsigned max_szx; /* of blocks that the server sends by itself */
	unsigned size;    /* 1: the device is called endpoint, else endpoint-00000 and on */
	struct device_mix mix;
	struct device_agent_opts
		device; /* what they have in common; folder is the parent of a fleet's */
};

/*
 * Returns when every device has ended (once), or at SIGINT or SIGTERM. failed_out: how many did not
 * end well; of devices that shall end by themselves, also those that a signal kept from it.
 */
enum su_status fleet_run(
	const struct fleet_opts *opts, unsigned *failed_out, struct su_error *err) SU_MUST_CHECK;
