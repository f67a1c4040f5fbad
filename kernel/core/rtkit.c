// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Sources: Linux: drivers/soc/apple/rtkit.c; AsahiLinux/m1n1: proxyclient/m1n1/fw/asc/{mgmt,
 * crash,syslog,oslog,ioreporting}.py.
 */
#include "agx_rtkit.h"

#include "agx_text.h"

/* As Linux: requests are for a few pages; one MiB less a page is all that the field can say. */
#define SYSLOG_ENTRY_MAX 0x1000u

static int fail(struct agx_rtkit *rtkit, int err, const char *what, uint64_t value)
{
	if (rtkit->state != AGX_RTKIT_STATE_CRASHED) {
		agx_log(rtkit->platform, AGX_LOG_ERROR, "rtkit, in state %s: %s (0x%llx)",
			agx_rtkit_state_name(rtkit->state), what, (unsigned long long)value);
		rtkit->error = what;
		rtkit->error_value = value;
	}
	rtkit->state = AGX_RTKIT_STATE_CRASHED;
	return err;
}

static int send(struct agx_rtkit *rtkit, uint8_t endpoint, uint64_t message)
{
	const struct agx_platform *platform = rtkit->platform;
	int err = platform->mailbox_send(platform->cookie, endpoint, message);

	if (err)
		return fail(rtkit, err, "the mailbox does not take a message", message);
	return 0;
}

static int manage(struct agx_rtkit *rtkit, enum agx_rtkit_type type, uint64_t payload)
{
	return send(rtkit, AGX_EP_MANAGEMENT, (uint64_t)type << AGX_RTKIT_TYPE_SHIFT | payload);
}

const char *agx_rtkit_state_name(enum agx_rtkit_state state)
{
	static const char *const names[] = {
		[AGX_RTKIT_STATE_OFF] = "off",
		[AGX_RTKIT_STATE_HELLO] = "waiting for HELLO",
		[AGX_RTKIT_STATE_EPMAP] = "waiting for EPMAP",
		[AGX_RTKIT_STATE_IOP] = "waiting for IOP_POWER_ACK",
		[AGX_RTKIT_STATE_AP] = "waiting for AP_POWER",
		[AGX_RTKIT_STATE_RUNNING] = "running",
		[AGX_RTKIT_STATE_STOP_AP] = "stopping, waiting for AP_POWER",
		[AGX_RTKIT_STATE_STOP_IOP] = "stopping, waiting for IOP_POWER_ACK",
		[AGX_RTKIT_STATE_QUIET] = "quiet",
		[AGX_RTKIT_STATE_CRASHED] = "crashed",
	};

	return (unsigned int)state < sizeof(names) / sizeof(names[0]) ? names[state] : "?";
}

void agx_rtkit_start(struct agx_rtkit *rtkit, const struct agx_platform *platform,
		     const struct agx_rtkit_ops *ops, void *owner)
{
	agx_core_memset(rtkit, 0, sizeof(*rtkit));
	rtkit->platform = platform;
	rtkit->ops = ops;
	rtkit->owner = owner;
	rtkit->state = AGX_RTKIT_STATE_HELLO;
}

static bool has_endpoint(const struct agx_rtkit *rtkit, uint8_t endpoint)
{
	return rtkit->endpoints[endpoint / 32] >> (endpoint % 32) & 1;
}

static int start_endpoint(struct agx_rtkit *rtkit, uint8_t endpoint)
{
	return manage(rtkit, AGX_RTKIT_START_EP,
		      (uint64_t)endpoint << AGX_RTKIT_START_EP_SHIFT | AGX_RTKIT_START_EP_START);
}

/* Both conditions for the last step may become true in any order. */
static int go_on(struct agx_rtkit *rtkit)
{
	if (rtkit->state == AGX_RTKIT_STATE_EPMAP && rtkit->mapped)
		rtkit->state = AGX_RTKIT_STATE_IOP;
	if (rtkit->state != AGX_RTKIT_STATE_IOP || !rtkit->iop_on)
		return 0;
	rtkit->state = AGX_RTKIT_STATE_AP;
	return manage(rtkit, AGX_RTKIT_AP_POWER, AGX_RTKIT_POWER_ON);
}

