/*
 * exists.c - `hod container|image|network|volume exists`: an exit code and no output.
 */
#include "commands.h"

#include "engine/network.h"
#include "operands.h"

static int container_exists(struct app *app, void *args, struct strv *operands, struct error *err)
{
	auto_done(container) struct container c;
	int found;

	container_init(&c);
	found = container_find(&app->store, operands->v[0], &c, err);
	return found < 0 ? -1 : !found;
}

static int image_exists(struct app *app, void *args, struct strv *operands, struct error *err)
{
	auto_done(image) struct image i;
	int found;

	image_init(&i);
	found = image_find(&app->store, operands->v[0], NULL, &i, err);
	return found < 0 ? -1 : !found;
}

static int volume_exists(struct app *app, void *args, struct strv *operands, struct error *err)
{
	auto_done(volume) struct volume v;
	int found;

	volume_init(&v);
	found = volume_find(&app->store, operands->v[0], &v, err);
	return found < 0 ? -1 : !found;
}

static int network_exists(struct app *app, void *args, struct strv *operands, struct error *err)
{
	auto_done(network) struct network n = { 0 };
	int found = network_find(&app->store, operands->v[0], &n, err);

	return found < 0 ? -1 : !found;
}

const struct command cmd_container_exists = {
	.name = "container exists",
	.operands = "CONTAINER",
	.summary = "tell by the exit code whether a container is there",
	.needs = NEED_STORE_READ,
	.min = 1,
	.max = 1,
	.run = container_exists,
	.failure = EXIT_OURS,
};
const struct command cmd_image_exists = {
	.name = "image exists",
	.operands = "IMAGE",
	.summary = "tell by the exit code whether an image is there",
	.needs = NEED_STORE_READ,
	.min = 1,
	.max = 1,
	.run = image_exists,
	.failure = EXIT_OURS,
};
const struct command cmd_volume_exists = {
	.name = "volume exists",
	.operands = "VOLUME",
	.summary = "tell by the exit code whether a volume is there",
	.needs = NEED_STORE_READ,
	.min = 1,
	.max = 1,
	.run = volume_exists,
	.failure = EXIT_OURS,
};
const struct command cmd_network_exists = {
	.name = "network exists",
	.operands = "NETWORK",
	.summary = "tell by the exit code whether a network is there",
	.needs = NEED_STORE_READ,
	.min = 1,
	.max = 1,
	.run = network_exists,
	.failure = EXIT_OURS,
};
