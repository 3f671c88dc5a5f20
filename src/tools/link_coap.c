/* SPDX-License-Identifier: Apache-2.0 */
/* One libcoap session per link, one request outstanding. */
#include "tools/link_coap.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tools/link_coap_parts.h"

#define PLAIN_MTU 1472 /* libcoap's receive buffer */
#define HANDSHAKE_FAULT                                                                            \
	"the DTLS handshake failed: the server does not know this endpoint with this"              \
	" pre-shared key"

static void on_readable(int fd, unsigned events, void *arg)
{
	struct coap_driver *driver = arg;
	(void)fd;
	(void)events;
	coap_io_process(driver->context, COAP_IO_NO_WAIT);
}

static void close_session(struct link_coap *link)
{
	if (link->session == NULL)
		return;
	coap_session_set_app_data(link->session, NULL);
	coap_session_release(link->session);
	link->session = NULL;
}

/* The server is away, or has forgotten the session: the next request begins with a new one. */
static void on_timer(void *arg)
{
	struct link_coap *link = arg;
	struct link_reply reply = { .status = SU_RETRY };
	const char *why =
		link_coap_is_shaking_hands(link) ? HANDSHAKE_FAULT : "no answer from the server";
	su_fail(&reply.error, SU_RETRY, "", "%s", link->fault != NULL ? link->fault : why);
	close_session(link);
	link_coap_transfer_finish(link, &reply);
}

static bool is_ours(const struct link_coap *link, const coap_pdu_t *pdu)
{
	coap_bin_const_t token = coap_pdu_get_token(pdu);
	return link != NULL && link->on_reply != NULL && token.length == link->token_len &&
	       memcmp(token.s, link->token, token.length) == 0;
}

static coap_response_t on_response(coap_session_t *session, const coap_pdu_t *sent,
	const coap_pdu_t *received, const coap_mid_t mid)
{
	struct link_coap *link = coap_session_get_app_data(session);
	(void)sent;
	(void)mid;
	/* Else a late duplicate of an earlier exchange. */
	if (is_ours(link, received))
		link_coap_transfer_take(link, received);
	return COAP_RESPONSE_OK;
}

static void on_nack(coap_session_t *session, const coap_pdu_t *sent,
	const coap_nack_reason_t reason, const coap_mid_t mid)
{
	struct link_coap *link = coap_session_get_app_data(session);
	(void)mid;
	if (link == NULL || link->on_reply == NULL || (sent != NULL && !is_ours(link, sent)))
		return;
	link_coap_transfer_give_up(link,
		reason == COAP_NACK_TLS_FAILED ? HANDSHAKE_FAULT : "the server cannot be reached");
}

/* Everything that matters comes back as a nack; libcoap would write it to standard error as well. */
static void ignore_log(coap_log_t level, const char *message)
{
	(void)level;
	(void)message;
}

static enum su_status resolve(const coap_uri_t *uri, coap_address_t *address, struct su_error *err)
{
	char host[256];
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM }, *found = NULL;
	snprintf(host, sizeof(host), "%.*s", (int)uri->host.length, (const char *)uri->host.s);
	if (getaddrinfo(host, NULL, &hints, &found) != 0)
		return su_fail(err, SU_IO, "", "%s has no address", host);
	coap_address_init(address);
	address->size = found->ai_addrlen;
	memcpy(&address->addr, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	coap_address_set_port(address, uri->port);
	return SU_OK;
}

static enum su_status find_server(
	struct coap_driver *driver, const char *server, struct su_error *err)
{
	coap_uri_t uri;
	if (coap_split_uri((const uint8_t *)server, strlen(server), &uri) != 0 ||
		(uri.scheme != COAP_URI_SCHEME_COAP && uri.scheme != COAP_URI_SCHEME_COAPS))
		return su_fail(err, SU_INVALID, "", "'%s' is not a CoAP address", server);
	driver->secure = uri.scheme == COAP_URI_SCHEME_COAPS;
	return resolve(&uri, &driver->address, err);
}

