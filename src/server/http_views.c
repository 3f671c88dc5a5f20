/* SPDX-License-Identifier: Apache-2.0 */
/* One function for each resource; members that hold nothing are null, not absent. */
#include "server/http_views.h"

#include "base/hex.h"
#include "policy/calendar_json.h"
#include "server/http_json.h"

/* Texts of devices are checked on their way in; what is no UTF-8 nevertheless becomes null. */
static void put_name(json_t *object, const char *name, const struct name_row *table, int value)
{
	http_json_put_text(object, name, name_of(table, value));
}

json_t *http_view_token(const struct token *token)
{
	json_t *view = json_object();
	http_json_put_uuid(view, "id", token->id);
	http_json_put_text(view, "name", token->name);
	put_name(view, "role", role_names, (int)token->role);
	http_json_put_time(view, "created_at", token->created_at_ms);
	http_json_put_time(view, "expires_at", token->expires_at_ms);
	http_json_put_time(view, "revoked_at", token->revoked_at_ms);
	return view;
}

json_t *http_view_anchor(struct su_arena *arena, const struct trust_anchor *anchor)
{
	json_t *view = json_object();
	http_json_put_uuid(view, "id", anchor->id);
	http_json_put_text(view, "name", anchor->name);
	put_name(view, "purpose", anchor_purpose_names, (int)anchor->purpose);
	http_json_put_text(view, "key_type", anchor->key_type);
	http_json_put_text(view, "thumbprint", su_hex_encode_arena(arena, anchor->thumbprint));
	http_json_put_uuids(view, "vendor_ids", anchor->vendor_ids, anchor->n_vendor_ids);
	http_json_put_uuids(view, "class_ids", anchor->class_ids, anchor->n_class_ids);
	http_json_put_text(view, "endpoint", anchor->endpoint);
	http_json_put_time(view, "created_at", anchor->created_at_ms);
	http_json_put_time(view, "revoked_at", anchor->revoked_at_ms);
	http_json_put_text(view, "revocation_reason", anchor->revocation_reason);
	return view;
}

json_t *http_view_image(const struct image *image)
{
	json_t *view = json_object();
	http_json_put_digest(view, "digest", &image->digest);
	http_json_put_uint(view, "size", image->size_bytes);
	http_json_put_time(view, "uploaded_at", image->uploaded_at_ms);
	http_json_put_text(view, "uploaded_by", image->uploaded_by);
	return view;
}

static json_t *release_images(struct su_arena *arena, const struct release *release)
{
	json_t *images = json_array();
	for (size_t i = 0; i < release->n_images; i++) {
		const struct release_image *image = &release->images[i];
		json_t *view = json_object();
		http_json_put_text(view, "component", component_id_format(arena, image->component));
		http_json_put_digest(view, "digest", &image->digest);
		http_json_put_uint_if(view, "size", image->has_size, image->size_bytes);
		http_json_put_text(view, "uri", image->uri);
		http_json_put_bool(view, "hosted", image->hosted);
		http_json_put_bool(view, "integrated", image->integrated);
		http_json_put_bool(view, "present", image->present);
		http_json_put_text(view, "problem", release_image_problem(arena, image));
		json_array_append_new(images, view);
	}
	return images;
}

static json_t *release_envelope(const struct release *release)
{
	json_t *view = json_object();
	http_json_put_digest(view, "digest", &release->envelope);
	http_json_put_uint(view, "size", release->envelope_bytes);
	return view;
}

static json_t *release_waits(const struct release *release)
{
	json_t *events = json_array();
	for (const struct name_row *row = wait_event_names; row->name; row++)
		if (release->waits & (1U << row->value))
			json_array_append_new(events, json_string(row->name));
	return events;
}

json_t *http_view_release(struct su_arena *arena, const struct release *release)
{
	json_t *view = json_object();
	http_json_put_digest(view, "digest", &release->digest);
	http_json_put_uint(view, "sequence_number", release->sequence_number);
	put_name(view, "state", release_state_names, (int)release->state);
	http_json_put_bool(view, "targeted", release->targeted);
	http_json_put_text(view, "version", release->version);
	http_json_put_text(view, "reference_uri", release->reference_uri);
	http_json_put_int_if(
		view, "update_priority", release->has_update_priority, release->update_priority);
	http_json_put_time(view, "use_before", release->use_before_ms);
	http_json_put_take(view, "waits_for", release_waits(release));
	put_name(view, "kind", release_kind_names, (int)release->kind);
	http_json_put_take(view, "labels",
		release->labels_json ? json_loads(release->labels_json, 0, NULL) : json_object());
	http_json_put_take(view, "envelope", release_envelope(release));
	http_json_put_take(view, "images", release_images(arena, release));
	http_json_put_text(view, "published_by", release->published_by);
	http_json_put_time(view, "published_at", release->published_at_ms);
	http_json_put_text(view, "approved_by", release->approved_by);
	http_json_put_time(view, "approved_at", release->approved_at_ms);
	http_json_put_time(view, "withdrawn_at", release->withdrawn_at_ms);
	http_json_put_int(view, "row_version", release->row_version);
	return view;
}

