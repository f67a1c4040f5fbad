// SPDX-License-Identifier: MIT
/*
 * RTKit: management endpoint, system endpoints, and the crash protocol.
 *
 * The driver sends START_EP for the application's endpoints only after AP_POWER; the firmware
 * says IOP_POWER_ACK when the last map of endpoints has been answered.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "internal.h"

/* Endpoints that are announced, 32 at a time, the last flag at the last. */
static const uint32_t endpoint_maps[] = {
	1u << AGX_EP_CRASHLOG | 1u << AGX_EP_SYSLOG | 1u << AGX_EP_IOREPORT | 1u << AGX_EP_OSLOG,
	1u << (AGX_EP_FIRMWARE - 32) | 1u << (AGX_EP_DOORBELL - 32),
};
#define ENDPOINT_MAPS (sizeof(endpoint_maps) / sizeof(*endpoint_maps))

/* The syslog: 15 entries of 0x20 + 0xe0 bytes fit into a page of the buffer. */
#define SYSLOG_ENTRY 0xe0
#define SYSLOG_COUNT 15

static const struct {
	uint8_t endpoint, pages;
	const char *name;
} buffer_kinds[BUFFER_COUNT] = {
	[BUFFER_CRASHLOG] = {AGX_EP_CRASHLOG, 4, "crash log buffer"},
	[BUFFER_SYSLOG] = {AGX_EP_SYSLOG, 1, "syslog buffer"},
	[BUFFER_IOREPORT] = {AGX_EP_IOREPORT, 1, "ioreport buffer"},
	[BUFFER_OSLOG] = {AGX_EP_OSLOG, 1, "oslog buffer"},
};

void rtkit_send(struct agx_firmware *firmware, unsigned int endpoint, uint64_t word0)
{
	firmware_transcript(firmware, "fw->ap %02x %016" PRIx64, endpoint, word0);
	firmware->config.mailbox(firmware->config.cookie, word0, endpoint);
}

void agx_firmware_send_mailbox(struct agx_firmware *firmware, uint64_t word0, uint64_t word1)
{
	firmware_transcript(firmware, "fw->ap %02" PRIx64 " %016" PRIx64 " (injected)", word1,
			    word0);
	firmware->config.mailbox(firmware->config.cookie, word0, word1);
}

static uint64_t rtkit_word(enum agx_rtkit_type type, uint64_t payload)
{
	return (uint64_t)type << AGX_RTKIT_TYPE_SHIFT | payload;
}

static uint64_t sign_extended(uint64_t address)
{
	return (uint64_t)((int64_t)(address << 20) >> 20);
}

static void find_mail(struct agx_firmware *firmware, enum agx_finding_id id, uint64_t word0,
		      uint64_t expected, uint64_t got, const char *detail)
{
	struct place place = {word0, "mailbox_message", NULL};

	firmware_find(firmware, id, &place, 0, expected, got, detail);
}

/* Nothing but these bits. */
static void check_bits(struct agx_firmware *firmware, uint64_t word0, uint64_t known)
{
	if (word0 & ~known)
		find_mail(firmware, AGX_FINDING_MAILBOX_BITS, word0, word0 & known, word0, NULL);
}

void rtkit_hello(struct agx_firmware *firmware)
{
	firmware->hello_sent = true;
	rtkit_send(firmware, AGX_EP_MANAGEMENT,
		   rtkit_word(AGX_RTKIT_HELLO,
			      (uint64_t)AGX_RTKIT_VERSION_MAX << AGX_RTKIT_HELLO_MAX_SHIFT |
				      AGX_RTKIT_VERSION_MIN));
}

/* Crash */

struct dump {
	uint8_t bytes[0x400];
	uint32_t size;
};

