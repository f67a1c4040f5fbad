// SPDX-License-Identifier: MIT
/*
 * Nodes that come and go, as udev would tell of them: a network namespace has a netlink bus of its
 * own, on which the test is udev. Run by `agx run`, which has a node to tell of.
 *
 * The messages are those of systemd, src/libsystemd/sd-device/device-monitor.c.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <agx/base.h>
#include <agx/device.h>

#define SKIP 77

#define UDEV_GROUP 2
#define UDEV_MAGIC 0xfeedcafe

struct udev_header {
	char prefix[8]; /* "libudev" */
	uint32_t magic;
	uint32_t header_size, properties_offset, properties_size; /* bytes */
	uint32_t subsystem_hash, devtype_hash, tags_high, tags_low;
};

static int udev = -1;
static struct agx_device_entry node;

/* MurmurHash2 with seed 0, which the receiver's socket filter compares. */
static uint32_t hash(const char *text)
{
	const uint32_t m = 0x5bd1e995;
	uint32_t length = (uint32_t)strlen(text), h = length, k;

	for (; length >= 4; length -= 4, text += 4) {
		memcpy(&k, text, 4);
		k *= m;
		h = h * m ^ (k ^ k >> 24) * m;
	}
	if (length) {
		k = 0;
		memcpy(&k, text, length);
		h = (h ^ k) * m;
	}
	h = (h ^ h >> 13) * m;
	return h ^ h >> 15;
}

static void tell(const char *action, const char *subsystem, const char *name)
{
	struct sockaddr_nl to = {.nl_family = AF_NETLINK, .nl_groups = UDEV_GROUP};
	struct {
		struct udev_header header;
		char properties[512];
	} message = {
		.header =
			{
				.prefix = "libudev",
				.magic = htonl(UDEV_MAGIC),
				.header_size = sizeof(struct udev_header),
				.properties_offset = sizeof(struct udev_header),
				.subsystem_hash = htonl(hash(subsystem)),
			},
	};
	int n;

	n = snprintf(message.properties, sizeof(message.properties),
		     "ACTION=%s%cDEVPATH=/devices/platform/soc/gpu/drm/%s%cSUBSYSTEM=%s%c"
		     "DEVNAME=/dev/dri/%s%cSEQNUM=1%cMAJOR=226%cMINOR=200%c",
		     action, 0, name, 0, subsystem, 0, name, 0, 0, 0, 0);
	assert_true(n > 0 && n < (int)sizeof(message.properties));
	message.header.properties_size = (uint32_t)n;
	assert_int_equal(sendto(udev, &message, sizeof(message.header) + (size_t)n, 0,
				(struct sockaddr *)&to, sizeof(to)),
			 sizeof(message.header) + (size_t)n);
}

static int setup(void **state)
{
	static struct agx_monitor *monitor;
	struct agx_context *ctx;
	int ret;

	if (agx_context_create(NULL, &ctx))
		return -1;
	ret = agx_monitor_create(ctx, &monitor);
	/* The monitor keeps it. */
	agx_context_destroy(ctx);
	*state = monitor;
	return ret;
}

static int teardown(void **state)
{
	agx_monitor_destroy(*state);
	return 0;
}

static bool has_event(struct agx_monitor *monitor)
{
	struct pollfd poll_fd = {.fd = agx_monitor_fd(monitor), .events = POLLIN};

	return poll(&poll_fd, 1, 0) == 1;
}

static void a_node_comes_and_goes(void **state)
{
	struct agx_monitor_event event;

	assert_false(has_event(*state));
	tell("add", "drm", node.name);
	assert_true(has_event(*state));
	assert_int_equal(agx_monitor_next(*state, &event), 1);
	assert_int_equal(event.action, AGX_MONITOR_ADDED);
	assert_string_equal(event.name, node.name);
	assert_string_equal(event.path, node.path);
	assert_int_equal(agx_monitor_next(*state, &event), 0);
	assert_false(has_event(*state));

	tell("remove", "drm", node.name);
	assert_true(has_event(*state));
	assert_int_equal(agx_monitor_next(*state, &event), 1);
	assert_int_equal(event.action, AGX_MONITOR_REMOVED);
	assert_string_equal(event.name, node.name);
	assert_int_equal(agx_monitor_next(*state, &event), 0);
}

