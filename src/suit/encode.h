/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing a manifest and its envelope. Builders copy what they are given. They write what they are
 * told, in the deterministic form; whether it makes a manifest is found out when they finish.
 */
#pragma once

#include "suit/envelope.h"
#include "suit/parameter.h"

/* A sequence under construction: append commands, then hand it to a builder. Zero-initialise. */
struct sequence_builder {
	struct su_buf items;
	size_t n_items; /* two for each command */
};
void sequence_put_condition(struct sequence_builder *seq, enum command_code code, uint64_t policy);
void sequence_put_directive(struct sequence_builder *seq, enum command_code code, uint64_t policy);
void sequence_put_index(struct sequence_builder *seq, uint64_t component_index);
void sequence_put_index_all(struct sequence_builder *seq);
void sequence_put_index_list(struct sequence_builder *seq, const uint64_t *indexes, size_t n);
/* Encodes what parameters->set names, under override-parameters (20) or set-parameters (19). */
void sequence_put_parameters(
	struct sequence_builder *seq, enum command_code code, const struct parameters *parameters);
void sequence_put_try_each(struct sequence_builder *seq, const struct sequence_builder *branches,
	size_t n_branches, bool nil_branch);
void sequence_put_run(struct sequence_builder *seq, const struct sequence_builder *inner);
void sequence_builder_free(struct sequence_builder *seq);

struct manifest_builder;
struct manifest_builder *manifest_builder_new(uint64_t sequence_number);
void manifest_builder_free(struct manifest_builder **builder);
void manifest_builder_reference_uri(struct manifest_builder *builder, const char *uri);
void manifest_builder_component_id(struct manifest_builder *builder, struct component_id id);
void manifest_builder_set_version(struct manifest_builder *builder, const struct version *version);
void manifest_builder_add_component(struct manifest_builder *builder, struct component_id id);
void manifest_builder_add_dependency(struct manifest_builder *builder, uint64_t index,
	const struct component_id *prefix /* NULL: none */);
void manifest_builder_shared(struct manifest_builder *builder, const struct sequence_builder *seq);
/* sever: the member moves to the envelope, its digest stays. Only severable keys. */
void manifest_builder_sequence(struct manifest_builder *builder, enum manifest_key key,
	const struct sequence_builder *seq, bool sever);
/* The encoded text map (languages), or a CoSWID tag. */
void manifest_builder_member(struct manifest_builder *builder, enum manifest_key key,
	struct su_span encoded, bool sever);
void manifest_builder_integrated(
	struct manifest_builder *builder, const char *key, struct su_span payload);

/*
 * Appends the whole envelope with no authentication block yet: only the digest. Every digest in it
 * is by alg. It is decoded again before it is given out, so a fault of what was built is reported
 * as envelope_decode would, and out stays as it was.
 */
enum su_status manifest_builder_finish(struct manifest_builder *builder, enum digest_alg alg,
	struct su_buf *out, struct su_error *err) SU_MUST_CHECK;

/*
 * Decodes envelope, which verifies its digests, then adds a block made with key behind those it
 * has: the new envelope is appended to out. An empty kid leaves the header out.
 */
enum su_status envelope_sign(struct su_span encoded, const struct envelope_options *options,
	const struct key *key, enum cose_alg alg, struct su_span kid, struct su_buf *out,
	struct su_error *err) SU_MUST_CHECK;
