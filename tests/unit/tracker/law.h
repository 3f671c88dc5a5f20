/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must hold of deployments in the database after every transaction: machine_law.sql, as triggers
 * of the tables themselves. The moves that are allowed are those of lifecycle_next.
 */
#pragma once

#include "tracker_fixture.h"

void law_install(struct fixture *fixture);
/* NULL: nothing was broken, and the counters are right. To be asked when nothing is under way. */
const char *law_breach(struct fixture *fixture);
/* When the next deployment has to be looked at; 0: none is in flight. */
int64_t law_next_timer_ms(struct fixture *fixture);
