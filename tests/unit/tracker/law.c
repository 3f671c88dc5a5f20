/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the law from its file and the moves from the table of transitions. */
#include "law.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/memory.h"
#include "cluster.h"
#include "tracker/lifecycle.h"

#define MAX_TRIES 5

static void read_law(struct su_buf *out)
{
	const char *srcdir = getenv("srcdir");
	char *path su_auto(su_free_ptr) =
		su_printf("%s/tests/unit/tracker/machine_law.sql", srcdir ? srcdir : ".");
	char piece[4096];
	FILE *file = fopen(path, "r");
	if (!file)
		fail_msg("cannot read %s", path);
	for (size_t n; (n = fread(piece, 1, sizeof(piece), file)) > 0;)
		su_buf_append(out, piece, n);
	fclose(file);
}

/* What stays as it is may be written down as well: an answer that came twice. */
static void allow_moves(struct su_buf *out)
{
	const char *comma = "";
	su_buf_printf(out, "INSERT INTO law_move (from_state, event, to_state) VALUES");
	for (int from = 0; from < DEPLOYMENT_STATE_COUNT; from++)
		for (int event = 0; event < LIFECYCLE_EVENT_COUNT; event++) {
			const struct lifecycle_step step = lifecycle_next(
				(enum deployment_state)from, (enum lifecycle_event)event);
			if (step.verdict == LIFECYCLE_REFUSE)
				continue;
			su_buf_printf(out, "%s ('%s', '%s', '%s')", comma,
				name_of(deployment_state_names, from),
				name_of(lifecycle_event_names, event),
				name_of(deployment_state_names, (int)step.next));
			comma = ",";
		}
	su_buf_printf(out, ";");
}

/* A tracker is at work already: what waits for it crosswise is chosen by PostgreSQL, and leaves nothing behind. */
static bool install(const char *law)
{
	for (int tries = 0; tries < MAX_TRIES; tries++)
		if (cluster_sql(cluster_database(), law, NULL, 0))
			return true;
	return false;
}

void law_install(struct fixture *fixture)
{
	struct su_buf law su_auto(su_buf_free) = { 0 };
	(void)fixture;
	read_law(&law);
	allow_moves(&law);
	assert_true(install(su_buf_str(&law)));
}

const char *law_breach(struct fixture *fixture)
{
	const char *breach =
		fixture_sql(fixture, "SELECT breach FROM law_report ORDER BY rank LIMIT 1");
	return *breach ? breach : NULL;
}

int64_t law_next_timer_ms(struct fixture *fixture)
{
	const char *next = fixture_sql(fixture,
		"SELECT coalesce(ms(min(least(deadline_at, look_at))), 0) FROM deployment"
		" WHERE active");
	return strtoll(next, NULL, 10);
}
