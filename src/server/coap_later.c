/* SPDX-License-Identifier: Apache-2.0 */
/* Known devices may owe their answers to the planner, which serves them together: they are never put off here. */
#include "server/coap_later.h"

#include "server/coap_exchange.h"

enum { MANY_OWED = 1024, LATER_S = 5 };

bool coap_later_put_off(struct coap_fast_call *call, struct coap_answer *out)
{
	const char *endpoint = coap_request_query(&call->request, "ep");
	if (call->env->n_owed < MANY_OWED || !endpoint ||
		!tracker_is_stranger(device_front_tracker(call->env->devices), endpoint))
		return false;
	*out = COAP_ANSWER(COAP_RESPONSE_CODE_SERVICE_UNAVAILABLE);
	out->max_age_s = LATER_S;
	out->payload = su_span_str("too many requests wait for an answer");
	return true;
}
