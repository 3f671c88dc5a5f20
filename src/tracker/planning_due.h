/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks again at deployments whose next step is due (plan.look_ms): escalates, expires, plans a new try, and
 * tells who speaks to devices what there is to do. In bounded batches, by index; several
 * daemons share the work. The fleet's planning jobs run here as well.
 */
#pragma once

struct planning_due;
struct remembered;
struct tracker;

/* NULL when the tracker has no clock or no policy. */
struct planning_due *planning_due_start(struct tracker *tracker);
void planning_due_stop(struct planning_due **due);
/* There is something to look at now: before the timer. */
void planning_due_wake(struct planning_due *due);
/* What is remembered of this device has changed, and nobody else takes care of what is due for it. */
void planning_due_heed(struct planning_due *due, const struct remembered *of);
