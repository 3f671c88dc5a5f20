/* SPDX-License-Identifier: Apache-2.0 */
/* One row per member of a profile. */
#include "policy/profile_json.h"

#include <stddef.h>
#include <string.h>

/* A year, as for lifetimes. */
#define MAX_SPAN_S 31536000

enum member_kind { MEMBER_BOOL, MEMBER_SECONDS, MEMBER_RATE };

struct member {
	const char *name;
	enum member_kind kind;
	size_t has_at, at; /* within struct profile */
};

#define MEMBER(has_, member_, name_, kind_)                                                        \
	{                                                                                          \
		name_, kind_, offsetof(struct profile, has_), offsetof(struct profile, member_)    \
	}

static const struct member members[] = {
	MEMBER(has_always_on, always_on, "always_on", MEMBER_BOOL),
	MEMBER(has_behind_nat, behind_nat, "behind_nat", MEMBER_BOOL),
	MEMBER(has_answers, answers, "answers", MEMBER_BOOL),
	MEMBER(has_takes_push, takes_push, "takes_push", MEMBER_BOOL),
	MEMBER(has_awake, awake_s, "awake_s", MEMBER_SECONDS),
	MEMBER(has_wake_every, wake_every_s, "wake_every_s", MEMBER_SECONDS),
	MEMBER(has_link_rate, link_bytes_per_s, "link_bytes_per_s", MEMBER_RATE),
	MEMBER(has_install, install_s, "install_s", MEMBER_SECONDS),
};
#define N_MEMBERS (sizeof(members) / sizeof(members[0]))

static const struct member *find_member(const char *name)
{
	for (size_t i = 0; i < N_MEMBERS; i++)
		if (strcmp(members[i].name, name) == 0)
			return &members[i];
	return NULL;
}

static enum su_status read_member(
	const struct member *member, const json_t *value, struct profile *out, struct su_error *err)
{
	char *base = (char *)out;
	if (member->kind == MEMBER_BOOL) {
		if (!json_is_boolean(value))
			return su_fail(err, SU_INVALID, member->name, "must be true or false");
		bool truth = json_is_true(value);
		memcpy(base + member->at, &truth, sizeof(truth));
	} else {
		if (!json_is_integer(value) || json_integer_value(value) < 0)
			return su_fail(
				err, SU_INVALID, member->name, "must be an integer, zero or more");
		int64_t number = json_integer_value(value); /* a uint64_t looks the same */
		memcpy(base + member->at, &number, sizeof(number));
	}
	bool has = true;
	memcpy(base + member->has_at, &has, sizeof(has));
	return SU_OK;
}

static enum su_status read_reachability(
	const json_t *value, struct profile *out, struct su_error *err)
{
	int reachability;
	SU_TRY(name_parse(
		reachability_names, "reachability", json_string_value(value), &reachability, err));
	out->has_reachability = true;
	out->reachability = (enum reachability)reachability;
	return SU_OK;
}

enum su_status profile_check(const struct profile *profile, struct su_error *err)
{
	if (profile->has_awake && (profile->awake_s < 0 || profile->awake_s > MAX_SPAN_S))
		return su_fail(err, SU_INVALID, "awake_s", "must be at most a year");
	if (profile->has_wake_every &&
		(profile->wake_every_s < 1 || profile->wake_every_s > MAX_SPAN_S))
		return su_fail(err, SU_INVALID, "wake_every_s", "must be 1 second to a year");
	if (profile->has_link_rate &&
		(profile->link_bytes_per_s < 1 || profile->link_bytes_per_s > INT64_MAX))
		return su_fail(
			err, SU_INVALID, "link_bytes_per_s", "must be at least 1 byte per second");
	if (profile->has_install && (profile->install_s < 0 || profile->install_s > MAX_SPAN_S))
		return su_fail(err, SU_INVALID, "install_s", "must be at most a year");
	return SU_OK;
}

enum su_status profile_from_json(const json_t *value, struct profile *out, struct su_error *err)
{
	const char *name;
	json_t *item;
	*out = (struct profile){ 0 };
	if (!json_is_object(value))
		return su_fail(err, SU_INVALID, "", "must be an object");
	json_object_foreach((json_t *)value, name, item)
	{
		const struct member *member = find_member(name);
		if (strcmp(name, "reachability") == 0)
			SU_TRY(read_reachability(item, out, err));
		else if (member != NULL)
			SU_TRY(read_member(member, item, out, err));
		else
			return su_fail(err, SU_INVALID, "", "unknown member \"%.40s\"", name);
	}
	return profile_check(out, err);
}

static json_t *member_to_json(const struct member *member, const char *at)
{
	bool truth;
	int64_t number;
	if (member->kind == MEMBER_BOOL) {
		memcpy(&truth, at, sizeof(truth));
		return json_boolean(truth);
	}
	memcpy(&number, at, sizeof(number));
	return json_integer(number);
}

json_t *profile_to_json(const struct profile *profile)
{
	const char *base = (const char *)profile;
	json_t *out = json_object();
	if (profile->has_reachability)
		json_object_set_new(out, "reachability",
			json_string(name_of(reachability_names, (int)profile->reachability)));
	for (size_t i = 0; i < N_MEMBERS; i++) {
		bool has;
		memcpy(&has, base + members[i].has_at, sizeof(has));
		if (has)
			json_object_set_new(out, members[i].name,
				member_to_json(&members[i], base + members[i].at));
	}
	return out;
}