static int receive_hello(struct agx_rtkit *rtkit, uint64_t message)
{
	uint64_t least = message & AGX_RTKIT_HELLO_MIN;
	uint64_t most = (message & AGX_RTKIT_HELLO_MAX) >> AGX_RTKIT_HELLO_MAX_SHIFT;
	uint64_t version;

	if (rtkit->state != AGX_RTKIT_STATE_HELLO)
		return fail(rtkit, -EPROTO, "HELLO although it has started", message);
	if (least > most || least > AGX_RTKIT_VERSION_MAX || most < AGX_RTKIT_VERSION_MIN)
		return fail(rtkit, -EPROTO, "no protocol version in common, ours are 11 and 12",
			    message);
	version = most < AGX_RTKIT_VERSION_MAX ? most : AGX_RTKIT_VERSION_MAX;
	rtkit->version = (uint16_t)version;
	rtkit->state = AGX_RTKIT_STATE_EPMAP;
	return manage(rtkit, AGX_RTKIT_HELLO_ACK, version << AGX_RTKIT_HELLO_MAX_SHIFT | version);
}

static int receive_epmap(struct agx_rtkit *rtkit, uint64_t message)
{
	static const uint8_t system[] = {AGX_EP_CRASHLOG, AGX_EP_SYSLOG, AGX_EP_KDEBUG,
					 AGX_EP_IOREPORT, AGX_EP_OSLOG,  AGX_EP_TRACEKIT};
	uint64_t base = message & AGX_RTKIT_EPMAP_BASE;
	uint64_t last = message & AGX_RTKIT_EPMAP_LAST;
	unsigned int i;
	int err;

	if (rtkit->state != AGX_RTKIT_STATE_EPMAP || rtkit->mapped)
		return fail(rtkit, -EPROTO, "EPMAP out of turn", message);
	rtkit->endpoints[base >> AGX_RTKIT_EPMAP_BASE_SHIFT] =
		(uint32_t)(message & AGX_RTKIT_EPMAP_BITMAP);
	err = manage(rtkit, AGX_RTKIT_EPMAP, base | (last ? last : AGX_RTKIT_EPMAP_MORE));
	if (err || !last)
		return err;

	rtkit->mapped = true;
	for (i = 0; i < sizeof(system); i++) {
		if (!has_endpoint(rtkit, system[i]))
			continue;
		err = start_endpoint(rtkit, system[i]);
		if (err)
			return err;
	}
	return go_on(rtkit);
}

/* m1n1 waits for 0x20 and lets other states pass by; so does this, while it starts. */
static int receive_iop_power(struct agx_rtkit *rtkit, uint64_t message)
{
	uint64_t state = message & AGX_RTKIT_POWER_STATE;

	switch (rtkit->state) {
	case AGX_RTKIT_STATE_EPMAP:
	case AGX_RTKIT_STATE_IOP:
		if (state == AGX_RTKIT_POWER_ON) {
			rtkit->iop_on = true;
			return go_on(rtkit);
		}
		break;
	case AGX_RTKIT_STATE_AP:
	case AGX_RTKIT_STATE_RUNNING:
		if (state != AGX_RTKIT_POWER_ON)
			return fail(rtkit, -EPROTO, "IOP power goes down unasked", state);
		break;
	case AGX_RTKIT_STATE_STOP_IOP:
		if (state != AGX_RTKIT_POWER_QUIESCED && state != AGX_RTKIT_POWER_SLEEP &&
		    state != AGX_RTKIT_POWER_OFF)
			return fail(rtkit, -EPROTO, "IOP power does not go down", state);
		rtkit->state = AGX_RTKIT_STATE_QUIET;
		rtkit->iop_on = false;
		return 0;
	default:
		return fail(rtkit, -EPROTO, "IOP_POWER_ACK out of turn", message);
	}
	agx_log(rtkit->platform, AGX_LOG_WARNING, "rtkit: IOP power state 0x%llx while %s",
		(unsigned long long)state, agx_rtkit_state_name(rtkit->state));
	return 0;
}

