/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drives devices: learns whose next step is a command (from planning_due.h; from a device that comes
 * into reach; from a change that was just written) and lets one after the other have it, the most
 * urgent first. Several daemons share the work: who has the device in reach acts, and the version
 * of the row makes it once only.
 */
#pragma once

#include <stdbool.h>

#include "tracker/remembered.h"
#include "tracker/tracker_parts.h"

struct pusher;

/* Decides what is next for the device, and does it. pusher_give_back when all is over. */
typedef void (*pusher_serve_fn)(struct tracker *tracker, const char *endpoint);

/* NULL when the tracker has no clock. NULL is taken by all functions below. */
struct pusher *pusher_start(struct tracker *tracker, pusher_serve_fn serve);
void pusher_stop(struct pusher **pusher);
/* What is remembered of this device has changed, or its command has come to its end. True: what is due
 * for it is taken care of here. */
bool pusher_heed(struct pusher *pusher, struct remembered *of);
/* Whether more may be found to be due. */
bool pusher_has_room(const struct pusher *pusher);
/* A command turn, or the command that it sent, is over. */
void pusher_give_back(struct pusher *pusher);
/* The channel over which a command would reach the device now; NULL: none. */
const struct channel *pusher_channel(const struct tracker *tracker, const char *endpoint);
