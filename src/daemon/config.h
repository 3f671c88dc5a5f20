/* SPDX-License-Identifier: Apache-2.0 */
/* What the administrator configured: plain values, read from an INI file. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"

struct config_list {
	size_t n;
	const char *const *items;
};

struct config_database {
	const char *conninfo;
};

struct config_storage {
	const char *directory;
	int64_t low_space_bytes;
};

struct config_http {
	struct config_list listen;
	const char *public_url;        /* NULL: none */
	const char *certificate, *key; /* both or none */
	int64_t max_body_bytes;
	int64_t max_image_bytes;
	int64_t max_connections;
	int64_t max_connections_per_address;
	int64_t idle_timeout_ms;
	int64_t command_timeout_ms;
	int64_t min_progress_bytes;
	bool open_metrics;
};

struct config_coap {
	struct config_list listen, listen_secure;
	int64_t max_sessions;
	int64_t max_body_bytes;
	int64_t max_bodies;
	int64_t max_observers;
	int64_t body_timeout_ms;
	int64_t answer_timeout_ms;
};

struct config_device {
	bool require_known;
	bool require_credentials;
	int64_t max_cached;
};

struct config_firmware {
	struct config_list public_names;
};

struct config_manifest {
	bool allow_untagged;
	bool allow_example_keys;
	int64_t max_envelope_bytes;
};

struct config_policy {
	const char *file; /* NULL: none */
};

struct config_limits {
	int64_t workers;
	int64_t max_jobs;
	int64_t max_writes;
	int64_t max_batch;
	int64_t upload_lifetime_ms;
};

struct config_log {
	int level; /* enum su_log_level */
};

struct config_security {
	const char *credential_key_file; /* NULL: in the storage directory */
};

/* A row of struct config for each [section]; the options are in config_schema.c. */
struct config {
	struct su_arena *arena; /* holds every text */
	struct config_database database;
	struct config_storage storage;
	struct config_http http;
	struct config_coap coap;
	struct config_device device;
	struct config_firmware firmware;
	struct config_manifest manifest;
	struct config_policy policy;
	struct config_limits limits;
	struct config_log log;
	struct config_security security;
};

/*
 * Reads path and validates all of it: an unknown section or option, one given twice, a value that
 * does not fit, or two that contradict each other are SU_INVALID and err->field is "section.option".
 * Options that are not given have their defaults.
 */
enum su_status config_load(
	const char *path, struct config **out, struct su_error *err) SU_MUST_CHECK;
/* The same from memory; name stands for the file in messages. */
enum su_status config_parse(const char *name, const char *text, struct config **out,
	struct su_error *err) SU_MUST_CHECK;
void config_free(struct config **config);

/* As a file that config_load reads back to the same values, each option with its explanation. */
void config_print(const struct config *config, struct su_buf *out);

/*
 * Calls differs(arg, "section.option") for each option that has another value in b. may_reload:
 * whether a running suitd can take the new value over.
 */
typedef void (*config_differs_fn)(void *arg, const char *option, bool may_reload);
void config_compare(
	const struct config *a, const struct config *b, config_differs_fn differs, void *arg);
