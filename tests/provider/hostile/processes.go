package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

var processProbes = []probe{
	{"process: see the bot", onBot(func(bot int) (string, error) {
		_, err := os.Stat(fmt.Sprint("/proc/", bot))
		return "its folder in /proc", err
	})},
	{"process: see the victim", onVictim(func(victim int) (string, error) {
		_, err := os.Stat(fmt.Sprint("/proc/", victim))
		return "its folder in /proc", err
	})},
	{"process: find the mark in somebody's environment", func(aims *targets) (string, error) {
		return findMark(aims, "environ")
	}},
	{"process: find the mark in somebody's arguments", func(aims *targets) (string, error) {
		return findMark(aims, "cmdline")
	}},
	{"process: ask whether the bot may be signalled", onBot(func(bot int) (string, error) {
		return "it may", unix.Kill(bot, 0)
	})},
	{"process: signal the victim", onVictim(func(victim int) (string, error) {
		return "delivered", unix.Kill(victim, unix.SIGCONT)
	})},
	{"process: signal the victim's group", onVictim(func(victim int) (string, error) {
		return "delivered", unix.Kill(-victim, unix.SIGCONT)
	})},
	{"process: signal the victim by a descriptor of it", onVictim(func(victim int) (string, error) {
		handle, err := unix.PidfdOpen(victim, 0)
		if err != nil {
			return "", err
		}
		defer unix.Close(handle)
		return "delivered", unix.PidfdSendSignal(handle, unix.SIGCONT, nil, 0)
	})},
	{"process: queue a signal for the victim's thread", onVictim(func(victim int) (string, error) {
		return "delivered", unix.Tgkill(victim, victim, unix.SIGCONT)
	})},
	{"process: attach to the victim", onVictim(func(victim int) (string, error) {
		runtime.LockOSThread()
		if err := unix.PtraceSeize(victim); err != nil {
			return "", err
		}
		_ = unix.PtraceInterrupt(victim)
		for range 100 {
			if unix.PtraceDetach(victim) == nil {
				return "attached, and let go", nil
			}
			time.Sleep(10 * time.Millisecond)
		}
		return "attached", nil
	})},
	{"process: attach to the bot", onBot(func(bot int) (string, error) {
		if err := unix.PtraceSeize(bot); err != nil {
			return "", err
		}
		return "attached", nil // without a stop, and let go with this thread
	})},
	{"process: read the victim's memory", func(aims *targets) (string, error) {
		return moveMemory(aims, unix.ProcessVMReadv)
	}},
	{"process: write the victim's memory", func(aims *targets) (string, error) {
		return moveMemory(aims, unix.ProcessVMWritev)
	}},
	{"process: take a descriptor of the victim", func(aims *targets) (string, error) {
		if aims.Victim == 0 {
			return "", notTried("the test gives no victim")
		}
		handle, err := unix.PidfdOpen(aims.Victim, 0)
		if err != nil {
			return "", err
		}
		defer unix.Close(handle)
		return closed(unix.PidfdGetfd(handle, aims.Descriptor, 0))
	}},
	{"process: change the victim's limits", onVictim(func(victim int) (string, error) {
		var limit unix.Rlimit
		if err := unix.Prlimit(victim, unix.RLIMIT_CORE, nil, &limit); err != nil {
			return "", err
		}
		return "changed", unix.Prlimit(victim, unix.RLIMIT_CORE, &limit, nil)
	})},
	{"process: change the victim's priority", onVictim(func(victim int) (string, error) {
		return "changed", unix.Setpriority(unix.PRIO_PROCESS, victim, 1)
	})},
	{"process: change the victim's processors", onVictim(func(victim int) (string, error) {
		var set unix.CPUSet
		if err := unix.SchedGetaffinity(victim, &set); err != nil {
			return "", err
		}
		return "changed", unix.SchedSetaffinity(victim, &set)
	})},
	{"process: compare with the victim", onVictim(func(victim int) (string, error) {
		_, err := perform(unix.SYS_KCMP, uintptr(os.Getpid()), uintptr(victim), 1)
		return "compared", err
	})},
	{"process: measure the victim", onVictim(func(victim int) (string, error) {
		return closed(countEvents(victim))
	})},
}

func onBot(try func(int) (string, error)) func(*targets) (string, error) {
	return func(aims *targets) (string, error) {
		if aims.Bot == 0 {
			return "", notTried("the test gives no bot")
		}
		return try(aims.Bot)
	}
}

func onVictim(try func(int) (string, error)) func(*targets) (string, error) {
	return func(aims *targets) (string, error) {
		if aims.Victim == 0 {
			return "", notTried("the test gives no victim")
		}
		return try(aims.Victim)
	}
}

// findMark looks through all processes there are. What this run was told itself has the mark as well, and does not count.
func findMark(aims *targets, file string) (string, error) {
	if aims.Mark == "" {
		return "", notTried("the test gives no mark")
	}
	names, err := os.ReadDir("/proc")
	if err != nil {
		return "", err
	}
	for _, name := range names {
		if number, err := strconv.Atoi(name.Name()); err != nil || number == os.Getpid() {
			continue
		}
		content, err := os.ReadFile("/proc/" + name.Name() + "/" + file)
		if err == nil && bytes.Contains(content, []byte(aims.Mark)) {
			return "of process " + name.Name(), nil
		}
	}
	return "", errors.New("nobody has it")
}

func moveMemory(aims *targets, move func(int, []unix.Iovec, []unix.RemoteIovec, uint) (int, error)) (string, error) {
	if aims.Victim == 0 || aims.Address == 0 {
		return "", notTried("the test gives no address")
	}
	buffer := []byte(aims.Mark)
	size := len(buffer)
	near := []unix.Iovec{{Base: &buffer[0], Len: uint64(size)}}
	moved, err := move(aims.Victim, near, []unix.RemoteIovec{{Base: uintptr(aims.Address), Len: size}}, 0)
	return fmt.Sprint(moved, " bytes"), err
}

// countEvents counts what a process does: 0 is this one.
func countEvents(process int) (int, error) {
	attributes := unix.PerfEventAttr{Type: unix.PERF_TYPE_SOFTWARE, Config: unix.PERF_COUNT_SW_TASK_CLOCK}
	attributes.Size = uint32(unsafe.Sizeof(attributes))
	attributes.Bits = unix.PerfBitExcludeKernel | unix.PerfBitExcludeHv
	return unix.PerfEventOpen(&attributes, process, -1, -1, unix.PERF_FLAG_FD_CLOEXEC)
}
