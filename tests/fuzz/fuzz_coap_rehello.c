/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Datagrams to the DTLS port, from a peer with a session: an answer is a whole record with the number of what
 * it answers, smaller than that, and no session ends for one that did not bring a cookie back.
 */
#include <netinet/in.h>

#include "fuzz_check.h"
#include "server/coap_rehello.h"

enum { RECORD_BYTES = 13, NUMBER_AT = 3, NUMBER_BYTES = 8 };

static bool is_known(void *arg, const struct sockaddr *peer)
{
	(void)arg;
	(void)peer;
	return true;
}

static void forget(void *arg, const struct sockaddr *peer)
{
	(void)arg;
	(void)peer;
	abort(); /* nobody guesses a cookie */
}

static void check_answer(struct su_span asked, struct su_span answer)
{
	require(answer.len > RECORD_BYTES && answer.len < asked.len);
	require(memcmp(answer.data + NUMBER_AT, asked.data + NUMBER_AT, NUMBER_BYTES) == 0);
	require(((size_t)answer.data[RECORD_BYTES - 2] << 8 | answer.data[RECORD_BYTES - 1]) ==
		answer.len - RECORD_BYTES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct sockaddr_in peer = { .sin_family = AF_INET };
	const struct coap_datagram datagram = {
		.bytes = su_span_of(data, size),
		.peer = (const struct sockaddr *)&peer,
		.is_for_us_alone = true,
	};
	/* Anew each time: it looks for so many peers a second only. */
	struct coap_rehello *rehello = coap_rehello_new(
		&(struct coap_rehello_opts){ .is_known = is_known, .forget = forget });
	uint8_t out[COAP_DATAGRAM_MAX_BYTES];
	size_t len = coap_rehello_answer(rehello, &datagram, out);
	if (len > 0)
		check_answer(datagram.bytes, su_span_of(out, len));
	coap_rehello_free(&rehello);
	return 0;
}
