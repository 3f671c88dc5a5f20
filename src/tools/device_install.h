/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running a manifest and its dependencies on the reference device. A run can be repeated from its
 * start at any time: a payload that is not here yet ends it with SU_RETRY and is named in missing;
 * when it has come, the run begins again and finds it. Nothing that is installed changes before
 * device_install_commit.
 */
#pragma once

#include "suit/interpret.h"
#include "tools/device_state.h"
#include "tools/device_verify.h"

/* A payload to be fetched. */
struct device_missing {
	const char *uri;
	const char *staging; /* the file that it shall become */
	uint64_t size_bytes; /* 0: unknown */
};

struct device_install {
	struct su_arena *arena;
	const struct envelope *envelope;
	const struct device_state *state;
	const struct characteristics *told;
	const struct device_trust *trust; /* for dependencies, which are signed themselves */
	int64_t now_ms;
	/* What components become, also those of dependencies; digest unset: untouched. */
	size_t n_candidates;
	struct installed_component candidates[DEVICE_MAX_COMPONENTS];
	struct device_missing missing;
	struct command_site failed_at;
};

/* SU_OK: every condition held, every payload is here. SU_RETRY: fetch what is missing. Else the reason. */
enum su_status device_install_run(
	struct device_install *install, struct su_error *err) SU_MUST_CHECK;
/* Makes the candidates the installed ones, in memory; device_state_save makes it last. kept_old: a
 * component that does not change, so that the manifest does not count as installed; empty: none. */
void device_install_commit(const struct device_install *install, struct device_state *state,
	struct component_id kept_old);
