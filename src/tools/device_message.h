/* SPDX-License-Identifier: Apache-2.0 */
/* What a device says of itself, encoded as api/device.cddl has it. */
#pragma once

#include "model/deployment.h"
#include "model/device.h"

void device_message_registration(const struct characteristics *told, enum envelope_form form,
	int64_t lifetime_s, struct su_buf *out);

struct device_progress {
	struct digest release;
	enum deployment_state state;
	uint64_t bytes;
	const char *reason; /* or NULL */
};
void device_message_status(const struct device_progress *progress, struct su_buf *out);
