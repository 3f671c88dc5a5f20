/* SPDX-License-Identifier: Apache-2.0 */
/* The interpreter's hooks on the reference device: conditions are facts, fetched payloads are files. */
#include "tools/device_install.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/memory.h"
#include "suit/hash.h"
#include "tools/image_file.h"
#include "tools/whole_file.h"

#define MAX_DEPTH            4 /* of dependencies below each other */
#define DEPENDENCY_MAX_BYTES (1u << 20)

/* One manifest of the tree of dependencies. */
struct run {
	struct device_install *install;
	const struct envelope *envelope;
	unsigned depth;
	size_t *steps_left; /* of all of them */
};

/* Where a payload is staged while and after it comes in: a name for this manifest and URI. */
static const char *staging_path(const struct run *run, const char *uri)
{
	struct digest name;
	char hex[2 * DIGEST_MAX_BYTES + 1];
	struct su_buf text su_auto(su_buf_free) = { 0 };
	su_buf_append_span(&text, digest_span(&run->envelope->manifest_digest));
	su_buf_append_span(&text, su_span_str(uri));
	if (hash_compute(DIGEST_SHA256, su_buf_span(&text), &name, NULL) != SU_OK)
		return NULL;
	su_hex_encode(digest_span(&name), hex);
	return su_arena_printf(
		run->install->arena, "%s/staging/%s", run->install->state->folder, hex);
}

static const struct installed_component *installed(const struct run *run, uint64_t index)
{
	return device_state_find(
		run->install->state, manifest_component(&run->envelope->manifest, index));
}

/* What the component becomes; NULL when there are too many. */
static struct installed_component *candidate(const struct run *run, uint64_t index)
{
	struct device_install *install = run->install;
	const struct manifest *manifest = &run->envelope->manifest;
	struct component_id id = manifest_component(manifest, index);
	for (size_t i = 0; i < install->n_candidates; i++)
		if (component_id_equal(install->candidates[i].id, id))
			return &install->candidates[i];
	if (id.encoded.len == 0 || install->n_candidates == DEVICE_MAX_COMPONENTS)
		return NULL;
	struct installed_component *added = &install->candidates[install->n_candidates++];
	added->id = id;
	added->has_sequence_number = true;
	added->sequence_number = manifest->sequence_number;
	added->version = manifest->set_version;
	return added;
}

/* What would be in the component after this run; NULL: nothing. */
static const struct installed_component *present(const struct run *run, uint64_t index)
{
	const struct installed_component *staged = candidate(run, index);
	if (staged == NULL || !digest_is_set(&staged->digest))
		staged = installed(run, index);
	return staged != NULL && digest_is_set(&staged->digest) ? staged : NULL;
}

static bool is_dependency(const struct run *run, uint64_t index)
{
	return manifest_dependency(&run->envelope->manifest, index) != NULL;
}

static enum su_status holds(bool yes, struct su_error *err, const char *why)
{
	return yes ? SU_OK : su_fail(err, SU_CONFLICT, "", "%s", why);
}

static enum su_status check_vendor(const struct characteristics *told,
	const struct parameters *parameters, struct su_error *err)
{
	struct su_uuid id;
	if (parameters->vendor_is_pen || parameters->vendor_identifier.len != sizeof(id.bytes))
		return holds(
			false, err, "the vendor is named by a number that this device has not");
	memcpy(id.bytes, parameters->vendor_identifier.data, sizeof(id.bytes));
	return holds(
		characteristics_have_vendor(told, id), err, "the manifest is for another vendor");
}

static enum su_status check_slot(const struct run *run, const struct parameters *parameters,
	uint64_t index, struct su_error *err)
{
	const struct installed_component *now = installed(run, index);
	/* Two slots: the one that does not run is written. A new device begins with slot 0. */
	uint64_t target = now != NULL && now->has_slot ? !now->active_slot : 0;
	if (parameters->component_slot != target)
		return holds(false, err, "the slot is in use");
	struct installed_component *staged = candidate(run, index);
	if (staged == NULL)
		return su_fail(err, SU_UNSUPPORTED, "", "a slot of no component");
	staged->has_slot = true;
	staged->active_slot = target;
	return SU_OK;
}

static enum su_status check_version(const struct run *run, const struct parameters *parameters,
	uint64_t index, struct su_error *err)
{
	const struct installed_component *now = installed(run, index);
	if (now == NULL || now->version.n_parts == 0)
		return SU_OK;
	return holds(version_comparison_holds(
			     parameters->version_comparison, &now->version, &parameters->version),
		err, "the installed version does not qualify");
}

