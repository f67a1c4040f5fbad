// SPDX-License-Identifier: MIT
/* Memory, page tables, and a driver's answers to the firmware. */
#include "image.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"

#define PAGE AGX_UAT_PAGE_SIZE

bool image_seen[2000];

static void die(const char *what, const char *name)
{
	fprintf(stderr, "image: %s: %s\n", what, name);
	abort();
}

void *image_ram(void *cookie, uint64_t pa, uint64_t size)
{
	struct image *image = cookie;

	if (pa < IMAGE_RAM_BASE || size > IMAGE_RAM_SIZE ||
	    pa - IMAGE_RAM_BASE > IMAGE_RAM_SIZE - size)
		return NULL;
	return image->ram + (pa - IMAGE_RAM_BASE);
}

uint64_t image_pages(struct image *image, uint64_t size)
{
	uint64_t pa = image->next_pa;

	image->next_pa += (size + PAGE - 1) & ~(PAGE - 1);
	if (image->next_pa > IMAGE_RAM_BASE + IMAGE_RAM_SIZE)
		die("out of memory", "");
	return pa;
}

static uint64_t *entry_at(struct image *image, uint64_t va, bool make)
{
	static const unsigned int shifts[3] = {AGX_UAT_L1_SHIFT, AGX_UAT_L2_SHIFT,
					       AGX_UAT_L3_SHIFT};
	uint64_t table = va >> AGX_UAT_HALF_BITS ? image->upper : image->lower;

	for (unsigned int level = 0;; level++) {
		uint64_t index = (va >> shifts[level]) &
				 ((level ? AGX_UAT_ENTRIES : AGX_UAT_L1_ENTRIES) - 1);
		uint64_t *entry = image_ram(image, table + 8 * index, 8);

		if (level == 2)
			return entry;
		if (!*entry) {
			if (!make)
				return NULL;
			*entry = image_pages(image, PAGE) | AGX_UAT_VALID | AGX_UAT_TYPE;
		}
		table = *entry & AGX_UAT_ADDRESS;
	}
}

uint64_t *image_entry(struct image *image, uint64_t va)
{
	return entry_at(image, va, false);
}

void image_map(struct image *image, uint64_t va, uint64_t pa, uint64_t size, uint64_t protection)
{
	for (uint64_t done = 0; done < size; done += PAGE)
		*entry_at(image, va + done, true) = (pa + done) | protection;
}

uint64_t image_alloc(struct image *image, const char *name, uint64_t size, uint64_t protection)
{
	uint64_t rounded = (size + PAGE - 1) & ~(PAGE - 1);
	uint64_t pa = image_pages(image, rounded), va = image->next_va;

	image->next_va += rounded + PAGE;
	image_map(image, va, pa, rounded, protection);
	if (name) {
		if (image->object_count == IMAGE_MAX_OBJECTS)
			die("too many objects", name);
		image->objects[image->object_count++] =
			(struct image_object){name, va, size, image_ram(image, pa, size)};
	}
	return va;
}

struct image_object *image_object(struct image *image, const char *name)
{
	for (unsigned int i = 0; i < image->object_count; i++)
		if (!strcmp(image->objects[i].name, name))
			return &image->objects[i];
	die("no object", name);
	return NULL;
}

void image_protect(struct image *image, const char *name, uint64_t protection)
{
	struct image_object *object = image_object(image, name);

	for (uint64_t va = object->va; va < object->va + object->size; va += PAGE) {
		uint64_t *entry = image_entry(image, va);

		*entry = (*entry & AGX_UAT_ADDRESS) | protection;
	}
}

void *image_at(struct image *image, uint64_t va)
{
	uint64_t *entry = image_entry(image, va);

	if (!entry)
		die("not mapped", "");
	return image_ram(image, (*entry & AGX_UAT_ADDRESS) + (va & (PAGE - 1)), 1);
}

