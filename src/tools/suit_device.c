/* SPDX-License-Identifier: Apache-2.0 */
/* suit-device: a reference device, or a fleet of them in one process. */
#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/memory.h"
#include "tools/cli.h"
#include "tools/device_options.h"
#include "tools/fleet.h"
#include "tools/key_file.h"

#define MAX_FLEET 100000

static enum su_status read_ids(const struct cli *cli, const char *option, struct su_uuid *ids,
	size_t *n, struct su_error *err)
{
	const char *text;
	for (*n = 0; (text = cli_nth(cli, option, *n)) != NULL; (*n)++) {
		if (*n == DEVICE_MAX_IDS)
			return su_fail(err, SU_INVALID, option, "is given too often");
		if (su_uuid_parse(text, &ids[*n], err) != SU_OK) {
			su_error_within(err, option);
			return err->status;
		}
	}
	return SU_OK;
}

static enum su_status read_anchors(
	const struct cli *cli, struct device_agent_opts *device, struct su_error *err)
{
	size_t n = 0;
	while (cli_nth(cli, "trust", n) != NULL)
		n++;
	if (n == 0)
		return su_fail(err, SU_INVALID, "",
			"--trust is required: whose manifests shall the device take?");
	struct trust_anchor *anchors = su_arena_array(cli->arena, n, sizeof(*anchors));
	for (size_t i = 0; i < n; i++) {
		struct key *key su_auto(key_free) = NULL;
		SU_TRY(key_file_read(cli->arena, cli_nth(cli, "trust", i), &key, err));
		anchors[i].name = cli_nth(cli, "trust", i);
		anchors[i].purpose = ANCHOR_AUTHOR;
		anchors[i].spki = key_spki(cli->arena, key);
		anchors[i].key_type = key_type_name(key_type_of(key));
	}
	device->trust = (struct device_trust){ n, anchors };
	return SU_OK;
}

static enum su_status read_identity(
	const struct cli *cli, struct fleet_opts *fleet, struct su_error *err)
{
	const char *hex = cli_value(cli, "psk");
	fleet->token = cli_value(cli, "device-token");
	SU_TRY(cli_require(cli, "server", &fleet->server, err));
	SU_TRY(cli_require(cli, "endpoint", &fleet->device.endpoint, err));
	SU_TRY(cli_require(cli, "dir", &fleet->device.folder, err));
	if (hex == NULL && strncmp(fleet->server, "coaps:", 6) == 0)
		return su_fail(err, SU_INVALID, "", "--psk is required for coaps");
	if (hex == NULL)
		return SU_OK;
	uint8_t *psk = su_arena_alloc(cli->arena, 64);
	if (su_hex_decode(su_span_str(hex), psk, 64, &fleet->psk.len, err) != SU_OK) {
		su_error_within(err, "psk");
		return err->status;
	}
	fleet->psk.data = psk;
	return SU_OK;
}

static enum su_status read_told(
	const struct cli *cli, struct characteristics *told, struct su_error *err)
{
	SU_TRY(read_ids(cli, "vendor", told->vendor_ids, &told->n_vendor_ids, err));
	SU_TRY(read_ids(cli, "class", told->class_ids, &told->n_class_ids, err));
	told->model = cli_value(cli, "model");
	told->serial = cli_value(cli, "serial");
	return SU_OK;
}

static enum su_status read_block(
	const struct cli *cli, const char *option, unsigned *szx_out, struct su_error *err)
{
	int64_t block = 1024;
	SU_TRY(device_options_read_number(cli, option, 16, 1024, &block, err));
	while ((INT64_C(16) << *szx_out) < block)
		(*szx_out)++;
	if ((INT64_C(16) << *szx_out) != block)
		return su_fail(err, SU_INVALID, option, "must be a power of two");
	return SU_OK;
}

