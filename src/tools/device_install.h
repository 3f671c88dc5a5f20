/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running a manifest on the reference device. A run can be repeated from its start at any time: a
 * payload that is not here yet ends it with SU_RETRY and is named in missing_uri; when it has come,
 * the run begins again and finds it. Nothing that is installed changes before device_install_commit.
 */
#pragma once

#include "suit/envelope.h"
#include "suit/interpret.h"
#include "tools/device_state.h"

struct device_install {
	struct su_arena *arena;
	const struct envelope *envelope;
	const struct device_state *state;
	const struct characteristics *told;
	int64_t now_ms;
	/* The candidate for each component index; digest unset: untouched. */
	struct installed_component candidates[DEVICE_MAX_COMPONENTS];
	const char *missing_uri;
	uint64_t missing_size_bytes;  /* 0: unknown */
	struct digest missing_digest; /* unset: unknown */
	struct command_site failed_at;
};

/* SU_OK: every condition held, every payload is here. SU_RETRY: fetch missing_uri first. Else the reason. */
enum su_status device_install_run(
	struct device_install *install, struct su_error *err) SU_MUST_CHECK;
/* Makes the candidates the installed ones, in memory; device_state_save makes it last. */
void device_install_commit(const struct device_install *install, struct device_state *state);

/* Where a payload is staged while and after it comes in. */
const char *device_install_staging(struct su_arena *arena, const struct device_state *state,
	const struct envelope *envelope, const char *uri);
