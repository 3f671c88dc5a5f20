/* SPDX-License-Identifier: Apache-2.0 */
/* How far one component of a device is in a deployment: what it shall run, and what is known of it. */
#pragma once

#include "model/component.h"
#include "model/names.h"

enum component_state {
	COMPONENT_PENDING,   /* it is not known to run what it shall */
	COMPONENT_CONFIRMED, /* it runs what the release gives for it */
	COMPONENT_REVERTED,  /* the old image was back after the restart */
	COMPONENT_OTHER,     /* after the restart another image ran, neither old nor new */
	COMPONENT_FAILED,    /* the device says that it did not work */
};
extern const struct name_row component_state_names[];

struct component_progress {
	struct component_id id;
	unsigned ordinal; /* in which order they are installed */
	size_t n_wanted;
	const struct digest *wanted; /* any of them will do */
	struct digest reported;      /* what the device told last that it runs; unset: nothing */
	enum component_state state;
	int64_t changed_at_ms;
	const char *detail; /* the device's own words, or NULL */
};
