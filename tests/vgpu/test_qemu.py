#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""agx vgpu and a QEMU as it comes, without a guest: test_qemu.py AGX.

The test is the machine's processor (QEMU's qtest protocol): it finds the ivshmem device on the PCI
bus, maps it, starts the firmware through the shared block and the doorbell, gets its first message
and the interrupt that announces it. Skips (77) without qemu-system-aarch64.
"""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

ECAM = 0x4010000000   # of QEMU's virt machine
DEVICE = ECAM + (1 << 15)
BLOCK, TABLE, REGISTERS = 0x10000000, 0x10020000, 0x10030000
MEMORY = 64 << 20

MAGIC = 0x3155504756584741
AT_CHIP, AT_RUN, AT_CLOCK, AT_DONE = 0x10, 0x40, 0x48, 0x80
AT_IN, AT_OUT, RING = 0x2c0, 0x1340, 0x1080
MESSAGES = 0x80  # of a ring

PATIENCE = 30


class Failure(Exception):
    pass


def check(condition, what):
    if not condition:
        raise Failure(what)


def wait_for(what, condition):
    end = time.monotonic() + PATIENCE
    while True:
        value = condition()
        if value:
            return value
        check(time.monotonic() < end, f"{what}: not within {PATIENCE} s")
        time.sleep(0.01)


class Machine:
    """A QEMU without a processor, and its memory as that would see it."""

    def __init__(self, folder, name):
        path = os.path.join(folder, name)
        self.process = subprocess.Popen(
            [QEMU, "-M", "virt,memory-backend=ram", "-S", "-display", "none", "-nic", "none",
             "-serial", "none", "-monitor", "none", "-nodefaults",
             "-object", f"memory-backend-file,id=ram,share=on,mem-path={folder}/ram,size={MEMORY}",
             "-chardev", f"socket,id=vgpu,path={folder}/vgpu",
             "-device", "ivshmem-doorbell,chardev=vgpu,vectors=1,addr=1",
             "-qtest", f"unix:{path},server=on,wait=off", "-qtest-log", "/dev/null"],
            stdin=subprocess.DEVNULL)
        wait_for("QEMU's socket", lambda: os.path.exists(path) or self.process.poll() is not None)
        check(self.process.poll() is None, f"QEMU ended with {self.process.poll()}")
        self.socket = socket.socket(socket.AF_UNIX)
        wait_for("a connection to QEMU", self.connect(path))
        self.socket.settimeout(PATIENCE)
        self.lines = self.socket.makefile("rw")

    def connect(self, path):
        def attempt():
            try:
                self.socket.connect(path)
            except OSError:
                return False
            return True
        return attempt

    def command(self, text):
        self.lines.write(text + "\n")
        self.lines.flush()
        answer = self.lines.readline().split()
        check(answer and answer[0] == "OK", f"{text}: {answer}")
        return int(answer[1], 16) if len(answer) > 1 else None

    def read32(self, at):
        return self.command(f"readl {at:#x}")

    def read64(self, at):
        return self.command(f"readq {at:#x}")

    def write32(self, at, value):
        self.command(f"writel {at:#x} {value:#x}")

    def write64(self, at, value):
        self.command(f"writeq {at:#x} {value:#x}")

    def kill(self):
        self.socket.close()
        self.process.kill()
        self.process.wait()


def set_up_device(machine):
    """As firmware and kernel do: addresses, memory access, MSI-X with its vector masked."""
    check(machine.read32(DEVICE) == 0x11101af4, f"device is {machine.read32(DEVICE):#x}")
    machine.write32(DEVICE + 0x10, REGISTERS)
    machine.write32(DEVICE + 0x14, TABLE)
    machine.write32(DEVICE + 0x18, BLOCK)
    machine.write32(DEVICE + 0x1c, 0)
    machine.write32(DEVICE + 0x04, 6)
    at = machine.read32(DEVICE + 0x34) & 0xff
    while at and machine.read32(DEVICE + at) & 0xff != 0x11:
        at = machine.read32(DEVICE + at) >> 8 & 0xff
    check(at, "no MSI-X")
    machine.write32(DEVICE + at, machine.read32(DEVICE + at) | 1 << 31)
    return TABLE + (machine.read32(DEVICE + at + 8) & ~7)


def start_firmware(machine):
    pending = set_up_device(machine)
    check(machine.read64(BLOCK) == MAGIC, f"magic is {machine.read64(BLOCK):#x}")
    check(machine.read32(BLOCK + 8) == 1, "version")
    check(machine.read32(BLOCK + 12) == 0x10000, "size of the block")
    check(machine.read32(BLOCK + AT_CHIP) == 0x8112, "chip")
    check(machine.read32(BLOCK + AT_DONE) == 0, "the coprocessor is not off")
    # The QEMU's peer number; it is known once the server has said it all.
    wait_for("peer number", lambda: machine.read32(REGISTERS + 8) == 1)
    machine.write64(BLOCK + AT_CLOCK, 1000000)
    machine.write32(BLOCK + AT_OUT + 0x44, 1)  # waits
    machine.write32(BLOCK + AT_RUN, 3)
    machine.write32(REGISTERS + 12, machine.read32(BLOCK + 0x14) << 16)
    wait_for("RUN", lambda: machine.read32(BLOCK + AT_DONE) == 3)
    wait_for("a message", lambda: machine.read32(BLOCK + AT_OUT) == 1)
    hello = machine.read64(BLOCK + AT_OUT + MESSAGES)
    check(hello >> 52 == 1 and machine.read64(BLOCK + AT_OUT + MESSAGES + 8) == 0,
          f"the first message is {hello:#x}")
    wait_for("an interrupt", lambda: machine.read32(pending) & 1)


def go(agx, folder):
    with open(os.path.join(folder, "ram"), "wb") as ram:
        ram.truncate(MEMORY)
    report = os.path.join(folder, "report")
    ready, other = os.pipe()
    vgpu = subprocess.Popen(
        [agx, "vgpu", "--gpu", "t8112", "--ram", f"{folder}/ram", "--socket", f"{folder}/vgpu",
         "--report", report, "--strict", "--ready-fd", str(other)], pass_fds=[other])
    os.close(other)
    try:
        check(os.read(ready, 1) == b"\n", "agx vgpu does not say that it is ready")
        for number in range(2):
            machine = Machine(folder, f"qtest{number}")
            try:
                start_firmware(machine)
            finally:
                machine.kill()
        vgpu.terminate()
        check(vgpu.wait(PATIENCE) == 0, f"agx vgpu ended with {vgpu.returncode}")
    finally:
        vgpu.kill()
        vgpu.wait()
    with open(report) as file:
        counts = json.load(file)
    check(counts["clients"] == 2 and counts["boots"] == 2, f"counts: {counts}")
    check(counts["findings"]["count"] == 0, f"findings: {counts}")
    check(not os.path.exists(f"{folder}/vgpu"), "the socket is left behind")


QEMU = shutil.which("qemu-system-aarch64")


def main():
    if not QEMU:
        print("SKIP: no qemu-system-aarch64")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        try:
            go(os.path.abspath(sys.argv[1]), folder)
        except Failure as failure:
            print(f"FAIL: {failure}")
            return 1
    print("a QEMU came, started the firmware and went, twice")
    return 0


sys.exit(main())
