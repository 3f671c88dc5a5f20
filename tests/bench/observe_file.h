/* SPDX-License-Identifier: Apache-2.0 */
/* What observe_load leaves to raw_send: a record and its datagram, and so on. */
#pragma once

#include <stdint.h>

#define OBSERVE_FILE_MAX_BYTES 1472

struct observe_record {
	uint32_t address; /* network order */
	uint32_t len;
};
