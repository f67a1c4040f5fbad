// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>

#include "replay_names.h"

/*
 * A number for a new element: one that was given back, or the next. The array and its free list
 * grow together, so that giving back cannot fail.
 */
static bool take_number(void **array, size_t element, uint32_t *count, uint32_t **free_list,
			uint32_t *num_free, uint32_t *number)
{
	if (*num_free) {
		*number = (*free_list)[--*num_free];
		return true;
	}
	if (!(*count & (*count - 1))) {
		size_t capacity = *count ? 2 * (size_t)*count : 1;
		void *larger = reallocarray(*array, capacity, element);
		uint32_t *list;

		if (!larger)
			return false;
		*array = larger;
		list = reallocarray(*free_list, capacity, sizeof(*list));
		if (!list)
			return false;
		*free_list = list;
	}
	*number = (*count)++;
	return true;
}

static uint64_t name_key(uint32_t file, enum agx_object object, uint32_t number)
{
	return (uint64_t)file << 35 | (uint64_t)object << 32 | number;
}

struct replay_file *replay_names_add_file(struct replay_names *names, uint32_t id)
{
	uint32_t number;

	if (!take_number((void **)&names->files, sizeof(*names->files), &names->num_files,
			 &names->free_files, &names->num_free_files, &number))
		return NULL;
	if (replay_index_set(&names->file_ids, id, number)) {
		names->files[number].used = false;
		names->free_files[names->num_free_files++] = number;
		return NULL;
	}
	names->files[number] = (struct replay_file){.id = id, .used = true};
	return &names->files[number];
}

struct replay_file *replay_names_find_file(struct replay_names *names, uint32_t id)
{
	const uint32_t *number = replay_index_find(&names->file_ids, id);

	return number ? &names->files[*number] : NULL;
}

void replay_names_remove_file(struct replay_names *names, struct replay_file *file)
{
	while (file->names)
		replay_names_remove(names, &names->names[file->names - 1]);
	replay_index_remove(&names->file_ids, file->id);
	file->used = false;
	names->free_files[names->num_free_files++] = (uint32_t)(file - names->files);
}

struct replay_name *replay_names_add(struct replay_names *names, struct replay_file *file,
				     enum agx_object object, uint32_t recorded, uint32_t live)
{
	uint32_t file_number = (uint32_t)(file - names->files), number;
	struct replay_name *name;

	if (!take_number((void **)&names->names, sizeof(*names->names), &names->num_names,
			 &names->free_names, &names->num_free_names, &number))
		return NULL;
	name = &names->names[number];
	*name = (struct replay_name){
		.file = file_number,
		.object = object,
		.recorded = recorded,
		.live = live,
	};
	if (replay_index_set(&names->by_recorded, name_key(file_number, object, recorded), number))
		goto free_number;
	if (replay_index_set(&names->by_live, name_key(file_number, object, live), number))
		goto remove_recorded;
	name->used = true;
	name->next = file->names;
	if (file->names)
		names->names[file->names - 1].prev = number + 1;
	file->names = number + 1;
	return name;

remove_recorded:
	replay_index_remove(&names->by_recorded, name_key(file_number, object, recorded));
free_number:
	names->free_names[names->num_free_names++] = number;
	return NULL;
}

struct replay_name *replay_names_find(struct replay_names *names, const struct replay_file *file,
				      enum agx_object object, uint32_t recorded)
{
	const uint32_t *number = replay_index_find(
		&names->by_recorded, name_key((uint32_t)(file - names->files), object, recorded));

	return number ? &names->names[*number] : NULL;
}

struct replay_name *replay_names_find_live(struct replay_names *names,
					   const struct replay_file *file, enum agx_object object,
					   uint32_t live)
{
	const uint32_t *number = replay_index_find(
		&names->by_live, name_key((uint32_t)(file - names->files), object, live));

	return number ? &names->names[*number] : NULL;
}

/* Removes a key only where it stands for this name: a newer one may have taken the number over. */
static void remove_key(struct replay_index *index, uint64_t key, uint32_t number)
{
	const uint32_t *value = replay_index_find(index, key);

	if (value && *value == number)
		replay_index_remove(index, key);
}

void replay_names_remove(struct replay_names *names, struct replay_name *name)
{
	uint32_t number = (uint32_t)(name - names->names);

	remove_key(&names->by_recorded, name_key(name->file, name->object, name->recorded), number);
	remove_key(&names->by_live, name_key(name->file, name->object, name->live), number);
	if (name->next)
		names->names[name->next - 1].prev = name->prev;
	if (name->prev)
		names->names[name->prev - 1].next = name->next;
	else
		names->files[name->file].names = name->next;
	name->used = false;
	names->free_names[names->num_free_names++] = number;
}

struct replay_token *replay_names_add_token(struct replay_names *names, uint32_t recorded)
{
	uint32_t number;

	if (!take_number((void **)&names->tokens, sizeof(*names->tokens), &names->num_tokens,
			 &names->free_tokens, &names->num_free_tokens, &number))
		return NULL;
	names->tokens[number] = (struct replay_token){.recorded = recorded, .fd = -1};
	if (replay_index_set(&names->token_ids, recorded, number)) {
		names->free_tokens[names->num_free_tokens++] = number;
		return NULL;
	}
	names->tokens[number].used = true;
	return &names->tokens[number];
}

struct replay_token *replay_names_find_token(struct replay_names *names, uint32_t recorded)
{
	const uint32_t *number = replay_index_find(&names->token_ids, recorded);

	return number ? &names->tokens[*number] : NULL;
}

void replay_names_remove_token(struct replay_names *names, struct replay_token *token)
{
	replay_index_remove(&names->token_ids, token->recorded);
	token->used = false;
	names->free_tokens[names->num_free_tokens++] = (uint32_t)(token - names->tokens);
}

void replay_names_finish(struct replay_names *names)
{
	replay_index_finish(&names->by_recorded);
	replay_index_finish(&names->by_live);
	replay_index_finish(&names->file_ids);
	replay_index_finish(&names->token_ids);
	free(names->files);
	free(names->names);
	free(names->tokens);
	free(names->free_files);
	free(names->free_names);
	free(names->free_tokens);
	*names = (struct replay_names){0};
}
