/* SPDX-License-Identifier: Apache-2.0 */
/* A rule is a name, a condition, and what follows from it: only the last differs between the lists. */
#include "policy/document_rules.h"

#include <ctype.h>
#include <string.h>

#include "policy/calendar_json.h"

#define MAX_NAME_BYTES 64

struct rule_kind {
	const char *list;           /* member of the document */
	const char *then;           /* member of a rule */
	const char *const *unknown; /* beginnings of fields that are not known yet; NULL: none */
	enum su_status (*read)(
		const struct member *member, struct policy_rule *out, struct su_error *err);
};

static enum su_status read_urgency(
	const struct member *member, struct policy_rule *out, struct su_error *err)
{
	int word;
	SU_TRY(member_name(member, urgency_names, &word, err));
	out->then.urgency = (enum urgency)word;
	return SU_OK;
}

static enum su_status read_mode(
	const struct member *member, struct policy_rule *out, struct su_error *err)
{
	int word;
	SU_TRY(member_name(member, update_mode_names, &word, err));
	out->then.mode = (enum update_mode)word;
	return SU_OK;
}

/* Those who can have a say in releases. */
static const struct name_row approver_names[] = {
	{ ROLE_OPERATOR, "operator" },
	{ ROLE_NETWORK_OPERATOR, "network_operator" },
	{ 0, NULL },
};

static enum su_status read_roles(
	const struct member *member, struct policy_rule *out, struct su_error *err)
{
	size_t n;
	SU_TRY(member_list(member, 2, &n, err));
	for (size_t i = 0; i < n; i++) {
		const struct member item = member_at(member, i);
		int role;
		SU_TRY(member_name(&item, approver_names, &role, err));
		if (out->then.approval.roles & (1U << role))
			return member_fail(&item, err, "is there twice");
		out->then.approval.roles |= 1U << role;
	}
	return SU_OK;
}

/* A recurrence has no end, and an interval that is over does no harm: any time is early enough. */
static enum su_status read_calendar(
	const struct member *member, struct policy_rule *out, struct su_error *err)
{
	struct su_error why = { 0 };
	if (!member_is_given(member))
		return member_fail(member, err, "is missing");
	if (calendar_from_json(member->arena, member->json, &out->then.calendar, &why) == SU_OK &&
		calendar_check(&out->then.calendar, 0, &why) == SU_OK)
		return SU_OK;
	const struct member wrong = { member->arena, member->json,
		su_arena_printf(
			member->arena, "%s%s%s", member->path, *why.field ? "." : "", why.field) };
	return member_fail(&wrong, err, "%s", why.text);
}

/* What a device is asked before there is a release for it cannot rest on one, and the other way round. */
static const char *const about_releases[] = { "release.", "installed.", NULL };
static const char *const about_devices[] = { "device.", "installed.", NULL };

static const struct rule_kind urgency_kind = { "urgency", "urgency", NULL, read_urgency };
static const struct rule_kind mode_kind = { "modes", "mode", about_releases, read_mode };
static const struct rule_kind approval_kind = { "approvals", "roles", about_devices, read_roles };

static const struct rule_kind window_kind = { "windows", "calendar", about_releases,
	read_calendar };

static bool starts_word(const char *text, const char *at)
{
	return at == text || !(isalnum((unsigned char)at[-1]) || at[-1] == '_' || at[-1] == '.');
}

/* The first of names outside of quoted texts; NULL: none. text was parsed, so its quotes match. */
static const char *find_name(const char *text, const char *const *names)
{
	bool quoted = false;
	for (const char *at = text; *at; at++) {
		if (quoted && *at == '\\' && at[1])
			at++;
		else if (*at == '\'')
			quoted = !quoted;
		for (size_t i = 0; !quoted && names[i]; i++)
			if (starts_word(text, at) && !strncmp(at, names[i], strlen(names[i])))
				return at;
	}
	return NULL;
}

static enum su_status check_names(const struct rule_kind *kind, const struct member *when,
	const char *text, struct su_error *err)
{
	const char *found = kind->unknown ? find_name(text, kind->unknown) : NULL;
	if (!found)
		return SU_OK;
	const char *field =
		su_arena_printf(when->arena, "%s:%zu", when->path, (size_t)(found - text) + 1);
	return su_fail(err, SU_INVALID, field, "rules of %s cannot ask for %.*s*", kind->list,
		(int)strcspn(found, ".") + 1, found);
}

static enum su_status read_condition(const struct rule_kind *kind, const struct member *rule,
	const struct expression **out, struct su_error *err)
{
	const struct member when = member_get(rule, "when");
	const char *text;
	if (!member_is_given(&when))
		return SU_OK;
	SU_TRY(member_text(&when, EXPRESSION_MAX_BYTES, &text, err));
	SU_TRY(expression_parse(rule->arena, when.path, text, EXPRESSION_POLICY, out, err));
	return check_names(kind, &when, text, err);
}

static enum su_status read_rule(const struct rule_kind *kind, const struct member *member,
	struct policy_rule *out, struct su_error *err)
{
	const char *const names[] = { "name", "when", kind->then, NULL };
	const struct member name = member_get(member, "name");
	const struct member then = member_get(member, kind->then);
	SU_TRY(member_object(member, names, err));
	SU_TRY(member_text(&name, MAX_NAME_BYTES, &out->name, err));
	if (!strcmp(out->name, "default"))
		return member_fail(&name, err, "stands for that no rule holds");
	SU_TRY(read_condition(kind, member, &out->when, err));
	return kind->read(&then, out, err);
}

static enum su_status check_unique(const struct member *list, const struct policy_rule *rules,
	size_t index, struct su_error *err)
{
	for (size_t i = 0; i < index; i++) {
		if (strcmp(rules[i].name, rules[index].name) != 0)
			continue;
		const struct member rule = member_at(list, index);
		const struct member name = member_get(&rule, "name");
		return member_fail(&name, err, "rule %zu has this name already", i);
	}
	return SU_OK;
}

static enum su_status read_list(const struct rule_kind *kind, const struct member *document,
	struct policy_rules *out, struct su_error *err)
{
	const struct member list = member_get(document, kind->list);
	if (!member_is_given(&list))
		return SU_OK;
	SU_TRY(member_list(&list, POLICY_MAX_RULES, &out->n, err));
	struct policy_rule *rules = su_arena_array(document->arena, out->n, sizeof(*rules));
	for (size_t i = 0; i < out->n; i++) {
		const struct member rule = member_at(&list, i);
		SU_TRY(read_rule(kind, &rule, &rules[i], err));
		SU_TRY(check_unique(&list, rules, i, err));
	}
	out->rules = rules;
	return SU_OK;
}

enum su_status document_rules_read(
	const struct member *document, struct policy *out, struct su_error *err)
{
	SU_TRY(read_list(&urgency_kind, document, &out->urgency, err));
	SU_TRY(read_list(&mode_kind, document, &out->modes, err));
	SU_TRY(read_list(&window_kind, document, &out->windows, err));
	return read_list(&approval_kind, document, &out->approvals, err);
}
