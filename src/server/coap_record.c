/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcoap tells its session's SSL object. For a moment a datagram in memory takes the place of the BIO by which
 * libcoap feeds it. SSL_peek decrypts a message and keeps it: when libcoap comes with the same datagram, SSL_read gives
 * what was kept, and libcoap throws the datagram away. So a message is decrypted once, whoever answers it, and
 * OpenSSL's window against replayed records sees it once.
 */
#include "server/coap_record.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/memory.h"

enum {
	/* RFC 6347 section 4.1. */
	HEADER_BYTES = 13,
	LENGTH_AT = 11,
	EPOCH_AT = 3,
	TYPE_DATA = 23,
	VERSION_MAJOR = 0xfe,
};

struct coap_record {
	BIO_METHOD *method;
	BIO *bio;
	struct su_span in; /* to be read; then empty */
	uint8_t *out;      /* NULL: nothing is to be written */
	size_t out_len;
	uint8_t message[COAP_RECORD_MAX_BYTES];
};

static int on_read(BIO *bio, char *out, int size)
{
	struct coap_record *record = BIO_get_data(bio);
	size_t len = record->in.len;
	BIO_clear_retry_flags(bio);
	if (len == 0 || size < 0 || len > (size_t)size) {
		BIO_set_retry_read(bio);
		return -1;
	}
	memcpy(out, record->in.data, len);
	record->in = SU_SPAN_EMPTY;
	return (int)len;
}

static int on_write(BIO *bio, const char *bytes, int len)
{
	struct coap_record *record = BIO_get_data(bio);
	BIO_clear_retry_flags(bio);
	if (!record->out || len < 0 || (size_t)len > COAP_RECORD_MAX_BYTES)
		return -1;
	memcpy(record->out, bytes, (size_t)len);
	record->out_len = (size_t)len;
	return len;
}

static long on_control(BIO *bio, int command, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return command == BIO_CTRL_FLUSH;
}

static bool make_bio(struct coap_record *record)
{
	record->method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagram");
	if (!record->method || !BIO_meth_set_read(record->method, on_read) ||
		!BIO_meth_set_write(record->method, on_write) ||
		!BIO_meth_set_ctrl(record->method, on_control))
		return false;
	record->bio = BIO_new(record->method);
	if (!record->bio)
		return false;
	BIO_set_data(record->bio, record);
	BIO_set_init(record->bio, 1);
	return true;
}

struct coap_record *coap_record_new(void)
{
	if (coap_get_tls_library_version()->type != COAP_TLS_LIBRARY_OPENSSL)
		return NULL;
	struct coap_record *record = su_new(struct coap_record);
	if (!make_bio(record))
		coap_record_free(&record);
	return record;
}

void coap_record_free(struct coap_record **record)
{
	if (!*record)
		return;
	BIO_free((*record)->bio);
	BIO_meth_free((*record)->method);
	su_free_ptr(record);
}

bool coap_record_is_data(struct su_span datagram)
{
	const uint8_t *head = datagram.data;
	return datagram.len > HEADER_BYTES && head[0] == TYPE_DATA && head[1] == VERSION_MAJOR &&
	       (head[EPOCH_AT] | head[EPOCH_AT + 1]) != 0 &&
	       datagram.len == HEADER_BYTES + ((size_t)head[LENGTH_AT] << 8 | head[LENGTH_AT + 1]);
}

/* Something that libcoap has yet to read comes first. */
static SSL *idle_ssl_of(const coap_session_t *session)
{
	coap_tls_library_t library;
	SSL *ssl = coap_session_get_tls(session, &library);
	return ssl && SSL_is_init_finished(ssl) && !SSL_has_pending(ssl) ? ssl : NULL;
}

struct su_span coap_record_open(
	struct coap_record *record, coap_session_t *session, struct su_span datagram)
{
	SSL *ssl = idle_ssl_of(session);
	if (!ssl)
		return SU_SPAN_EMPTY;
	BIO *libcoaps = SSL_get_rbio(ssl);
	BIO_up_ref(libcoaps);
	BIO_up_ref(record->bio);
	record->in = datagram;
	SSL_set0_rbio(ssl, record->bio);
	int len = SSL_peek(ssl, record->message, sizeof(record->message));
	SSL_set0_rbio(ssl, libcoaps);
	record->in = SU_SPAN_EMPTY;
	if (len <= 0) /* libcoap must not take it for its own fault */
		ERR_clear_error();
	return len > 0 ? su_span_of(record->message, (size_t)len) : SU_SPAN_EMPTY;
}

static bool take_away(struct coap_record *record, SSL *ssl)
{
	return SSL_read(ssl, record->message, sizeof(record->message)) > 0;
}

size_t coap_record_seal(struct coap_record *record, coap_session_t *session, struct su_span answer,
	uint8_t out[COAP_RECORD_MAX_BYTES])
{
	coap_tls_library_t library;
	SSL *ssl = coap_session_get_tls(session, &library);
	if (!take_away(record, ssl))
		return 0;
	BIO *libcoaps = SSL_get_wbio(ssl);
	BIO_up_ref(libcoaps);
	BIO_up_ref(record->bio);
	record->out = out;
	record->out_len = 0;
	SSL_set0_wbio(ssl, record->bio);
	int written = SSL_write(ssl, answer.data, (int)answer.len);
	SSL_set0_wbio(ssl, libcoaps);
	record->out = NULL;
	if (written <= 0)
		ERR_clear_error();
	return record->out_len;
}
