/* SPDX-License-Identifier: Apache-2.0 */
/* /suit/report: a SUIT_Report, bare or signed; its bytes say which, whatever the Content-Format. */
#include "server/coap_routes.h"

void coap_report_post(struct coap_exchange *exchange)
{
	if (!coap_exchange_identify(exchange, false))
		return;
	if (exchange->request.body.len == 0)
		coap_exchange_answer_text(exchange, COAP_RESPONSE_CODE_BAD_REQUEST,
			"the body is empty: a SUIT_Report is expected");
	else
		tracker_report(device_front_tracker(exchange->env->devices), &exchange->contact,
			exchange->request.body, coap_exchange_answer_changed, exchange);
}