/* Without --poll the server says how often, up to once a day. */
static enum su_status read_polling(
	const struct cli *cli, struct device_agent_opts *device, struct su_error *err)
{
	int64_t poll_s = 60, least_s = 10;
	SU_TRY(device_options_read_number(cli, "poll", 1, 86400, &poll_s, err));
	SU_TRY(device_options_read_number(cli, "poll-least", 1, 86400, &least_s, err));
	device->poll_interval_ms = poll_s * 1000;
	device->poll_least_ms = (least_s < poll_s ? least_s : poll_s) * 1000;
	device->poll_most_ms = (cli_flag(cli, "poll") ? poll_s : 86400) * 1000;
	return SU_OK;
}

static enum su_status read_behaviour(
	const struct cli *cli, struct fleet_opts *fleet, struct su_error *err)
{
	struct device_agent_opts *device = &fleet->device;
	int64_t fleet_size = 1, fail_percent = 0, seed = 1;
	device->restart_ms = 200;
	device->lifetime_s = 86400;
	SU_TRY(device_options_read_number(cli, "fleet", 1, MAX_FLEET, &fleet_size, err));
	SU_TRY(device_options_read_number(cli, "restart-ms", 0, 600000, &device->restart_ms, err));
	SU_TRY(device_options_read_number(cli, "fail-percent", 0, 100, &fail_percent, err));
	SU_TRY(device_options_read_number(cli, "seed", 0, 2147483647, &seed, err));
	SU_TRY(device_options_read_number(cli, "lifetime", 60, 31536000, &device->lifetime_s, err));
	SU_TRY(read_polling(cli, device, err));
	SU_TRY(read_block(cli, "block", &fleet->block_szx, err));
	SU_TRY(read_block(cli, "max-block", &fleet->max_szx, err));
	if (cli_flag(cli, "mix"))
		SU_TRY(device_mix_parse(cli_value(cli, "mix"), &fleet->mix, err));
	fleet->size = (unsigned)fleet_size;
	device->fail_percent = (unsigned)fail_percent;
	device->seed = (uint64_t)seed;
	device->once = cli_flag(cli, "once");
	device->envelope_form = cli_flag(cli, "severed") ? ENVELOPE_SEVERED : ENVELOPE_FULL;
	device->quiet = cli_flag(cli, "quiet");
	return SU_OK;
}

static enum su_status read_misbehaviour(
	const struct cli *cli, struct device_agent_opts *device, struct su_error *err)
{
	static const struct name_row states[] = {
		{ DEPLOYMENT_DOWNLOADING, "downloading" },
		{ DEPLOYMENT_INSTALLING, "installing" },
		{ DEPLOYMENT_REBOOTING, "rebooting" },
		{ 0, NULL },
	};
	const char *silent_at = cli_value(cli, "go-silent-at");
	const char *kept_old = cli_value(cli, "keep-old");
	int state = 0;
	device->come_back_old = cli_flag(cli, "come-back-old");
	device->report_other = cli_flag(cli, "report-other-digest");
	device->falls_silent = silent_at != NULL;
	if (kept_old != NULL &&
		component_id_parse(cli->arena, kept_old, &device->kept_old, err) != SU_OK) {
		su_error_within(err, "keep-old");
		return err->status;
	}
	if (silent_at != NULL)
		SU_TRY(name_parse(states, "go-silent-at", silent_at, &state, err));
	device->silent_at = (enum deployment_state)state;
	return SU_OK;
}

/* A device that tells nothing of its habits takes no commands either: it polls. */
static enum su_status read_habits(
	const struct cli *cli, struct device_agent_opts *device, struct su_error *err)
{
	static const struct profile nothing;
	const char *answer = cli_value(cli, "answer");
	device->install_limit_s = 86400;
	SU_TRY(device_options_read_profile(cli, &device->told.profile, err));
	SU_TRY(device_options_read_calendar(cli, &device->calendar, err));
	SU_TRY(device_options_read_number(
		cli, "install-limit", 0, 31536000, &device->install_limit_s, err));
	if (answer != NULL)
		SU_TRY(device_options_parse_answer(answer, &device->script, err));
	device->script.by_status = cli_flag(cli, "answer-by-status");
	device->listens = answer != NULL || !profile_equal(&device->told.profile, &nothing);
	return read_misbehaviour(cli, device, err);
}

