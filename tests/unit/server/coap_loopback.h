/* SPDX-License-Identifier: Apache-2.0 */
/* The far end of a session, which the test reads by itself, or lets be silent. */
#pragma once

#include <coap3/coap.h>

/* A UDP socket on a port of its own; the caller closes it. */
coap_address_t coap_loopback_open(int *fd_out);
