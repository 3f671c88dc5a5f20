/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reference of the DTLS measures: libcoap and its own loop, one pre-shared key for everybody,
 * and the same answer to each GET. Usage: dtls_constant KEY BYTES
 */
#include <coap3/coap.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* As many as suitd keeps unless it is told otherwise. */
enum { MAX_BYTES = 1024, MAX_SESSIONS = 10000 };

struct constant {
	uint8_t bytes[MAX_BYTES];
	size_t len;
};

static void on_get(coap_resource_t *resource, coap_session_t *session, const coap_pdu_t *request,
	const coap_string_t *query, coap_pdu_t *response)
{
	(void)session;
	(void)request;
	(void)query;
	const struct constant *constant = coap_resource_get_userdata(resource);
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	coap_add_data(response, constant->len, constant->bytes);
}

/* libcoap does not tell which port it was given, so one is tried after the other. */
static int listen_somewhere(coap_context_t *context)
{
	coap_address_t address;
	coap_address_init(&address);
	address.addr.sin.sin_family = AF_INET;
	address.size = sizeof(address.addr.sin);
	address.addr.sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (int port = 40000 + getpid() % 10000; port < 60000; port++) {
		address.addr.sin.sin_port = htons((uint16_t)port);
		if (coap_new_endpoint(context, &address, COAP_PROTO_DTLS))
			return port;
	}
	errx(1, "no port is free");
}

static void use_key(coap_context_t *context, const char *key)
{
	coap_dtls_spsk_t keys = { .version = COAP_DTLS_SPSK_SETUP_VERSION };
	keys.psk_info.hint.s = (const uint8_t *)"bench";
	keys.psk_info.hint.length = strlen("bench");
	keys.psk_info.key.s = (const uint8_t *)key;
	keys.psk_info.key.length = strlen(key);
	if (!coap_context_set_psk2(context, &keys))
		errx(1, "no pre-shared keys");
}

int main(int argc, char **argv)
{
	static struct constant constant;
	constant.len = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	if (constant.len == 0 || constant.len > MAX_BYTES)
		errx(2, "usage: dtls_constant KEY BYTES");
	memset(constant.bytes, 'x', constant.len);
	coap_startup();
	coap_set_log_level(LOG_EMERG);
	coap_dtls_set_log_level(LOG_EMERG);
	coap_context_t *context = coap_new_context(NULL);
	use_key(context, argv[1]);
	coap_context_set_max_idle_sessions(context, MAX_SESSIONS);
	coap_context_set_max_handshake_sessions(context, MAX_SESSIONS);
	coap_resource_t *any = coap_resource_unknown_init2(NULL, 0);
	coap_register_request_handler(any, COAP_REQUEST_GET, on_get);
	coap_resource_set_userdata(any, &constant);
	coap_add_resource(context, any);
	printf("port %d\n", listen_somewhere(context));
	fflush(stdout);
	while (coap_io_process(context, COAP_IO_WAIT) >= 0)
		;
	return 1;
}
