/* SPDX-License-Identifier: Apache-2.0 */
/* A description turned into command sequences: identity in the shared sequence, payloads in install or payload-fetch. */
#include "base/memory.h"
#include "suit/encode.h"
#include "tools/description.h"

/* Reporting policy: tell the outcome of conditions with their system information (suit-manifest section 8.4.7). */
#define POLICY_CONDITION 15
#define POLICY_DIRECTIVE 2

static bool needs_index(const struct description *description)
{
	return description->n_components + description->n_dependencies > 1;
}

static uint64_t dependency_index(const struct description *description, size_t i)
{
	return description->n_components + i;
}

static void put_index(
	const struct description *description, struct sequence_builder *seq, uint64_t index)
{
	if (needs_index(description))
		sequence_put_index(seq, index);
}

static struct parameters payload_parameters(const struct description_choice *choice)
{
	return (struct parameters){
		.set = (UINT64_C(1) << PARAM_IMAGE_DIGEST) | (UINT64_C(1) << PARAM_IMAGE_SIZE),
		.image_digest = choice->digest,
		.image_size_bytes = choice->size_bytes,
	};
}

static struct parameters uri_parameters(const struct description_choice *choice)
{
	return (struct parameters){
		.set = UINT64_C(1) << PARAM_URI,
		.uri = su_span_str(choice->uri),
	};
}

/* One branch for each slot: it applies when the slot is the one to be written (suit-manifest, condition component-slot). */
static void put_slots(struct sequence_builder *seq, const struct description_component *component,
	struct parameters (*of)(const struct description_choice *))
{
	struct sequence_builder branches[8] = { 0 };
	for (size_t i = 0; i < component->n_choices; i++) {
		struct parameters slot = {
			.set = UINT64_C(1) << PARAM_COMPONENT_SLOT,
			.component_slot = component->choices[i].slot,
		};
		struct parameters rest = of(&component->choices[i]);
		sequence_put_parameters(&branches[i], CMD_OVERRIDE_PARAMETERS, &slot);
		sequence_put_condition(&branches[i], CMD_COMPONENT_SLOT, 5);
		sequence_put_parameters(&branches[i], CMD_OVERRIDE_PARAMETERS, &rest);
	}
	sequence_put_try_each(seq, branches, component->n_choices, false);
	for (size_t i = 0; i < component->n_choices; i++)
		sequence_builder_free(&branches[i]);
}

static void put_choices(struct sequence_builder *seq, const struct description_component *component,
	struct parameters (*of)(const struct description_choice *))
{
	if (component->n_choices > 1 || component->choices[0].has_slot) {
		put_slots(seq, component, of);
		return;
	}
	struct parameters only = of(&component->choices[0]);
	sequence_put_parameters(seq, CMD_OVERRIDE_PARAMETERS, &only);
}

/* In the shared sequence, because every section needs them. */
static void put_dependency_parameters(
	const struct description *description, struct sequence_builder *seq)
{
	for (size_t i = 0; i < description->n_dependencies; i++) {
		const struct description_dependency *dependency = &description->dependencies[i];
		struct parameters parameters = {
			.set = (UINT64_C(1) << PARAM_IMAGE_DIGEST) |
			       (UINT64_C(1) << PARAM_IMAGE_SIZE) | (UINT64_C(1) << PARAM_URI),
			.image_digest = dependency->manifest_digest,
			.image_size_bytes = dependency->envelope_bytes,
			.uri = su_span_str(dependency->uri),
		};
		put_index(description, seq, dependency_index(description, i));
		sequence_put_parameters(seq, CMD_OVERRIDE_PARAMETERS, &parameters);
	}
}

/* Vendor and class for each component, then its digest and size; the checks come last. */
static void put_shared(const struct description *description, struct sequence_builder *seq)
{
	for (size_t i = 0; i < description->n_components; i++) {
		struct parameters identity = {
			.vendor_identifier = su_span_of(description->vendor_id.bytes, 16),
			.class_identifier = description->class_id,
		};
		if (description->has_vendor)
			identity.set |= UINT64_C(1) << PARAM_VENDOR_IDENTIFIER;
		if (description->has_class)
			identity.set |= UINT64_C(1) << PARAM_CLASS_IDENTIFIER;
		put_index(description, seq, i);
		if (identity.set != 0)
			sequence_put_parameters(seq, CMD_OVERRIDE_PARAMETERS, &identity);
		put_choices(seq, &description->components[i], payload_parameters);
		if (description->has_vendor)
			sequence_put_condition(seq, CMD_VENDOR_IDENTIFIER, POLICY_CONDITION);
		if (description->has_class)
			sequence_put_condition(seq, CMD_CLASS_IDENTIFIER, POLICY_CONDITION);
	}
	put_dependency_parameters(description, seq);
}

/* What must hold before anything is fetched for this component. */
static void put_preconditions(const struct description *description,
	const struct description_component *component, struct sequence_builder *seq)
{
	struct parameters timing = description->timing;
	if (component->has_required_version) {
		timing.set |= UINT64_C(1) << PARAM_VERSION;
		timing.version_comparison = component->required_comparison;
		timing.version = component->required_version;
	}
	if (timing.set == 0)
		return;
	sequence_put_parameters(seq, CMD_OVERRIDE_PARAMETERS, &timing);
	if (parameters_have(&timing, PARAM_USE_BEFORE))
		sequence_put_condition(seq, CMD_USE_BEFORE, POLICY_CONDITION);
	if (parameters_have(&timing, PARAM_MINIMUM_BATTERY))
		sequence_put_condition(seq, CMD_MINIMUM_BATTERY, POLICY_CONDITION);
	if (parameters_have(&timing, PARAM_VERSION))
		sequence_put_condition(seq, CMD_VERSION, POLICY_CONDITION);
	if (parameters_have(&timing, PARAM_WAIT_INFO))
		sequence_put_directive(seq, CMD_WAIT, 0);
}