static void dump_entry(struct dump *dump, uint32_t type, const void *data, uint32_t size)
{
	struct agx_rtkit_crash_entry entry = {.type = type};

	entry.length = sizeof(entry) + ((size + 3) & ~3u);
	if (entry.length > sizeof(dump->bytes) - dump->size)
		return;
	memcpy(dump->bytes + dump->size, &entry, sizeof(entry));
	if (size)
		memcpy(dump->bytes + dump->size + sizeof(entry), data, size);
	dump->size += entry.length;
}

static void crash(struct agx_firmware *firmware, const char *reason)
{
	struct buffer *buffer = &firmware->buffers[BUFFER_CRASHLOG];
	static const char version[16 + 24] = "modelled GPU \0\0\0modelled AGX firmware";
	struct agx_rtkit_crash_header header = {.type = AGX_RTKIT_CRASH_HEADER, .version = 1};
	struct dump dump = {.size = sizeof(header)};
	struct {
		uint32_t id;
		char text[256];
	} string = {0};
	uint64_t now = firmware_now(firmware);

	firmware_log(firmware, AGX_FIRMWARE_LOG_ERROR, "firmware crashed: %s", reason);
	firmware_transcript(firmware, "crash: %s", reason);
	firmware_set_state(firmware, AGX_FIRMWARE_CRASHED);
	if (!buffer->given)
		return;
	snprintf(string.text, sizeof(string.text), "%s", reason);
	dump_entry(&dump, AGX_RTKIT_CRASH_VERSION, version, sizeof(version));
	dump_entry(&dump, AGX_RTKIT_CRASH_STRING, &string,
		   (uint32_t)(sizeof(string.id) + strlen(string.text) + 1));
	dump_entry(&dump, AGX_RTKIT_CRASH_TIME, &now, sizeof(now));
	dump_entry(&dump, AGX_RTKIT_CRASH_HEADER, NULL, 0);
	header.total_size = dump.size;
	memcpy(dump.bytes, &header, sizeof(header));
	if (memory_write(firmware, buffer->va, dump.bytes, dump.size))
		rtkit_send(firmware, AGX_EP_CRASHLOG,
			   rtkit_word(AGX_RTKIT_BUFFER_REQUEST,
				      (buffer->size / AGX_RTKIT_BUFFER_PAGE)
						      << AGX_RTKIT_BUFFER_SIZE_SHIFT |
					      (buffer->va & AGX_RTKIT_BUFFER_ADDRESS)));
}

void rtkit_panic(struct agx_firmware *firmware, const char *format, ...)
{
	char reason[256];
	va_list args;

	if (firmware->status.state == AGX_FIRMWARE_CRASHED)
		return;
	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	crash(firmware, reason);
}

void agx_firmware_crash(struct agx_firmware *firmware, const char *reason)
{
	if (firmware->status.state != AGX_FIRMWARE_OFF)
		rtkit_panic(firmware, "%s", reason);
}

/* Buffers of the system endpoints */

static void ask_buffer(struct agx_firmware *firmware, enum buffer_id id)
{
	uint64_t pages = buffer_kinds[id].pages;
	uint64_t word;

	firmware->buffers[id].asked = true;
	if (id == BUFFER_OSLOG)
		word = (uint64_t)AGX_RTKIT_BUFFER_REQUEST << AGX_RTKIT_OSLOG_TYPE_SHIFT |
		       pages << AGX_RTKIT_OSLOG_SIZE_SHIFT;
	else
		word = (uint64_t)AGX_RTKIT_BUFFER_REQUEST << AGX_RTKIT_BUFFER_TYPE_SHIFT |
		       pages << AGX_RTKIT_BUFFER_SIZE_SHIFT;
	rtkit_send(firmware, buffer_kinds[id].endpoint, word);
}

