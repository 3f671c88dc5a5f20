/* SPDX-License-Identifier: Apache-2.0 */
/* What a device says of itself, encoded as api/device.cddl has it. */
#pragma once

#include "model/deployment.h"
#include "model/device.h"

struct device_registration {
	const struct characteristics *told;
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
void device_message_status(const struct device_progress *progress, struct su_buf *out);
