/* SPDX-License-Identifier: Apache-2.0 */
/* The interpreter's hooks on the reference device: conditions are facts, fetched payloads are files. */
#include "tools/device_install.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "suit/hash.h"
#include "tools/image_file.h"
#include "tools/whole_file.h"

const char *device_install_staging(struct su_arena *arena, const struct device_state *state,
	const struct envelope *envelope, const char *uri)
{
	struct digest name;
	struct su_buf text = { 0 };
	su_buf_append_span(&text, digest_span(&envelope->manifest_digest));
	su_buf_append_span(&text, su_span_str(uri));
	enum su_status status = hash_compute(DIGEST_SHA256, su_buf_span(&text), &name, NULL);
	su_buf_free(&text);
	if (status != SU_OK)
		return NULL;
	char hex[2 * DIGEST_MAX_BYTES + 1];
	su_hex_encode(digest_span(&name), hex);
	return su_arena_printf(arena, "%s/staging/%s", state->folder, hex);
}

static struct installed_component *candidate(struct device_install *install, uint64_t index)
{
	return index < DEVICE_MAX_COMPONENTS ? &install->candidates[index] : NULL;
}

/* The digest of what would be in the component after this run. */
static const struct digest *present_digest(struct device_install *install, uint64_t index)
{
	const struct installed_component *staged = candidate(install, index);
	if (staged != NULL && digest_is_set(&staged->digest))
		return &staged->digest;
	const struct manifest *manifest = &install->envelope->manifest;
	if (index >= manifest->n_components)
		return NULL;
	const struct installed_component *installed =
		device_state_find(install->state, manifest->components[index]);
	return installed != NULL ? &installed->digest : NULL;
}

static enum su_status holds(bool yes, struct su_error *err, const char *why)
{
	return yes ? SU_OK : su_fail(err, SU_CONFLICT, "", "%s", why);
}

static enum su_status check_vendor(const struct device_install *install,
	const struct parameters *parameters, struct su_error *err)
{
	struct su_uuid id;
	if (parameters->vendor_is_pen || parameters->vendor_identifier.len != sizeof(id.bytes))
		return holds(
			false, err, "the vendor is named by a number that this device has not");
	memcpy(id.bytes, parameters->vendor_identifier.data, sizeof(id.bytes));
	return holds(characteristics_have_vendor(install->told, id), err,
		"the manifest is for another vendor");
}

static enum su_status check_slot(struct device_install *install,
	const struct parameters *parameters, uint64_t index, struct su_error *err)
{
	const struct manifest *manifest = &install->envelope->manifest;
	const struct installed_component *installed =
		index < manifest->n_components
			? device_state_find(install->state, manifest->components[index])
			: NULL;
	/* Two slots: the one that does not run is written. A new device begins with slot 0. */
	uint64_t target = installed != NULL && installed->has_slot ? !installed->active_slot : 0;
	if (parameters->component_slot != target)
		return holds(false, err, "the slot is in use");
	struct installed_component *staged = candidate(install, index);
	staged->has_slot = true;
	staged->active_slot = target;
	return SU_OK;
}

static enum su_status check_version(struct device_install *install,
	const struct parameters *parameters, uint64_t index, struct su_error *err)
{
	const struct manifest *manifest = &install->envelope->manifest;
	const struct installed_component *installed =
		index < manifest->n_components
			? device_state_find(install->state, manifest->components[index])
			: NULL;
	if (installed == NULL || installed->version.n_parts == 0)
		return SU_OK;
	return holds(version_comparison_holds(parameters->version_comparison, &installed->version,
			     &parameters->version),
		err, "the installed version does not qualify");
}

static enum su_status check_digest(struct device_install *install,
	const struct parameters *parameters, uint64_t index, bool wanted, struct su_error *err)
{
	const struct digest *present = present_digest(install, index);
	bool equal = present != NULL && digest_equal(present, &parameters->image_digest);
	return holds(equal == wanted, err, "the image has another digest");
}

