/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a command: sent, answered or lost, told. */
#include "server/coap_channel.h"

#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "model/device_keys.h"
#include "server/coap_outgoing.h"
#include "server/coap_push.h"
#include "server/command_wire.h"
#include "server/device_front.h"
#include "server/device_wire.h"
#include "store/blob.h"

enum { TOKEN_BYTES = 8 };

struct coap_command {
	struct coap_command *next, **at; /* of those under way, or of those that are over */
	struct coap_channel *channel;
	struct su_arena *arena;
	struct coap_link *link; /* NULL: over */
	struct coap_peer *peer; /* its session is referenced; NULL: over */
	enum command_kind kind;
	command_done_fn done;
	void *arg;
	uint8_t token[TOKEN_BYTES];
	coap_mid_t mid;
	struct su_timer *timer;
	struct su_buf body;
	struct coap_push *push;
	uint64_t item_bytes;
	struct command_result result;
};

struct coap_channel {
	struct coap_channel_opts opts;
	struct coap_links *links;
	struct coap_command *under_way, *over;
	size_t n_commands;
	struct su_timer *timer; /* tells what is over, and who was heard */
	bool closing;
};

static void put_first(struct coap_command **list, struct coap_command *command)
{
	command->next = *list;
	command->at = list;
	if (*list)
		(*list)->at = &command->next;
	*list = command;
}

static void take_out(struct coap_command *command)
{
	*command->at = command->next;
	if (command->next)
		command->next->at = command->at;
}

static void tell(struct coap_command *command)
{
	struct su_arena *arena = command->arena;
	take_out(command);
	command->channel->n_commands--;
	command->done(command->arg, &command->result);
	su_arena_free(&arena);
}

static void tell_all(struct coap_channel *channel)
{
	while (channel->over)
		tell(channel->over);
}

static void on_time(void *arg)
{
	tell_all(arg);
}

/* Later, as we may be deep within libcoap or within send. */
static void finish(struct coap_command *command, enum command_outcome outcome)
{
	struct coap_channel *channel = command->channel;
	command->result.outcome = outcome;
	command->link->silent |= outcome == COMMAND_LOST;
	command->link->command = NULL;
	command->link = NULL;
	coap_session_release(command->peer->session);
	command->peer = NULL;
	su_timer_free(&command->timer);
	su_buf_free(&command->body);
	coap_push_free(&command->push);
	take_out(command);
	put_first(&channel->over, command);
	su_timer_set(channel->timer, 0);
}

/* A token of its own for each request: what answers an earlier one is ignored. */
static bool send_request(struct coap_command *command, const struct coap_outgoing *out)
{
	coap_session_t *session = command->peer->session;
	coap_pdu_t *pdu = coap_pdu_init(COAP_MESSAGE_CON, (coap_pdu_code_t)out->method,
		coap_new_message_id(session), coap_session_max_pdu_size(session));
	if (!pdu)
		return false;
	su_random_bytes(command->token, sizeof(command->token));
	if (!coap_add_token(pdu, sizeof(command->token), command->token) ||
		!coap_outgoing_write(pdu, out)) {
		coap_delete_pdu(pdu);
		return false;
	}
	command->mid = coap_pdu_get_mid(pdu);
	su_timer_set(command->timer, command->channel->opts.answer_timeout_ms);
	return coap_send(session, pdu) != COAP_INVALID_MID;
}

static bool send_command(struct coap_command *command)
{
	struct coap_outgoing out = {
		.method = command->kind == COMMAND_ASK ? COAP_REQUEST_CODE_GET
						       : COAP_REQUEST_CODE_POST,
		.path = { command_wire_resource(command->kind) },
		.content_format =
			command->kind == COMMAND_ASK ? -1 : COAP_MEDIATYPE_APPLICATION_CBOR,
		.payload = su_buf_span(&command->body),
	};
	return send_request(command, &out);
}

/* Options and headers take room as well: smaller blocks until it fits. */
static bool send_piece(struct coap_command *command, struct su_span item)
{
	struct coap_push_block block;
	do {
		coap_push_block(command->push, &block);
		if (block.offset > item.len)
			return false;
		size_t left = item.len - (size_t)block.offset;
		size_t len = (size_t)16 << block.szx;
		bool last = left <= len;
		char query[2 + SU_UUID_TEXT_SIZE];
		snprintf(query, sizeof(query), "d=%s", block.deployment);
		struct coap_outgoing out = {
			.method = COAP_REQUEST_CODE_PUT,
			.path = { block.digest_hex ? "image" : "manifest", block.digest_hex },
			.deployment = query,
			.content_format = block.digest_hex ? COAP_MEDIATYPE_APPLICATION_OCTET_STREAM
							   : COAP_MEDIATYPE_APPLICATION_CBOR,
			.block1 = { true, (uint32_t)(block.offset >> (block.szx + 4)), !last,
				block.szx },
			.size1 = item.len,
			.payload = su_span_of(item.data + block.offset, last ? left : len),
		};
		coap_push_sent(command->push, out.payload.len, last);
		if (send_request(command, &out))
			return true;
	} while (coap_push_shrink(command->push));
	return false;
}

