/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One reference device: registers, polls, verifies, downloads, installs, restarts and reports. It
 * is driven by replies and timers on the loop, so that one process can be thousands of devices.
 */
#pragma once

#include "suit/key.h"
#include "tools/device_options.h"
#include "tools/device_state.h"
#include "tools/device_verify.h"
#include "tools/link.h"

struct device_agent;

struct device_agent_opts {
	struct su_loop *loop;
	const char *endpoint;
	const char *folder;
	struct characteristics told;     /* components come from the folder */
	const struct calendar *calendar; /* told at registration; NULL: none */
	/* Takes commands: offers get the script's answer, and what it is told to fetch is installed
	 * when it is told so, or install_limit_s after it has come. */
	bool listens;
	struct device_script script;
	int64_t install_limit_s;
	enum envelope_form envelope_form;
	int64_t lifetime_s;
	struct device_trust trust;
	const struct key *report_key; /* signs reports; NULL: they go bare */
	/* Between polls: where the server says nothing, and the bounds for what it says. */
	int64_t poll_interval_ms, poll_least_ms, poll_most_ms;
	int64_t start_delay_ms; /* spreads a fleet */
	int64_t restart_ms;     /* how long the restart after an installation takes */
	unsigned fail_percent;  /* of installations that fail; for fleets */
	bool come_back_old;     /* misbehaviour: the new image does not stay */
	struct component_id
		kept_old;  /* misbehaviour: this component stays as it was; empty: none */
	bool report_other; /* misbehaviour: reports digests of something else */
	bool falls_silent; /* misbehaviour: at silent_at, for good */
	enum deployment_state silent_at;
	uint64_t seed;
	bool once;  /* end when there is nothing (more) to do */
	bool quiet; /* no line per step */
	/* How the update ended; called once, on the loop's thread, when once is set. */
	void (*on_end)(void *arg, bool success);
	void *arg;
};

/* The agent owns the link from here on. */
enum su_status device_agent_start(const struct device_agent_opts *opts, struct link *link_take,
	struct device_agent **out, struct su_error *err) SU_MUST_CHECK;
/*
 * As a power cut: nothing is said to the server, nothing is finished. Halted devices do nothing any
 * more; where their links have a worker pool, it is freed between the two.
 */
void device_agent_halt(struct device_agent *agent);
void device_agent_stop(struct device_agent **agent);