json_t *http_view_verdicts(const struct trust_result *trust)
{
	json_t *verdicts = json_array();
	for (size_t i = 0; i < trust->n_verdicts; i++) {
		const struct trust_verdict *verdict = &trust->verdicts[i];
		json_t *view = json_object();
		http_json_put_uint(view, "block", verdict->block);
		http_json_put_int_if(view, "alg", verdict->has_alg, verdict->alg);
		http_json_put_bool(view, "accepted", verdict->status == SU_OK);
		http_json_put_text(
			view, "trust_anchor", verdict->anchor ? verdict->anchor->name : NULL);
		http_json_put_text(
			view, "reason", verdict->status == SU_OK ? NULL : verdict->why.text);
		json_array_append_new(verdicts, view);
	}
	return verdicts;
}

static json_t *device_components(struct su_arena *arena, const struct characteristics *told)
{
	json_t *components = json_array();
	for (size_t i = 0; i < told->n_components; i++) {
		const struct installed_component *at = &told->components[i];
		json_t *view = json_object();
		http_json_put_text(view, "component", component_id_format(arena, at->id));
		http_json_put_digest(view, "digest", &at->digest);
		http_json_put_uint_if(
			view, "sequence_number", at->has_sequence_number, at->sequence_number);
		http_json_put_text(view, "version",
			at->version.n_parts ? version_format(arena, &at->version) : NULL);
		http_json_put_uint_if(view, "size", at->has_size, at->size_bytes);
		http_json_put_uint_if(view, "active_slot", at->has_slot, at->active_slot);
		json_array_append_new(components, view);
	}
	return components;
}

static void put_characteristics(
	json_t *view, struct su_arena *arena, const struct characteristics *told)
{
	char device_id[SU_UUID_TEXT_SIZE];
	su_uuid_format(told->device_id, device_id);
	http_json_put_uuids(view, "vendor_ids", told->vendor_ids, told->n_vendor_ids);
	http_json_put_uuids(view, "class_ids", told->class_ids, told->n_class_ids);
	http_json_put_text(view, "device_id", told->has_device_id ? device_id : NULL);
	http_json_put_text(view, "serial", told->serial);
	http_json_put_text(view, "manufacturer", told->manufacturer);
	http_json_put_text(view, "model", told->model);
	http_json_put_text(view, "hardware_version", told->hardware_version);
	http_json_put_uint_if(view, "battery_mwh", told->has_battery, told->battery_mwh);
	http_json_put_uint_if(
		view, "free_memory_bytes", told->has_free_memory, told->free_memory_bytes);
	http_json_put_take(view, "components", device_components(arena, told));
}

/* What counts: provisioned above told. */
static void put_ways(json_t *view, const struct device *device)
{
	const struct profile profile = device_profile(device);
	const struct calendar *calendar = device_calendar(device);
	http_json_put_text(view, "site", device_site(device));
	http_json_put_take(view, "profile", profile_to_json(&profile));
	http_json_put_take(view, "calendar", calendar ? calendar_to_json(calendar) : NULL);
	http_json_put_bool(view, "provisioned", device->provision.row_version != 0);
	put_name(view, "mode", update_mode_names, (int)device->mode);
	http_json_put_text(view, "mode_reason", device->mode_reason);
}

json_t *http_view_device(struct su_arena *arena, const struct device *device,
	const struct deployment *deployment, int64_t now_ms)
{
	json_t *view = json_object();
	http_json_put_text(view, "endpoint", device->endpoint);
	http_json_put_time(view, "registered_at", device->registered_at_ms);
	http_json_put_time(view, "updated_at", device->updated_at_ms);
	http_json_put_time(view, "last_seen_at", device->last_seen_at_ms);
	http_json_put_time(view, "expires_at", device->expires_at_ms);
	http_json_put_time(view, "removed_at", device->removed_at_ms);
	http_json_put_bool(view, "live", !device->removed_at_ms && device->expires_at_ms > now_ms);
	http_json_put_int(view, "lifetime", device->lifetime_s);
	put_name(view, "transport", transport_names, (int)device->transport);
	http_json_put_text(view, "address", device->address);
	put_name(view, "envelope_form", envelope_form_names, (int)device->envelope_form);
	put_characteristics(view, arena, &device->told);
	put_ways(view, device);
	http_json_put_take(view, "deployment",
		deployment ? http_view_deployment(deployment, device->endpoint) : NULL);
	return view;
}

