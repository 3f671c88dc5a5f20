/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The service level of a class of urgency. All spans of time count from the moment a device became
 * vulnerable: the approval of the release, or the registration of the device if that was later.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/urgency.h"

#define LEVEL_NEVER INT64_MAX

enum at_deadline {
	DEADLINE_KEEP_TRYING, /* late is better than never */
	DEADLINE_GIVE_UP,     /* the deployment expires */
};
extern const struct name_row at_deadline_names[];

struct level {
	int64_t announce_within_ms; /* poll intervals and offers are steered so that a device knows by then */
	int64_t start_within_ms; /* the download should have begun by then */
	int64_t deadline_ms;     /* the new firmware should run by then; LEVEL_NEVER: no deadline */
	int64_t negotiate_after_ms; /* a client-mode device is spoken to from then on */
	int64_t command_after_ms;   /* it is not asked any more from then on, but told */
	int64_t interrupt_after_ms; /* its service may be taken away from then on */
	int64_t notice_ms;          /* told that long before an interruption */
	enum at_deadline at_deadline;
	unsigned max_deferrals;   /* a device may say "later" that often, ... */
	int64_t max_deferral_ms;  /* ... each time by that much */
	unsigned max_retries;     /* after failures; then the deployment has failed */
	int64_t retry_after_ms;   /* doubled with each failure */
	double share;             /* of the capacity that this class may take, (0, 1] */
	int64_t poll_interval_ms; /* asked of devices for which such a release may wait */
};