static void start_syslog(struct agx_firmware *firmware)
{
	struct {
		struct agx_rtkit_syslog_entry head;
		char text[SYSLOG_ENTRY];
	} entry = {.head = {.context = "agx"}, .text = "modelled AGX firmware is up"};

	rtkit_send(firmware, AGX_EP_SYSLOG,
		   rtkit_word(AGX_RTKIT_SYSLOG_INIT,
			      (uint64_t)SYSLOG_ENTRY << AGX_RTKIT_SYSLOG_INIT_ENTRY_SHIFT |
				      SYSLOG_COUNT));
	if (!memory_write(firmware, firmware->buffers[BUFFER_SYSLOG].va, &entry, sizeof(entry)))
		return;
	firmware->syslog_unacked = 1;
	rtkit_send(firmware, AGX_EP_SYSLOG, rtkit_word(AGX_RTKIT_SYSLOG_LOG, 0));
}

static void take_buffer(struct agx_firmware *firmware, enum buffer_id id, uint64_t word0,
			uint64_t pages, uint64_t address)
{
	struct buffer *buffer = &firmware->buffers[id];
	struct place place = {word0, "mailbox_message", NULL};

	if (!buffer->asked || buffer->given) {
		find_mail(firmware, AGX_FINDING_MAILBOX_ORDER, word0, 0, word0,
			  "no buffer was asked for");
		return;
	}
	if (pages < buffer_kinds[id].pages || address % AGX_RTKIT_BUFFER_PAGE) {
		find_mail(firmware, AGX_FINDING_MAILBOX_BUFFER, word0, buffer_kinds[id].pages,
			  pages, buffer_kinds[id].name);
		rtkit_panic(firmware, "%s refused", buffer_kinds[id].name);
		return;
	}
	if (!memory_claim(firmware, &place, 0, address, pages * AGX_RTKIT_BUFFER_PAGE,
			  MEMORY_SHARED, buffer_kinds[id].name)) {
		rtkit_panic(firmware, "%s at 0x%" PRIx64, buffer_kinds[id].name, address);
		return;
	}
	buffer->given = true;
	buffer->va = address;
	buffer->size = pages * AGX_RTKIT_BUFFER_PAGE;
	if (id == BUFFER_SYSLOG)
		start_syslog(firmware);
	else if (id == BUFFER_IOREPORT)
		rtkit_send(firmware, AGX_EP_IOREPORT, rtkit_word(AGX_RTKIT_IOREPORT_START, 0));
}

static void system_message(struct agx_firmware *firmware, unsigned int endpoint, uint64_t word0)
{
	unsigned int type = (unsigned int)((word0 & AGX_RTKIT_TYPE) >> AGX_RTKIT_TYPE_SHIFT);
	uint64_t pages = (word0 & AGX_RTKIT_BUFFER_SIZE) >> AGX_RTKIT_BUFFER_SIZE_SHIFT;
	uint64_t address = sign_extended(word0 & AGX_RTKIT_BUFFER_ADDRESS);

	if (type == AGX_RTKIT_BUFFER_REQUEST) {
		enum buffer_id id = endpoint == AGX_EP_CRASHLOG ? BUFFER_CRASHLOG
				    : endpoint == AGX_EP_SYSLOG ? BUFFER_SYSLOG
								: BUFFER_IOREPORT;

		check_bits(firmware, word0,
			   AGX_RTKIT_TYPE | AGX_RTKIT_BUFFER_SIZE | AGX_RTKIT_BUFFER_ADDRESS);
		take_buffer(firmware, id, word0, pages, address);
	} else if (endpoint == AGX_EP_SYSLOG && type == AGX_RTKIT_SYSLOG_LOG) {
		check_bits(firmware, word0, AGX_RTKIT_TYPE | AGX_RTKIT_SYSLOG_LOG_INDEX);
		if (firmware->syslog_unacked)
			firmware->syslog_unacked--;
		else
			find_mail(firmware, AGX_FINDING_MAILBOX_ORDER, word0, 0, word0,
				  "no log entry waits");
	} else if (endpoint != AGX_EP_IOREPORT ||
		   (type != AGX_RTKIT_IOREPORT_REPORT && type != AGX_RTKIT_IOREPORT_START)) {
		find_mail(firmware, AGX_FINDING_MAILBOX_TYPE, word0, AGX_RTKIT_BUFFER_REQUEST, type,
			  NULL);
	}
}

