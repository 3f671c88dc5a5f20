/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy document: what was laid down beforehand for every class of urgency, and the ordered rules
 * that choose class, mode, windows and approvals (api/policy.schema.json, docs/policy.md). A
 * document is checked whole when it is saved; one that was parsed never fails in use.
 */
#pragma once

#include "model/deployment.h"
#include "model/role.h"
#include "policy/expression.h"
#include "policy/level.h"

#define POLICY_MAX_BYTES ((size_t)256 * 1024)
#define POLICY_MAX_RULES 64

/* The first rule whose condition holds decides. Names are unique within their list. */
struct policy_rule {
	const char *name;
	const struct expression *when; /* NULL: always */
	union {
		enum urgency urgency;
		enum update_mode mode;
		struct {
			unsigned
				roles; /* bit (1 << enum role) each who must agree; 0: nobody, it is approved by itself */
		} approval;
		struct calendar calendar; /* for devices that told none and were given none */
	} then;
};
struct policy_rules {
	size_t n;
	const struct policy_rule *rules;
};

struct policy_capacity {
	unsigned downloads;          /* at once, in all */
	unsigned downloads_per_site; /* of devices with the same site; 0: no bound of its own */
	size_t n_classes;            /* bounds for device classes */
	const struct policy_class_bound {
		struct su_uuid class_id;
		unsigned downloads;
	} * classes;
};

struct policy {
	const char *text; /* the document as it was given, in compact JSON */
	struct level levels[URGENCY_COUNT];
	struct policy_rules urgency, modes, approvals, windows;
	enum urgency default_urgency;
	struct policy_capacity capacity;
};

/* Everything lives in arena. SU_INVALID: err->field is the path of the member
 * ("modes[2].when:17", with the column inside an expression). */
enum su_status policy_parse(struct su_arena *arena, struct su_span json, struct policy **out,
	struct su_error *err) SU_MUST_CHECK;
/* The document that holds until an operator gives another. */
struct su_span policy_default_text(void);