static int receive_ap_power(struct agx_rtkit *rtkit, uint64_t message)
{
	uint64_t state = message & AGX_RTKIT_POWER_STATE;

	switch (rtkit->state) {
	case AGX_RTKIT_STATE_AP:
		if (state != AGX_RTKIT_POWER_ON)
			return fail(rtkit, -EPROTO, "AP power is not 0x20 at start", state);
		rtkit->state = AGX_RTKIT_STATE_RUNNING;
		return 0;
	case AGX_RTKIT_STATE_STOP_AP:
		if (state != AGX_RTKIT_POWER_QUIESCED)
			return fail(rtkit, -EPROTO, "AP power does not go down", state);
		rtkit->state = AGX_RTKIT_STATE_STOP_IOP;
		return manage(rtkit, AGX_RTKIT_SET_IOP_POWER, AGX_RTKIT_POWER_QUIESCED);
	default:
		return fail(rtkit, -EPROTO, "AP_POWER out of turn", message);
	}
}

static int receive_management(struct agx_rtkit *rtkit, uint64_t message)
{
	switch ((message & AGX_RTKIT_TYPE) >> AGX_RTKIT_TYPE_SHIFT) {
	case AGX_RTKIT_HELLO:
		return receive_hello(rtkit, message);
	case AGX_RTKIT_EPMAP:
		return receive_epmap(rtkit, message);
	case AGX_RTKIT_IOP_POWER_ACK:
		return receive_iop_power(rtkit, message);
	case AGX_RTKIT_AP_POWER:
		return receive_ap_power(rtkit, message);
	case AGX_RTKIT_PING:
		return manage(rtkit, AGX_RTKIT_PONG, 0);
	}
	agx_log(rtkit->platform, AGX_LOG_WARNING, "rtkit: unknown management message 0x%llx",
		(unsigned long long)message);
	return 0;
}

/*
 * A buffer request. An address of zero asks for memory; else the firmware names its own, and
 * wants no answer.
 */
static int request(struct agx_rtkit *rtkit, struct agx_rtkit_buffer *buffer, uint64_t size,
		   uint64_t va, bool *answer)
{
	int err;

	*answer = false;
	if (!size)
		return fail(rtkit, -EPROTO, "request for a buffer of no size", va);
	if (buffer->size)
		return fail(rtkit, -EPROTO, "second request for a buffer", size);
	if (va) {
		/* 44 or 48 bits of an address in the upper half. */
		rtkit->ops->find(rtkit->owner, va, size, buffer);
		buffer->va = va;
		buffer->size = size;
		return 0;
	}
	err = rtkit->ops->allocate(rtkit->owner, size, buffer);
	if (err)
		return fail(rtkit, err, "no memory for a buffer of the firmware's", size);
	*answer = true;
	return 0;
}

/* The low bits of an address that messages have, with its sign. 0 stays 0. */
static uint64_t extend(uint64_t address, unsigned int bits)
{
	uint64_t sign = 1ull << (bits - 1);

	return address ? (address ^ sign) - sign : 0;
}

static int receive_request(struct agx_rtkit *rtkit, uint8_t endpoint, uint64_t message,
			   struct agx_rtkit_buffer *buffer)
{
	uint64_t pages = (message & AGX_RTKIT_BUFFER_SIZE) >> AGX_RTKIT_BUFFER_SIZE_SHIFT;
	bool answer;
	int err;

	err = request(rtkit, buffer, pages * AGX_RTKIT_BUFFER_PAGE,
		      extend(message & AGX_RTKIT_BUFFER_ADDRESS, 44), &answer);
	if (err || !answer)
		return err;
	return send(rtkit, endpoint,
		    (uint64_t)AGX_RTKIT_BUFFER_REQUEST << AGX_RTKIT_BUFFER_TYPE_SHIFT |
			    pages << AGX_RTKIT_BUFFER_SIZE_SHIFT |
			    (buffer->va & AGX_RTKIT_BUFFER_ADDRESS));
}

