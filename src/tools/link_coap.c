/* SPDX-License-Identifier: Apache-2.0 */
/* One libcoap session per link, one request outstanding; Block1 and Block2 by hand (RFC 7959). */
#include "tools/link_coap.h"

#include <coap3/coap.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define CONTENT_FORMAT_CBOR 60
#define PATH_MAX_BYTES      2048
/* Less than the 45 s of MAX_TRANSMIT_SPAN (RFC 7252 section 4.8.2): a server that has forgotten the
 * DTLS session stays silent, and only a new handshake helps. */
#define RESPONSE_TIMEOUT_MS 20000
/* A server that does not accept the key says nothing: records it cannot verify are dropped. */
#define HANDSHAKE_TIMEOUT_MS 10000
#define HANDSHAKE_FAULT                                                                            \
	"the DTLS handshake failed: the server does not know this endpoint with this"              \
	" pre-shared key"

struct coap_driver {
	struct su_loop *loop;
	coap_context_t *context;
	struct su_watch *watch;
	coap_address_t address;
	bool secure;
	unsigned block_szx;
};

struct link_coap {
	struct link head;
	struct coap_driver *driver;
	char *endpoint;
	uint8_t psk[64];
	size_t psk_len;
	coap_session_t *session; /* NULL: opened by the next request */
	struct su_timer *timer;  /* of the answer, or of the news that none will come */
	const char *fault;       /* why none will come; NULL: it may */
	unsigned szx;

	/* The exchange under way; on_reply NULL: none. */
	struct link_request request;
	link_sink_fn sink;
	link_reply_fn on_reply;
	void *arg;
	unsigned block; /* number of the block that is asked for or sent */
	uint8_t token[8];
	size_t token_len;
	char location[128];
};

static void on_readable(int fd, unsigned events, void *arg)
{
	struct coap_driver *driver = arg;
	(void)fd;
	(void)events;
	coap_io_process(driver->context, COAP_IO_NO_WAIT);
}

static void finish(struct link_coap *link, const struct link_reply *reply)
{
	link_reply_fn on_reply = link->on_reply;
	link->on_reply = NULL;
	su_timer_cancel(link->timer);
	if (on_reply != NULL)
		on_reply(link->arg, reply);
}

static void close_session(struct link_coap *link)
{
	if (link->session == NULL)
		return;
	coap_session_set_app_data(link->session, NULL);
	coap_session_release(link->session);
	link->session = NULL;
}

static bool is_shaking_hands(const struct link_coap *link)
{
	return link->driver->secure && link->session != NULL &&
	       coap_session_get_state(link->session) != COAP_SESSION_STATE_ESTABLISHED;
}

/* The server is away, or has forgotten the session: the next request begins with a new one. */
static void on_timer(void *arg)
{
	struct link_coap *link = arg;
	struct link_reply reply = { .status = SU_RETRY };
	const char *why = is_shaking_hands(link) ? HANDSHAKE_FAULT : "no answer from the server";
	su_fail(&reply.error, SU_RETRY, "", "%s", link->fault != NULL ? link->fault : why);
	close_session(link);
	finish(link, &reply);
}

/* Said later: libcoap is still at work with the session, and the reply may want to send again. */
static void give_up(struct link_coap *link, const char *why)
{
	link->fault = why;
	su_timer_set(link->timer, 0);
}

static void add_uint(coap_optlist_t **options, uint16_t number, unsigned value)
{
	uint8_t bytes[4];
	unsigned len = coap_encode_var_safe(bytes, sizeof(bytes), value);
	coap_insert_optlist(options, coap_new_optlist(number, len, bytes));
}

