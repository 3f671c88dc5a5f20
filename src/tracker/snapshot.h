/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device packed into one block of memory. struct device has room for every component a device
 * may have; a remembered fleet has one or two of them each.
 */
#pragma once

#include "model/device.h"

struct snapshot;

struct snapshot *snapshot_new(const struct device *device);
void snapshot_free(struct snapshot **snapshot);
/* Pointers in out are borrowed from the snapshot. */
void snapshot_restore(const struct snapshot *snapshot, struct device *out);
