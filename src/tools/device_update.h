/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One update of the reference device, from the bytes of an envelope to the restart with the new
 * image, or to the failure that the server was told of. It can be cut off anywhere and begun again
 * with the same bytes: what was downloaded is still there.
 */
#pragma once

#include "tools/device_channel.h"
#include "tools/device_state.h"
#include "tools/device_verify.h"

struct device_update;

struct device_update_opts {
	struct device_channel *channel;
	struct device_state *state;
	const struct characteristics *told;
	const struct device_trust *trust;
	bool shall_fail; /* in the installation; for fleets */
	/* The server is away: call device_update_continue later. */
	void (*on_wait)(void *arg, const struct link_reply *reply);
	/* True: installed and saved, the device restarts. May free the update. */
	void (*on_end)(void *arg, bool installed);
	void *arg;
};

/* bytes are copied. No callback runs before this has returned. */
struct device_update *device_update_begin(
	const struct device_update_opts *opts, struct su_span bytes);
void device_update_continue(struct device_update *update);
void device_update_free(struct device_update **update);
