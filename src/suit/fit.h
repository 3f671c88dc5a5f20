/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a manifest's conditions hold for a device, judged from what the device reported. */
#pragma once

#include "model/device.h"
#include "suit/manifest.h"

/*
 * Runs the update procedure over told at now_ms as the device would, alternatives in their order.
 * SU_OK: it gets to the end. What the device did not report (battery, version, digest, slot) does
 * not count against it, except vendor and class: a manifest that checks one fits only a device that
 * reported it. SU_CONFLICT: does not fit; err says which condition, what was found and wanted.
 */
enum su_status fit_device(struct su_arena *arena, const struct manifest *manifest,
	const struct characteristics *told, int64_t now_ms, struct su_error *err) SU_MUST_CHECK;
