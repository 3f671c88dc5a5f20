/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Block1 bodies from a script of blocks, three bytes each: peer, key, more and size; number; time.
 * Bounds must hold after every step, and every peer must be let go in the end.
 */
#include <stdlib.h>
#include <string.h>

#include "server/coap_body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_BYTES = 2048, MAX_BODIES = 4, MAX_OF_PEER = 2, TIMEOUT_MS = 100, N_PEERS = 4 };

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void on_begin(void *peer)
{
	int *held = peer;
	require(++*held <= MAX_OF_PEER);
}

static void on_end(void *peer)
{
	int *held = peer;
	require(--*held >= 0);
}

static void step(struct coap_bodies *bodies, int *peers, const uint8_t script[3], int64_t *now_ms)
{
	static const uint8_t payload[1024];
	static const char *const keys[] = { "a", "b", "c", "d" };
	struct su_span body;
	unsigned szx = script[1] >> 5;
	bool more = script[0] & 16;
	size_t full = (size_t)16 << szx;
	struct coap_body_block block = {
		.peer = &peers[script[0] & 3],
		.key = su_span_str(keys[script[0] >> 2 & 3]),
		.num = script[1] & 31,
		.more = more,
		.szx = szx,
		.has_size = script[0] & 32,
		.size_bytes = (uint64_t)script[2] * 16,
		.payload = su_span_of(payload, more && full <= sizeof(payload) ? full : script[2]),
	};
	*now_ms += script[2];
	enum coap_body_verdict verdict = coap_body_add(bodies, &block, *now_ms, &body);
	require(coap_body_count(bodies) <= MAX_BODIES);
	require((verdict == COAP_BODY_WHOLE) || body.len == 0);
	if (verdict == COAP_BODY_WHOLE)
		require(body.len == block.num * full + block.payload.len && body.len <= MAX_BYTES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int peers[N_PEERS] = { 0 };
	int64_t now_ms = 0;
	struct coap_bodies *bodies = coap_bodies_new(&(struct coap_body_opts){
		.max_body_bytes = MAX_BYTES,
		.max_bodies = MAX_BODIES,
		.max_bodies_per_peer = MAX_OF_PEER,
		.timeout_ms = TIMEOUT_MS,
		.on_begin = on_begin,
		.on_end = on_end,
	});
	for (size_t at = 0; at + 3 <= size; at += 3)
		step(bodies, peers, data + at, &now_ms);
	coap_bodies_free(&bodies);
	for (size_t i = 0; i < N_PEERS; i++)
		require(peers[i] == 0);
	return 0;
}