static enum su_status on_condition(void *ctx, const struct interpreter *machine,
	const struct command *command, const struct command_site *site, struct su_error *err)
{
	struct device_install *install = ctx;
	uint64_t index = site->component_index;
	const struct parameters *parameters = interpreter_parameters(machine, index);
	if (parameters == NULL || index >= DEVICE_MAX_COMPONENTS)
		return su_fail(err, SU_UNSUPPORTED, "", "a component that this device has not");
	switch (command->code) {
	case CMD_VENDOR_IDENTIFIER:
		return check_vendor(install, parameters, err);
	case CMD_CLASS_IDENTIFIER:
		return holds(
			characteristics_have_class(install->told, parameters->class_identifier),
			err, "the manifest is for another class of device");
	case CMD_DEVICE_IDENTIFIER:
		return holds(install->told->has_device_id && su_uuid_equal(install->told->device_id,
								     parameters->device_identifier),
			err, "the manifest is for another device");
	case CMD_IMAGE_MATCH:
	case CMD_DEPENDENCY_INTEGRITY:
		return check_digest(install, parameters, index, true, err);
	case CMD_IMAGE_NOT_MATCH:
		return check_digest(install, parameters, index, false, err);
	case CMD_COMPONENT_SLOT:
		return check_slot(install, parameters, index, err);
	case CMD_USE_BEFORE:
		return holds(install->now_ms / 1000 < (int64_t)parameters->use_before_s, err,
			"the manifest has expired");
	case CMD_MINIMUM_BATTERY:
		return holds(!install->told->has_battery ||
				     install->told->battery_mwh >= parameters->minimum_battery_mwh,
			err, "the battery is too low");
	case CMD_VERSION:
		return check_version(install, parameters, index, err);
	case CMD_UPDATE_AUTHORIZED:
		return SU_OK; /* nobody to ask */
	default:
		return su_fail(err, SU_UNSUPPORTED, "", "the condition %lld is not known here",
			(long long)command->code);
	}
}

/* A payload that came inside the envelope is staged like any other. */
static enum su_status stage_integrated(
	struct device_install *install, const char *uri, const char *path, struct su_error *err)
{
	const struct integrated_payload *payload = envelope_payload(install->envelope, uri);
	return payload != NULL ? whole_file_write(path, payload->content, 0644, err) : SU_OK;
}

static enum su_status want(struct device_install *install, const struct parameters *parameters,
	const char *uri, struct su_error *err)
{
	install->missing_uri = uri;
	install->missing_size_bytes =
		parameters_have(parameters, PARAM_IMAGE_SIZE) ? parameters->image_size_bytes : 0;
	install->missing_digest = parameters->image_digest;
	return su_fail(err, SU_RETRY, "", "the payload %s is not here yet", uri);
}

static enum su_status fetch(struct device_install *install, const struct parameters *parameters,
	uint64_t index, struct su_error *err)
{
	if (!parameters_have(parameters, PARAM_URI))
		return su_fail(err, SU_INVALID, "", "a fetch without a URI");
	const char *uri =
		su_arena_strndup(install->arena, parameters->uri.data, parameters->uri.len);
	const char *path =
		device_install_staging(install->arena, install->state, install->envelope, uri);
	SU_TRY(stage_integrated(install, uri, path, err));
	if (access(path, R_OK) != 0)
		return want(install, parameters, uri, err);
	struct installed_component *staged = candidate(install, index);
	enum digest_alg alg = parameters_have(parameters, PARAM_IMAGE_DIGEST)
				      ? parameters->image_digest.alg
				      : DIGEST_SHA256;
	SU_TRY(image_file_digest(path, alg, &staged->digest, &staged->size_bytes, err));
	staged->has_size = true;
	if (parameters_have(parameters, PARAM_IMAGE_SIZE) &&
		staged->size_bytes != parameters->image_size_bytes)
		return su_fail(err, SU_UNAUTHENTIC, "", "the payload has %llu bytes, not %llu",
			(unsigned long long)staged->size_bytes,
			(unsigned long long)parameters->image_size_bytes);
	/* Only what has the digest that the author signed may take the name of an image. */
	if (parameters_have(parameters, PARAM_IMAGE_DIGEST) &&
		!digest_equal(&staged->digest, &parameters->image_digest))
		return su_fail(err, SU_UNAUTHENTIC, "", "the payload has another digest");
	const char *image =
		device_state_image_path(install->arena, install->state, &staged->digest);
	if (link(path, image) != 0 && errno != EEXIST)
		return su_fail(err, SU_IO, image, "cannot be made: %s", strerror(errno));
	return SU_OK;
}

