/* SPDX-License-Identifier: Apache-2.0 */
/* What a device's report of its installed images says about the deployment in flight. */
#pragma once

#include "tracker/turn.h"

/*
 * Compares turn->device->told with the release of turn->active and moves the deployment when that
 * is called for. before: what the device had told earlier. restarted: it registered anew, so that
 * an old image counts as a revert; a mere renewal or a message before the reboot does not.
 */
void evidence_weigh(struct turn *turn, const struct characteristics *before, bool restarted);