uint32_t image_offset(struct image *image, const char *structure, const char *path, uint32_t *size)
{
	const struct agx_fw_layout *layout = agx_fw_find_layout(image->variant, structure);
	uint32_t offset = 0;

	while (layout && *path) {
		size_t length = strcspn(path, ".[");
		const struct agx_fw_member *member = NULL;

		for (uint32_t i = 0; i < layout->count; i++)
			if (!strncmp(layout->members[i].name, path, length) &&
			    !layout->members[i].name[length])
				member = &layout->members[i];
		if (!member)
			break;
		offset += member->offset;
		*size = member->size;
		path += length;
		if (*path == '[') {
			offset += (uint32_t)strtoul(path + 1, (char **)&path, 10) * member->size;
			path++;
		}
		if (!*path)
			return offset;
		path++;
		layout = agx_fw_nested(member);
	}
	die("no member", path);
	return 0;
}

uint64_t image_get(struct image *image, const char *structure, uint64_t va, const char *path)
{
	uint64_t value = 0;
	uint32_t size, offset = image_offset(image, structure, path, &size);

	memcpy(&value, image_at(image, va + offset), size < 8 ? size : 8);
	return value;
}

void image_set(struct image *image, const char *structure, uint64_t va, const char *path,
	       uint64_t value)
{
	uint32_t size, offset = image_offset(image, structure, path, &size);

	memcpy(image_at(image, va + offset), &value, size < 8 ? size : 8);
}

static void on_mailbox(void *cookie, uint64_t word0, uint64_t word1)
{
	struct image *image = cookie;

	if (image->mail_count < IMAGE_MAX_MAIL)
		image->mail[image->mail_count++] = (struct agx_mailbox_message){word0, word1};
}

static uint64_t on_clock(void *cookie)
{
	struct image *image = cookie;

	return image->now += 24;
}

static void on_log(void *cookie, enum agx_firmware_log_level level, const char *line)
{
	struct image *image = cookie;

	if (level == AGX_FIRMWARE_LOG_ERROR) {
		image->errors++;
		snprintf(image->last_error, sizeof(image->last_error), "%s", line);
	}
}

static void on_finding(void *cookie, const struct agx_firmware_finding *finding)
{
	struct image *image = cookie;
	struct image_found *found;

	if ((unsigned int)finding->id < 2000)
		image_seen[finding->id] = true;
	if (image->found_count++ >= IMAGE_MAX_FOUND)
		return;
	found = &image->found[image->found_count - 1];
	found->id = finding->id;
	found->address = finding->address;
	found->expected = finding->expected;
	found->got = finding->got;
	snprintf(found->structure, sizeof(found->structure), "%s", finding->structure);
	snprintf(found->field, sizeof(found->field), "%s", finding->field);
	snprintf(found->text, sizeof(found->text), "%s", finding->text);
}

static void on_transcript(void *cookie, const char *line)
{
	struct image *image = cookie;
	size_t length = strlen(line);
	size_t needs = image->transcript_size + length + 2;
	char *grown = image->transcript;

	if (needs > image->transcript_room) {
		image->transcript_room = 2 * needs;
		grown = realloc(grown, image->transcript_room);
		if (!grown)
			abort();
		image->transcript = grown;
	}
	memcpy(grown + image->transcript_size, line, length);
	image->transcript_size += length;
	grown[image->transcript_size++] = '\n';
	grown[image->transcript_size] = 0;
}

void image_init(struct image *image, enum agx_fw_variant variant)
{
	image_init_gpu(image, variant, NULL, NULL);
}

void image_context(struct image *image, unsigned int context)
{
	uint64_t *ttbat = image_ram(image, image->ttbat, AGX_UAT_PAGE_SIZE);

	ttbat[2 * context] =
		image->lower | AGX_UAT_TTB_VALID | (uint64_t)context << AGX_UAT_TTB_ASID_SHIFT;
}

