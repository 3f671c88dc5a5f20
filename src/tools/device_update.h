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
	bool shall_fail;              /* in the installation; for fleets */
	bool come_back_old;           /* the restart ends with the old image */
	struct component_id kept_old; /* the restart ends with the old image in it; empty: none */
	bool report_other;            /* what it says of itself is not what it installed */
	bool pushed;                  /* payloads are brought: it does not fetch them */
	bool awaits_word;             /* it does not install before it is told to */
	/* It has come to where device_update_needs says what it needs; then device_update_continue. */
	void (*on_park)(void *arg);
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

enum device_update_need { UPDATE_NEEDS_NOTHING, UPDATE_NEEDS_PAYLOAD, UPDATE_NEEDS_WORD };
enum device_update_need device_update_needs(const struct device_update *update);
/* From now on it fetches what is missing. */
void device_update_fetch(struct device_update *update);
/* It shall not install before it is told to; too late when it does already. */
void device_update_await_word(struct device_update *update);
const struct digest *device_update_release(const struct device_update *update);
enum deployment_state device_update_state(const struct device_update *update);
void device_update_free(struct device_update **update);