static bool send_block(struct coap_command *command)
{
	struct coap_push_block block;
	struct blob_mapping *mapping = NULL;
	coap_push_block(command->push, &block);
	if (blob_map(command->channel->opts.blobs, &block.blob, &mapping, NULL) != SU_OK)
		return false;
	struct su_span item = blob_mapping_span(mapping);
	command->item_bytes = item.len;
	bool sent = send_piece(command, item);
	blob_unmap(&mapping);
	return sent;
}

static bool read_block1(const coap_pdu_t *pdu, struct coap_block *out)
{
	coap_opt_iterator_t iterator;
	const coap_opt_t *option = coap_check_option(pdu, COAP_OPTION_BLOCK1, &iterator);
	*out = (struct coap_block){ 0 };
	if (!option)
		return true;
	uint32_t value = coap_decode_var_bytes(coap_opt_value(option), coap_opt_length(option));
	*out = (struct coap_block){ true, value >> 4, value >> 3 & 1, value & 7 };
	return coap_opt_length(option) <= 3 && out->szx <= COAP_PUSH_LARGEST_SZX;
}

static struct su_span body_of(const coap_pdu_t *pdu)
{
	size_t len = 0;
	const uint8_t *data = NULL;
	return coap_get_data(pdu, &len, &data) ? su_span_of(data, len) : SU_SPAN_EMPTY;
}

/* A diagnostic payload, when it can be shown. */
static const char *words_of(struct coap_command *command, struct su_span text)
{
	if (text.len == 0 || text.len > MESSAGE_REASON_MAX_BYTES || !su_utf8_is_showable(text))
		return NULL;
	return su_arena_strndup(command->arena, text.data, text.len);
}

static void finish_refused(struct coap_command *command, const coap_pdu_t *response)
{
	unsigned code = coap_pdu_get_code(response);
	command->result.reason = words_of(command, body_of(response));
	switch (code) {
	case COAP_RESPONSE_CODE_CONFLICT:
		finish(command, command->kind == COMMAND_OFFER || command->kind == COMMAND_INSTALL
					? COMMAND_NO
					: COMMAND_CANNOT);
		return;
	case COAP_RESPONSE_CODE_SERVICE_UNAVAILABLE:
	case COAP_RESPONSE_CODE_INTERNAL_ERROR:
		finish(command, COMMAND_LOST);
		return;
	default:
		finish(command, COAP_RESPONSE_CLASS(code) == 4 || COAP_RESPONSE_CLASS(code) == 5
					? COMMAND_CANNOT
					: COMMAND_NONSENSE);
	}
}

static void finish_offer(struct coap_command *command, struct su_span body)
{
	static const enum command_outcome outcomes[] = {
		[ANSWER_NOW] = COMMAND_NOW, [ANSWER_AT] = COMMAND_AT, [ANSWER_NO] = COMMAND_NO
	};
	struct offer_answer answer;
	if (body.len == 0) { /* it will tell by a status message */
		finish(command, COMMAND_TAKEN);
		return;
	}
	if (command_wire_read_answer(WIRE_CBOR, body, command->arena, &answer, NULL) != SU_OK) {
		finish(command, COMMAND_NONSENSE);
		return;
	}
	command->result.at_ms = answer.at_ms;
	command->result.reason = answer.reason;
	finish(command, outcomes[answer.kind]);
}

static void ignore_outcome(void *arg, const struct su_error *err)
{
	(void)arg;
	(void)err;
}

