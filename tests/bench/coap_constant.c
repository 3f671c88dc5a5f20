/* SPDX-License-Identifier: Apache-2.0 */
/*
 * coap_constant BYTES [KEY]: libcoap as its manual shows it, one coap_io_process() after the other.
 * Answers GET of any path with the same bytes; with KEY over DTLS, with this pre-shared key for everybody.
 * The reference for what suitd adds to the library, or spares.
 */
#include <coap3/coap.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	MAX_BYTES = 1024,
	PLAIN_MTU = 1472,
	SECURE_SESSIONS = 10000, /* as many as suitd keeps unless it is told otherwise */
};

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
static int listen_somewhere(coap_context_t *context, coap_proto_t protocol)
{
	coap_address_t address;
	coap_address_init(&address);
	address.addr.sin.sin_family = AF_INET;
	address.size = sizeof(address.addr.sin);
	address.addr.sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (int port = 40000 + getpid() % 10000; port < 60000; port++) {
		address.addr.sin.sin_port = htons((uint16_t)port);
		coap_endpoint_t *endpoint = coap_new_endpoint(context, &address, protocol);
		if (!endpoint)
			continue;
		if (protocol == COAP_PROTO_UDP)
			coap_endpoint_set_default_mtu(endpoint, PLAIN_MTU);
		return port;
	}
	errx(1, "no port is free");
}

static void secure(coap_context_t *context, const char *key)
{
	coap_dtls_spsk_t keys = { .version = COAP_DTLS_SPSK_SETUP_VERSION };
	keys.psk_info.hint.s = (const uint8_t *)"bench";
	keys.psk_info.hint.length = strlen("bench");
	keys.psk_info.key.s = (const uint8_t *)key;
	keys.psk_info.key.length = strlen(key);
	if (!coap_context_set_psk2(context, &keys))
		errx(1, "no pre-shared keys");
	coap_context_set_max_idle_sessions(context, SECURE_SESSIONS);
	coap_context_set_max_handshake_sessions(context, SECURE_SESSIONS);
	coap_set_log_level(LOG_EMERG);
	coap_dtls_set_log_level(LOG_EMERG);
}

int main(int argc, char **argv)
{
	static struct constant constant;
	constant.len = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	if (constant.len == 0 || constant.len > MAX_BYTES)
		errx(2, "usage: coap_constant BYTES [KEY]");
	memset(constant.bytes, 'x', constant.len);
	coap_startup();
	coap_set_log_level(LOG_ERR);
	coap_context_t *context = coap_new_context(NULL);
	const char *key = argc > 2 ? argv[2] : NULL;
	if (key)
		secure(context, key);
	coap_resource_t *any = coap_resource_unknown_init2(NULL, 0);
	coap_register_request_handler(any, COAP_REQUEST_GET, on_get);
	coap_resource_set_userdata(any, &constant);
	coap_add_resource(context, any);
	printf("port %d\n", listen_somewhere(context, key ? COAP_PROTO_DTLS : COAP_PROTO_UDP));
	fflush(stdout);
	while (coap_io_process(context, COAP_IO_WAIT) >= 0)
		;
	return 1;
}
