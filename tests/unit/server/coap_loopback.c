/* SPDX-License-Identifier: Apache-2.0 */
/* Bound, not connected: who sends there is answered by nobody else. */
#include "coap_loopback.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <cmocka.h>

coap_address_t coap_loopback_open(int *fd_out)
{
	coap_address_t address;
	coap_address_init(&address);
	address.addr.sin.sin_family = AF_INET;
	address.addr.sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.size = sizeof(address.addr.sin);
	*fd_out = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(*fd_out, &address.addr.sa, address.size), 0);
	assert_int_equal(getsockname(*fd_out, &address.addr.sa, &address.size), 0);
	return address;
}