/* Taken in as if the device had sent it by itself. */
static void finish_question(struct coap_command *command, struct su_span body)
{
	struct device_front *devices = command->channel->opts.devices;
	struct status_message message;
	struct su_error err = { 0 };
	char address[COAP_PEER_ADDRESS_SIZE];
	coap_peer_address(command->peer, address);
	struct contact contact = {
		.endpoint = command->link->endpoint,
		.transport = coap_peer_transport(command->peer),
		.address = address,
		.authenticated = command->peer->identity != NULL,
		.now_ms = su_clock_wall_ms(),
	};
	if (device_wire_read_status(WIRE_CBOR, body, command->arena, &message, &err) != SU_OK) {
		command->result.reason = su_arena_strdup(command->arena, err.text);
		finish(command, COMMAND_NONSENSE);
		return;
	}
	tracker_status(device_front_tracker(devices), &contact, &message, ignore_outcome, NULL);
	finish(command, COMMAND_TAKEN);
}

static void on_push_answer(struct coap_command *command, const coap_pdu_t *response)
{
	struct coap_push_answer answer = { .code = coap_pdu_get_code(response),
		.item_bytes = command->item_bytes };
	coap_opt_iterator_t iterator;
	const coap_opt_t *size1 = coap_check_option(response, COAP_OPTION_SIZE1, &iterator);
	if (size1) {
		answer.has_size1 = true;
		answer.size1 =
			coap_decode_var_bytes8(coap_opt_value(size1), coap_opt_length(size1));
	}
	enum coap_push_step step = COAP_PUSH_NONSENSE;
	if (read_block1(response, &answer.block1))
		step = coap_push_take(command->push, &answer);
	command->link->szx = coap_push_szx(command->push);
	switch (step) {
	case COAP_PUSH_GO_ON:
		if (!send_block(command))
			finish(command, COMMAND_LOST);
		return;
	case COAP_PUSH_COMPLETE:
		finish(command, COMMAND_TAKEN);
		return;
	case COAP_PUSH_BROKEN:
		finish(command, COMMAND_LOST);
		return;
	case COAP_PUSH_NONSENSE:
		finish(command, COMMAND_NONSENSE);
		return;
	case COAP_PUSH_REFUSED:
	case COAP_PUSH_OTHER:
		finish_refused(command, response);
		return;
	}
}

static void on_answer(struct coap_command *command, const coap_pdu_t *response)
{
	unsigned code = coap_pdu_get_code(response);
	if (command->push)
		on_push_answer(command, response);
	else if (COAP_RESPONSE_CLASS(code) != 2 || code == COAP_RESPONSE_CODE_CONTINUE)
		finish_refused(command, response);
	else if (command->kind == COMMAND_OFFER)
		finish_offer(command, body_of(response));
	else if (command->kind == COMMAND_ASK)
		finish_question(command, body_of(response));
	else
		finish(command, COMMAND_TAKEN);
}

void coap_channel_on_response(
	struct coap_channel *channel, const struct coap_peer *peer, const coap_pdu_t *response)
{
	coap_bin_const_t token = coap_pdu_get_token(response);
	struct su_span told = su_span_of(token.s, token.length);
	struct coap_command *command = channel->under_way;
	while (command && (command->peer != peer ||
				  !su_span_equal(told, su_span_of(command->token, TOKEN_BYTES))))
		command = command->next;
	if (!command)
		return; /* late, or a second time */
	command->link->last_ms = su_clock_wall_ms();
	on_answer(command, response);
}

bool coap_channel_on_nack(struct coap_channel *channel, const struct coap_peer *peer,
	coap_mid_t mid, coap_nack_reason_t reason)
{
	struct coap_command *command = channel->under_way;
	while (command && (command->peer != peer || command->mid != mid))
		command = command->next;
	if (!command)
		return false;
	/* A reset says that nothing there takes requests (RFC 7252 section 4.2). */
	finish(command, reason == COAP_NACK_RST ? COMMAND_CANNOT : COMMAND_LOST);
	return true;
}

static void on_silence(void *arg)
{
	finish(arg, COMMAND_LOST);
}

static bool in_reach(void *self, const char *endpoint, int64_t now_ms, int64_t *until_ms_out)
{
	struct coap_channel *channel = self;
	const struct coap_link *link = coap_links_find(channel->links, endpoint);
	struct profile profile;
	struct tracker *tracker = device_front_tracker(channel->opts.devices);
	bool known = link && tracker_profile(tracker, endpoint, &profile);
	return link && coap_link_in_reach(link, known ? &profile : NULL, now_ms, until_ms_out);
}

/* The credential may have been changed since the session was made. */
static enum su_status check_session(
	const struct coap_channel *channel, const struct coap_link *link, struct su_error *err)
{
	const struct coap_peer *peer = link->peer;
	struct contact contact = { .transport = coap_peer_transport(peer) };
	struct device_claim claim = { .endpoint = link->endpoint,
		.identity = peer->identity,
		.generation = peer->generation };
	return device_front_identify(channel->opts.devices, &claim, &contact, err);
}

