/* SPDX-License-Identifier: Apache-2.0 */
/* One release for one device: the unit whose state is tracked. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/uuid.h"
#include "model/digest.h"
#include "model/names.h"
#include "model/urgency.h"

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

/* What a device says to an offer. */
enum answer_kind { ANSWER_NOW, ANSWER_AT, ANSWER_NO };
extern const struct name_row answer_kind_names[];
struct offer_answer {
	enum answer_kind kind;
	int64_t at_ms;      /* ANSWER_AT: Unix time */
	const char *reason; /* or NULL */
};

/* What was decided about a deployment, and what the next decision depends on (policy/decide.h). */
struct deployment_plan {
	enum urgency urgency;
	int64_t vulnerable_since_ms;
	int64_t due_ms;  /* the class's deadline; 0: none */
	int64_t look_ms; /* when to decide the next step, if nothing happens before; 0: no need */
	int64_t download_ms; /* booked start of the download; 0: not yet */
	int64_t transfer_ms; /* booked length */
	int64_t install_ms;  /* expected begin of the installation; 0: unknown */
	int64_t promised_ms; /* the device said "at T"; 0: it did not */
	unsigned deferrals, failures, offers;
	int64_t last_failure_ms, last_offer_ms;
	int64_t noticed_ms;  /* when it was told of an interruption; 0: it was not */
	const char *reasons; /* JSON: rules and facts behind class, mode and time; NULL: none */
};

struct deployment {
	struct su_uuid id;
	int64_t device_id;
	struct digest release; /* the manifest digest */
	enum deployment_state state;
	enum update_mode mode; /* as it is driven now: escalation changes it */
	struct deployment_plan plan;
	bool named_by_operator; /* not found by matching: an operator named release and device */
	int64_t created_at_ms, changed_at_ms;
	int64_t deadline_at_ms; /* 0: none. Silence beyond it is a failure */
	uint64_t progress_bytes;
	unsigned attempts;  /* downloads begun */
	const char *reason; /* why it ended so, or NULL */
	int64_t row_version;
};

/* One transition, stored in the transaction that makes it; or, with the same state twice, what happened in it. */
#define DEPLOYMENT_ESCALATES                                                                       \
	"escalate" /* the event: its class drives it otherwise than the device is */
struct deployment_history {
	int64_t at_ms;
	enum deployment_state from, to;
	const char *event;  /* a lifecycle event name */
	const char *actor;  /* "device", "suitd", or the token's name */
	const char *detail; /* or NULL */
};
