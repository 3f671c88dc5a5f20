/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes to counters, collected during a transaction and written as its last step in the order of
 * their names: the rows of a counter are touched by everybody, and so are locked briefly and never
 * crosswise.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "store/sql_array.h"

struct counter_deltas;

struct counter_deltas *counter_deltas_new(void);
void counter_deltas_free(struct counter_deltas **deltas);
void counter_deltas_clear(struct counter_deltas *deltas);
/* The counter's name is prefix and suffix together; prefixes end with a dot, or suffix is "". */
void counter_deltas_add(
	struct counter_deltas *deltas, const char *prefix, const char *suffix, int64_t change);
/* Sorted by name, each once. */
size_t counter_deltas_count(const struct counter_deltas *deltas);
const char *counter_deltas_name(const struct counter_deltas *deltas, size_t index);
int64_t counter_deltas_change(const struct counter_deltas *deltas, size_t index);
/* Adds what did not come to 0: names and changes, by name. */
void counter_deltas_list(const struct counter_deltas *deltas, struct sql_table *table);
