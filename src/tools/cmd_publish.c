/* SPDX-License-Identifier: Apache-2.0 */
/* suitctl publish: what a build pipeline does after a build: images first, then the manifest. */
#include <stdio.h>

#include "base/memory.h"
#include "tools/api_client.h"
#include "tools/command_list.h"
#include "tools/envelope_file.h"
#include "tools/image_file.h"
#include "tools/show.h"
#include "tools/whole_file.h"

/* What the server has already is not sent again. */
static enum su_status put_image(
	struct cli *cli, struct api_client *client, const char *file, struct su_error *err)
{
	struct digest digest;
	uint64_t size;
	char text[DIGEST_TEXT_SIZE];
	SU_TRY(image_file_digest(file, DIGEST_SHA256, &digest, &size, err));
	digest_format(&digest, text);
	const char *path = su_arena_printf(cli->arena, "/images/%s", text);
	bool there = api_call(client, "GET", path, NULL, NULL, NULL) == SU_OK;
	if (!there)
		SU_TRY(api_send_file(client, path, file, NULL, err));
	if (!cli_flag(cli, "json"))
		printf("%-24s %s  %llu bytes%s\n", "image", text, (unsigned long long)size,
			there ? ", there already" : "");
	return SU_OK;
}

static const char *manifest_path(struct cli *cli)
{
	const char *kind = cli_value(cli, "kind");
	const char *labels = cli_value(cli, "labels");
	const char *path = su_arena_printf(cli->arena, "/manifests?kind=%s",
		kind != NULL ? api_segment(cli->arena, kind) : "unspecified");
	if (labels == NULL)
		return path;
	return su_arena_printf(cli->arena, "%s&labels=%s", path, api_segment(cli->arena, labels));
}

static enum su_status publish(struct cli *cli, struct su_error *err)
{
	struct api_client *client su_auto(api_client_free) = NULL;
	struct su_span envelope;
	SU_TRY(api_client_new(cli, &client, err));
	SU_TRY(whole_file_read(
		cli->arena, cli->arguments[0], ENVELOPE_FILE_MAX_BYTES, &envelope, err));
	const char *image;
	for (size_t i = 0; (image = cli_nth(cli, "image", i)) != NULL; i++)
		SU_TRY(put_image(cli, client, image, err));
	json_t *release = NULL;
	SU_TRY(api_send_bytes(client, "POST", manifest_path(cli), "application/suit-envelope+cose",
		envelope, &release, err));
	show_object(cli, release);
	json_decref(release);
	return SU_OK;
}

const struct cli_command cmd_publish = {
	.words = "publish",
	.arguments = "MANIFEST",
	.summary = "Upload the images of a release, then its signed manifest",
	.min_arguments = 1,
	.max_arguments = 1,
	.options = {
		{ "image", "FILE", "an image that the manifest names; may be repeated" },
		{ "kind", "KIND", "security, bugfix, feature or configuration" },
		{ "labels", "JSON", "an object of labels for the policy" },
		SHOW_JSON_OPTION,
		{ NULL, NULL, NULL },
	},
	.run = publish,
};
