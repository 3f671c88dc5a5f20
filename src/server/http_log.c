/* SPDX-License-Identifier: Apache-2.0 */
/* A database that is away, or a full disk, refuses every request alike: one of them is told each minute. */
#include "server/http_log.h"

#include <microhttpd.h>

#include "base/log.h"

#define REFUSALS_PER_MINUTE 1
#define FAULTS_PER_MINUTE   10

static bool is_to_be_told(struct http_log *log, const struct http_call *call, int64_t *left_out)
{
	const unsigned status = call->reply.status;
	const unsigned least = MHD_HTTP_INTERNAL_SERVER_ERROR;
	if (status < least || status >= least + HTTP_LOG_N_LIMITS)
		return false;
	return su_log_limit_let(&log->limits[status - least],
		status == least ? FAULTS_PER_MINUTE : REFUSALS_PER_MINUTE, call->now_ms, left_out);
}

void http_log_reply(struct http_log *log, const struct http_call *call, const char *method)
{
	int64_t left_out = 0;
	const enum su_log_level level =
		is_to_be_told(log, call, &left_out) ? SU_LOG_WARNING : SU_LOG_DEBUG;
	su_log(level, "HTTP request", SU_STR("method", method), SU_STR("path", call->path),
		SU_INT("status", call->reply.status), SU_STR("reason", call->fault),
		SU_STR("peer", call->address),
		SU_STR("actor", call->actor ? call->actor->name : NULL),
		SU_INT("left_out", left_out));
}
