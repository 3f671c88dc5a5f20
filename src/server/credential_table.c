/* SPDX-License-Identifier: Apache-2.0 */
/* Two chained hashes over one set of entries. */
#include "server/credential_table.h"

#include <string.h>

#include "base/memory.h"
#include "suit/seal.h"

enum { FIRST_BUCKETS = 64 };

struct entry {
	struct entry *next_by_name, *next_by_token;
	struct device_secret secret;
	char *endpoint;
	uint8_t psk[CREDENTIAL_PSK_MAX_BYTES];
	uint8_t token_hash[CREDENTIAL_HASH_BYTES];
	uint64_t round; /* of loading, in which it was put last */
};

struct credential_table {
	struct entry **by_name, **by_token;
	size_t n_buckets, count;
	uint64_t last_generation, round;
};

static size_t hash_name(struct su_span name)
{
	/* FNV-1a; names are given by operators, so collisions are nobody's weapon. */
	uint64_t hash = UINT64_C(14695981039346656037);
	for (size_t i = 0; i < name.len; i++)
		hash = (hash ^ name.data[i]) * UINT64_C(1099511628211);
	return (size_t)(hash ^ hash >> 32);
}

static size_t hash_token(const uint8_t token_hash[CREDENTIAL_HASH_BYTES])
{
	size_t hash;
	memcpy(&hash, token_hash, sizeof(hash));
	return hash;
}

static struct entry **name_link(const struct credential_table *table, struct su_span endpoint)
{
	struct entry **link = &table->by_name[hash_name(endpoint) % table->n_buckets];
	while (*link && !su_span_equal_str(endpoint, (*link)->endpoint))
		link = &(*link)->next_by_name;
	return link;
}

/* In time that does not depend on the bytes. */
static bool token_matches(const struct entry *entry, const uint8_t hash[CREDENTIAL_HASH_BYTES])
{
	unsigned difference = 0;
	for (size_t i = 0; i < CREDENTIAL_HASH_BYTES; i++)
		difference |= entry->token_hash[i] ^ hash[i];
	return difference == 0;
}

static void link_token(struct credential_table *table, struct entry *entry)
{
	if (entry->secret.token_hash.len == 0)
		return;
	struct entry **bucket = &table->by_token[hash_token(entry->token_hash) % table->n_buckets];
	entry->next_by_token = *bucket;
	*bucket = entry;
}

static void unlink_token(struct credential_table *table, struct entry *entry)
{
	if (entry->secret.token_hash.len == 0)
		return;
	struct entry **link = &table->by_token[hash_token(entry->token_hash) % table->n_buckets];
	while (*link != entry)
		link = &(*link)->next_by_token;
	*link = entry->next_by_token;
}

struct credential_table *credential_table_new(void)
{
	struct credential_table *table = su_new(struct credential_table);
	table->n_buckets = FIRST_BUCKETS;
	table->by_name = su_new_array(table->n_buckets, sizeof(struct entry *));
	table->by_token = su_new_array(table->n_buckets, sizeof(struct entry *));
	return table;
}

static void remove_at(struct credential_table *table, struct entry **link)
{
	struct entry *entry = *link;
	*link = entry->next_by_name;
	unlink_token(table, entry);
	table->count--;
	su_free_ptr(&entry->endpoint);
	seal_wipe(entry, sizeof(*entry));
	su_free_ptr(&entry);
}

void credential_table_free(struct credential_table **table)
{
	if (!*table)
		return;
	for (size_t i = 0; i < (*table)->n_buckets; i++)
		while ((*table)->by_name[i])
			remove_at(*table, &(*table)->by_name[i]);
	su_free_ptr(&(*table)->by_name);
	su_free_ptr(&(*table)->by_token);
	su_free_ptr(table);
}

static void grow(struct credential_table *table)
{
	struct entry **old = table->by_name;
	size_t n_old = table->n_buckets;
	su_free_ptr(&table->by_token);
	table->n_buckets *= 4;
	table->by_name = su_new_array(table->n_buckets, sizeof(struct entry *));
	table->by_token = su_new_array(table->n_buckets, sizeof(struct entry *));
	for (size_t i = 0; i < n_old; i++) {
		for (struct entry *entry = old[i], *next; entry; entry = next) {
			next = entry->next_by_name;
			struct entry **link = name_link(table, su_span_str(entry->endpoint));
			entry->next_by_name = NULL;
			*link = entry;
			link_token(table, entry);
		}
	}
	su_free_ptr(&old);
}

static void fill(
	struct credential_table *table, struct entry *entry, const struct device_secret *secret)
{
	if (!su_span_equal(entry->secret.psk, secret->psk)) {
		entry->secret.generation = ++table->last_generation;
		seal_wipe(entry->psk, sizeof(entry->psk));
		if (secret->psk.len > 0)
			memcpy(entry->psk, secret->psk.data, secret->psk.len);
		entry->secret.psk = su_span_of(entry->psk, secret->psk.len);
	}
	unlink_token(table, entry);
	if (secret->token_hash.len == CREDENTIAL_HASH_BYTES)
		memcpy(entry->token_hash, secret->token_hash.data, CREDENTIAL_HASH_BYTES);
	entry->secret.token_hash = su_span_of(entry->token_hash, secret->token_hash.len);
	link_token(table, entry);
	entry->round = table->round;
}

void credential_table_put(struct credential_table *table, const struct device_secret *secret)
{
	if (secret->psk.len > CREDENTIAL_PSK_MAX_BYTES ||
		(secret->token_hash.len != 0 && secret->token_hash.len != CREDENTIAL_HASH_BYTES))
		return;
	struct entry **link = name_link(table, su_span_str(secret->endpoint));
	if (!*link) {
		if (table->count >= 2 * table->n_buckets) {
			grow(table);
			link = name_link(table, su_span_str(secret->endpoint));
		}
		struct entry *entry = su_new(struct entry);
		entry->endpoint = su_strdup(secret->endpoint);
		entry->secret.endpoint = entry->endpoint;
		*link = entry;
		table->count++;
	}
	fill(table, *link, secret);
}

void credential_table_remove(struct credential_table *table, struct su_span endpoint)
{
	struct entry **link = name_link(table, endpoint);
	if (*link)
		remove_at(table, link);
}

const struct device_secret *credential_table_find(
	const struct credential_table *table, struct su_span endpoint)
{
	const struct entry *entry = *name_link(table, endpoint);
	return entry ? &entry->secret : NULL;
}

const struct device_secret *credential_table_find_token(
	const struct credential_table *table, const uint8_t hash[CREDENTIAL_HASH_BYTES])
{
	const struct entry *entry = table->by_token[hash_token(hash) % table->n_buckets];
	for (; entry; entry = entry->next_by_token)
		if (token_matches(entry, hash))
			return &entry->secret;
	return NULL;
}

size_t credential_table_count(const struct credential_table *table)
{
	return table->count;
}

void credential_table_begin_reload(struct credential_table *table)
{
	table->round++;
}

void credential_table_end_reload(struct credential_table *table)
{
	for (size_t i = 0; i < table->n_buckets; i++) {
		for (struct entry **link = &table->by_name[i]; *link;) {
			if ((*link)->round == table->round)
				link = &(*link)->next_by_name;
			else
				remove_at(table, link);
		}
	}
}
