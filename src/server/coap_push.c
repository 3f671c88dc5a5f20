/* SPDX-License-Identifier: Apache-2.0 */
/* Steps through the items of a push. */
#include "server/coap_push.h"

#include "base/hex.h"
#include "base/memory.h"

enum { MAX_RESTARTS = 3 };

struct item {
	struct digest blob;
	const char *digest_hex;
};

struct coap_push {
	struct su_arena *arena;
	char deployment[SU_UUID_TEXT_SIZE];
	size_t n_items, index;
	struct item *items;
	uint64_t offset;
	size_t sent_bytes; /* of the block under way */
	bool sent_last;
	unsigned szx, restarts;
};

struct coap_push *coap_push_new(const struct device_command *command, unsigned szx)
{
	struct su_arena *arena = su_arena_new();
	struct coap_push *push = su_arena_new_of(arena, struct coap_push);
	push->arena = arena;
	push->szx = szx;
	push->n_items = command->n_images + 1;
	push->items = su_arena_array(arena, push->n_items, sizeof(*push->items));
	push->items[0] = (struct item){ .blob = command->envelope };
	for (size_t i = 0; i < command->n_images; i++) {
		const struct command_image *image = &command->images[i];
		push->items[i + 1].blob = image->blob;
		push->items[i + 1].digest_hex =
			su_hex_encode_arena(arena, digest_span(&image->digest));
	}
	su_uuid_format(command->deployment, push->deployment);
	return push;
}

void coap_push_free(struct coap_push **push)
{
	if (!*push)
		return;
	struct su_arena *arena = (*push)->arena;
	su_arena_free(&arena);
	*push = NULL;
}

void coap_push_block(const struct coap_push *push, struct coap_push_block *out)
{
	*out = (struct coap_push_block){
		.blob = push->items[push->index].blob,
		.digest_hex = push->items[push->index].digest_hex,
		.deployment = push->deployment,
		.offset = push->offset,
		.szx = push->szx,
		.is_first = push->offset == 0,
	};
}

void coap_push_sent(struct coap_push *push, size_t len, bool last)
{
	push->sent_bytes = len;
	push->sent_last = last;
}

bool coap_push_shrink(struct coap_push *push)
{
	if (push->szx == 0)
		return false;
	push->szx--;
	return true;
}

unsigned coap_push_szx(const struct coap_push *push)
{
	return push->szx;
}

/* The device may ask for smaller blocks at any time, never for larger ones. */
static bool follow_size(struct coap_push *push, const struct coap_block *block)
{
	if (!block->given || block->szx >= push->szx)
		return false;
	push->szx = block->szx;
	return true;
}

static enum coap_push_step begin_smaller(
	struct coap_push *push, const struct coap_push_answer *answer)
{
	if (answer->has_size1 && answer->size1 < answer->item_bytes)
		return COAP_PUSH_REFUSED;
	if (!follow_size(push, &answer->block1) && !coap_push_shrink(push))
		return COAP_PUSH_REFUSED;
	push->offset = 0;
	return COAP_PUSH_GO_ON;
}

static enum coap_push_step begin_again(struct coap_push *push)
{
	if (++push->restarts > MAX_RESTARTS)
		return COAP_PUSH_BROKEN;
	push->offset = 0;
	return COAP_PUSH_GO_ON;
}

/* The answer must be about the block that was sent, in the size in which it was sent. */
static bool fits(const struct coap_push *push, const struct coap_block *block)
{
	return !block->given || block->num == push->offset >> (push->szx + 4);
}

static enum coap_push_step advance(struct coap_push *push, const struct coap_push_answer *answer)
{
	bool complete = answer->code != COAP_RESPONSE_CODE_CONTINUE;
	if (!fits(push, &answer->block1) || (push->sent_last && !complete))
		return COAP_PUSH_NONSENSE;
	(void)follow_size(push, &answer->block1);
	push->offset += push->sent_bytes;
	if (!push->sent_last)
		return COAP_PUSH_GO_ON;
	push->offset = 0;
	push->index++;
	return push->index == push->n_items ? COAP_PUSH_COMPLETE : COAP_PUSH_GO_ON;
}

enum coap_push_step coap_push_take(struct coap_push *push, const struct coap_push_answer *answer)
{
	switch (answer->code) {
	case COAP_RESPONSE_CODE_CONTINUE:
	case COAP_RESPONSE_CODE_CHANGED:
	case COAP_RESPONSE_CODE_CREATED:
		return advance(push, answer);
	case COAP_RESPONSE_CODE_REQUEST_TOO_LARGE:
		return begin_smaller(push, answer);
	case COAP_RESPONSE_CODE_INCOMPLETE:
		return begin_again(push);
	default:
		return COAP_PUSH_OTHER;
	}
}