/* Segment by segment, without the percent-encoding of URIs (RFC 7252 section 6.4). */
static void add_path(coap_optlist_t **options, const char *path)
{
	uint8_t encoded[PATH_MAX_BYTES];
	size_t len = sizeof(encoded);
	const uint8_t *option = encoded;
	path += *path == '/';
	int n = coap_split_path((const uint8_t *)path, strlen(path), encoded, &len);
	for (; n > 0; n--, option += coap_opt_size(option))
		coap_insert_optlist(
			options, coap_new_optlist(COAP_OPTION_URI_PATH, coap_opt_length(option),
					 coap_opt_value(option)));
}

static void add_endpoint(coap_optlist_t **options, const char *endpoint)
{
	if (endpoint == NULL)
		return;
	char *query su_auto(su_free_ptr) = su_printf("ep=%s", endpoint);
	coap_insert_optlist(options,
		coap_new_optlist(COAP_OPTION_URI_QUERY, strlen(query), (const uint8_t *)query));
}

static size_t block_size(const struct link_coap *link)
{
	return (size_t)16 << link->szx;
}

static struct su_span body_block(const struct link_coap *link, bool *more_out)
{
	size_t from = link->block * block_size(link);
	size_t len = link->request.body.len - from;
	*more_out = len > block_size(link);
	return su_span_of(link->request.body.data + from, *more_out ? block_size(link) : len);
}

static bool sends_blocks(const struct link_coap *link)
{
	return link->request.body.len > block_size(link);
}

static void add_options(struct link_coap *link, coap_optlist_t **options, bool more)
{
	const struct link_request *request = &link->request;
	add_path(options, request->path);
	add_endpoint(options, request->endpoint);
	/* RFC 7252 section 5.10.6: one to eight bytes; libcoap resets a request with a longer one. */
	if (request->offset == 0 && request->etag.len > 0 && request->etag.len <= 8)
		coap_insert_optlist(options,
			coap_new_optlist(COAP_OPTION_ETAG, request->etag.len, request->etag.data));
	if (request->body.len > 0)
		add_uint(options, COAP_OPTION_CONTENT_FORMAT, CONTENT_FORMAT_CBOR);
	if (sends_blocks(link)) {
		add_uint(options, COAP_OPTION_BLOCK1,
			link->block << 4 | (more ? 8u : 0) | link->szx);
		add_uint(options, COAP_OPTION_SIZE1, (unsigned)request->body.len);
	}
	if (request->method == LINK_GET)
		add_uint(options, COAP_OPTION_BLOCK2, link->block << 4 | link->szx);
}

static void send_block(struct link_coap *link)
{
	static const coap_pdu_code_t codes[] = {
		[LINK_GET] = COAP_REQUEST_CODE_GET,
		[LINK_POST] = COAP_REQUEST_CODE_POST,
		[LINK_DELETE] = COAP_REQUEST_CODE_DELETE,
	};
	bool more = false;
	struct su_span body = SU_SPAN_EMPTY;
	if (link->request.body.len > 0)
		body = body_block(link, &more);
	coap_pdu_t *pdu =
		coap_new_pdu(COAP_MESSAGE_CON, codes[link->request.method], link->session);
	coap_session_new_token(link->session, &link->token_len, link->token);
	coap_add_token(pdu, link->token_len, link->token);
	coap_optlist_t *options = NULL;
	add_options(link, &options, more);
	coap_add_optlist_pdu(pdu, &options);
	coap_delete_optlist(options);
	if (body.len > 0)
		coap_add_data(pdu, body.len, body.data);
	link->fault = NULL;
	su_timer_set(
		link->timer, is_shaking_hands(link) ? HANDSHAKE_TIMEOUT_MS : RESPONSE_TIMEOUT_MS);
	if (coap_send(link->session, pdu) == COAP_INVALID_MID)
		give_up(link, "the request could not be sent");
}

static struct su_span option_bytes(const coap_pdu_t *pdu, coap_option_num_t number)
{
	coap_opt_iterator_t iterator;
	coap_opt_t *option = coap_check_option(pdu, number, &iterator);
	if (option == NULL)
		return SU_SPAN_EMPTY;
	return su_span_of(coap_opt_value(option), coap_opt_length(option));
}

