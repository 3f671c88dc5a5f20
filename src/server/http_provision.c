/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1/devices/{endpoint}/provision: what operators lay down, above what a device tells. */
#include <stdlib.h>

#include "base/utf8.h"
#include "model/device_keys.h"
#include "policy/calendar_json.h"
#include "server/http_handlers.h"
#include "server/http_json.h"
#include "server/http_views.h"
#include "tracker/provisioning.h"

static enum su_status read_profile(const json_t *value, struct profile *out, struct su_error *err)
{
	if (!value)
		return SU_OK;
	enum su_status status = profile_from_json(value, out, err);
	if (status != SU_OK)
		su_error_within(err, "profile");
	return status;
}

static enum su_status read_mode(const char *word, struct provision *out, struct su_error *err)
{
	int mode;
	if (!word)
		return SU_OK;
	SU_TRY(name_parse(update_mode_names, "mode", word, &mode, err));
	out->has_mode = true;
	out->mode = (enum update_mode)mode;
	return SU_OK;
}

static enum su_status read_calendar(
	struct http_call *call, const json_t *value, struct provision *out, struct su_error *err)
{
	if (!value)
		return SU_OK;
	struct calendar *calendar = su_arena_new_of(call->arena, struct calendar);
	enum su_status status = calendar_from_json(call->arena, value, calendar, err);
	if (status == SU_OK)
		status = calendar_check(calendar, call->now_ms, err);
	if (status != SU_OK)
		su_error_within(err, "calendar");
	out->calendar = calendar;
	return status;
}

static enum su_status read_provision(
	struct http_call *call, struct provision *out, struct su_error *err)
{
	struct http_json_reader reader = http_json_reader_of(call->json);
	const json_t *profile = http_json_read_object(&reader, "profile");
	const json_t *calendar = http_json_read_object(&reader, "calendar");
	const char *mode = http_json_read_text(&reader, "mode", 32);
	*out = (struct provision){ 0 };
	out->site = http_json_read_text(&reader, "site", MESSAGE_SHORT_TEXT_MAX_BYTES);
	SU_TRY(http_json_end(&reader, err));
	if (out->site && !su_utf8_is_showable(su_span_str(out->site)))
		return su_fail(
			err, SU_INVALID, "site", "site has a character that cannot be shown");
	SU_TRY(endpoint_check(su_span_str(call->values[0]), err));
	SU_TRY(read_profile(profile, &out->profile, err));
	SU_TRY(read_mode(mode, out, err));
	SU_TRY(read_calendar(call, calendar, out, err));
	if (!profile && !calendar && !mode && !out->site)
		return su_fail(err, SU_INVALID, "profile",
			"give profile, calendar, mode, site or several of them");
	return SU_OK;
}

static enum su_status begin(struct http_call *call, struct provisioning *out, struct su_error *err)
{
	*out = (struct provisioning){
		.conn = call->conn,
		.arena = call->arena,
		.policies = call->env->policies,
		.origin = { call->actor ? call->actor->name : "", call->now_ms },
	};
	return http_call_if_match(call, &out->if_version, err);
}

/* Just what was given, as PUT takes it. */
static json_t *view_provision(const struct provision *provision)
{
	static const struct profile unknown;
	json_t *view = json_object();
	if (!profile_equal(&provision->profile, &unknown))
		http_json_put_take(view, "profile", profile_to_json(&provision->profile));
	if (provision->has_mode)
		http_json_put_text(view, "mode", name_of(update_mode_names, (int)provision->mode));
	if (provision->site)
		http_json_put_text(view, "site", provision->site);
	if (provision->calendar)
		http_json_put_take(view, "calendar", calendar_to_json(provision->calendar));
	return view;
}

static void reply(struct http_call *call, const struct provisioned *found)
{
	json_t *view = json_object();
	http_json_put_text(view, "endpoint", found->record.endpoint);
	http_json_put_take(view, "provision", view_provision(&found->record.provision));
	http_json_put_time(view, "changed_at", found->record.changed_at_ms);
	http_json_put_text(view, "changed_by", found->record.changed_by);
	http_json_put_text(view, "mode",
		found->has_device ? name_of(update_mode_names, (int)found->mode) : NULL);
	http_json_put_text(view, "mode_reason", found->has_device ? found->mode_reason : NULL);
	http_reply_row_version(call, found->record.provision.row_version);
	http_reply_json_take(call, 200, view);
}

enum su_status http_provision_get(struct http_call *call, struct su_error *err)
{
	struct provisioning how;
	struct provisioned found = { 0 };
	SU_TRY(begin(call, &how, err));
	SU_TRY(provisioning_get(&how, call->values[0], &found, err));
	reply(call, &found);
	return SU_OK;
}

enum su_status http_provision_put(struct http_call *call, struct su_error *err)
{
	struct provisioning how;
	struct provision wanted;
	struct provisioned found = { 0 };
	SU_TRY(begin(call, &how, err));
	SU_TRY(read_provision(call, &wanted, err));
	json_t *detail = view_provision(&wanted);
	char *text = json_dumps(detail, JSON_COMPACT);
	how.audit_detail = su_arena_strdup(call->arena, text);
	free(text);
	json_decref(detail);
	SU_TRY(provisioning_put(&how, call->values[0], &wanted, &found, err));
	call->device_changed = call->values[0];
	reply(call, &found);
	return SU_OK;
}

enum su_status http_provision_delete(struct http_call *call, struct su_error *err)
{
	struct provisioning how;
	SU_TRY(begin(call, &how, err));
	SU_TRY(provisioning_delete(&how, call->values[0], err));
	call->device_changed = call->values[0];
	http_reply_empty(call, 204);
	return SU_OK;
}
