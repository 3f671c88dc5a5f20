/* SPDX-License-Identifier: Apache-2.0 */
/* A simulation as a picture (SVG): devices updated over time, a curve for each strategy, the figures below. */
#pragma once

#include "tools/sim_report.h"

enum su_status sim_picture_write(
	const struct sim_outcome *outcome, const char *path, struct su_error *err) SU_MUST_CHECK;
