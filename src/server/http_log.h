/* SPDX-License-Identifier: Apache-2.0 */
/* What is logged of replies: those that say that suitd could not do it, and so often that a log can be read. */
#pragma once

#include "base/log_limit.h"
#include "server/http_call.h"

enum { HTTP_LOG_N_LIMITS = 12 }; /* 500 to 511 */

struct http_log {
	struct su_log_limit limits[HTTP_LOG_N_LIMITS];
};

void http_log_reply(struct http_log *log, const struct http_call *call, const char *method);