void image_init_gpu(struct image *image, enum agx_fw_variant variant, const struct agx_gpu_ops *gpu,
		    void *gpu_cookie)
{
	static void (*const build[])(struct image *) = {
#define BUILD_ROW(lower, upper) [AGX_FW_VARIANT_##upper] = image_build_##lower,
		AGX_FW_VARIANTS(BUILD_ROW)
#undef BUILD_ROW
	};
	struct agx_firmware_config config = {
		.variant = variant,
		.chip_id = IMAGE_CHIP,
		.output_bits = IMAGE_BITS,
		.ram = image_ram,
		.mailbox = on_mailbox,
		.clock = on_clock,
		.log = on_log,
		.finding = on_finding,
		.transcript = on_transcript,
		.cookie = image,
		.gpu = gpu,
		.gpu_cookie = gpu_cookie,
	};
	uint64_t *ttbat, handoff;

	memset(image, 0, sizeof(*image));
	image->variant = variant;
	image->ram = calloc(1, IMAGE_RAM_SIZE);
	if (!image->ram)
		abort();
	image->next_pa = IMAGE_RAM_BASE;
	image->next_va = AGX_UAT_DRIVER_BASE;
	image->ttbat = image_pages(image, PAGE);
	image->lower = image_pages(image, PAGE);
	image->upper = image_pages(image, PAGE);
	ttbat = image_ram(image, image->ttbat, 16);
	ttbat[0] = image->lower | AGX_UAT_TTB_VALID;
	ttbat[1] = image->upper | AGX_UAT_TTB_VALID;
	handoff = image_pages(image, PAGE);
	image->handoff = image_ram(image, handoff, PAGE);
	build[variant](image);
	config.ttbat_pa = image->ttbat;
	config.handoff_pa = handoff;
	if (agx_firmware_create(&config, &image->firmware))
		abort();
}

void image_free(struct image *image)
{
	agx_firmware_destroy(image->firmware);
	free(image->ram);
	free(image->transcript);
}

void image_send(struct image *image, unsigned int endpoint, uint64_t word0)
{
	if (agx_firmware_mailbox(image->firmware, word0, endpoint))
		die("mailbox is full", "");
}

void image_doorbell(struct image *image, unsigned int number)
{
	image_send(image, AGX_EP_DOORBELL, (uint64_t)AGX_MSG_DOORBELL << 48 | number);
}

static void start_endpoint(struct image *image, uint64_t endpoint)
{
	image_send(image, 0, 5ull << 52 | endpoint << 32 | AGX_RTKIT_START_EP_START);
}

static void answer_management(struct image *image, uint64_t word)
{
	switch (word >> 52 & 0xff) {
	case AGX_RTKIT_HELLO:
		image_send(image, 0, 2ull << 52 | 12 << 16 | 12);
		break;
	case AGX_RTKIT_EPMAP:
		image_send(image, 0,
			   (word & (0xffull << 52 | AGX_RTKIT_EPMAP_LAST | AGX_RTKIT_EPMAP_BASE)) |
				   !(word & AGX_RTKIT_EPMAP_LAST));
		if (word & AGX_RTKIT_EPMAP_LAST) {
			start_endpoint(image, AGX_EP_CRASHLOG);
			start_endpoint(image, AGX_EP_SYSLOG);
			start_endpoint(image, AGX_EP_IOREPORT);
			start_endpoint(image, AGX_EP_OSLOG);
		}
		break;
	case AGX_RTKIT_IOP_POWER_ACK:
		image->power_ack = word & 0xffff;
		if (image->power_ack == AGX_RTKIT_POWER_ON)
			image_send(image, 0, 0xbull << 52 | AGX_RTKIT_POWER_ON);
		break;
	case AGX_RTKIT_AP_POWER:
		image->app_up = (word & 0xffff) == AGX_RTKIT_POWER_ON;
		if (image->app_up) {
			start_endpoint(image, AGX_EP_FIRMWARE);
			start_endpoint(image, AGX_EP_DOORBELL);
		}
		break;
	case AGX_RTKIT_PONG:
		image->pongs++;
		break;
	default:
		die("management message", "");
	}
}