static enum su_status device(struct cli *cli, struct su_error *err)
{
	struct fleet_opts fleet = { 0 };
	struct key *report_key su_auto(key_free) = NULL;
	SU_TRY(read_identity(cli, &fleet, err));
	SU_TRY(read_anchors(cli, &fleet.device, err));
	SU_TRY(read_told(cli, &fleet.device.told, err));
	SU_TRY(read_behaviour(cli, &fleet, err));
	SU_TRY(read_habits(cli, &fleet.device, err));
	if (cli_flag(cli, "report-key"))
		SU_TRY(key_file_read(cli->arena, cli_value(cli, "report-key"), &report_key, err));
	fleet.device.report_key = report_key;
	unsigned failed = 0;
	SU_TRY(fleet_run(&fleet, &failed, err));
	if (failed > 0)
		return su_fail(
			err, SU_IO, "", "%u of %u devices did not end well", failed, fleet.size);
	return SU_OK;
}

static const struct cli_command command = {
	.words = "",
	.arguments = "",
	.summary = "A reference device: registers, polls, verifies, downloads, installs, reports.",
	.options = {
		{ "server", "URL", "coap://, coaps:// or http:// address of the server" },
		{ "endpoint", "NAME", "the device's name" },
		{ "dir", "DIR", "where it keeps its state and images" },
		{ "trust", "FILE", "public key that may sign manifests; may be repeated" },
		{ "vendor", "UUID", "vendor identifier; may be repeated" },
		{ "class", "UUID", "class identifier; may be repeated" },
		{ "psk", "HEX", "pre-shared key for coaps" },
		{ "device-token", "TOKEN", "bearer token for http" },
		{ "model", "TEXT", "told at registration" },
		{ "serial", "TEXT", "told at registration" },
		{ "report-key", "FILE", "private key that signs reports" },
		{ "severed", NULL, "ask for the small form of the envelope" },
		{ "block", "BYTES", "CoAP block size, 16 to 1024" },
		{ "lifetime", "SECONDS", "of the registration" },
		{ "poll", "SECONDS",
			"between polls at most; else as the server says, or 60 if it does not" },
		{ "poll-least", "SECONDS", "between polls, whatever the server says; default 10" },
		{ "restart-ms", "MS", "how long a restart takes, default 200" },
		{ "once", NULL, "end when there is nothing left to do" },
		{ "fleet", "N", "be N devices, NAME-00000 and on" },
		{ "fail-percent", "P", "so many installations fail" },
		{ "mix", "KINDS",
			"so many percent of a fleet are sleepy, later, no, silent, nonsense, revert,"
			" vanish or other, as sleepy=20,no=10" },
		{ "seed", "S", "makes a fleet's behaviour repeatable" },
		DEVICE_OPTIONS_HABITS,
		{ "answer", "WORD",
			"to offers: now, at:SECONDS, no, no:REASON, silent or nonsense" },
		{ "answer-by-status", NULL, "answer offers in a message of their own" },
		{ "max-block", "BYTES", "refuse larger blocks of what is pushed" },
		{ "install-limit", "SECONDS",
			"install without being told so long after the download; default 86400" },
		{ "come-back-old", NULL, "misbehave: revert after each installation" },
		{ "keep-old", "COMPONENT", "misbehave: install all but this one, as \"['app']\"" },
		{ "go-silent-at", "STATE",
			"misbehave: vanish at downloading, installing or rebooting" },
		{ "report-other-digest", NULL, "misbehave: report what was not installed" },
		{ "quiet", NULL, "no line per step" },
		{ NULL, NULL, NULL },
	},
	.run = device,
};

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	int status = cli_single("suit-device", &command, argc, argv);
	curl_global_cleanup();
	return status;
}