static void put_fetches(const struct description *description, struct sequence_builder *seq)
{
	for (size_t i = 0; i < description->n_components; i++) {
		put_index(description, seq, i);
		put_preconditions(description, &description->components[i], seq);
		put_choices(seq, &description->components[i], uri_parameters);
		sequence_put_directive(seq, CMD_FETCH, POLICY_DIRECTIVE);
		sequence_put_condition(seq, CMD_IMAGE_MATCH, POLICY_CONDITION);
	}
}

/* Dependencies are checked, then processed, before the components of this manifest. */
static void put_process_dependencies(
	const struct description *description, struct sequence_builder *seq)
{
	for (size_t i = 0; i < description->n_dependencies; i++) {
		put_index(description, seq, dependency_index(description, i));
		sequence_put_condition(seq, CMD_DEPENDENCY_INTEGRITY, POLICY_CONDITION);
		sequence_put_directive(seq, CMD_PROCESS_DEPENDENCY, 0);
	}
}

/* Processed here as well, so that they fetch what they depend on themselves. */
static void put_dependency_resolution(
	const struct description *description, struct sequence_builder *seq)
{
	for (size_t i = 0; i < description->n_dependencies; i++) {
		put_index(description, seq, dependency_index(description, i));
		sequence_put_directive(seq, CMD_FETCH, POLICY_DIRECTIVE);
	}
	put_process_dependencies(description, seq);
}

static void put_validate(const struct description *description, struct sequence_builder *seq)
{
	put_process_dependencies(description, seq);
	for (size_t i = 0; i < description->n_components; i++) {
		put_index(description, seq, i);
		sequence_put_condition(seq, CMD_IMAGE_MATCH, POLICY_CONDITION);
	}
}

static void add_identity(const struct description *description, struct manifest_builder *builder)
{
	if (description->reference_uri != NULL)
		manifest_builder_reference_uri(builder, description->reference_uri);
	if (description->has_component_id)
		manifest_builder_component_id(builder, description->component_id);
	if (description->set_version.n_parts > 0)
		manifest_builder_set_version(builder, &description->set_version);
	for (size_t i = 0; i < description->n_components; i++)
		manifest_builder_add_component(builder, description->components[i].id);
	for (size_t i = 0; i < description->n_dependencies; i++) {
		const struct description_dependency *dependency = &description->dependencies[i];
		manifest_builder_add_dependency(builder, dependency_index(description, i),
			dependency->has_prefix ? &dependency->prefix : NULL);
	}
}

static void add_payloads(const struct description *description, struct manifest_builder *builder)
{
	for (size_t i = 0; i < description->n_components; i++) {
		const struct description_component *component = &description->components[i];
		for (size_t j = 0; j < component->n_choices; j++)
			if (component->choices[j].integrated.data != NULL)
				manifest_builder_integrated(builder, component->choices[j].uri,
					component->choices[j].integrated);
	}
	for (size_t i = 0; i < description->n_dependencies; i++)
		if (description->dependencies[i].integrated.data != NULL)
			manifest_builder_integrated(builder, description->dependencies[i].uri,
				description->dependencies[i].integrated);
}

static void add_sequence(struct manifest_builder *builder, const struct description *description,
	enum manifest_key key, void (*put)(const struct description *, struct sequence_builder *))
{
	struct sequence_builder seq = { 0 };
	put(description, &seq);
	bool sever = key == MANIFEST_INSTALL && description->sever_install;
	if (key == MANIFEST_COMMON)
		manifest_builder_shared(builder, &seq);
	else if (seq.n_items > 0)
		manifest_builder_sequence(builder, key, &seq, sever);
	sequence_builder_free(&seq);
}

static void put_payload_fetch(const struct description *description, struct sequence_builder *seq)
{
	bool early = description->fetch_early;
	for (size_t i = 0; i < description->n_dependencies; i++)
		early = early || description->dependencies[i].fetches_early;
	if (early)
		put_process_dependencies(description, seq);
	if (description->fetch_early)
		put_fetches(description, seq);
}

static void put_install(const struct description *description, struct sequence_builder *seq)
{
	put_process_dependencies(description, seq);
	if (!description->fetch_early)
		put_fetches(description, seq);
}

enum su_status description_encode(
	const struct description *description, struct su_buf *out, struct su_error *err)
{
	struct manifest_builder *builder su_auto(manifest_builder_free) =
		manifest_builder_new(description->sequence_number);
	add_identity(description, builder);
	add_sequence(builder, description, MANIFEST_COMMON, put_shared);
	add_sequence(builder, description, MANIFEST_VALIDATE, put_validate);
	add_sequence(
		builder, description, MANIFEST_DEPENDENCY_RESOLUTION, put_dependency_resolution);
	add_sequence(builder, description, MANIFEST_PAYLOAD_FETCH, put_payload_fetch);
	add_sequence(builder, description, MANIFEST_INSTALL, put_install);
	if (description->text.len > 0)
		manifest_builder_member(
			builder, MANIFEST_TEXT, description->text, description->sever_text);
	add_payloads(description, builder);
	return manifest_builder_finish(builder, description->digest_alg, out, err);
}