static enum su_status check_digest(const struct run *run, const struct parameters *parameters,
	uint64_t index, bool wanted, struct su_error *err)
{
	const struct installed_component *now = present(run, index);
	bool equal = now != NULL && digest_equal(&now->digest, &parameters->image_digest);
	return holds(equal == wanted, err,
		wanted ? "the image has another digest"
		       : "the image is the one that it must not be");
}

/* The staged envelope of a dependency, if it is what the author of the manifest above meant. */
static enum su_status open_dependency(const struct run *run, const struct parameters *parameters,
	struct envelope **out, struct su_error *err)
{
	struct su_arena *arena = run->install->arena;
	if (!parameters_have(parameters, PARAM_URI) ||
		!parameters_have(parameters, PARAM_IMAGE_DIGEST))
		return su_fail(err, SU_INVALID, "", "a dependency without URI or digest");
	const char *path = staging_path(
		run, su_arena_strndup(arena, parameters->uri.data, parameters->uri.len));
	struct su_span bytes;
	SU_TRY(whole_file_read(arena, path, DEPENDENCY_MAX_BYTES, &bytes, err));
	*out = su_arena_alloc(arena, sizeof(**out));
	enum su_status status =
		device_verify_envelope(arena, bytes, run->install->trust, *out, err);
	if (status == SU_OK && !digest_equal(&(*out)->manifest_digest, &parameters->image_digest))
		status = su_fail(err, SU_UNAUTHENTIC, "", "it has another digest");
	if (status != SU_OK) {
		unlink(path); /* so that another attempt fetches it anew */
		su_error_prefix(err, "the dependency %.*s", (int)parameters->uri.len,
			(const char *)parameters->uri.data);
	}
	return status;
}

static enum su_status check_battery(const struct characteristics *told,
	const struct parameters *parameters, struct su_error *err)
{
	return holds(!told->has_battery || told->battery_mwh >= parameters->minimum_battery_mwh,
		err, "the battery is too low");
}

static enum su_status check_device(const struct characteristics *told,
	const struct parameters *parameters, struct su_error *err)
{
	return holds(told->has_device_id &&
			     su_uuid_equal(told->device_id, parameters->device_identifier),
		err, "the manifest is for another device");
}

static enum su_status on_condition(void *ctx, const struct interpreter *machine,
	const struct command *command, const struct command_site *site, struct su_error *err)
{
	const struct run *run = ctx;
	const struct characteristics *told = run->install->told;
	uint64_t index = site->component_index;
	const struct parameters *parameters = interpreter_parameters(machine, index);
	struct envelope *dependency;
	if (parameters == NULL)
		return su_fail(err, SU_UNSUPPORTED, "", "a component that this device has not");
	switch (command->code) {
	case CMD_VENDOR_IDENTIFIER:
		return check_vendor(told, parameters, err);
	case CMD_CLASS_IDENTIFIER:
		return holds(characteristics_have_class(told, parameters->class_identifier), err,
			"the manifest is for another class of device");
	case CMD_DEVICE_IDENTIFIER:
		return check_device(told, parameters, err);
	case CMD_IMAGE_MATCH:
		return check_digest(run, parameters, index, true, err);
	case CMD_IMAGE_NOT_MATCH:
		return check_digest(run, parameters, index, false, err);
	case CMD_DEPENDENCY_INTEGRITY:
		return open_dependency(run, parameters, &dependency, err);
	case CMD_IS_DEPENDENCY:
		return holds(is_dependency(run, index), err, "the component is no dependency");
	case CMD_COMPONENT_SLOT:
		return check_slot(run, parameters, index, err);
	case CMD_USE_BEFORE:
		return holds((uint64_t)(run->install->now_ms / 1000) < parameters->use_before_s,
			err, "the manifest has expired");
	case CMD_MINIMUM_BATTERY:
		return check_battery(told, parameters, err);
	case CMD_VERSION:
		return check_version(run, parameters, index, err);
	case CMD_UPDATE_AUTHORIZED:
		return SU_OK; /* nobody to ask */
	default:
		return su_fail(err, SU_UNSUPPORTED, "", "the condition %lld is not known here",
			(long long)command->code);
	}
}

/* An image that the server has pushed is what a download would have brought. */
static bool take_pushed(
	const struct run *run, const struct parameters *parameters, const char *path)
{
	struct device_install *install = run->install;
	if (!parameters_have(parameters, PARAM_IMAGE_DIGEST))
		return false;
	return rename(device_state_pushed_path(
			      install->arena, install->state, &parameters->image_digest),
		       path) == 0;
}

/* Another try, or an image that has not changed: what runs already need not be fetched. */
static bool take_installed(const struct run *run, const struct parameters *parameters,
	uint64_t index, const char *path)
{
	struct device_install *install = run->install;
	const struct installed_component *now = installed(run, index);
	if (now == NULL || !parameters_have(parameters, PARAM_IMAGE_DIGEST) ||
		!digest_equal(&now->digest, &parameters->image_digest))
		return false;
	return link(device_state_image_path(install->arena, install->state, &now->digest), path) ==
	       0;
}

