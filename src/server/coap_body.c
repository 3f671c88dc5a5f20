/* SPDX-License-Identifier: Apache-2.0 */
/* Block1 reassembly: a list of the bodies under way. */
#include "server/coap_body.h"

#include "base/memory.h"

enum { SMALLEST_BLOCK_BYTES = 16, LARGEST_SZX = 6 };

struct body {
	struct body *next;
	void *peer;
	struct su_buf key, content;
	int64_t fed_at_ms;
};

struct coap_bodies {
	struct coap_body_opts opts;
	struct body *first;
	size_t count;
	struct su_buf whole; /* the body last completed */
};

struct coap_bodies *coap_bodies_new(const struct coap_body_opts *opts)
{
	struct coap_bodies *bodies = su_new(struct coap_bodies);
	bodies->opts = *opts;
	return bodies;
}

/* Takes the body that *link leads to out of the list, and frees it. */
static void drop(struct coap_bodies *bodies, struct body **link)
{
	struct body *body = *link;
	*link = body->next;
	bodies->count--;
	if (bodies->opts.on_end)
		bodies->opts.on_end(body->peer);
	su_buf_free(&body->key);
	su_buf_free(&body->content);
	su_free_ptr(&body);
}

void coap_bodies_free(struct coap_bodies **bodies)
{
	if (!*bodies)
		return;
	while ((*bodies)->first)
		drop(*bodies, &(*bodies)->first);
	su_buf_free(&(*bodies)->whole);
	su_free_ptr(bodies);
}

static struct body **find(struct coap_bodies *bodies, const struct coap_body_block *block)
{
	for (struct body **link = &bodies->first; *link; link = &(*link)->next)
		if ((*link)->peer == block->peer &&
			su_span_equal(su_buf_span(&(*link)->key), block->key))
			return link;
	return NULL;
}

/* Who begins many and leaves them shall not keep others out for long. */
static bool make_room(struct coap_bodies *bodies, int64_t now_ms)
{
	struct body **idlest = &bodies->first;
	if (bodies->count < bodies->opts.max_bodies)
		return true;
	for (struct body **link = idlest; *link; link = &(*link)->next)
		if ((*link)->fed_at_ms < (*idlest)->fed_at_ms)
			idlest = link;
	if (!*idlest || now_ms - (*idlest)->fed_at_ms < bodies->opts.patience_ms)
		return false;
	drop(bodies, idlest);
	return true;
}

static bool has_room(struct coap_bodies *bodies, const void *peer, int64_t now_ms)
{
	size_t of_peer = 0;
	for (const struct body *body = bodies->first; body; body = body->next)
		of_peer += body->peer == peer;
	return of_peer < bodies->opts.max_bodies_per_peer && make_room(bodies, now_ms);
}

static struct body **begin(struct coap_bodies *bodies, const struct coap_body_block *block)
{
	struct body *body = su_new(struct body);
	body->peer = block->peer;
	su_buf_append_span(&body->key, block->key);
	body->next = bodies->first;
	bodies->first = body;
	bodies->count++;
	if (bodies->opts.on_begin)
		bodies->opts.on_begin(body->peer);
	return &bodies->first;
}

static bool is_too_large(
	const struct coap_bodies *bodies, const struct coap_body_block *block, uint64_t offset)
{
	return offset + block->payload.len > bodies->opts.max_body_bytes ||
	       (block->has_size && block->size_bytes > bodies->opts.max_body_bytes);
}

static void finish(struct coap_bodies *bodies, struct body **link, struct su_span *body_out)
{
	su_buf_free(&bodies->whole);
	bodies->whole = (*link)->content;
	(*link)->content = (struct su_buf){ 0 };
	drop(bodies, link);
	*body_out = su_buf_span(&bodies->whole);
}

/* The body that block belongs to, begun anew by block 0. */
static enum coap_body_verdict locate(struct coap_bodies *bodies,
	const struct coap_body_block *block, int64_t now_ms, struct body ***link_out)
{
	struct body **link = find(bodies, block);
	if (!link && block->num > 0)
		return COAP_BODY_INCOMPLETE;
	if (link && block->num == 0)
		su_buf_clear(&(*link)->content);
	if (!link && !has_room(bodies, block->peer, now_ms))
		return COAP_BODY_BUSY;
	*link_out = link ? link : begin(bodies, block);
	return COAP_BODY_CONTINUE;
}

/* Appends what is new in block. Only whole repetitions are taken for such. */
static enum coap_body_verdict feed(struct coap_bodies *bodies, struct body **link,
	const struct coap_body_block *block, uint64_t offset, struct su_span *body_out)
{
	struct body *body = *link;
	bool repeated = block->more && offset + block->payload.len <= body->content.len;
	if (offset != body->content.len && !repeated)
		return COAP_BODY_INCOMPLETE;
	if (!repeated)
		su_buf_append_span(&body->content, block->payload);
	if (block->more)
		return COAP_BODY_CONTINUE;
	finish(bodies, link, body_out);
	return COAP_BODY_WHOLE;
}

enum coap_body_verdict coap_body_add(struct coap_bodies *bodies,
	const struct coap_body_block *block, int64_t now_ms, struct su_span *body_out)
{
	*body_out = SU_SPAN_EMPTY;
	(void)coap_body_expire(bodies, now_ms);
	size_t block_bytes = (size_t)SMALLEST_BLOCK_BYTES << block->szx;
	if (block->szx > LARGEST_SZX || block->payload.len > block_bytes ||
		(block->more && block->payload.len != block_bytes))
		return COAP_BODY_INVALID;
	uint64_t offset = (uint64_t)block->num * block_bytes;
	struct body **link = NULL;
	if (is_too_large(bodies, block, offset)) {
		link = find(bodies, block);
		if (link)
			drop(bodies, link);
		return COAP_BODY_TOO_LARGE;
	}
	enum coap_body_verdict verdict = locate(bodies, block, now_ms, &link);
	if (verdict != COAP_BODY_CONTINUE)
		return verdict;
	(*link)->fed_at_ms = now_ms;
	return feed(bodies, link, block, offset, body_out);
}

int64_t coap_body_expire(struct coap_bodies *bodies, int64_t now_ms)
{
	int64_t soonest_ms = 0;
	for (struct body **link = &bodies->first; *link;) {
		int64_t due_ms = (*link)->fed_at_ms + bodies->opts.timeout_ms;
		if (due_ms <= now_ms) {
			drop(bodies, link);
			continue;
		}
		if (soonest_ms == 0 || due_ms < soonest_ms)
			soonest_ms = due_ms;
		link = &(*link)->next;
	}
	return soonest_ms;
}

size_t coap_body_count(const struct coap_bodies *bodies)
{
	return bodies->count;
}
