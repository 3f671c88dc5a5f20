/* SPDX-License-Identifier: Apache-2.0 */
/* Building and signing a small manifest. */
#include "made_manifest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"

static const struct digest image = { DIGEST_SHA256, 32, { 1, 2, 3 } };

static void put_install(struct manifest_builder *builder)
{
	struct sequence_builder seq = { 0 };
	struct parameters uri = { .set = MADE_BIT(PARAM_URI), .uri = su_span_str("/app.bin") };
	sequence_put_parameters(&seq, CMD_OVERRIDE_PARAMETERS, &uri);
	sequence_put_directive(&seq, CMD_FETCH, 2);
	sequence_put_condition(&seq, CMD_IMAGE_MATCH, 15);
	manifest_builder_sequence(builder, MANIFEST_INSTALL, &seq, false);
	sequence_builder_free(&seq);
}

static void put_shared(struct manifest_builder *builder, const struct made_manifest *made)
{
	struct sequence_builder seq = { 0 };
	struct parameters parameters = made->parameters;
	if ((parameters.set & MADE_BIT(PARAM_IMAGE_DIGEST)) == 0)
		parameters.image_digest = image;
	parameters.set |= MADE_BIT(PARAM_IMAGE_DIGEST);
	sequence_put_parameters(&seq, CMD_OVERRIDE_PARAMETERS, &parameters);
	for (size_t i = 0; i < made->n_conditions; i++)
		sequence_put_condition(&seq, made->conditions[i], 15);
	manifest_builder_shared(builder, &seq);
	sequence_builder_free(&seq);
}

static void sign(struct su_buf *envelope, struct key *const *keys, size_t n_keys)
{
	struct envelope_options options = { 0 };
	struct su_error err = { 0 };
	for (size_t i = 0; i < n_keys; i++) {
		struct su_buf longer = { 0 };
		assert_int_equal(envelope_sign(su_buf_span(envelope), &options, keys[i],
					 cose_alg_for(keys[i]), SU_SPAN_EMPTY, &longer, &err),
			SU_OK);
		su_buf_free(envelope);
		*envelope = longer;
	}
}

struct envelope made_manifest_envelope(struct su_arena *arena, const struct made_manifest *made,
	struct key *const *keys, size_t n_keys)
{
	struct manifest_builder *builder = manifest_builder_new(7);
	struct component_id id;
	struct su_buf bytes = { 0 };
	struct su_error err = { 0 };
	struct envelope_options options = { 0 };
	struct envelope envelope;
	assert_int_equal(component_id_parse(arena, "['app']", &id, &err), SU_OK);
	manifest_builder_add_component(builder, id);
	put_shared(builder, made);
	put_install(builder);
	assert_int_equal(manifest_builder_finish(builder, DIGEST_SHA256, &bytes, &err), SU_OK);
	manifest_builder_free(&builder);
	sign(&bytes, keys, n_keys);
	struct su_span kept = su_arena_copy(arena, su_buf_span(&bytes));
	su_buf_free(&bytes);
	assert_int_equal(envelope_decode(arena, kept, &options, &envelope, &err), SU_OK);
	return envelope;
}