static int receive_crashlog(struct agx_rtkit *rtkit, uint64_t message)
{
	const struct agx_rtkit_buffer *buffer = &rtkit->crashlog;

	if (message >> AGX_RTKIT_BUFFER_TYPE_SHIFT != AGX_RTKIT_BUFFER_REQUEST) {
		agx_log(rtkit->platform, AGX_LOG_WARNING, "rtkit: unknown crashlog message 0x%llx",
			(unsigned long long)message);
		return 0;
	}
	if (!buffer->size)
		return receive_request(rtkit, AGX_EP_CRASHLOG, message, &rtkit->crashlog);

	fail(rtkit, -EIO, "the firmware has crashed", message);
	if (buffer->cpu)
		agx_crashlog_print(buffer->cpu, buffer->size, rtkit->text, sizeof(rtkit->text),
				   rtkit->ops->line, rtkit->owner);
	return -EIO;
}

static void print_syslog(struct agx_rtkit *rtkit, uint64_t index)
{
	const struct agx_rtkit_buffer *buffer = &rtkit->syslog;
	uint64_t stride = sizeof(struct agx_rtkit_syslog_entry) + rtkit->syslog_entry;
	const struct agx_rtkit_syslog_entry *entry;
	struct agx_text text;

	if (!buffer->cpu || index >= rtkit->syslog_count || (index + 1) * stride > buffer->size) {
		agx_log(rtkit->platform, AGX_LOG_WARNING,
			"rtkit: syslog entry %llu of %u is not in the buffer",
			(unsigned long long)index, rtkit->syslog_count);
		return;
	}
	entry = (const void *)((const char *)buffer->cpu + index * stride);
	agx_text_init(&text, rtkit->text, sizeof(rtkit->text));
	agx_text_foreign(&text, entry->context, sizeof(entry->context));
	agx_text_add(&text, ": ");
	agx_text_foreign(&text, (const char *)(entry + 1), rtkit->syslog_entry);
	rtkit->ops->line(rtkit->owner, AGX_EP_SYSLOG, rtkit->text);
}

static int receive_syslog(struct agx_rtkit *rtkit, uint64_t message)
{
	uint64_t entry;

	switch ((message & AGX_RTKIT_TYPE) >> AGX_RTKIT_TYPE_SHIFT) {
	case AGX_RTKIT_BUFFER_REQUEST:
		return receive_request(rtkit, AGX_EP_SYSLOG, message, &rtkit->syslog);
	case AGX_RTKIT_SYSLOG_INIT:
		entry = (message & AGX_RTKIT_SYSLOG_INIT_ENTRY) >>
			AGX_RTKIT_SYSLOG_INIT_ENTRY_SHIFT;
		if (entry > SYSLOG_ENTRY_MAX)
			return fail(rtkit, -EPROTO, "syslog entries of more than 4 KiB", entry);
		rtkit->syslog_entry = (uint32_t)entry;
		rtkit->syslog_count = (uint32_t)(message & AGX_RTKIT_SYSLOG_INIT_COUNT);
		return 0;
	case AGX_RTKIT_SYSLOG_LOG:
		print_syslog(rtkit, message & AGX_RTKIT_SYSLOG_LOG_INDEX);
		return send(rtkit, AGX_EP_SYSLOG, message);
	}
	agx_log(rtkit->platform, AGX_LOG_WARNING, "rtkit: unknown syslog message 0x%llx",
		(unsigned long long)message);
	return 0;
}

static int receive_ioreport(struct agx_rtkit *rtkit, uint64_t message)
{
	switch (message >> AGX_RTKIT_BUFFER_TYPE_SHIFT) {
	case AGX_RTKIT_BUFFER_REQUEST:
		return receive_request(rtkit, AGX_EP_IOREPORT, message, &rtkit->ioreport);
	case AGX_RTKIT_IOREPORT_REPORT:
	case AGX_RTKIT_IOREPORT_START:
		return send(rtkit, AGX_EP_IOREPORT, message);
	}
	agx_log(rtkit->platform, AGX_LOG_WARNING, "rtkit: unknown ioreport message 0x%llx",
		(unsigned long long)message);
	return 0;
}