/* A payload that came inside the envelope is staged like any other. */
static enum su_status stage(const struct run *run, const struct parameters *parameters,
	uint64_t index, const char **path_out, struct su_error *err)
{
	if (!parameters_have(parameters, PARAM_URI))
		return su_fail(err, SU_INVALID, "", "a fetch without a URI");
	struct device_install *install = run->install;
	const char *uri =
		su_arena_strndup(install->arena, parameters->uri.data, parameters->uri.len);
	*path_out = staging_path(run, uri);
	const struct integrated_payload *payload = envelope_payload(run->envelope, uri);
	if (payload != NULL)
		return whole_file_write(*path_out, payload->content, 0644, err);
	if (access(*path_out, R_OK) == 0 || take_pushed(run, parameters, *path_out) ||
		take_installed(run, parameters, index, *path_out))
		return SU_OK;
	install->missing = (struct device_missing){
		.uri = uri,
		.staging = *path_out,
		.size_bytes = parameters_have(parameters, PARAM_IMAGE_SIZE)
				      ? parameters->image_size_bytes
				      : 0,
	};
	return su_fail(err, SU_RETRY, "", "the payload %s is not here yet", uri);
}

/* Only what has the length and digest that the author signed may take the name of an image. */
static enum su_status check_staged(const struct installed_component *staged,
	const struct parameters *parameters, struct su_error *err)
{
	if (parameters_have(parameters, PARAM_IMAGE_SIZE) &&
		staged->size_bytes != parameters->image_size_bytes)
		return su_fail(err, SU_UNAUTHENTIC, "", "the payload has %llu bytes, not %llu",
			(unsigned long long)staged->size_bytes,
			(unsigned long long)parameters->image_size_bytes);
	if (parameters_have(parameters, PARAM_IMAGE_DIGEST) &&
		!digest_equal(&staged->digest, &parameters->image_digest))
		return su_fail(err, SU_UNAUTHENTIC, "", "the payload has another digest");
	return SU_OK;
}

static enum su_status fetch(const struct run *run, const struct parameters *parameters,
	uint64_t index, struct su_error *err)
{
	const char *path = NULL;
	SU_TRY(stage(run, parameters, index, &path, err));
	struct installed_component *staged = candidate(run, index);
	if (is_dependency(run, index) || staged == NULL)
		return SU_OK; /* an envelope: dependency-integrity looks at it */
	enum digest_alg alg = parameters_have(parameters, PARAM_IMAGE_DIGEST)
				      ? parameters->image_digest.alg
				      : DIGEST_SHA256;
	SU_TRY(image_file_digest(path, alg, &staged->digest, &staged->size_bytes, err));
	staged->has_size = true;
	enum su_status status = check_staged(staged, parameters, err);
	if (status != SU_OK) {
		unlink(path); /* so that another attempt fetches it anew */
		return status;
	}
	const char *image =
		device_state_image_path(run->install->arena, run->install->state, &staged->digest);
	if (link(path, image) != 0 && errno != EEXIST)
		return su_fail(err, SU_IO, image, "cannot be made: %s", strerror(errno));
	return SU_OK;
}

static enum su_status write_content(const struct run *run, const struct parameters *parameters,
	uint64_t index, struct su_error *err)
{
	struct installed_component *staged = candidate(run, index);
	if (staged == NULL)
		return su_fail(err, SU_UNSUPPORTED, "", "content for no component");
	SU_TRY(hash_compute(DIGEST_SHA256, parameters->content, &staged->digest, err));
	staged->has_size = true;
	staged->size_bytes = parameters->content.len;
	return whole_file_write(
		device_state_image_path(run->install->arena, run->install->state, &staged->digest),
		parameters->content, 0644, err);
}

static enum su_status copy(const struct run *run, const struct parameters *parameters,
	uint64_t index, struct su_error *err)
{
	if (parameters_have(parameters, PARAM_ENCRYPTION_INFO))
		return su_fail(err, SU_UNSUPPORTED, "", "this device holds no decryption key");
	const struct installed_component *source = present(run, parameters->source_component);
	struct installed_component *staged = candidate(run, index);
	if (source == NULL || staged == NULL)
		return su_fail(err, SU_CONFLICT, "", "the source component is empty");
	staged->digest = source->digest;
	staged->has_size = source->has_size;
	staged->size_bytes = source->size_bytes;
	return SU_OK;
}

