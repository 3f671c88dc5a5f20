/* SPDX-License-Identifier: Apache-2.0 */
/* One loop: fill, flush, receive, repeat what is late. */
#include "load_run.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	MAX_RETRANSMIT = 4,
	SLOT_BITS = 12,
	HELD = 32,
	HELD_FOR = 8, /* datagrams that overtake one that is held */
};
_Static_assert(LOAD_MAX_OUTSTANDING == 1 << SLOT_BITS, "a token names a slot");
#define LOOK_NS    INT64_C(5000000)
#define PATIENT_NS INT64_C(60000000000) /* for the answer that an empty acknowledgement promised */

struct exchange {
	bool open, acknowledged;
	unsigned tries;
	uint16_t message_id;
	uint32_t peer, block, token;
	int64_t due_ns, next_try_ns;
	size_t len;
	uint8_t request[LOAD_DATAGRAM_BYTES];
};

struct held {
	uint64_t until; /* so many have been sent */
	uint32_t peer;
	size_t len;
	uint8_t bytes[LOAD_DATAGRAM_BYTES];
};

struct engine {
	struct load_run *run;
	struct exchange *slots;
	uint32_t *free_slots;
	unsigned n_free;
	uint16_t *message_ids; /* of each peer */
	uint32_t *blocks;      /* that each peer fetches next; NULL: no blocks */
	uint32_t next_peer, first_token, next_token;
	uint64_t n_begun, n_passed;
	int64_t start_ns, now_ns, next_look_ns;
	struct held held[HELD];
	size_t n_held;
};

static int64_t now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void *zeroed(size_t n, size_t bytes)
{
	void *memory = calloc(n, bytes);
	if (!memory)
		err(2, "no memory");
	return memory;
}

static void hold(struct engine *e, uint32_t peer, const uint8_t *bytes, size_t len)
{
	if (e->n_held == HELD) {
		e->run->result.dropped++;
		return;
	}
	struct held *slot = &e->held[e->n_held++];
	slot->until = e->n_passed + HELD_FOR;
	slot->peer = peer;
	slot->len = len;
	memcpy(slot->bytes, bytes, len);
	e->run->result.held++;
}

/* all: nothing else is on its way that could overtake them. */
static void release_held(struct engine *e, bool all)
{
	for (size_t i = 0; i < e->n_held;) {
		if (!all && e->held[i].until > e->n_passed) {
			i++;
			continue;
		}
		load_socket_send(
			e->run->sockets, e->held[i].peer, e->held[i].bytes, e->held[i].len);
		/* What was borrowed goes out before its place is taken by another. */
		load_socket_flush(e->run->sockets);
		e->held[i] = e->held[--e->n_held];
	}
}

static void transmit(struct engine *e, uint32_t peer, const uint8_t *bytes, size_t len)
{
	struct load_run *run = e->run;
	enum load_fate fate =
		load_fault_is_on(&run->fault) ? load_fault_next(&run->fault) : LOAD_PASS;
	run->result.dropped += fate == LOAD_DROP;
	run->result.doubled += fate == LOAD_TWICE;
	if (fate == LOAD_HOLD)
		hold(e, peer, bytes, len);
	for (unsigned n = fate == LOAD_TWICE ? 2 : fate == LOAD_PASS; n > 0; n--, e->n_passed++)
		load_socket_send(run->sockets, peer, bytes, len);
}

static void transmit_request(struct engine *e, struct exchange *x)
{
	x->next_try_ns = e->now_ns + (e->run->ack_timeout_ns << x->tries);
	x->tries++;
	transmit(e, x->peer, x->request, x->len);
}