static int receive_oslog(struct agx_rtkit *rtkit, uint64_t message)
{
	uint64_t type = (message & AGX_RTKIT_OSLOG_TYPE) >> AGX_RTKIT_OSLOG_TYPE_SHIFT;
	uint64_t pages = (message & AGX_RTKIT_OSLOG_SIZE) >> AGX_RTKIT_OSLOG_SIZE_SHIFT;
	bool answer;
	int err;

	if (type != AGX_RTKIT_BUFFER_REQUEST) {
		agx_log(rtkit->platform, AGX_LOG_WARNING, "rtkit: unknown oslog message 0x%llx",
			(unsigned long long)message);
		return 0;
	}
	err = request(rtkit, &rtkit->oslog, pages * AGX_RTKIT_BUFFER_PAGE,
		      extend((message & AGX_RTKIT_OSLOG_ADDRESS) * AGX_RTKIT_BUFFER_PAGE, 60),
		      &answer);
	if (err || !answer)
		return err;
	return send(rtkit, AGX_EP_OSLOG,
		    type << AGX_RTKIT_OSLOG_TYPE_SHIFT | pages << AGX_RTKIT_OSLOG_SIZE_SHIFT |
			    (rtkit->oslog.va / AGX_RTKIT_BUFFER_PAGE & AGX_RTKIT_OSLOG_ADDRESS));
}

int agx_rtkit_receive(struct agx_rtkit *rtkit, uint8_t endpoint, uint64_t message)
{
	if (rtkit->state == AGX_RTKIT_STATE_CRASHED)
		return -EIO;
	if (rtkit->state == AGX_RTKIT_STATE_OFF || rtkit->state == AGX_RTKIT_STATE_QUIET) {
		agx_log(rtkit->platform, AGX_LOG_WARNING,
			"rtkit: message 0x%llx on endpoint 0x%x while %s",
			(unsigned long long)message, endpoint, agx_rtkit_state_name(rtkit->state));
		return 0;
	}
	if (endpoint != AGX_EP_MANAGEMENT && !rtkit->mapped)
		return fail(rtkit, -EPROTO, "message on an endpoint before EPMAP", endpoint);

	switch (endpoint) {
	case AGX_EP_MANAGEMENT:
		return receive_management(rtkit, message);
	case AGX_EP_CRASHLOG:
		return receive_crashlog(rtkit, message);
	case AGX_EP_SYSLOG:
		return receive_syslog(rtkit, message);
	case AGX_EP_IOREPORT:
		return receive_ioreport(rtkit, message);
	case AGX_EP_OSLOG:
		return receive_oslog(rtkit, message);
	}
	if (endpoint < AGX_EP_FIRST_APP) {
		agx_log(rtkit->platform, AGX_LOG_WARNING,
			"rtkit: message 0x%llx on endpoint 0x%x is not understood",
			(unsigned long long)message, endpoint);
		return 0;
	}
	rtkit->ops->message(rtkit->owner, endpoint, message);
	return 0;
}

int agx_rtkit_start_endpoint(struct agx_rtkit *rtkit, uint8_t endpoint)
{
	if (rtkit->state != AGX_RTKIT_STATE_RUNNING)
		return -EAGAIN;
	if (!has_endpoint(rtkit, endpoint))
		return -ENODEV;
	return start_endpoint(rtkit, endpoint);
}

int agx_rtkit_send(struct agx_rtkit *rtkit, uint8_t endpoint, uint64_t message)
{
	if (rtkit->state != AGX_RTKIT_STATE_RUNNING)
		return -EAGAIN;
	return send(rtkit, endpoint, message);
}

int agx_rtkit_stop(struct agx_rtkit *rtkit)
{
	if (rtkit->state != AGX_RTKIT_STATE_RUNNING)
		return -EAGAIN;
	rtkit->state = AGX_RTKIT_STATE_STOP_AP;
	return manage(rtkit, AGX_RTKIT_AP_POWER, AGX_RTKIT_POWER_QUIESCED);
}