static enum su_status write_content(struct device_install *install,
	const struct parameters *parameters, uint64_t index, struct su_error *err)
{
	struct installed_component *staged = candidate(install, index);
	SU_TRY(hash_compute(DIGEST_SHA256, parameters->content, &staged->digest, err));
	staged->has_size = true;
	staged->size_bytes = parameters->content.len;
	return whole_file_write(
		device_state_image_path(install->arena, install->state, &staged->digest),
		parameters->content, 0644, err);
}

static enum su_status copy(struct device_install *install, const struct parameters *parameters,
	uint64_t index, struct su_error *err)
{
	if (parameters_have(parameters, PARAM_ENCRYPTION_INFO))
		return su_fail(err, SU_UNSUPPORTED, "", "this device holds no decryption key");
	const struct digest *source = present_digest(install, parameters->source_component);
	if (source == NULL || !digest_is_set(source))
		return su_fail(err, SU_CONFLICT, "", "the source component is empty");
	const struct installed_component *from = candidate(install, parameters->source_component);
	struct installed_component *staged = candidate(install, index);
	staged->digest = *source;
	staged->has_size = from->has_size;
	staged->size_bytes = from->size_bytes;
	return SU_OK;
}

static enum su_status on_directive(void *ctx, const struct interpreter *machine,
	const struct command *command, const struct command_site *site, struct su_error *err)
{
	struct device_install *install = ctx;
	uint64_t index = site->component_index;
	const struct parameters *parameters = interpreter_parameters(machine, index);
	if (parameters == NULL || index >= DEVICE_MAX_COMPONENTS)
		return su_fail(err, SU_UNSUPPORTED, "", "a component that this device has not");
	switch (command->code) {
	case CMD_FETCH:
		return fetch(install, parameters, index, err);
	case CMD_WRITE:
		return write_content(install, parameters, index, err);
	case CMD_COPY:
		return copy(install, parameters, index, err);
	case CMD_WAIT:
	case CMD_INVOKE:
		return SU_OK; /* this device is always ready, and does not run what it installs */
	default:
		return su_fail(err, SU_UNSUPPORTED, "", "the directive %lld is not known here",
			(long long)command->code);
	}
}

enum su_status device_install_run(struct device_install *install, struct su_error *err)
{
	struct interpreter_hooks hooks = {
		.ctx = install,
		.condition = on_condition,
		.directive = on_directive,
	};
	install->missing_uri = NULL;
	memset(install->candidates, 0, sizeof(install->candidates));
	return interpret(install->arena, &install->envelope->manifest, interpret_update_sections,
		interpret_n_update_sections, &hooks, &install->failed_at, err);
}

void device_install_commit(const struct device_install *install, struct device_state *state)
{
	const struct manifest *manifest = &install->envelope->manifest;
	for (size_t i = 0; i < manifest->n_components && i < DEVICE_MAX_COMPONENTS; i++) {
		const struct installed_component *staged = &install->candidates[i];
		struct installed_component *installed =
			device_state_component(state, manifest->components[i]);
		if (installed == NULL || !digest_is_set(&staged->digest))
			continue;
		struct component_id id = installed->id;
		*installed = *staged;
		installed->id = id;
		installed->has_sequence_number = true;
		installed->sequence_number = manifest->sequence_number;
		installed->version = manifest->set_version;
	}
	state->installed_manifest = install->envelope->manifest_digest;
	state->sequence_number = manifest->sequence_number;
	state->reference_uri =
		manifest->reference_uri.len > 0
			? su_arena_strndup(state->arena, manifest->reference_uri.data,
				  manifest->reference_uri.len)
			: NULL;
	state->report_pending = true;
}
