/* SPDX-License-Identifier: Apache-2.0 */
/* What a device says of itself, encoded as api/device.cddl has it. */
#pragma once

#include "model/deployment.h"
#include "model/device.h"

struct device_registration {
	const struct characteristics *told;
	const struct calendar *calendar; /* NULL: not told */
	enum envelope_form envelope_form;
	int64_t lifetime_s; /* 0: the server's default */
};
void device_message_registration(
	const struct device_registration *registration, struct su_buf *out);

struct device_progress {
	struct digest release; /* unset: the one under way */
	enum deployment_state state;
	uint64_t bytes;
	const char *reason; /* or NULL */
};
/* What a device says between the steps of an update; a part is left out when it is NULL. */
struct device_news {
	const struct characteristics *told;
	const struct calendar *calendar;
	const struct offer_answer *answer;
	const struct su_uuid *deployment;
	const struct device_progress *progress;
};
void device_message_news(const struct device_news *news, struct su_buf *out);
void device_message_status(const struct device_progress *progress, struct su_buf *out);
