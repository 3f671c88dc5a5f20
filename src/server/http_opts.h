/* SPDX-License-Identifier: Apache-2.0 */
/* What the HTTP front end is given at its start: what its handlers may use, where it listens, its bounds. */
#pragma once

#include "base/loop.h"
#include "base/work.h"
#include "store/blob.h"
#include "tracker/intake.h"

struct coap_stats;
struct command_stats;
struct credential_key;
struct device_front;
struct http_channel;
struct http_stats;
struct policy_holder;
struct public_paths;

/* What handlers may use. Borrowed: all of it must outlive the front end. */
struct http_env {
	struct su_loop *loop;
	struct su_work *work; /* its thread context is a struct store_conn * */
	struct blob_store *blobs;
	struct public_paths *paths;
	const struct http_stats *stats;            /* made by http_start */
	const struct command_stats *command_stats; /* of the tracker; NULL: it sends none */
	const struct poll_stats *poll_stats;       /* of the tracker; NULL: there is none */
	const struct coap_stats *coap_stats;       /* NULL: there is no CoAP */
	const struct intake_opts *intake;
	struct policy_holder *policies;
	const struct credential_key *credential_key; /* NULL: pre-shared keys are refused */
	struct device_front *devices;                /* the device plane; NULL: its paths are 404 */
	struct http_channel *commands;               /* for its devices; made by http_start */
	const char *public_url; /* "https://fw.example.com", no slash at the end; NULL: relative */
	size_t max_body_bytes;  /* JSON and other bodies kept in memory; 0: 1 MiB */
	uint64_t max_image_bytes;   /* 0: 8 GiB */
	int64_t upload_lifetime_ms; /* how long an unfinished upload is kept; 0: a day */
	bool open_metrics;          /* /metrics needs no token */
};

struct http_listen {
	const char *address; /* "127.0.0.1:8080", "[::1]:0" */
	int fd; /* a listening socket handed in (socket activation), then address is ignored; else -1 */
};

struct http_opts {
	struct http_env env;
	size_t n_listen;
	const struct http_listen *listen;
	const char *certificate_pem,
		*key_pem;         /* contents, not names; both or neither. TLS by GnuTLS */
	unsigned max_connections; /* of each listener; 0: 4096 */
	unsigned max_connections_per_address; /* IPv6: per /64; 0: a quarter of max_connections */
	/*
	 * A connection on which neither a request is completed nor min_progress_bytes are moved
	 * during this time is closed. There is no limit on the total time of a transfer.
	 */
	int64_t idle_timeout_ms;     /* 0: 60 s */
	unsigned min_progress_bytes; /* 0: 256 */
	int64_t command_timeout_ms;  /* silence of a device after a command; 0: 60 s */
};
