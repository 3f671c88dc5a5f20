/* SPDX-License-Identifier: Apache-2.0 */
/* What suitd tells a device to do (api/device.cddl, command), and what the device answers to an offer. */
#pragma once

#include "model/deployment.h"
#include "suit/cbor.h"

/* The numbers are those of the message over HTTP; over CoAP the path says it. */
enum device_command_kind {
	DEVICE_OFFER = 0,
	DEVICE_TRIGGER = 1,
	DEVICE_INSTALL = 3,
	DEVICE_NOTICE = 4,
	DEVICE_ASK = 5,
};
extern const struct name_row device_command_names[];

struct device_command {
	enum device_command_kind kind;
	struct su_uuid deployment;
	struct digest release;
	bool has_urgency;
	enum urgency urgency;
	uint64_t envelope_bytes, download_bytes; /* 0: not said */
	uint64_t interruption_s;                 /* 0: none, or not said */
	uint64_t deadline_s, start_s;            /* Unix time; 0: not said */
	char reason[200 + 1];
};

/* kind: what the path said; NULL: the message says it (HTTP). Members that
 * are not known are skipped: a newer server may have more to say. */
enum su_status device_command_decode(struct su_span bytes, const enum device_command_kind *kind,
	struct device_command *out, struct su_error *err) SU_MUST_CHECK;

void device_command_put_answer(const struct offer_answer *answer, struct su_buf *out);