static json_t *deployment_plan(const struct deployment_plan *plan)
{
	json_t *view = json_object();
	http_json_put_time(view, "vulnerable_since", plan->vulnerable_since_ms);
	http_json_put_time(view, "due_at", plan->due_ms);
	http_json_put_time(view, "look_at", plan->look_ms);
	http_json_put_time(view, "download_at", plan->download_ms);
	http_json_put_int(view, "transfer_s", (plan->transfer_ms + 999) / 1000);
	http_json_put_time(view, "install_at", plan->install_ms);
	http_json_put_time(view, "promised_at", plan->promised_ms);
	http_json_put_uint(view, "deferrals", plan->deferrals);
	http_json_put_uint(view, "failures", plan->failures);
	http_json_put_uint(view, "offers", plan->offers);
	http_json_put_time(view, "last_failure_at", plan->last_failure_ms);
	http_json_put_time(view, "last_offer_at", plan->last_offer_ms);
	http_json_put_time(view, "noticed_at", plan->noticed_ms);
	http_json_put_take(
		view, "reasons", plan->reasons ? json_loads(plan->reasons, 0, NULL) : NULL);
	return view;
}

json_t *http_view_deployment(const struct deployment *deployment, const char *endpoint)
{
	json_t *view = json_object();
	http_json_put_uuid(view, "id", deployment->id);
	http_json_put_text(view, "endpoint", endpoint);
	http_json_put_digest(view, "release", &deployment->release);
	put_name(view, "state", deployment_state_names, (int)deployment->state);
	put_name(view, "mode", update_mode_names, (int)deployment->mode);
	put_name(view, "urgency", urgency_names, (int)deployment->plan.urgency);
	http_json_put_bool(view, "named_by_operator", deployment->named_by_operator);
	http_json_put_time(view, "created_at", deployment->created_at_ms);
	http_json_put_time(view, "changed_at", deployment->changed_at_ms);
	http_json_put_time(view, "deadline_at", deployment->deadline_at_ms);
	http_json_put_uint(view, "progress", deployment->progress_bytes);
	http_json_put_uint(view, "attempts", deployment->attempts);
	http_json_put_text(view, "reason", deployment->reason);
	http_json_put_take(view, "plan", deployment_plan(&deployment->plan));
	return view;
}

static json_t *component_progress(struct su_arena *arena, const struct component_progress *progress)
{
	json_t *view = json_object();
	json_t *wanted = json_array();
	for (size_t i = 0; i < progress->n_wanted; i++) {
		char text[DIGEST_TEXT_SIZE];
		digest_format(&progress->wanted[i], text);
		json_array_append_new(wanted, json_string(text));
	}
	http_json_put_text(view, "component", component_id_format(arena, progress->id));
	put_name(view, "state", component_state_names, (int)progress->state);
	http_json_put_take(view, "wanted", wanted);
	http_json_put_digest(view, "reported", &progress->reported);
	http_json_put_time(view, "changed_at", progress->changed_at_ms);
	http_json_put_text(view, "detail", progress->detail);
	return view;
}

json_t *http_view_components(struct su_arena *arena, struct su_uuid deployment,
	const struct followed_component *followed, size_t n)
{
	json_t *components = json_array();
	for (size_t i = 0; i < n; i++)
		if (su_uuid_equal(followed[i].deployment, deployment))
			json_array_append_new(
				components, component_progress(arena, &followed[i].progress));
	return components;
}

json_t *http_view_history(struct su_uuid deployment, const struct digest *release,
	const struct deployment_history *step)
{
	json_t *view = json_object();
	http_json_put_uuid(view, "deployment", deployment);
	http_json_put_digest(view, "release", release);
	http_json_put_time(view, "at", step->at_ms);
	put_name(view, "from", deployment_state_names, (int)step->from);
	put_name(view, "to", deployment_state_names, (int)step->to);
	http_json_put_text(view, "event", step->event);
	http_json_put_text(view, "actor", step->actor);
	http_json_put_text(view, "detail", step->detail);
	return view;
}

json_t *http_view_audit(const struct audit_entry *entry)
{
	json_t *view = json_object();
	http_json_put_int(view, "id", entry->id);
	http_json_put_time(view, "at", entry->at_ms);
	http_json_put_text(view, "actor", entry->actor);
	http_json_put_text(view, "action", entry->action);
	http_json_put_text(view, "subject", entry->subject);
	http_json_put_take(view, "detail",
		entry->detail_json ? json_loads(entry->detail_json, 0, NULL) : json_object());
	return view;
}
