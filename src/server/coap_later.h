/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Polls under names that only the database may know would each need a session of libcoap until it has answered,
 * and each new session costs a pass over all of them. When many answers are owed already such strangers
 * are told to come later, without a session, so that a flood of them leaves time for devices. Loop thread.
 */
#pragma once

#include "server/coap_fast.h"

/* As a coap_fast_fn, for what could not be answered from memory. */
bool coap_later_put_off(struct coap_fast_call *call, struct coap_answer *out);
