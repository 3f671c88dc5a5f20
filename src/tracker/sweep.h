/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ends the deployments that nobody else ends: those whose device has been silent for too long, and
 * those of a release whose withdrawal was cut off. Asks the database for them, by index and in bounded
 * batches, so nothing is lost over a restart and nothing is scanned. Several daemons share the work.
 */
#pragma once

struct sweep;
struct tracker;

/* NULL when the tracker has no clock. */
struct sweep *sweep_start(struct tracker *tracker);
void sweep_stop(struct sweep **sweep);
