/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a manifest's conditions hold for a device, judged from what the device reported. */
#pragma once

#include "model/device.h"
#include "suit/manifest.h"

/*
 * Runs the update procedure over told at now_ms. SU_OK: some path through the alternatives has no
 * failing condition. What the device did not report (battery, version, slot) does not count against
 * it, except identifiers (vendor, class, device): a manifest that checks one fits only a device that
 * reported it.
 * Before something is written to a component its digest is the installed one, afterwards that of
 * the manifest. The slot in use cannot be the one to be updated, and what is fetched has to find
 * room in the free memory.
 * SU_CONFLICT: does not fit; err says which condition, and what was found and wanted; its field is
 * the name of the condition. A device that reported components has to have one of the manifest's;
 * not all, because memory and staging areas are components that few devices report.
 */
enum su_status fit_device(struct su_arena *arena, const struct manifest *manifest,
	const struct characteristics *told, int64_t now_ms, struct su_error *err) SU_MUST_CHECK;
