/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The abstract machine that runs a manifest (suit-manifest sections 6 and 7). One machine serves
 * three masters: a device that does what it is told, the survey that walks every alternative to
 * learn what a manifest can do, and the check whether a manifest fits a device.
 */
#pragma once

#include "suit/manifest.h"
#include "suit/parameter.h"

struct interpreter;

/* Where a command stands, for reports. */
struct command_site {
	enum manifest_key section; /* MANIFEST_COMMON stands for the shared sequence */
	size_t offset;		   /* inside the innermost sequence */
	uint64_t component_index;
};

/* What a run needs from the world. ctx is passed through. */
struct interpreter_hooks {
	void *ctx;
	/* SU_OK: holds; SU_CONFLICT: does not hold, reason in err; anything else ends the run. */
	enum su_status (*condition)(void *ctx, const struct interpreter *machine,
		const struct command *command, const struct command_site *site, struct su_error *err);
	/* fetch, copy, write, swap, invoke, wait, unlink, process-dependency, custom. */
	enum su_status (*directive)(void *ctx, const struct interpreter *machine,
		const struct command *command, const struct command_site *site, struct su_error *err);
	/*
	 * NULL: alternatives of try-each are tried in order until one succeeds, as a device does.
	 * Else: returns which single alternative to take; if that fails, the run fails.
	 */
	size_t (*choose)(void *ctx, const struct command *try_each, size_t n_alternatives);
};

struct interpreter {
	const struct manifest *manifest;
	const struct interpreter_hooks *hooks;
	size_t n_parameters;		   /* components, then dependencies outside the list */
	struct parameters *parameters;	   /* one for each component index */
};

/* Parameters of a component index; NULL when there is no such index. */
const struct parameters *interpreter_parameters(const struct interpreter *machine, uint64_t index);

/*
 * Runs the shared sequence and then the section, for each of the sections in turn, with parameters
 * that persist from one to the next. Absent sections are skipped; a severed one that is not present
 * is skipped as well. where_out (NULL allowed): the command that failed.
 */
enum su_status interpret(struct su_arena *arena, const struct manifest *manifest,
	const enum manifest_key *sections, size_t n_sections, const struct interpreter_hooks *hooks,
	struct command_site *where_out, struct su_error *err) SU_MUST_CHECK;

/* 15, 16, 18, 20, 7: the update procedure. */
extern const enum manifest_key interpret_update_sections[];
extern const size_t interpret_n_update_sections;