enum su_status coap_driver_new(
	const struct coap_driver_opts *opts, struct coap_driver **out, struct su_error *err)
{
	struct coap_driver *driver su_auto(coap_driver_free) = su_new(struct coap_driver);
	coap_startup();
	coap_set_log_handler(ignore_log);
	driver->loop = opts->loop;
	driver->block_szx = opts->block_szx;
	driver->max_szx = opts->max_szx;
	SU_TRY(find_server(driver, opts->server, err));
	driver->context = coap_new_context(NULL);
	if (driver->context == NULL)
		return su_fail(err, SU_IO, "", "no CoAP context could be made");
	coap_register_response_handler(driver->context, on_response);
	coap_register_nack_handler(driver->context, on_nack);
	link_coap_serve_start(driver->context);
	driver->watch = su_watch_new(opts->loop, coap_context_get_coap_fd(driver->context),
		SU_LOOP_READ, on_readable, driver);
	*out = driver;
	driver = NULL;
	return SU_OK;
}

void coap_driver_free(struct coap_driver **driver)
{
	if (*driver == NULL)
		return;
	su_watch_free(&(*driver)->watch);
	coap_free_context((*driver)->context);
	coap_cleanup();
	free(*driver);
	*driver = NULL;
}

static coap_session_t *open_session(const struct link_coap *link)
{
	const struct coap_driver *driver = link->driver;
	const coap_address_t *local = link->has_local ? &link->local : NULL;
	if (!driver->secure)
		return coap_new_client_session(
			driver->context, local, &driver->address, COAP_PROTO_UDP);
	coap_dtls_cpsk_t psk = { .version = COAP_DTLS_CPSK_SETUP_VERSION };
	psk.psk_info.identity.s = (const uint8_t *)link->endpoint;
	psk.psk_info.identity.length = strlen(link->endpoint);
	psk.psk_info.key.s = link->psk;
	psk.psk_info.key.length = link->psk_len;
	return coap_new_client_session_psk2(
		driver->context, local, &driver->address, COAP_PROTO_DTLS, &psk);
}

static void start_session(struct link_coap *link)
{
	coap_session_set_app_data(link->session, link);
	/* A pushed block of 1024 bytes is, with its path, larger than libcoap expects by itself. */
	if (!link->driver->secure)
		coap_session_set_mtu(link->session, PLAIN_MTU);
}

static void link_coap_send(struct link *head, const struct link_request *request, link_sink_fn sink,
	link_reply_fn on_reply, void *arg)
{
	struct link_coap *link = (struct link_coap *)head;
	link->request = *request;
	link->sink = sink;
	link->on_reply = on_reply;
	link->arg = arg;
	link->szx = link->driver->block_szx;
	link->block = (unsigned)(request->offset >> (link->szx + 4));
	if (link->session == NULL) {
		link->session = open_session(link);
		if (link->session == NULL && link->has_local) {
			link->has_local = false; /* somebody else has the port now */
			link->session = open_session(link);
		}
		if (link->session != NULL)
			start_session(link);
	}
	if (link->session != NULL)
		link_coap_transfer_send(link);
	else
		link_coap_transfer_give_up(link, "no session could be opened");
}

static void link_coap_halt(struct link *head)
{
	struct link_coap *link = (struct link_coap *)head;
	link->on_reply = NULL;
	su_timer_cancel(link->timer);
}

static void link_coap_listen(struct link *head, link_listen_fn on_call, void *arg)
{
	struct link_coap *link = (struct link_coap *)head;
	link->on_call = on_call;
	link->listener = arg;
}

/* The next session begins from the same port: the device has not moved. */
static void link_coap_sleep(struct link *head)
{
	struct link_coap *link = (struct link_coap *)head;
	if (link->session == NULL)
		return;
	const coap_address_t *local = coap_session_get_addr_local(link->session);
	link->has_local = local != NULL;
	if (link->has_local)
		link->local = *local;
	close_session(link);
}

static void link_coap_free(struct link *head)
{
	struct link_coap *link = (struct link_coap *)head;
	link->on_reply = NULL;
	close_session(link);
	su_timer_free(&link->timer);
	free(link->endpoint);
	free(link);
}

static const struct link_operations operations = {
	link_coap_send,
	link_coap_halt,
	link_coap_free,
	link_coap_listen,
	link_coap_sleep,
};

struct link *link_coap_new(struct coap_driver *driver, const struct link_identity *identity)
{
	struct link_coap *link = su_new(struct link_coap);
	link->head.operations = &operations;
	link->driver = driver;
	link->endpoint = su_strdup(identity->endpoint);
	link->psk_len =
		identity->psk.len < sizeof(link->psk) ? identity->psk.len : sizeof(link->psk);
	if (link->psk_len > 0)
		memcpy(link->psk, identity->psk.data, link->psk_len);
	link->timer = su_timer_new(driver->loop, on_timer, link);
	return &link->head;
}
