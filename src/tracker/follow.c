/* SPDX-License-Identifier: Apache-2.0 */
/* Components are judged anew with each message: nothing is remembered of them but what the device told. */
#include "tracker/follow.h"

#include "base/memory.h"

static void judge(const struct proof_component *wanted, const struct characteristics *told,
	int64_t now_ms, struct component_progress *out)
{
	const struct installed_component *installed = characteristics_component(told, wanted->id);
	bool runs_it = proof_judge_component(wanted, told) == PROOF_HOLDS;
	*out = (struct component_progress){
		.id = wanted->id,
		.n_wanted = wanted->n_digests,
		.wanted = wanted->digests,
		.state = runs_it ? COMPONENT_CONFIRMED : COMPONENT_PENDING,
		.changed_at_ms = now_ms,
	};
	if (installed)
		out->reported = installed->digest;
}

struct component_progress *follow_judge(struct su_arena *arena, const struct proof *proof,
	const struct characteristics *told, int64_t now_ms)
{
	struct component_progress *rows = su_arena_array(arena, proof->n_components, sizeof(*rows));
	for (size_t i = 0; i < proof->n_components; i++) {
		judge(&proof->components[i], told, now_ms, &rows[i]);
		rows[i].ordinal = (unsigned)i;
	}
	return rows;
}

static void put(
	struct turn *turn, struct su_uuid deployment, struct component_progress *rows, size_t n)
{
	turn->write.progress_of = deployment;
	turn->write.progress = rows;
	turn->write.n_progress = n;
}

struct component_progress *follow_components(struct turn *turn)
{
	const struct proof *proof = &turn->facts->proof;
	if (!turn->write.progress)
		put(turn, turn->active.id,
			follow_judge(turn->arena, proof, &turn->device->told, turn->contact.now_ms),
			proof->n_components);
	return turn->write.progress;
}

/* Alone: what is known of the others stands. */
void follow_blame(struct turn *turn, const struct blame *blame)
{
	struct component_progress *rows =
		follow_judge(turn->arena, blame->proof, &turn->device->told, turn->contact.now_ms);
	for (size_t i = 0; i < blame->proof->n_components; i++) {
		if (!component_id_equal(rows[i].id, blame->component) ||
			rows[i].state == COMPONENT_CONFIRMED)
			continue;
		rows[i].state = COMPONENT_FAILED;
		rows[i].detail = su_arena_strdup(turn->arena, blame->detail);
		put(turn, blame->deployment, &rows[i], 1);
	}
}

const char *follow_list(struct turn *turn, enum component_state state)
{
	const struct component_progress *rows = follow_components(turn);
	struct su_buf text su_auto(su_buf_free) = { 0 };
	for (size_t i = 0; i < turn->write.n_progress; i++)
		if (rows[i].state == state)
			su_buf_printf(&text, "%s%s", text.len > 0 ? ", " : "",
				component_id_format(turn->arena, rows[i].id));
	return su_arena_strndup(turn->arena, text.data, text.len);
}

bool follow_needs(const struct turn *turn, const struct command_image *image)
{
	const struct installed_component *installed =
		characteristics_component(&turn->device->told, image->component);
	return turn->facts->all_or_nothing || !installed ||
	       !digest_equal(&installed->digest, &image->digest);
}
