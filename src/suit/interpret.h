/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The abstract machine that runs a manifest (suit-manifest sections 6 and 7). One machine serves
 * three masters: a device that does what it is told, the survey that walks every alternative to
 * learn what a manifest can do, and the check whether a manifest fits a device.
 */
#pragma once

#include "suit/manifest.h"
#include "suit/parameter.h"

/* A run that takes more steps (one command for one component each) is SU_TOO_LARGE. */
#define INTERPRET_MAX_STEPS 65536

/* Where a command stands, for reports. */
struct command_site {
	enum manifest_key section; /* MANIFEST_COMMON stands for the shared sequence */
	size_t offset;             /* inside the innermost sequence */
	uint64_t component_index;
	bool in_try_each; /* it runs because an alternative was taken */
};

struct interpreter {
	const struct manifest *manifest;
	const struct interpreter_hooks *hooks;
	size_t n_parameters; /* components, then dependencies outside the list */
	struct parameters *parameters;
};

/* What a run needs from the world. ctx is passed through. */
struct interpreter_hooks {
	void *ctx;
	/*
	 * SU_OK: holds; SU_CONFLICT: does not hold, reason in err; anything else ends the run.
	 * Not called for abort, which never holds.
	 */
	enum su_status (*condition)(void *ctx, const struct interpreter *machine,
		const struct command *command, const struct command_site *site,
		struct su_error *err);
	/*
	 * write, fetch, copy, invoke, wait, swap, unlink, process-dependency, custom. Anything but
	 * SU_OK ends the run: there is no other alternative after a directive failed.
	 */
	enum su_status (*directive)(void *ctx, const struct interpreter *machine,
		const struct command *command, const struct command_site *site,
		struct su_error *err);
	/*
	 * NULL: alternatives of try-each are tried in order until one succeeds, as a device does.
	 * Else: returns which single alternative to take, of which the last is nil if there is
	 * one; if that fails, the try-each fails. An answer that is not below n_alternatives ends
	 * the run with SU_TOO_LARGE.
	 */
	size_t (*choose)(void *ctx, const struct command *try_each, const struct command_site *site,
		size_t n_alternatives);
	/* NULL, or told once when a run has come to its end and nothing failed. */
	void (*done)(void *ctx, const struct interpreter *machine);
	/* NULL, or how many steps may still be taken: counted down, and by later runs as well. */
	size_t *steps_left;
};

/* Parameters of a component index; NULL when there is no such index. */
const struct parameters *interpreter_parameters(
	const struct interpreter *machine, uint64_t component_index);

/*
 * Runs the shared sequence and then the section, for each of the sections in turn, with parameters
 * that persist from one to the next. Absent sections are skipped, and so are severed ones that are
 * not present; if that leaves none, the shared sequence runs alone. strict-order is not acted
 * upon: this machine always goes in order. where_out (NULL allowed): the command that failed.
 */
enum su_status interpret(struct su_arena *arena, const struct manifest *manifest,
	const enum manifest_key *sections, size_t n_sections, const struct interpreter_hooks *hooks,
	struct command_site *where_out, struct su_error *err) SU_MUST_CHECK;

/* 15, 16, 18, 20, 7: the update procedure. */
extern const enum manifest_key interpret_update_sections[];
extern const size_t interpret_n_update_sections;
/* 7, 8, 9: the invocation procedure. */
extern const enum manifest_key interpret_invocation_sections[];
extern const size_t interpret_n_invocation_sections;