/* Components of a dependency do not go back either. */
static enum su_status check_not_older(const struct run *run, struct su_error *err)
{
	const struct manifest *manifest = &run->envelope->manifest;
	for (size_t i = 0; i < manifest->n_components; i++) {
		const struct installed_component *now = installed(run, i);
		if (now != NULL && now->has_sequence_number &&
			now->sequence_number > manifest->sequence_number)
			return su_fail(err, SU_CONFLICT, "",
				"the dependency's sequence number %llu is lower than that of what"
				" is installed, %llu",
				(unsigned long long)manifest->sequence_number,
				(unsigned long long)now->sequence_number);
	}
	return SU_OK;
}

static enum su_status run_sections(const struct run *run, const enum manifest_key *sections,
	size_t n_sections, struct su_error *err);

/* The section under way of the dependency, after its shared sequence (suit-trust-domains section 6.4). */
/* NOLINTNEXTLINE(misc-no-recursion): bounded by MAX_DEPTH */
static enum su_status process_dependency(const struct run *run, const struct parameters *parameters,
	const struct command_site *site, struct su_error *err)
{
	struct envelope *dependency;
	if (run->depth == MAX_DEPTH)
		return su_fail(err, SU_TOO_LARGE, "", "dependencies are nested too deeply");
	if (!is_dependency(run, site->component_index) || site->section == MANIFEST_COMMON)
		return su_fail(err, SU_INVALID, "", "no dependency can be processed here");
	SU_TRY(open_dependency(run, parameters, &dependency, err));
	struct run below = { run->install, dependency, run->depth + 1, run->steps_left };
	SU_TRY(check_not_older(&below, err));
	return run_sections(&below, &site->section, 1, err);
}

/* NOLINTNEXTLINE(misc-no-recursion): see process_dependency */
static enum su_status on_directive(void *ctx, const struct interpreter *machine,
	const struct command *command, const struct command_site *site, struct su_error *err)
{
	const struct run *run = ctx;
	uint64_t index = site->component_index;
	const struct parameters *parameters = interpreter_parameters(machine, index);
	if (parameters == NULL)
		return su_fail(err, SU_UNSUPPORTED, "", "a component that this device has not");
	switch (command->code) {
	case CMD_FETCH:
		return fetch(run, parameters, index, err);
	case CMD_WRITE:
		return write_content(run, parameters, index, err);
	case CMD_COPY:
		return copy(run, parameters, index, err);
	case CMD_PROCESS_DEPENDENCY:
		return process_dependency(run, parameters, site, err);
	case CMD_WAIT:
	case CMD_INVOKE:
		return SU_OK; /* this device is always ready, and does not run what it installs */
	default:
		return su_fail(err, SU_UNSUPPORTED, "", "the directive %lld is not known here",
			(long long)command->code);
	}
}

/* NOLINTNEXTLINE(misc-no-recursion): see process_dependency */
static enum su_status run_sections(const struct run *run, const enum manifest_key *sections,
	size_t n_sections, struct su_error *err)
{
	struct interpreter_hooks hooks = {
		.ctx = (void *)run,
		.condition = on_condition,
		.directive = on_directive,
		.steps_left = run->steps_left,
	};
	struct command_site *where = run->depth == 0 ? &run->install->failed_at : NULL;
	return interpret(run->install->arena, &run->envelope->manifest, sections, n_sections,
		&hooks, where, err);
}

enum su_status device_install_run(struct device_install *install, struct su_error *err)
{
	size_t steps = INTERPRET_MAX_STEPS;
	struct run root = { install, install->envelope, 0, &steps };
	install->missing = (struct device_missing){ 0 };
	install->n_candidates = 0;
	memset(install->candidates, 0, sizeof(install->candidates));
	return run_sections(&root, interpret_update_sections, interpret_n_update_sections, err);
}

static void commit_component(const struct installed_component *staged, struct device_state *state)
{
	struct installed_component *now = device_state_component(state, staged->id);
	if (now == NULL || !digest_is_set(&staged->digest))
		return;
	struct component_id id = now->id;
	*now = *staged;
	now->id = id;
}

void device_install_commit(const struct device_install *install, struct device_state *state,
	struct component_id kept_old)
{
	const struct manifest *manifest = &install->envelope->manifest;
	bool is_whole = true;
	for (size_t i = 0; i < install->n_candidates; i++) {
		const struct installed_component *staged = &install->candidates[i];
		if (component_id_equal(staged->id, kept_old))
			is_whole = false;
		else
			commit_component(staged, state);
	}
	if (!is_whole)
		return;
	state->installed_manifest = install->envelope->manifest_digest;
	state->etag = SU_SPAN_EMPTY;
	state->sequence_number = manifest->sequence_number;
	state->reference_uri =
		manifest->reference_uri.len > 0
			? su_arena_strndup(state->arena, manifest->reference_uri.data,
				  manifest->reference_uri.len)
			: NULL;
	state->report_pending = true;
}
