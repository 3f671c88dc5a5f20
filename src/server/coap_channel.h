/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands to devices over CoAP, on the sessions that they opened. One request at a time for each
 * device; libcoap repeats it, the answer is found by its token, and silence has a limit of its own,
 * as an empty acknowledgement ends the repetition. Loop thread.
 */
#pragma once

#include "server/coap_link.h"
#include "tracker/channel.h"

struct coap_channel;

struct coap_channel_opts {
	struct su_loop *loop;
	struct blob_store *blobs;
	struct device_front *devices;
	size_t max_links, max_commands;
	int64_t answer_timeout_ms; /* longer than libcoap repeats */
};

struct coap_channel *coap_channel_new(const struct coap_channel_opts *opts);
/* Commands under way are lost. */
void coap_channel_free(struct coap_channel **channel);
struct channel coap_channel_of(struct coap_channel *channel);

/* The device that bears this name was heard and is known. The tracker is told in the loop's next turn. */
void coap_channel_note(
	struct coap_channel *channel, const char *endpoint, struct coap_peer *peer, int64_t now_ms);
/* The same when the device was heard at remote without a session. False: it has no session there. */
bool coap_channel_note_at(struct coap_channel *channel, const char *endpoint,
	const struct sockaddr *remote, int64_t now_ms);
void coap_channel_drop_peer(struct coap_channel *channel, const struct coap_peer *peer);
void coap_channel_on_response(
	struct coap_channel *channel, const struct coap_peer *peer, const coap_pdu_t *response);
/* False: it is not about a command. */
bool coap_channel_on_nack(struct coap_channel *channel, const struct coap_peer *peer,
	coap_mid_t mid, coap_nack_reason_t reason);