static struct coap_command *new_command(
	struct coap_channel *channel, struct coap_link *link, const struct device_command *given)
{
	struct su_arena *arena = su_arena_new();
	struct coap_command *command = su_arena_new_of(arena, struct coap_command);
	command->arena = arena;
	command->channel = channel;
	command->kind = given->kind;
	command->link = link;
	link->command = command;
	command->peer = link->peer;
	coap_session_reference(command->peer->session);
	command->timer = su_timer_new(channel->opts.loop, on_silence, command);
	if (given->kind == COMMAND_PUSH)
		command->push = coap_push_new(given, link->szx);
	else
		command_wire_write(WIRE_CBOR, given, false, &command->body);
	put_first(&channel->under_way, command);
	channel->n_commands++;
	return command;
}

static enum su_status send_to_device(void *self, const struct device_command *given,
	command_done_fn done, void *arg, struct su_error *err)
{
	struct coap_channel *channel = self;
	struct coap_link *link = coap_links_find(channel->links, given->endpoint);
	if (channel->closing)
		return su_fail(err, SU_RETRY, "", "the server is stopping");
	if (!link || !link->peer)
		return su_fail(err, SU_NOT_FOUND, "", "the device has no session");
	if (link->command || channel->n_commands >= channel->opts.max_commands)
		return su_fail(err, SU_BUSY, "", "another command is under way");
	SU_TRY(check_session(channel, link, err));
	struct coap_command *command = new_command(channel, link, given);
	command->done = done;
	command->arg = arg;
	if (!(command->push ? send_block(command) : send_command(command)))
		finish(command, COMMAND_LOST);
	return SU_OK;
}

struct channel coap_channel_of(struct coap_channel *channel)
{
	return (struct channel){ channel, in_reach, send_to_device };
}

struct coap_channel *coap_channel_new(const struct coap_channel_opts *opts)
{
	struct coap_channel *channel = su_new(struct coap_channel);
	channel->opts = *opts;
	channel->links = coap_links_new(opts->max_links);
	channel->timer = su_timer_new(opts->loop, on_time, channel);
	return channel;
}

void coap_channel_free(struct coap_channel **channel)
{
	struct coap_channel *freed = *channel;
	if (!freed)
		return;
	freed->closing = true;
	while (freed->under_way)
		finish(freed->under_way, COMMAND_LOST);
	tell_all(freed);
	coap_links_free(&freed->links);
	su_timer_free(&freed->timer);
	su_free_ptr(channel);
}

struct heard {
	struct tracker *tracker;
	char *endpoint;
	int64_t at_ms;
};

/* The answer to what was heard goes first. */
static void on_heard(void *arg)
{
	struct heard *heard = arg;
	tracker_in_reach(heard->tracker, heard->endpoint, heard->at_ms);
	su_free_ptr(&heard->endpoint);
	su_free_ptr(&heard);
}

void coap_channel_note(
	struct coap_channel *channel, const char *endpoint, struct coap_peer *peer, int64_t now_ms)
{
	/* A session that is held slows libcoap down: not for whom it is of no use. */
	struct tracker *tracker = device_front_tracker(channel->opts.devices);
	const struct coap_link *link = coap_links_find(channel->links, endpoint);
	if (link || tracker_is_spoken_to(tracker, endpoint, now_ms))
		link = coap_links_note(channel->links, endpoint, peer, now_ms);
	if (!link || link->command)
		return;
	struct heard *heard = su_new(struct heard);
	*heard = (struct heard){ tracker, su_strdup(endpoint), now_ms };
	su_loop_post(channel->opts.loop, on_heard, heard);
}

bool coap_channel_note_at(struct coap_channel *channel, const char *endpoint,
	const struct sockaddr *remote, int64_t now_ms)
{
	const struct coap_link *link = coap_links_find(channel->links, endpoint);
	if (!link || !link->peer || coap_peer_transport(link->peer) != TRANSPORT_COAP ||
		!coap_peer_is_at(link->peer, remote))
		return false;
	coap_channel_note(channel, endpoint, link->peer, now_ms);
	return true;
}

void coap_channel_drop_peer(struct coap_channel *channel, const struct coap_peer *peer)
{
	for (struct coap_command *command = channel->under_way, *next; command; command = next) {
		next = command->next;
		if (command->peer == peer)
			finish(command, COMMAND_LOST);
	}
	coap_links_drop_peer(channel->links, peer);
}
