/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The credentials of devices in memory, found by endpoint name and by token. A DTLS handshake asks
 * for a key and cannot wait for the database. Loop thread.
 */
#pragma once

#include <stdbool.h>

#include "server/credential.h"

struct credential_table;

struct device_secret {
	const char *endpoint;
	struct su_span psk;        /* in the clear; empty: none */
	struct su_span token_hash; /* CREDENTIAL_HASH_BYTES, or empty: none */
	uint64_t generation;       /* differs after each change of psk */
};

struct credential_table *credential_table_new(void);
void credential_table_free(struct credential_table **table); /* wipes the keys */

/* Copies secret; its generation is ours to choose. Equal contents keep their generation. */
void credential_table_put(struct credential_table *table, const struct device_secret *secret);
void credential_table_remove(struct credential_table *table, struct su_span endpoint);
/* Valid until the table is changed; NULL when there is none. */
const struct device_secret *credential_table_find(
	const struct credential_table *table, struct su_span endpoint);
/* hash: of a presented bearer secret. */
const struct device_secret *credential_table_find_token(
	const struct credential_table *table, const uint8_t hash[CREDENTIAL_HASH_BYTES]);
size_t credential_table_count(const struct credential_table *table);

/* Drops every entry that was not put since this began; for loading the whole table anew. */
void credential_table_begin_reload(struct credential_table *table);
void credential_table_end_reload(struct credential_table *table);
