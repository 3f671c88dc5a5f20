/* SPDX-License-Identifier: Apache-2.0 */
/* Command sequences (suit-manifest section 8.4.6) as a tree of commands. */
#pragma once

#include "base/arena.h"
#include "suit/cbor.h"

enum command_code {
	CMD_VENDOR_IDENTIFIER = 1,
	CMD_CLASS_IDENTIFIER = 2,
	CMD_IMAGE_MATCH = 3,
	CMD_USE_BEFORE = 4,
	CMD_COMPONENT_SLOT = 5,
	CMD_CHECK_CONTENT = 6,
	CMD_DEPENDENCY_INTEGRITY = 7,
	CMD_IS_DEPENDENCY = 8,
	CMD_PROCESS_DEPENDENCY = 11,
	CMD_SET_COMPONENT_INDEX = 12,
	CMD_ABORT = 14,
	CMD_TRY_EACH = 15,
	CMD_WRITE = 18,
	CMD_SET_PARAMETERS = 19,
	CMD_OVERRIDE_PARAMETERS = 20,
	CMD_FETCH = 21,
	CMD_COPY = 22,
	CMD_INVOKE = 23,
	CMD_DEVICE_IDENTIFIER = 24,
	CMD_IMAGE_NOT_MATCH = 25,
	CMD_MINIMUM_BATTERY = 26,
	CMD_UPDATE_AUTHORIZED = 27,
	CMD_VERSION = 28,
	CMD_WAIT = 29,
	CMD_SWAP = 31,
	CMD_RUN_SEQUENCE = 32,
	CMD_UNLINK = 33,
	CMD_OVERRIDE_MULTIPLE = 34,
	CMD_COPY_PARAMS = 35,
};

/* Bounds on what one sequence may hold, its nested ones included. */
#define SEQUENCE_MAX_COMMANDS 1024
#define SEQUENCE_MAX_DEPTH    8
#define TRY_EACH_MAX_BRANCHES 64
/* How many component indexes one command may name. */
#define COMMAND_MAX_INDEXES 128

struct parameters;
struct sequence;

struct command {
	size_t offset;      /* of the code, from the start of the sequence's CBOR array */
	int64_t code;       /* a command_code, or a custom one below -255 */
	struct su_span arg; /* one encoded CBOR item inside the manifest's bytes */
	size_t n_branches;  /* try-each: its alternatives; run-sequence: 1 */
	struct sequence *branches;
	bool nil_branch; /* try-each ends with nil: doing nothing is an alternative */
};

struct sequence {
	size_t n_commands;
	struct command *commands;
};

/* The component indexes that an argument names; all: set-component-index true. */
struct command_indexes {
	bool all;
	size_t n;
	uint64_t at[COMMAND_MAX_INDEXES];
};

const char *command_name(
	int64_t code); /* "override-parameters"; NULL for a custom or unknown one */
bool command_is_condition(int64_t code);
/* The reporting policy of a condition or directive that has one; 0 otherwise. */
uint64_t command_policy(const struct command *command);
/* What set-component-index, override-multiple and copy-params name; none for other commands. */
void command_read_indexes(const struct command *command, struct command_indexes *out);
/* Calls visit for each map of parameters that override-, set- or override-multiple gives. */
typedef void (*parameters_visit)(void *ctx, const struct parameters *parameters);
void command_visit_parameters(const struct command *command, parameters_visit visit, void *ctx);

/*
 * Parses every command, nested sequences included. Unknown non-custom codes, wrong argument types,
 * parameters that do not decode, odd item counts and more than SEQUENCE_MAX_COMMANDS commands in
 * all are SU_INVALID with the offset.
 * shared: the restrictions on the shared sequence hold (suit-manifest section 8.4.5).
 */
enum su_status sequence_decode(struct su_arena *arena, struct su_span encoded, bool shared,
	struct sequence *out, struct su_error *err) SU_MUST_CHECK;

/* Calls visit for every command, branches included, until it returns false: then that is returned. */
typedef bool (*sequence_visit)(void *ctx, const struct command *command);
bool sequence_walk(const struct sequence *sequence, sequence_visit visit, void *ctx);