static void oslog_message(struct agx_firmware *firmware, uint64_t word0)
{
	unsigned int type =
		(unsigned int)((word0 & AGX_RTKIT_OSLOG_TYPE) >> AGX_RTKIT_OSLOG_TYPE_SHIFT);
	uint64_t page = word0 & AGX_RTKIT_OSLOG_ADDRESS;

	if (type != AGX_RTKIT_BUFFER_REQUEST) {
		find_mail(firmware, AGX_FINDING_MAILBOX_TYPE, word0, AGX_RTKIT_BUFFER_REQUEST, type,
			  NULL);
		return;
	}
	take_buffer(firmware, BUFFER_OSLOG, word0,
		    (word0 & AGX_RTKIT_OSLOG_SIZE) >> AGX_RTKIT_OSLOG_SIZE_SHIFT,
		    sign_extended(page * AGX_RTKIT_BUFFER_PAGE));
}

/* Management */

static bool is_announced(unsigned int endpoint)
{
	return endpoint / 32 < ENDPOINT_MAPS && endpoint_maps[endpoint / 32] >> endpoint % 32 & 1;
}

static void send_map(struct agx_firmware *firmware)
{
	uint64_t i = firmware->epmap_next++;

	rtkit_send(firmware, AGX_EP_MANAGEMENT,
		   rtkit_word(AGX_RTKIT_EPMAP, (i == ENDPOINT_MAPS - 1 ? AGX_RTKIT_EPMAP_LAST : 0) |
						       i << AGX_RTKIT_EPMAP_BASE_SHIFT |
						       endpoint_maps[i]));
}

static void hello_ack(struct agx_firmware *firmware, uint64_t word0)
{
	uint64_t min = word0 & AGX_RTKIT_HELLO_MIN;
	uint64_t max = (word0 & AGX_RTKIT_HELLO_MAX) >> AGX_RTKIT_HELLO_MAX_SHIFT;

	check_bits(firmware, word0, AGX_RTKIT_TYPE | AGX_RTKIT_HELLO_MIN | AGX_RTKIT_HELLO_MAX);
	if (firmware->hello_acked) {
		find_mail(firmware, AGX_FINDING_MAILBOX_ORDER, word0, 0, word0, "second HELLO_ACK");
		return;
	}
	if (min > max || max < AGX_RTKIT_VERSION_MIN || max > AGX_RTKIT_VERSION_MAX ||
	    min < AGX_RTKIT_VERSION_MIN) {
		find_mail(firmware, AGX_FINDING_MAILBOX_VERSION, word0, AGX_RTKIT_VERSION_MAX, max,
			  NULL);
		rtkit_panic(firmware, "RTKit version %u is not spoken", (unsigned int)max);
		return;
	}
	firmware->hello_acked = true;
	send_map(firmware);
}

static void map_answer(struct agx_firmware *firmware, uint64_t word0)
{
	uint64_t base = (word0 & AGX_RTKIT_EPMAP_BASE) >> AGX_RTKIT_EPMAP_BASE_SHIFT;
	uint64_t asked = (uint64_t)firmware->epmap_next - 1;
	bool last = asked == ENDPOINT_MAPS - 1;
	uint64_t flags = word0 & (AGX_RTKIT_EPMAP_LAST | AGX_RTKIT_EPMAP_MORE);
	uint64_t right = last ? AGX_RTKIT_EPMAP_LAST : AGX_RTKIT_EPMAP_MORE;

	check_bits(firmware, word0,
		   AGX_RTKIT_TYPE | AGX_RTKIT_EPMAP_LAST | AGX_RTKIT_EPMAP_BASE |
			   AGX_RTKIT_EPMAP_MORE);
	if (!firmware->epmap_next || firmware->epmap_done) {
		find_mail(firmware, AGX_FINDING_MAILBOX_ORDER, word0, 0, word0,
			  "no map waits for an answer");
		return;
	}
	if (base != asked || flags != right)
		find_mail(firmware, AGX_FINDING_MAILBOX_VALUE, word0,
			  rtkit_word(AGX_RTKIT_EPMAP, right | asked << AGX_RTKIT_EPMAP_BASE_SHIFT),
			  word0, "answer to EPMAP");
	if (!last) {
		send_map(firmware);
		return;
	}
	firmware->epmap_done = true;
	firmware->iop_on = true;
	rtkit_send(firmware, AGX_EP_MANAGEMENT,
		   rtkit_word(AGX_RTKIT_IOP_POWER_ACK, AGX_RTKIT_POWER_ON));
}

