/* SPDX-License-Identifier: Apache-2.0 */
/* Every option of suitd. A new one is a row here, a member in config.h and a line in docs/operations.md. */
#include "daemon/config_schema.h"

#include <string.h>

#include "base/log.h"
#include "daemon/config.h"

#define AT(member) offsetof(struct config, member)
#define KIB        1024LL
#define MIB        (1024 * KIB)
#define GIB        (1024 * MIB)
#define SECOND     1000LL
#define HOUR       (3600 * SECOND)
#define DAY        (24 * HOUR)

static const struct name_row log_level_names[] = {
	{ SU_LOG_ERROR, "error" },
	{ SU_LOG_WARNING, "warning" },
	{ SU_LOG_INFO, "info" },
	{ SU_LOG_DEBUG, "debug" },
	{ 0, NULL },
};

const struct config_option config_schema[] = {
	{ "database", "conninfo", CONFIG_TEXT, AT(database.conninfo), .fallback = "dbname=suitd",
		.help = "How to reach PostgreSQL: a libpq connection string." },

	{ "storage", "directory", CONFIG_TEXT, AT(storage.directory), .fallback = "/var/lib/suitd",
		.help = "Where images and envelopes are kept." },
	{ "storage", "low_space", CONFIG_SIZE, AT(storage.low_space_bytes), 0, 1024 * 1024 * GIB,
		"1GiB", "bytes",
		.help = "When less room is left there, a warning is logged; 0: never." },

	{ "http", "listen", CONFIG_LIST, AT(http.listen), .fallback = "127.0.0.1:8080 [::1]:8080",
		.help = "Addresses of the HTTP listener; empty: none." },
	{ "http", "public_url", CONFIG_TEXT, AT(http.public_url), .fallback = "",
		.help = "Under which URL clients reach the HTTP listener, when a proxy stands "
			"before it." },
	{ "http", "certificate", CONFIG_TEXT, AT(http.certificate), .fallback = "",
		.help = "PEM file with the certificate chain: turns HTTPS on." },
	{ "http", "key", CONFIG_TEXT, AT(http.key), .fallback = "",
		.help = "PEM file with the private key of the certificate." },
	{ "http", "max_body", CONFIG_SIZE, AT(http.max_body_bytes), KIB, 64 * MIB, "1MiB", "bytes",
		.help = "Largest request body that is not an image." },
	{ "http", "max_image", CONFIG_SIZE, AT(http.max_image_bytes), KIB, 1024 * GIB, "16GiB",
		"bytes", .help = "Largest image." },
	{ "http", "max_connections", CONFIG_INTEGER, AT(http.max_connections), 1, 1000000, "4096",
		.help = "HTTP connections held at the same time." },
	{ "http", "max_connections_per_address", CONFIG_INTEGER,
		AT(http.max_connections_per_address), 1, 1000000, "1024",
		.help = "HTTP connections of one client address (IPv6: of one /64 network)." },
	{ "http", "idle_timeout", CONFIG_DURATION, AT(http.idle_timeout_ms), SECOND, DAY, "PT1M",
		"duration",
		.help = "An HTTP connection that moves less than min_progress in this time is "
			"closed; "
			"how long a transfer takes in all is not limited." },

	{ "http", "command_timeout", CONFIG_DURATION, AT(http.command_timeout_ms), SECOND, HOUR,
		"PT1M", "duration",
		.help = "A command that was the answer to a poll counts as lost when the device "
			"says nothing more for so long." },
	{ "http", "min_progress", CONFIG_SIZE, AT(http.min_progress_bytes), 1, MIB, "256", "bytes",
		.help = "What an HTTP connection must move in each idle_timeout." },
	{ "http", "open_metrics", CONFIG_BOOLEAN, AT(http.open_metrics), .fallback = "yes",
		.help = "Whether /metrics is answered without a token." },

	{ "coap", "listen", CONFIG_LIST, AT(coap.listen), .fallback = "[::]:5683",
		.help = "Addresses for coap (UDP), of which [::] takes IPv4 as well; empty: "
			"none." },
	{ "coap", "listen_secure", CONFIG_LIST, AT(coap.listen_secure), .fallback = "[::]:5684",
		.help = "Addresses for coaps (DTLS with pre-shared keys); empty: none." },
	{ "coap", "max_sessions", CONFIG_INTEGER, AT(coap.max_sessions), 1, 10000000, "10000",
		.help = "Idle sessions kept with devices over DTLS, and at most 1000 of those "
			"without; the "
			"oldest are dropped." },
	{ "coap", "max_body", CONFIG_SIZE, AT(coap.max_body_bytes), KIB, 64 * MIB, "64KiB", "bytes",
		.help = "Largest request body sent block by block." },
	{ "coap", "max_bodies", CONFIG_INTEGER, AT(coap.max_bodies), 1, 1000000, "256",
		.help = "Request bodies that are put together at the same time." },
	{ "coap", "max_observers", CONFIG_INTEGER, AT(coap.max_observers), 0, 10000000, "10000",
		.help = "Observations of manifests held at the same time." },
	{ "coap", "body_timeout", CONFIG_DURATION, AT(coap.body_timeout_ms), SECOND, HOUR, "PT1M",
		"duration",
		.help = "A request body whose next block is late by so much is dropped." },
	{ "coap", "answer_timeout", CONFIG_DURATION, AT(coap.answer_timeout_ms), 10 * SECOND, HOUR,
		"PT1M40S", "duration",
		.help = "A command that a device has not answered by then counts as lost; "
			"messages are repeated as often as fits in, at most four times." },

	{ "device", "require_known", CONFIG_BOOLEAN, AT(device.require_known), .fallback = "no",
		.help = "Only endpoints that have a credential may register." },
	{ "device", "require_credentials", CONFIG_BOOLEAN, AT(device.require_credentials),
		.fallback = "no", .help = "Devices that did not authenticate are refused." },
	{ "device", "max_cached", CONFIG_INTEGER, AT(device.max_cached), 16, 100000000, "100000",
		.help = "Devices remembered in memory." },

	{ "firmware", "public_names", CONFIG_LIST, AT(firmware.public_names), .fallback = "",
		.help = "Authorities (name or name:port) whose image URIs this server answers." },

	{ "manifest", "allow_untagged", CONFIG_BOOLEAN, AT(manifest.allow_untagged),
		.fallback = "no", .help = "Take envelopes without CBOR tag 107." },
	{ "manifest", "allow_example_keys", CONFIG_BOOLEAN, AT(manifest.allow_example_keys),
		.fallback = "no",
		.help = "For laboratories: trust keys whose private half stands in a "
			"specification." },
	{ "manifest", "max_envelope", CONFIG_SIZE, AT(manifest.max_envelope_bytes), KIB, 64 * MIB,
		"1MiB", "bytes", .help = "Largest envelope." },

	{ "policy", "file", CONFIG_TEXT, AT(policy.file), .fallback = "/etc/suitd/policy.json",
		.help = "The policy document that the database begins with; ignored when it has "
			"one. Where there is no such file, the built-in default is taken." },

	{ "limits", "workers", CONFIG_INTEGER, AT(limits.workers), 1, 64, "4",
		.help = "Threads for management requests; each holds one database connection." },
	{ "limits", "max_jobs", CONFIG_INTEGER, AT(limits.max_jobs), 1, 1000000, "1024",
		.help = "Requests that may wait for a worker; more are told to come later." },
	{ "limits", "max_writes", CONFIG_INTEGER, AT(limits.max_writes), 1, 10000000, "20000",
		.help = "Device messages that may wait for their commit; more are told to come "
			"later." },
	{ "limits", "max_batch", CONFIG_INTEGER, AT(limits.max_batch), 1, 100000, "1000",
		.help = "Device messages written in one transaction." },
	{ "limits", "upload_lifetime", CONFIG_DURATION, AT(limits.upload_lifetime_ms), 60 * SECOND,
		365 * DAY, "P1D", "duration",
		.help = "How long an unfinished resumable upload is kept." },

	{ "log", "level", CONFIG_WORD, AT(log.level), .fallback = "info", .words = log_level_names,
		.may_reload = true, .help = "How much is logged." },

	{ "security", "credential_key_file", CONFIG_TEXT, AT(security.credential_key_file),
		.fallback = "",
		.help = "File with the key that seals device credentials, 32 bytes in hexadecimal. "
			"The systemd credential \"credential-key\" comes first; without either, "
			"credential.key in the storage directory is used, and made when missing." },
};
const size_t config_schema_len = sizeof(config_schema) / sizeof(config_schema[0]);

const struct config_option *config_schema_find(
	const char *section, const char *key, bool *section_known_out)
{
	*section_known_out = false;
	for (size_t i = 0; i < config_schema_len; i++) {
		const struct config_option *option = &config_schema[i];
		if (strcmp(option->section, section) != 0)
			continue;
		*section_known_out = true;
		if (strcmp(option->key, key) == 0)
			return option;
	}
	return NULL;
}