static void begin(struct engine *e, int64_t due_ns)
{
	const struct load_task *task = e->run->task;
	uint32_t slot = e->free_slots[--e->n_free];
	struct exchange *x = &e->slots[slot];
	x->open = true;
	x->acknowledged = false;
	x->tries = 0;
	x->peer = e->next_peer;
	x->message_id = e->message_ids[x->peer]++;
	x->token = e->next_token | slot;
	e->next_token += 1 << SLOT_BITS;
	x->due_ns = due_ns;
	bool is_other = task->other.len > 0 && e->n_begun / e->run->n_peers % 2 == 1;
	x->len = load_wire_request(is_other ? &task->other : &task->request,
		e->run->first_peer + x->peer, x->message_id, x->token, x->request);
	if (e->blocks) {
		x->block = e->blocks[x->peer]++ % load_task_blocks(task);
		x->len = load_wire_block2(&task->request, x->request, x->len, x->block);
	}
	e->next_peer = e->next_peer + 1 == e->run->n_peers ? 0 : e->next_peer + 1;
	e->n_begun++;
	e->run->result.sent++;
	transmit_request(e, x);
}

static bool is_over(const struct engine *e)
{
	if (e->run->duration_ns == 0)
		return e->n_begun == e->run->n_peers;
	return e->now_ns - e->start_ns >= e->run->duration_ns;
}

static int64_t due_of(const struct engine *e)
{
	if (e->run->per_second <= 0)
		return e->now_ns;
	return e->start_ns + (int64_t)((double)e->n_begun * 1e9 / e->run->per_second);
}

static void fill(struct engine *e)
{
	while (e->n_free > 0 && !is_over(e)) {
		int64_t due_ns = due_of(e);
		if (due_ns > e->now_ns)
			return;
		begin(e, due_ns);
	}
}

static void end(struct engine *e, struct exchange *x)
{
	x->open = false;
	e->free_slots[e->n_free++] = (uint32_t)(x - e->slots);
}

static void complain(struct engine *e, const char *complaint, uint8_t code)
{
	e->run->result.wrong++;
	if (e->run->result.complaint)
		return;
	e->run->result.complaint = complaint;
	e->run->result.wrong_code = code;
}

static void judge(struct engine *e, struct exchange *x, const struct load_answer *answer)
{
	const char *complaint = NULL;
	if (answer->type == LOAD_ACK && answer->message_id != x->message_id)
		complaint = "another message ID";
	else if (e->run->task->expected.echo_bytes == 0)
		complaint = load_task_check(e->run->task, x->block, answer);
	if (complaint) {
		complain(e, complaint, answer->code);
	} else {
		e->run->result.answered++;
		e->run->result.bytes += answer->len;
		e->run->result.payload_bytes += answer->payload_len;
		load_result_note(&e->run->result, e->now_ns - x->due_ns);
	}
	end(e, x);
}

/* An acknowledgement without a token: found by its message ID, which is rare enough to search for. */
static void acknowledge(struct engine *e, uint32_t peer, const struct load_answer *answer)
{
	for (unsigned i = 0; i < e->run->outstanding; i++) {
		struct exchange *x = &e->slots[i];
		if (!x->open || x->peer != peer || x->message_id != answer->message_id)
			continue;
		if (answer->type == LOAD_RST) {
			complain(e, "a reset", 0);
			end(e, x);
		} else {
			x->acknowledged = true;
			x->next_try_ns = e->now_ns + PATIENT_NS;
		}
	}
}

static bool is_of_this_run(const struct engine *e, uint32_t token)
{
	return (token - e->first_token) >> SLOT_BITS < e->n_begun;
}

static void receive(struct engine *e, uint32_t peer, const struct load_answer *answer)
{
	if (answer->type == LOAD_CON) {
		uint8_t ack[4] = { 1 << 6 | LOAD_ACK << 4, 0, (uint8_t)(answer->message_id >> 8),
			(uint8_t)answer->message_id };
		transmit(e, peer, ack, sizeof(ack));
	}
	if (answer->code == 0) {
		acknowledge(e, peer, answer);
		return;
	}
	struct exchange *x = &e->slots[answer->token & (LOAD_MAX_OUTSTANDING - 1)];
	if (!answer->has_token ||
		(answer->token & (LOAD_MAX_OUTSTANDING - 1)) >= e->run->outstanding)
		complain(e, "another token", answer->code);
	else if (x->open && x->token == answer->token && x->peer == peer)
		judge(e, x, answer);
	else if (answer->type == LOAD_CON || is_of_this_run(e, answer->token))
		e->run->result.repeated++; /* answered before, perhaps in the run before */
	else
		complain(e, "another token", answer->code);
}