static void start_endpoint(struct agx_firmware *firmware, uint64_t word0)
{
	unsigned int endpoint =
		(unsigned int)((word0 & AGX_RTKIT_START_EP_EP) >> AGX_RTKIT_START_EP_SHIFT);
	uint64_t flags = word0 & AGX_RTKIT_START_EP_FLAGS;

	check_bits(firmware, word0,
		   AGX_RTKIT_TYPE | AGX_RTKIT_START_EP_EP | AGX_RTKIT_START_EP_FLAGS);
	if (!firmware->epmap_done) {
		find_mail(firmware, AGX_FINDING_MAILBOX_ORDER, word0, 0, endpoint,
			  "START_EP before the last EPMAP");
		return;
	}
	if (!is_announced(endpoint)) {
		find_mail(firmware, AGX_FINDING_MAILBOX_ENDPOINT, word0, 0, endpoint, "START_EP");
		return;
	}
	if (flags == AGX_RTKIT_START_EP_STOP) {
		if (!firmware->started[endpoint])
			find_mail(firmware, AGX_FINDING_MAILBOX_ORDER, word0, 0, endpoint,
				  "stop of an endpoint that was not started");
		firmware->started[endpoint] = false;
		return;
	}
	if (flags != AGX_RTKIT_START_EP_START) {
		find_mail(firmware, AGX_FINDING_MAILBOX_VALUE, word0, AGX_RTKIT_START_EP_START,
			  flags, "START_EP");
		return;
	}
	if (firmware->started[endpoint] || (endpoint >= AGX_EP_FIRST_APP && !firmware->ap_on)) {
		find_mail(firmware, AGX_FINDING_MAILBOX_ORDER, word0, 0, endpoint,
			  firmware->started[endpoint] ? "endpoint was started before"
						      : "AP_POWER on comes first");
		return;
	}
	firmware->started[endpoint] = true;
	for (unsigned int id = 0; id < BUFFER_COUNT; id++)
		if (buffer_kinds[id].endpoint == endpoint && !firmware->buffers[id].asked)
			ask_buffer(firmware, id);
}

static void ap_power(struct agx_firmware *firmware, uint64_t word0)
{
	uint64_t state = word0 & AGX_RTKIT_POWER_STATE;

	check_bits(firmware, word0, AGX_RTKIT_TYPE | AGX_RTKIT_POWER_STATE);
	if (!firmware->iop_on) {
		find_mail(firmware, AGX_FINDING_MAILBOX_ORDER, word0, 0, state,
			  "AP_POWER before IOP_POWER_ACK");
		return;
	}
	switch (state) {
	case AGX_RTKIT_POWER_ON:
		firmware->ap_on = true;
		if (firmware->status.state == AGX_FIRMWARE_BOOT)
			firmware_set_state(firmware, AGX_FIRMWARE_UP);
		break;
	case AGX_RTKIT_POWER_QUIESCED:
	case AGX_RTKIT_POWER_SLEEP:
	case AGX_RTKIT_POWER_OFF:
		firmware->ap_on = false;
		break;
	default:
		find_mail(firmware, AGX_FINDING_MAILBOX_VALUE, word0, AGX_RTKIT_POWER_ON, state,
			  "AP_POWER");
		return;
	}
	rtkit_send(firmware, AGX_EP_MANAGEMENT, rtkit_word(AGX_RTKIT_AP_POWER, state));
}

