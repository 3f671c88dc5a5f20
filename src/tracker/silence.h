/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ends the deployments whose device has been silent for too long. Asks the database for the ones
 * that are due, by index and in bounded batches, so nothing is lost over a restart and nothing is
 * scanned. Several daemons share the work.
 */
#pragma once

struct silence;
struct tracker;

/* NULL when the tracker has no clock. */
struct silence *silence_start(struct tracker *tracker);
void silence_stop(struct silence **silence);
