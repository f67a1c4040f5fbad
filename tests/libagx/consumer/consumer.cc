// SPDX-License-Identifier: MIT
// The device that the argument names, from C++: its name, and a buffer that is written and read.
#include <agx/agx.h>

#include <cstdio>
#include <memory>

namespace
{

template <auto function>
struct Call {
	template <typename T>
	void operator()(T *object) const
	{
		function(object);
	}
};

using Context = std::unique_ptr<agx_context, Call<agx_context_destroy>>;
using Device = std::unique_ptr<agx_device, Call<agx_device_close>>;
using Vm = std::unique_ptr<agx_vm, Call<agx_vm_destroy>>;
using Buffer = std::unique_ptr<agx_buffer, Call<agx_buffer_destroy>>;

template <typename Owner, typename Make>
Owner make(const Context &ctx, Make make_it)
{
	typename Owner::pointer made = nullptr;

	if (make_it(&made) < 0)
		std::fprintf(stderr, "%s\n", ctx ? agx_error(ctx.get()) : "no context");
	return Owner(made);
}

} // namespace

int main(int argc, char **argv)
{
	Context ctx = make<Context>(nullptr, [](auto out) { return agx_context_create(nullptr, out); });
	if (!ctx)
		return 2;
	Device device = make<Device>(ctx, [&](auto out) {
		return agx_device_open(ctx.get(), argc > 1 ? argv[1] : nullptr, out);
	});
	if (!device)
		return 2;
	Vm vm = make<Vm>(ctx, [&](auto out) { return agx_vm_create(device.get(), out); });
	if (!vm)
		return 2;
	Buffer buffer =
		make<Buffer>(ctx, [&](auto out) { return agx_buffer_create(vm.get(), 4096, 0, out); });
	auto *words = buffer ? static_cast<uint32_t *>(agx_buffer_map(buffer.get())) : nullptr;
	if (!words)
		return 2;
	words[1023] = 42;
	std::printf("libagx %s, %s: %u\n", agx_version(), agx_device_params(device.get())->name,
		    words[1023]);
	return words[1023] == 42 && agx_buffer_size(buffer.get()) == AGX_PAGE_SIZE ? 0 : 1;
}
