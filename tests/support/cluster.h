/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A real PostgreSQL for tests: one cluster that programs which run at the same time share, and
 * removed by the last of them; an empty database for each. Where PostgreSQL is not installed the
 * functions give NULL, and the caller skips.
 */
#pragma once

#include <stdbool.h>

/* The conninfo of a new database, which lives until the program ends. */
const char *cluster_database(void);

/* A cluster of one's own, to be stopped and started. */
struct own_cluster;
struct own_cluster *own_cluster_new(void);
const char *own_cluster_conninfo(const struct own_cluster *cluster);
bool own_cluster_start(struct own_cluster *cluster);
void own_cluster_stop(struct own_cluster *cluster); /* at once, as in a crash */
void own_cluster_free(struct own_cluster **cluster);

/* Runs SQL by psql; true when it worked. out (may be NULL) gets the first line of the answer. */
bool cluster_sql(const char *conninfo, const char *sql, char *out, unsigned size);
