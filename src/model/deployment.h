/* SPDX-License-Identifier: Apache-2.0 */
/* One release for one device: the unit whose state is tracked. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/uuid.h"
#include "model/digest.h"
#include "model/names.h"

enum deployment_state {
	DEPLOYMENT_PLANNED,
	DEPLOYMENT_OFFERED,
	DEPLOYMENT_DEFERRED,
	DEPLOYMENT_ACCEPTED,
	DEPLOYMENT_DOWNLOADING,
	DEPLOYMENT_DOWNLOADED,
	DEPLOYMENT_INSTALLING,
	DEPLOYMENT_REBOOTING,
	DEPLOYMENT_CONFIRMED, /* the ends begin here */
	DEPLOYMENT_FAILED,
	DEPLOYMENT_REJECTED,
	DEPLOYMENT_CANCELLED,
	DEPLOYMENT_SUPERSEDED,
	DEPLOYMENT_EXPIRED,
};
#define DEPLOYMENT_STATE_COUNT (DEPLOYMENT_EXPIRED + 1)
extern const struct name_row deployment_state_names[];
bool deployment_state_is_end(enum deployment_state state);

/* How an update is driven (draft-zhu-suit-automatic-fu-arch section 3). */
enum update_mode { MODE_CLIENT, MODE_NEGOTIATED, MODE_SERVER };
extern const struct name_row update_mode_names[];

struct deployment {
	struct su_uuid id;
	int64_t device_id;
	struct digest release; /* the manifest digest */
	enum deployment_state state;
	enum update_mode mode;
	bool named_by_operator; /* not found by matching: an operator named release and device */
	int64_t created_at_ms, changed_at_ms;
	int64_t deadline_at_ms; /* 0: none. Silence beyond it is a failure */
	uint64_t progress_bytes;
	unsigned attempts;  /* downloads begun */
	const char *reason; /* why it ended so, or NULL */
	int64_t row_version;
};

/* One transition, stored in the transaction that makes it. */
struct deployment_history {
	int64_t at_ms;
	enum deployment_state from, to;
	const char *event;  /* a lifecycle event name */
	const char *actor;  /* "device", "suitd", or the token's name */
	const char *detail; /* or NULL */
};
