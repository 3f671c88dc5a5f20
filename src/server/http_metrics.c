/* SPDX-License-Identifier: Apache-2.0 */
/* /metrics: the counters of the database and of this process, in Prometheus' text format. */
#include <inttypes.h>
#include <string.h>

#include "base/memory.h"
#include "server/coap_stats.h"
#include "server/http_handlers.h"
#include "server/http_stats.h"
#include "store/blob_space.h"
#include "store/counter_store.h"
#include "tracker/command_stats.h"
#include "tracker/poll_stats.h"

static void put_head(struct su_buf *out, const char *name, const char *type, const char *help)
{
	su_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_value(struct su_buf *out, const char *name, const char *type, const char *help,
	const atomic_uint_fast64_t *value)
{
	put_head(out, name, type, help);
	su_buf_printf(out, "%s %" PRIuFAST64 "\n", name,
		atomic_load_explicit(value, memory_order_relaxed));
}

static void put_http(struct su_buf *out, const struct http_stats *stats)
{
	put_head(out, "suitd_http_replies_total", "counter", "HTTP replies by class of status.");
	for (size_t i = 1; i < 6; i++)
		su_buf_printf(out, "suitd_http_replies_total{class=\"%zuxx\"} %" PRIuFAST64 "\n", i,
			atomic_load_explicit(&stats->replies[i], memory_order_relaxed));
	put_value(out, "suitd_http_connections", "gauge", "Open HTTP connections.",
		&stats->connections);
	put_value(out, "suitd_http_connections_refused_total", "counter",
		"Connections refused because their address had too many.",
		&stats->refused_connections);
	put_value(out, "suitd_http_connections_cut_total", "counter",
		"Connections closed because nothing moved on them.", &stats->cut_connections);
	put_value(out, "suitd_http_waiting", "gauge",
		"Requests of devices that wait for a command.", &stats->waiting);
}

static void put_coap(struct su_buf *out, const struct coap_stats *stats)
{
	put_value(out, "suitd_coap_datagrams_total", "counter",
		"Datagrams of CoAP without DTLS that came.", &stats->datagrams);
	put_value(out, "suitd_coap_answered_at_once_total", "counter",
		"Of these, answered from memory without a session.", &stats->at_once);
	put_value(out, "suitd_coap_secure_answered_at_once_total", "counter",
		"Requests over DTLS that were answered from memory.", &stats->at_once_secure);
	put_value(out, "suitd_coap_unsent_total", "counter",
		"Datagrams of CoAP that could not be sent: no room, or no way to the peer.",
		&stats->unsent);
}

static void put_polls(struct su_buf *out, const struct poll_stats *stats)
{
	put_value(out, "suitd_polls_planned_total", "counter",
		"Polls for which releases had to be judged, by asking the database.",
		&stats->planned);
	put_value(out, "suitd_polls_not_planned_total", "counter",
		"Of these, those for which that failed: the log says why.", &stats->failed);
}

static void put_space(struct su_buf *out, struct blob_store *blobs)
{
	uint64_t free_bytes = 0;
	put_head(out, "suitd_storage_writable", "gauge", "Whether images can be stored.");
	su_buf_printf(
		out, "suitd_storage_writable %d\n", blob_store_check_room(blobs, NULL) == SU_OK);
	if (blob_space_free(blobs, &free_bytes, NULL) != SU_OK)
		return;
	put_head(out, "suitd_images_free_bytes", "gauge", "Room that is left for images.");
	su_buf_printf(out, "suitd_images_free_bytes %" PRIu64 "\n", free_bytes);
}

static void put_commands(struct su_buf *out, const struct command_stats *stats)
{
	put_head(out, "suitd_commands_total", "counter",
		"Commands to devices by what came of them: taken, an answer, or why not.");
	for (int kind = 0; kind < COMMAND_KIND_COUNT; kind++)
		for (int outcome = 0; outcome < COMMAND_OUTCOME_COUNT; outcome++)
			su_buf_printf(out,
				"suitd_commands_total{kind=\"%s\",outcome=\"%s\"} %" PRIuFAST64
				"\n",
				name_of(command_kind_names, kind),
				name_of(command_outcome_names, outcome),
				atomic_load_explicit(
					&stats->ended[kind][outcome], memory_order_relaxed));
}

static const char *label_of(const char *group)
{
	if (!strncmp(group, "escalations.", strlen("escalations.")))
		return "mode";
	return strncmp(group, "deadlines.", strlen("deadlines.")) ? "state" : "outcome";
}

/* Counters of one group stand together, as they are sorted: deployments.failed becomes
 * suitd_deployments{state="failed"}. */
static void put_counters(struct su_buf *out, const struct counter *counters, size_t n)
{
	const char *group = "";
	size_t group_len = 0;
	for (size_t i = 0; i < n; i++) {
		const char *name = counters[i].name;
		size_t len = strcspn(name, ".");
		if (len != group_len || strncmp(group, name, len) != 0)
			su_buf_printf(out,
				"# HELP suitd_%.*s From the counters of the database.\n"
				"# TYPE suitd_%.*s gauge\n",
				(int)len, name, (int)len, name);
		group = name;
		group_len = len;
		su_buf_printf(out, "suitd_%.*s", (int)len, name);
		if (name[len])
			su_buf_printf(out, "{%s=\"%s\"}", label_of(name), name + len + 1);
		su_buf_printf(out, " %" PRId64 "\n", counters[i].value);
	}
}

enum su_status http_metrics_get(struct http_call *call, struct su_error *err)
{
	struct su_buf out su_auto(su_buf_free) = { 0 };
	struct counter *counters;
	(void)err;
	struct txn txn = txn_begin(call->conn);
	size_t n = counter_store_list(&txn, call->arena, &counters);
	bool up = txn_commit(&txn, NULL) == SU_OK;
	put_head(&out, "suitd_database_up", "gauge", "Whether the database answers.");
	su_buf_printf(&out, "suitd_database_up %d\n", up);
	put_space(&out, call->env->blobs);
	put_http(&out, call->env->stats);
	if (call->env->coap_stats)
		put_coap(&out, call->env->coap_stats);
	if (call->env->poll_stats)
		put_polls(&out, call->env->poll_stats);
	if (call->env->command_stats)
		put_commands(&out, call->env->command_stats);
	if (up)
		put_counters(&out, counters, n);
	http_reply_bytes(call, 200, "text/plain; version=0.0.4; charset=utf-8",
		su_arena_copy(call->arena, su_buf_span(&out)));
	return SU_OK;
}
