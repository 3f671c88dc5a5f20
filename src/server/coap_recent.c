/* SPDX-License-Identifier: Apache-2.0 */
/* One slot for each hash value. */
#include "server/coap_recent.h"

#include <string.h>

#include "base/memory.h"

struct slot {
	uint8_t key_len; /* 0: empty */
	uint8_t key[COAP_RECENT_KEY_BYTES];
	int64_t at_ms;
	struct coap_recent_answer answer;
};

struct coap_recent {
	size_t n_slots;
	int64_t lifetime_ms;
	struct slot *slots;
};

struct coap_recent *coap_recent_new(size_t slots, int64_t lifetime_ms)
{
	struct coap_recent *recent = su_new(struct coap_recent);
	recent->n_slots = slots;
	recent->lifetime_ms = lifetime_ms;
	recent->slots = su_new_array(slots, sizeof(*recent->slots));
	return recent;
}

void coap_recent_free(struct coap_recent **recent)
{
	if (!*recent)
		return;
	su_free_ptr(&(*recent)->slots);
	su_free_ptr(recent);
}

static struct slot *slot_of(const struct coap_recent *recent, struct su_span key)
{
	uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
	for (size_t i = 0; i < key.len; i++)
		hash = (hash ^ key.data[i]) * UINT64_C(1099511628211);
	return &recent->slots[(hash ^ hash >> 32) % recent->n_slots];
}

void coap_recent_put(struct coap_recent *recent, struct su_span key,
	const struct coap_recent_answer *answer, int64_t now_ms)
{
	if (key.len == 0 || key.len > COAP_RECENT_KEY_BYTES)
		return;
	struct slot *slot = slot_of(recent, key);
	slot->key_len = (uint8_t)key.len;
	memcpy(slot->key, key.data, key.len);
	slot->at_ms = now_ms;
	slot->answer = *answer;
}

const struct coap_recent_answer *coap_recent_find(
	const struct coap_recent *recent, struct su_span key, int64_t now_ms)
{
	const struct slot *slot = slot_of(recent, key);
	if (slot->key_len == 0 || now_ms - slot->at_ms >= recent->lifetime_ms ||
		!su_span_equal(su_span_of(slot->key, slot->key_len), key))
		return NULL;
	return &slot->answer;
}