static void on_datagram(void *arg, uint32_t peer, const uint8_t *bytes, size_t len)
{
	struct engine *e = arg;
	struct load_answer answer;
	size_t echo_bytes = e->run->task->expected.echo_bytes;
	if (load_fault_is_on(&e->run->fault) && load_fault_next(&e->run->fault) == LOAD_DROP) {
		e->run->result.dropped++;
		return;
	}
	bool parsed = load_wire_parse(bytes, len, &answer);
	/* An echo is a request that came back: only its length, ID and token can be looked at. */
	if (peer == UINT32_MAX || (echo_bytes > 0 ? len != echo_bytes : !parsed)) {
		complain(e, "no answer to us", answer.code);
		return;
	}
	if (echo_bytes > 0)
		answer.type = LOAD_ACK;
	receive(e, peer, &answer);
}

static void look_for_late(struct engine *e)
{
	e->next_look_ns = e->now_ns + LOOK_NS;
	for (unsigned i = 0; i < e->run->outstanding; i++) {
		struct exchange *x = &e->slots[i];
		if (!x->open || x->next_try_ns > e->now_ns)
			continue;
		if (x->tries > MAX_RETRANSMIT || x->acknowledged) {
			e->run->result.lost++;
			end(e, x);
		} else {
			e->run->result.retransmitted++;
			transmit_request(e, x);
		}
	}
}

static void wait_for_more(struct engine *e)
{
	int64_t until_ns = e->next_look_ns;
	if (e->n_free > 0 && !is_over(e) && due_of(e) < until_ns)
		until_ns = due_of(e);
	if (until_ns > e->now_ns)
		load_socket_wait(e->run->sockets, until_ns - e->now_ns);
}

static void turn(struct engine *e)
{
	fill(e);
	release_held(e, false);
	load_socket_flush(e->run->sockets);
	size_t n = load_socket_receive(e->run->sockets, on_datagram, e);
	if (n == 0) {
		release_held(e, true);
		wait_for_more(e);
	}
	e->now_ns = now();
	if (e->now_ns >= e->next_look_ns)
		look_for_late(e);
}

static void set_up(struct engine *e, struct load_run *run)
{
	e->run = run;
	e->slots = zeroed(run->outstanding, sizeof(*e->slots));
	e->free_slots = zeroed(run->outstanding, sizeof(*e->free_slots));
	e->message_ids = zeroed(run->n_peers, sizeof(*e->message_ids));
	e->blocks = run->task->in_blocks ? zeroed(run->n_peers, sizeof(*e->blocks)) : NULL;
	while (e->n_free < run->outstanding) {
		e->free_slots[e->n_free] = run->outstanding - 1 - e->n_free;
		e->n_free++;
	}
	/* Another run with the same addresses must not look like a repetition of this one. */
	e->start_ns = e->now_ns = now();
	for (uint32_t i = 0; i < run->n_peers; i++)
		e->message_ids[i] = (uint16_t)((uint64_t)e->start_ns >> 10);
	e->first_token = e->next_token = (uint32_t)(e->start_ns >> 10) << SLOT_BITS;
	e->next_look_ns = e->now_ns + LOOK_NS;
}

void load_run_start(struct load_run *run)
{
	struct engine *e = zeroed(1, sizeof(*e));
	set_up(e, run);
	while (!is_over(e) || e->n_free < run->outstanding)
		turn(e);
	load_socket_flush(run->sockets); /* the last acknowledgements */
	run->result.took_ns = e->now_ns - e->start_ns;
	free(e->slots);
	free(e->free_slots);
	free(e->message_ids);
	free(e->blocks);
	free(e);
}