static void iop_power(struct agx_firmware *firmware, uint64_t word0)
{
	uint64_t state = word0 & AGX_RTKIT_POWER_STATE;

	check_bits(firmware, word0, AGX_RTKIT_TYPE | AGX_RTKIT_POWER_STATE);
	switch (state) {
	case AGX_RTKIT_POWER_INIT:
	case AGX_RTKIT_POWER_ON:
		if (firmware->status.state == AGX_FIRMWARE_ASLEEP) {
			firmware_forget(firmware);
			firmware_set_state(firmware, AGX_FIRMWARE_BOOT);
		} else if (firmware->iop_on) {
			rtkit_send(firmware, AGX_EP_MANAGEMENT,
				   rtkit_word(AGX_RTKIT_IOP_POWER_ACK, AGX_RTKIT_POWER_ON));
		}
		return; /* while booting the answer comes behind the last EPMAP */
	case AGX_RTKIT_POWER_QUIESCED:
	case AGX_RTKIT_POWER_SLEEP:
		if (firmware->ap_on || !firmware->iop_on) {
			find_mail(firmware, AGX_FINDING_MAILBOX_ORDER, word0, 0, state,
				  "SET_IOP_POWER while AP_POWER is on");
			return;
		}
		rtkit_send(firmware, AGX_EP_MANAGEMENT, rtkit_word(AGX_RTKIT_IOP_POWER_ACK, state));
		firmware_set_state(firmware, AGX_FIRMWARE_ASLEEP);
		return;
	default:
		find_mail(firmware, AGX_FINDING_MAILBOX_VALUE, word0, AGX_RTKIT_POWER_ON, state,
			  "SET_IOP_POWER");
	}
}

static void management_message(struct agx_firmware *firmware, uint64_t word0)
{
	unsigned int type = (unsigned int)((word0 & AGX_RTKIT_TYPE) >> AGX_RTKIT_TYPE_SHIFT);

	switch (type) {
	case AGX_RTKIT_HELLO_ACK:
		hello_ack(firmware, word0);
		break;
	case AGX_RTKIT_PING:
		rtkit_send(firmware, AGX_EP_MANAGEMENT, rtkit_word(AGX_RTKIT_PONG, 0));
		break;
	case AGX_RTKIT_PONG:
		break;
	case AGX_RTKIT_START_EP:
		start_endpoint(firmware, word0);
		break;
	case AGX_RTKIT_SET_IOP_POWER:
		iop_power(firmware, word0);
		break;
	case AGX_RTKIT_EPMAP:
		map_answer(firmware, word0);
		break;
	case AGX_RTKIT_AP_POWER:
		ap_power(firmware, word0);
		break;
	default:
		find_mail(firmware, AGX_FINDING_MAILBOX_TYPE, word0, 0, type, "management");
	}
}

/* The GPU's endpoints */