static void what_is_no_node_of_asahi_is_left_out(void **state)
{
	struct agx_monitor_event event;

	tell("add", "drm", "renderD191");    /* cannot be opened */
	tell("add", "drm", "card9");         /* no render node */
	tell("change", "drm", node.name);    /* neither came nor went */
	tell("add", "input", node.name);     /* another subsystem */
	tell("remove", "drm", "renderD191"); /* whose it was is not known any more */
	tell("add", "drm", node.name);
	assert_int_equal(agx_monitor_next(*state, &event), 1);
	assert_int_equal(event.action, AGX_MONITOR_REMOVED);
	assert_string_equal(event.name, "renderD191");
	assert_int_equal(agx_monitor_next(*state, &event), 1);
	assert_int_equal(event.action, AGX_MONITOR_ADDED);
	assert_string_equal(event.name, node.name);
	assert_int_equal(agx_monitor_next(*state, &event), 0);
}

static void damaged_messages_do_no_harm(void **state)
{
	struct sockaddr_nl to = {.nl_family = AF_NETLINK, .nl_groups = UDEV_GROUP};
	struct agx_monitor_event event;
	uint32_t random = 7;
	char bytes[256];

	for (unsigned int i = 0; i < 200; i++) {
		size_t size = 1 + i % sizeof(bytes);

		for (size_t k = 0; k < size; k++) {
			random = random * 1664525 + 1013904223;
			bytes[k] = (char)(random >> 24);
		}
		memcpy(bytes, "libudev", size < 8 ? size : 8);
		sendto(udev, bytes, size, 0, (struct sockaddr *)&to, sizeof(to));
		assert_int_equal(agx_monitor_next(*state, &event), 0);
	}
	tell("add", "drm", node.name);
	for (unsigned int i = 0; has_event(*state) && i < 200; i++)
		if (agx_monitor_next(*state, &event))
			return;
	fail_msg("an event after damaged ones is lost");
}

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	if (fd >= 0)
		close(fd);
	return n < 0 ? -1 : 0;
}

/* Root of namespaces of its own, for who is not root. */
static int unshare_user(void)
{
	char users[64], groups[64];

	snprintf(users, sizeof(users), "0 %u 1", getuid());
	snprintf(groups, sizeof(groups), "0 %u 1", getgid());
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS))
		return -1;
	if (write_text("/proc/self/uid_map", users) || write_text("/proc/self/setgroups", "deny"))
		return -1;
	return write_text("/proc/self/gid_map", groups);
}

/* libudev looks for what a running udev has, where /dev is not the kernel's. */
static int look_like_udev(void)
{
	int fd;

	if (!access("/run/udev/control", F_OK))
		return 0;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("tmpfs", "/run", "tmpfs", 0, NULL) || mkdir("/run/udev", 0755))
		return -1;
	fd = open("/run/udev/control", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	return fd < 0 ? -1 : close(fd);
}

/* A namespace of the test's own, in which it may be udev. */
static int become_udev(void)
{
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) && unshare_user())
		return -1;
	if (look_like_udev())
		return -1;
	udev = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
	return udev < 0 ? -1 : 0;
}

static int find_node(void)
{
	struct agx_device_entry entries[16];
	struct agx_monitor *monitor;
	struct agx_context *ctx;
	int ret;

	if (agx_context_create(NULL, &ctx))
		return 2;
	ret = agx_monitor_create(ctx, &monitor);
	if (!ret) {
		agx_monitor_destroy(monitor);
		ret = agx_device_list(ctx, entries, 16) > 0 && entries[0].kind == AGX_DEVICE_NODE
			      ? 0
			      : 2;
		node = entries[0];
	} else {
		ret = ret == -ENOSYS ? SKIP : 2;
	}
	if (ret)
		fprintf(stderr, "no monitor or no node: %s\n", agx_error(ctx));
	agx_context_destroy(ctx);
	return ret;
}

int main(void)
{
#define EACH(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		EACH(a_node_comes_and_goes),
		EACH(what_is_no_node_of_asahi_is_left_out),
		EACH(damaged_messages_do_no_harm),
	};
	int ret;

	if (become_udev()) {
		fprintf(stderr, "no namespaces of the test's own here: %s\n", strerror(errno));
		return SKIP;
	}
	ret = find_node();
	return ret ? ret : cmocka_run_group_tests(tests, NULL, NULL);
}
