/* SPDX-License-Identifier: Apache-2.0 */
/* A small sorted array: there are some twenty counters in all. */
#include "store/counter_deltas.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define NAME_SIZE 64

struct delta {
	char name[NAME_SIZE];
	int64_t change;
};

struct counter_deltas {
	struct delta *rows;
	size_t n, capacity;
};

struct counter_deltas *counter_deltas_new(void)
{
	return su_new(struct counter_deltas);
}

void counter_deltas_free(struct counter_deltas **deltas)
{
	if (!*deltas)
		return;
	free((*deltas)->rows);
	free(*deltas);
	*deltas = NULL;
}

void counter_deltas_clear(struct counter_deltas *deltas)
{
	deltas->n = 0;
}

static struct delta *insert_at(struct counter_deltas *deltas, size_t index, const char *name)
{
	if (deltas->n == deltas->capacity) {
		deltas->capacity = deltas->capacity ? 2 * deltas->capacity : 16;
		deltas->rows = su_grow(deltas->rows, deltas->capacity, sizeof(*deltas->rows));
	}
	struct delta *row = &deltas->rows[index];
	memmove(row + 1, row, (deltas->n - index) * sizeof(*row));
	deltas->n++;
	snprintf(row->name, sizeof(row->name), "%s", name);
	row->change = 0;
	return row;
}

void counter_deltas_add(
	struct counter_deltas *deltas, const char *prefix, const char *suffix, int64_t change)
{
	char name[NAME_SIZE];
	snprintf(name, sizeof(name), "%s%s", prefix, suffix);
	for (size_t i = 0; i < deltas->n; i++) {
		int order = strcmp(deltas->rows[i].name, name);
		if (order == 0) {
			deltas->rows[i].change += change;
			return;
		}
		if (order > 0) {
			insert_at(deltas, i, name)->change = change;
			return;
		}
	}
	insert_at(deltas, deltas->n, name)->change = change;
}

size_t counter_deltas_count(const struct counter_deltas *deltas)
{
	return deltas->n;
}

const char *counter_deltas_name(const struct counter_deltas *deltas, size_t index)
{
	return deltas->rows[index].name;
}

int64_t counter_deltas_change(const struct counter_deltas *deltas, size_t index)
{
	return deltas->rows[index].change;
}

void counter_deltas_list(const struct counter_deltas *deltas, struct sql_table *table)
{
	for (size_t i = 0; i < deltas->n; i++) {
		if (deltas->rows[i].change == 0)
			continue;
		sql_array_add_text(sql_table_next(table), deltas->rows[i].name);
		sql_array_add_int(sql_table_next(table), deltas->rows[i].change);
	}
}
