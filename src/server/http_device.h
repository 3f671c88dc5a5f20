/* SPDX-License-Identifier: Apache-2.0 */
/* The device plane over HTTP: the twin of the CoAP resources. Handlers of the loop. */
#pragma once

#include "server/http_call.h"
#include "tracker/tracker.h"

void http_device_register(struct http_call *call);
void http_device_update(struct http_call *call);
void http_device_remove(struct http_call *call);
void http_device_manifest(struct http_call *call);
void http_device_status(struct http_call *call);
void http_device_report(struct http_call *call);
void http_device_command(struct http_call *call);

#define HTTP_DEVICE_MESSAGE_TYPES "application/cbor application/json"

/* Who speaks; false when that does not hold and the call was answered. */
bool http_device_identify(struct http_call *call, bool endpoint_optional, struct contact *out);
/* Answers with err's problem document, and ends the call. */
void http_device_reply_fault(struct http_call *call, const struct su_error *err);
