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
#include "tools/fleet.h"
#include "tools/key_file.h"

#define MAX_FLEET 100000

static enum su_status read_number(const struct cli *cli, const char *option, long minimum,
	long maximum, long *inout, struct su_error *err)
{
	const char *text = cli_value(cli, option);
	char *end;
	if (text == NULL)
		return SU_OK;
	long value = strtol(text, &end, 10);
	if (*text == '\0' || *end != '\0' || value < minimum || value > maximum)
		return su_fail(err, SU_INVALID, option, "must be a number from %ld to %ld", minimum,
			maximum);
	*inout = value;
	return SU_OK;
}

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

static enum su_status read_behaviour(
	const struct cli *cli, struct fleet_opts *fleet, struct su_error *err)
{
	long fleet_size = 1, poll_s = 60, restart_ms = 200, fail_percent = 0, seed = 1,
	     block = 1024, lifetime_s = 86400;
	SU_TRY(read_number(cli, "fleet", 1, MAX_FLEET, &fleet_size, err));
	SU_TRY(read_number(cli, "poll", 1, 86400, &poll_s, err));
	SU_TRY(read_number(cli, "restart-ms", 0, 600000, &restart_ms, err));
	SU_TRY(read_number(cli, "fail-percent", 0, 100, &fail_percent, err));
	SU_TRY(read_number(cli, "seed", 0, 2147483647, &seed, err));
	SU_TRY(read_number(cli, "block", 16, 1024, &block, err));
	SU_TRY(read_number(cli, "lifetime", 60, 31536000, &lifetime_s, err));
	while (((long)16 << fleet->block_szx) < block)
		fleet->block_szx++;
	if (((long)16 << fleet->block_szx) != block)
		return su_fail(err, SU_INVALID, "block", "must be a power of two");
	fleet->size = (unsigned)fleet_size;
	fleet->device.poll_interval_ms = poll_s * 1000;
	fleet->device.restart_ms = restart_ms;
	fleet->device.fail_percent = (unsigned)fail_percent;
	fleet->device.seed = (uint64_t)seed;
	fleet->device.lifetime_s = lifetime_s;
	fleet->device.once = cli_flag(cli, "once");
	fleet->device.envelope_form = cli_flag(cli, "severed") ? ENVELOPE_SEVERED : ENVELOPE_FULL;
	fleet->device.quiet = cli_flag(cli, "quiet");
	return SU_OK;
}

static enum su_status device(struct cli *cli, struct su_error *err)
{
	struct fleet_opts fleet = { 0 };
	struct key *report_key su_auto(key_free) = NULL;
	SU_TRY(read_identity(cli, &fleet, err));
	SU_TRY(read_anchors(cli, &fleet.device, err));
	SU_TRY(read_told(cli, &fleet.device.told, err));
	SU_TRY(read_behaviour(cli, &fleet, err));
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
		{ "poll", "SECONDS", "between polls, default 60" },
		{ "restart-ms", "MS", "how long a restart takes, default 200" },
		{ "once", NULL, "end when there is nothing left to do" },
		{ "fleet", "N", "be N devices, NAME-00000 and on" },
		{ "fail-percent", "P", "so many installations fail" },
		{ "seed", "S", "makes a fleet's behaviour repeatable" },
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