static unsigned option_uint(const coap_pdu_t *pdu, coap_option_num_t number)
{
	struct su_span bytes = option_bytes(pdu, number);
	return bytes.len > 0 && bytes.len <= 4
		       ? coap_decode_var_bytes(bytes.data, (unsigned)bytes.len)
		       : 0;
}

static enum su_status status_of_code(coap_pdu_code_t code)
{
	switch (code >> 5) {
	case 2:
		return SU_OK;
	case 5:
		return SU_RETRY;
	default:
		break;
	}
	if (code == COAP_RESPONSE_CODE(404))
		return SU_NOT_FOUND;
	if (code == COAP_RESPONSE_CODE(401) || code == COAP_RESPONSE_CODE(403))
		return SU_DENIED;
	return code == COAP_RESPONSE_CODE(409) ? SU_CONFLICT : SU_INVALID;
}

static const char *read_location(struct link_coap *link, const coap_pdu_t *pdu)
{
	coap_opt_filter_t filter;
	coap_opt_iterator_t iterator;
	size_t used = 0;
	coap_option_filter_clear(&filter);
	coap_option_filter_set(&filter, COAP_OPTION_LOCATION_PATH);
	coap_option_iterator_init(pdu, &iterator, &filter);
	for (coap_opt_t *option; (option = coap_option_next(&iterator)) != NULL;) {
		size_t len = coap_opt_length(option);
		if (used + len + 2 > sizeof(link->location))
			return NULL;
		link->location[used++] = '/';
		memcpy(link->location + used, coap_opt_value(option), len);
		used += len;
	}
	link->location[used] = '\0';
	return used > 0 ? link->location : NULL;
}

static bool refuse(struct link_reply *reply, const char *text)
{
	reply->status = su_fail(&reply->error, SU_INVALID, "", "%s", text);
	return false;
}

/* Hands a block of a GET to the sink; true when the next one was asked for. */
static bool take_block(struct link_coap *link, const coap_pdu_t *pdu, struct link_reply *reply)
{
	coap_opt_iterator_t iterator;
	unsigned block2 = option_uint(pdu, COAP_OPTION_BLOCK2);
	size_t len = 0;
	const uint8_t *data = NULL;
	coap_get_data(pdu, &len, &data);
	uint64_t wanted = (uint64_t)link->block * block_size(link);
	/* The server may have chosen smaller blocks than were asked for. */
	unsigned szx = coap_check_option(pdu, COAP_OPTION_BLOCK2, &iterator) != NULL ? block2 & 7
										     : link->szx;
	if (szx > link->szx || (uint64_t)(block2 >> 4) << (szx + 4) != wanted)
		return refuse(reply, "the server sent another block than was asked for");
	link->szx = szx;
	link->block = block2 >> 4;
	if ((block2 & 8) != 0 && len != block_size(link))
		return refuse(reply, "the server sent a block that is not full");
	struct link_piece piece = {
		.offset = wanted,
		.total_bytes = option_uint(pdu, COAP_OPTION_SIZE2),
		.bytes = su_span_of(data, len),
		.etag = option_bytes(pdu, COAP_OPTION_ETAG),
	};
	if (link->sink != NULL && !link->sink(link->arg, &piece))
		return refuse(reply, "the transfer was stopped");
	if ((block2 & 8) == 0)
		return false;
	link->block++;
	send_block(link);
	return true;
}

/* 2.31 asks for the next block of a body, perhaps in smaller pieces. */
static bool send_next(struct link_coap *link, const coap_pdu_t *pdu, struct link_reply *reply)
{
	size_t sent = (link->block + 1) * block_size(link);
	unsigned szx = option_uint(pdu, COAP_OPTION_BLOCK1) & 7;
	if (sent >= link->request.body.len)
		return refuse(reply, "the server asked for more than there is");
	if (szx < link->szx)
		link->szx = szx;
	link->block = (unsigned)(sent / block_size(link));
	send_block(link);
	return true;
}