static void answer(struct image *image, unsigned int endpoint, uint64_t word)
{
	uint64_t va;

	switch (endpoint) {
	case AGX_EP_MANAGEMENT:
		answer_management(image, word);
		break;
	case AGX_EP_CRASHLOG:
	case AGX_EP_SYSLOG:
	case AGX_EP_IOREPORT:
		if (word >> 52 != AGX_RTKIT_BUFFER_REQUEST) {
			if (word >> 52 != AGX_RTKIT_SYSLOG_INIT || endpoint == AGX_EP_IOREPORT)
				image_send(image, endpoint, word);
		} else if (word & AGX_RTKIT_BUFFER_ADDRESS) {
			image->crashes++;
			image->crash_word = word;
		} else {
			va = image_alloc(image,
					 endpoint == AGX_EP_CRASHLOG ? "crashlog"
					 : endpoint == AGX_EP_SYSLOG ? "syslog"
								     : NULL,
					 (word >> 44 & 0xff) * 0x1000, IMAGE_SHARED);
			image_send(image, endpoint, word | (va & AGX_RTKIT_BUFFER_ADDRESS));
		}
		break;
	case AGX_EP_OSLOG:
		va = image_alloc(image, NULL, (word >> 48 & 0xff) * 0x1000, IMAGE_SHARED);
		image_send(image, endpoint, word | (va >> 12 & 0xffffffff));
		break;
	case AGX_EP_FIRMWARE:
		if (word == (uint64_t)AGX_MSG_EVENT << 48)
			image->events++;
		break;
	default:
		die("message to an unknown endpoint", "");
	}
}

void image_pump(struct image *image)
{
	for (unsigned int turns = 0;; turns++) {
		unsigned int done = agx_firmware_step(image->firmware, 1);
		unsigned int count = image->mail_count;

		if (turns == 10000)
			die("the firmware does not come to rest", "");
		if (image->passive) {
			if (!done)
				return;
			continue;
		}
		image->mail_count = 0;
		for (unsigned int i = 0; i < count; i++)
			answer(image, (unsigned int)image->mail[i].word1, image->mail[i].word0);
		if (!done && !count)
			return;
	}
}

void image_boot(struct image *image)
{
	image->handoff->magic_ap = AGX_HANDOFF_MAGIC;
	agx_firmware_run(image->firmware, true);
	image_pump(image);
}

void image_put(struct image *image, const char *channel, const void *element, uint32_t size)
{
	char name[32];
	struct image_object *state, *ring;
	bool fwctl = !strcmp(channel, "fwctl");
	uint32_t *write_ptr, entry;

	snprintf(name, sizeof(name), "%s.state", channel);
	state = image_object(image, name);
	snprintf(name, sizeof(name), "%s.ring", channel);
	ring = image_object(image, name);
	write_ptr = (uint32_t *)((char *)state->data + (fwctl ? 0x10 : 0x20));
	entry = (uint32_t)(ring->size / 0x100);
	memset((char *)ring->data + (size_t)*write_ptr * entry, 0, entry);
	memcpy((char *)ring->data + (size_t)*write_ptr * entry, element,
	       size < entry ? size : entry);
	*write_ptr = (*write_ptr + 1) % 0x100;
}

void image_start(struct image *image)
{
	uint32_t initialize = image->variant == AGX_FW_VARIANT_G13_V12_3 ||
					      image->variant == AGX_FW_VARIANT_G14_V12_4
				      ? 0x19
				      : 0x1a;

	image_put(image, "control", &initialize, sizeof(initialize));
	image_send(image, AGX_EP_FIRMWARE,
		   (uint64_t)AGX_MSG_INIT << 48 |
			   (image_object(image, "init_data")->va & AGX_MSG_INIT_ADDRESS));
	image_doorbell(image, AGX_DOORBELL_DEVICE_CONTROL);
	image_doorbell(image, AGX_DOORBELL_KICK);
	image_pump(image);
}

unsigned int image_count(const struct image *image, enum agx_finding_id id)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < image->found_count && i < IMAGE_MAX_FOUND; i++)
		count += image->found[i].id == id;
	return count;
}
