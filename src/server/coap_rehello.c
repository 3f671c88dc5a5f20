/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A first ClientHello goes to libcoap, which answers it where it knows no session. So only one that is sent
 * again (its record has not the number 0) is looked at here. It is answered with a HelloVerifyRequest; when our cookie
 * comes back, the old session is forgotten and the handshake broken off with an alert: libcoap could not go on with
 * it, because the cookie is not its own. The device begins anew, and then with libcoap alone.
 */
#include "server/coap_rehello.h"

#include <netinet/in.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/uuid.h"
#include "suit/hash.h"

enum {
	/* RFC 6347 sections 4.1 and 4.2.2. */
	RECORD_BYTES = 13,
	HANDSHAKE_BYTES = 12,
	VERSION_BYTES = 2,
	RANDOM_BYTES = 32,
	NUMBER_AT = 5,
	NUMBER_BYTES = 6,
	TYPE_ALERT = 21,
	TYPE_HANDSHAKE = 22,
	CLIENT_HELLO = 1,
	HELLO_VERIFY_REQUEST = 3,
	FATAL = 2,
	HANDSHAKE_FAILURE = 40,
	COOKIE_BYTES = 24, /* libcoap's have another length */
	/* Each search may pass over all sessions: made-up ClientHellos shall not keep us busy. */
	MAX_SEARCHES_PER_S = 200,
};

struct coap_rehello {
	struct coap_rehello_opts opts;
	uint8_t secret[32];
	int64_t window_at_ms;
	size_t n_searches; /* since then */
};

struct hello {
	const uint8_t *number; /* of the record */
	const uint8_t *random;
	struct su_span cookie;
};

struct coap_rehello *coap_rehello_new(const struct coap_rehello_opts *opts)
{
	struct coap_rehello *rehello = su_new(struct coap_rehello);
	rehello->opts = *opts;
	su_random_bytes(rehello->secret, sizeof(rehello->secret));
	return rehello;
}

void coap_rehello_free(struct coap_rehello **rehello)
{
	su_free_ptr(rehello);
}

/* A vector with one byte of length, at *at. */
static bool take_vector(struct su_span bytes, size_t *at, struct su_span *out)
{
	if (*at >= bytes.len || bytes.data[*at] > bytes.len - *at - 1)
		return false;
	*out = su_span_of(bytes.data + *at + 1, bytes.data[*at]);
	*at += 1 + out->len;
	return true;
}

/* A ClientHello in one fragment, not encrypted (epoch 0). */
static bool read_hello(struct su_span bytes, struct hello *out)
{
	struct su_span session;
	size_t at = RECORD_BYTES + HANDSHAKE_BYTES;
	if (bytes.len < at + VERSION_BYTES + RANDOM_BYTES || bytes.data[0] != TYPE_HANDSHAKE ||
		bytes.data[3] != 0 || bytes.data[4] != 0 ||
		bytes.data[RECORD_BYTES] != CLIENT_HELLO)
		return false;
	out->number = bytes.data + NUMBER_AT;
	out->random = bytes.data + at + VERSION_BYTES;
	at += VERSION_BYTES + RANDOM_BYTES;
	return take_vector(bytes, &at, &session) && take_vector(bytes, &at, &out->cookie);
}

static bool is_first(const struct hello *hello)
{
	static const uint8_t zero[NUMBER_BYTES];
	return memcmp(hello->number, zero, NUMBER_BYTES) == 0;
}

static size_t address_bytes(const struct sockaddr *peer)
{
	return peer->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
					   : sizeof(struct sockaddr_in);
}

static bool make_cookie(const struct coap_rehello *rehello, const struct sockaddr *peer,
	const struct hello *hello, uint8_t out[COOKIE_BYTES])
{
	struct hash *hash su_auto(hash_free) = NULL;
	if (hash_new(DIGEST_SHA256, &hash, NULL) != SU_OK)
		return false;
	hash_update(hash, su_span_of(rehello->secret, sizeof(rehello->secret)));
	hash_update(hash, su_span_of((const uint8_t *)peer, address_bytes(peer)));
	hash_update(hash, su_span_of(hello->random, RANDOM_BYTES));
	const struct digest digest = hash_final(hash);
	memcpy(out, digest.bytes, COOKIE_BYTES);
	return true;
}

static bool may_search(struct coap_rehello *rehello)
{
	int64_t now_ms = su_clock_mono_ms();
	if (now_ms - rehello->window_at_ms >= 1000) {
		rehello->window_at_ms = now_ms;
		rehello->n_searches = 0;
	}
	return ++rehello->n_searches <= MAX_SEARCHES_PER_S;
}

/* A record of epoch 0; its number is that of the ClientHello (RFC 6347 section 4.2.1). */
static uint8_t *put_record(
	uint8_t *out, uint8_t type, uint8_t version_minor, const struct hello *hello, size_t len)
{
	const uint8_t head[NUMBER_AT] = { type, 0xfe, version_minor };
	memcpy(out, head, sizeof(head));
	memcpy(out + NUMBER_AT, hello->number, NUMBER_BYTES);
	out[RECORD_BYTES - 2] = (uint8_t)(len >> 8);
	out[RECORD_BYTES - 1] = (uint8_t)len;
	return out + RECORD_BYTES;
}

static size_t write_verify_request(
	const struct hello *hello, const uint8_t cookie[COOKIE_BYTES], uint8_t *out)
{
	const uint8_t body = VERSION_BYTES + 1 + COOKIE_BYTES;
	const uint8_t head[HANDSHAKE_BYTES + VERSION_BYTES + 1] = { HELLO_VERIFY_REQUEST, 0, 0,
		body, 0, 0, 0, 0, 0, 0, 0, body, 0xfe, 0xff, COOKIE_BYTES };
	uint8_t *at = put_record(out, TYPE_HANDSHAKE, 0xff, hello, sizeof(head) + COOKIE_BYTES);
	memcpy(at, head, sizeof(head));
	memcpy(at + sizeof(head), cookie, COOKIE_BYTES);
	return RECORD_BYTES + sizeof(head) + COOKIE_BYTES;
}

static size_t write_alert(const struct hello *hello, uint8_t *out)
{
	const uint8_t alert[] = { FATAL, HANDSHAKE_FAILURE };
	memcpy(put_record(out, TYPE_ALERT, 0xfd, hello, sizeof(alert)), alert, sizeof(alert));
	return RECORD_BYTES + sizeof(alert);
}

size_t coap_rehello_answer(
	void *arg, const struct coap_datagram *datagram, uint8_t out[COAP_DATAGRAM_MAX_BYTES])
{
	struct coap_rehello *rehello = arg;
	uint8_t cookie[COOKIE_BYTES];
	struct hello hello;
	if (!read_hello(datagram->bytes, &hello) || is_first(&hello))
		return 0;
	if (hello.cookie.len != 0 && hello.cookie.len != COOKIE_BYTES)
		return 0;
	if (!make_cookie(rehello, datagram->peer, &hello, cookie))
		return 0;
	if (hello.cookie.len > 0 && memcmp(hello.cookie.data, cookie, COOKIE_BYTES) != 0)
		return 0;
	if (!may_search(rehello) || !rehello->opts.is_known(rehello->opts.arg, datagram->peer))
		return 0;
	if (hello.cookie.len == 0)
		return write_verify_request(&hello, cookie, out);
	rehello->opts.forget(rehello->opts.arg, datagram->peer);
	return write_alert(&hello, out);
}