static void init_message(struct agx_firmware *firmware, uint64_t word0)
{
	uint64_t type = word0 >> AGX_MSG_TYPE_SHIFT;
	uint64_t va = sign_extended(word0 & AGX_MSG_INIT_ADDRESS);

	if (type != AGX_MSG_INIT) {
		find_mail(firmware, AGX_FINDING_MAILBOX_TYPE, word0, AGX_MSG_INIT, type, NULL);
		return;
	}
	check_bits(firmware, word0, AGX_MSG_TYPE | AGX_MSG_INIT_ADDRESS);
	if (firmware->status.state != AGX_FIRMWARE_UP) {
		find_mail(firmware, AGX_FINDING_INITDATA_TWICE, word0, 0, va, NULL);
		return;
	}
	if (!firmware->status.handoff_done)
		find_mail(firmware, AGX_FINDING_HANDOFF_LATE, word0, 1, 0, NULL);
	if (!va) {
		find_mail(firmware, AGX_FINDING_INITDATA_PANIC, word0, AGX_UAT_DRIVER_BASE, va,
			  "null address");
		rtkit_panic(firmware, "null init data");
		return;
	}
	firmware_transcript(firmware, "init data at 0x%" PRIx64, va);
	if (!firmware->ops->read_initdata(firmware, va)) {
		rtkit_panic(firmware, "bad init data at 0x%" PRIx64, va);
		return;
	}
	firmware_set_state(firmware, AGX_FIRMWARE_READY);
	say_ready(firmware);
}

static void doorbell_message(struct agx_firmware *firmware, uint64_t word0)
{
	uint64_t type = word0 >> AGX_MSG_TYPE_SHIFT;

	switch (type) {
	case AGX_MSG_DOORBELL:
	case AGX_MSG_FWCTL:
		check_bits(firmware, word0,
			   AGX_MSG_TYPE | (type == AGX_MSG_DOORBELL ? AGX_MSG_DOORBELL_NUMBER : 0));
		if (firmware->status.state != AGX_FIRMWARE_READY &&
		    firmware->status.state != AGX_FIRMWARE_HALTED)
			find_mail(firmware, AGX_FINDING_CHANNEL_EARLY, word0, 0, word0, NULL);
		else if (type == AGX_MSG_FWCTL)
			channels_fwctl(firmware);
		else
			channels_doorbell(firmware, word0);
		break;
	case AGX_MSG_HALT:
		firmware_log(firmware, AGX_FIRMWARE_LOG_ERROR,
			     "the HALT message is not modelled: nobody knows what it does");
		break;
	default:
		find_mail(firmware, AGX_FINDING_MAILBOX_TYPE, word0, AGX_MSG_DOORBELL, type, NULL);
	}
}

void rtkit_message(struct agx_firmware *firmware, uint64_t word0, uint64_t word1)
{
	unsigned int endpoint = (unsigned int)(word1 & AGX_MBOX_ENDPOINT);

	firmware_transcript(firmware, "ap->fw %02x %016" PRIx64, endpoint, word0);
	if (firmware->status.state == AGX_FIRMWARE_CRASHED)
		return;
	if (firmware->status.state == AGX_FIRMWARE_OFF ||
	    (firmware->status.state == AGX_FIRMWARE_ASLEEP &&
	     (endpoint != AGX_EP_MANAGEMENT ||
	      (word0 & AGX_RTKIT_TYPE) >> AGX_RTKIT_TYPE_SHIFT != AGX_RTKIT_SET_IOP_POWER))) {
		find_mail(firmware, AGX_FINDING_MAILBOX_STOPPED, word0, 0, endpoint,
			  agx_firmware_state_name(firmware->status.state));
		return;
	}
	if (word1 & ~AGX_MBOX_ENDPOINT)
		find_mail(firmware, AGX_FINDING_MAILBOX_BITS, word0, endpoint, word1, "word 1");
	if (endpoint != AGX_EP_MANAGEMENT && !firmware->started[endpoint]) {
		find_mail(firmware, AGX_FINDING_MAILBOX_ENDPOINT, word0, 0, endpoint,
			  is_announced(endpoint) ? "not started" : "not announced");
		return;
	}
	switch (endpoint) {
	case AGX_EP_MANAGEMENT:
		management_message(firmware, word0);
		break;
	case AGX_EP_OSLOG:
		oslog_message(firmware, word0);
		break;
	case AGX_EP_FIRMWARE:
		init_message(firmware, word0);
		break;
	case AGX_EP_DOORBELL:
		doorbell_message(firmware, word0);
		break;
	default:
		system_message(firmware, endpoint, word0);
	}
}