static bool is_ours(const struct link_coap *link, const coap_pdu_t *pdu)
{
	coap_bin_const_t token = coap_pdu_get_token(pdu);
	return link != NULL && link->on_reply != NULL && token.length == link->token_len &&
	       memcmp(token.s, link->token, token.length) == 0;
}

static void take_error(const coap_pdu_t *pdu, struct link_reply *reply)
{
	size_t len = 0;
	const uint8_t *text = NULL;
	coap_pdu_code_t code = coap_pdu_get_code(pdu);
	coap_get_data(pdu, &len, &text);
	if (len > 0)
		su_fail(&reply->error, reply->status, "", "%.*s", (int)len, (const char *)text);
	else
		su_fail(&reply->error, reply->status, "", "the server answered %u.%02u", code >> 5,
			code & 0x1f);
	if (reply->status == SU_RETRY)
		reply->wait_ms = INT64_C(1000) * option_uint(pdu, COAP_OPTION_MAXAGE);
}

static coap_response_t on_response(coap_session_t *session, const coap_pdu_t *sent,
	const coap_pdu_t *received, const coap_mid_t mid)
{
	struct link_coap *link = coap_session_get_app_data(session);
	(void)sent;
	(void)mid;
	if (!is_ours(link, received))
		return COAP_RESPONSE_OK; /* a late duplicate of an earlier exchange */
	coap_pdu_code_t code = coap_pdu_get_code(received);
	struct link_reply reply = { .status = status_of_code(code) };
	reply.unchanged = code == COAP_RESPONSE_CODE(203);
	if (reply.status != SU_OK)
		take_error(received, &reply);
	else if (code == COAP_RESPONSE_CODE(231) && send_next(link, received, &reply))
		return COAP_RESPONSE_OK;
	else if (code == COAP_RESPONSE_CODE(205) && take_block(link, received, &reply))
		return COAP_RESPONSE_OK;
	reply.location = read_location(link, received);
	finish(link, &reply);
	return COAP_RESPONSE_OK;
}

static void on_nack(coap_session_t *session, const coap_pdu_t *sent,
	const coap_nack_reason_t reason, const coap_mid_t mid)
{
	struct link_coap *link = coap_session_get_app_data(session);
	(void)mid;
	if (link == NULL || link->on_reply == NULL || (sent != NULL && !is_ours(link, sent)))
		return;
	give_up(link,
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
	SU_TRY(find_server(driver, opts->server, err));
	driver->context = coap_new_context(NULL);
	if (driver->context == NULL)
		return su_fail(err, SU_IO, "", "no CoAP context could be made");
	coap_register_response_handler(driver->context, on_response);
	coap_register_nack_handler(driver->context, on_nack);
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
	if (!driver->secure)
		return coap_new_client_session(
			driver->context, NULL, &driver->address, COAP_PROTO_UDP);
	coap_dtls_cpsk_t psk = { .version = COAP_DTLS_CPSK_SETUP_VERSION };
	psk.psk_info.identity.s = (const uint8_t *)link->endpoint;
	psk.psk_info.identity.length = strlen(link->endpoint);
	psk.psk_info.key.s = link->psk;
	psk.psk_info.key.length = link->psk_len;
	return coap_new_client_session_psk2(
		driver->context, NULL, &driver->address, COAP_PROTO_DTLS, &psk);
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
	link->block = (unsigned)(request->offset / block_size(link));
	if (link->session == NULL) {
		link->session = open_session(link);
		if (link->session != NULL)
			coap_session_set_app_data(link->session, link);
	}
	if (link->session != NULL)
		send_block(link);
	else
		give_up(link, "no session could be opened");
}

static void link_coap_halt(struct link *head)
{
	struct link_coap *link = (struct link_coap *)head;
	link->on_reply = NULL;
	su_timer_cancel(link->timer);
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
