package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// victimFiles are read in the /proc folder of the victim, of the bot, and of what started everything here.
var victimFiles = []string{"environ", "cmdline", "maps", "auxv", "stack", "syscall", "io", "status", "mountinfo"}

var procProbes = append(readingProcesses(), []probe{
	{"proc: read the victim's memory", onVictim(func(victim int) (string, error) {
		return openable(victim, "mem", os.O_RDONLY)
	})},
	{"proc: write the victim's memory", onVictim(func(victim int) (string, error) {
		return openable(victim, "mem", os.O_WRONLY)
	})},
	{"proc: read the bot's memory", onBot(func(bot int) (string, error) { return openable(bot, "mem", os.O_RDONLY) })},
	{"proc: list the victim's descriptors", onVictim(func(victim int) (string, error) { return listed(victim, "fd") })},
	{"proc: list the bot's descriptors", onBot(func(bot int) (string, error) { return listed(bot, "fd") })},
	{"proc: list the victim's threads", onVictim(func(victim int) (string, error) { return listed(victim, "task") })},
	{"proc: open what the victim has open", func(aims *targets) (string, error) {
		if aims.Victim == 0 {
			return "", notTried("the test gives no victim")
		}
		return readable(fmt.Sprintf("/proc/%d/fd/%d", aims.Victim, aims.Descriptor))
	}},
	{"proc: enter the victim's root", onVictim(func(victim int) (string, error) { return listed(victim, "root") })},
	{"proc: enter the victim's working directory", onVictim(func(victim int) (string, error) {
		return listed(victim, "cwd")
	})},
	{"proc: read the vault's key in the bot's root", func(aims *targets) (string, error) {
		return throughRoot(aims, aims.Bot)
	}},
	{"proc: read the vault's key in the root of process 1", func(aims *targets) (string, error) {
		return throughRoot(aims, 1)
	}},
	{"proc: the environment of process 1", func(*targets) (string, error) {
		content, err := os.ReadFile("/proc/1/environ")
		if err == nil && len(bytes.Trim(content, "\x00")) == 0 {
			err = errors.New("it is empty")
		}
		return fmt.Sprint(len(content), " bytes"), err
	}},
	{"proc: have the kernel kill the victim first", onVictim(func(victim int) (string, error) {
		return openable(victim, "oom_score_adj", os.O_WRONLY)
	})},
	{"proc: the program for crashes", func(*targets) (string, error) {
		return writable("/proc/sys/kernel/core_pattern")
	}},
	{"proc: the program for modules", func(*targets) (string, error) { return writable("/proc/sys/kernel/modprobe") }},
	{"proc: the formats of programs", func(*targets) (string, error) {
		return writable("/proc/sys/fs/binfmt_misc/register")
	}},
	{"proc: how the machine forwards", func(*targets) (string, error) {
		return writable("/proc/sys/net/ipv4/conf/all/forwarding")
	}},
	{"proc: how memory is given", func(*targets) (string, error) { return writable("/proc/sys/vm/drop_caches") }},
	{"proc: the keys of the console", func(*targets) (string, error) { return writable("/proc/sysrq-trigger") }},
	{"proc: the machine's memory", func(*targets) (string, error) { return readable("/proc/kcore") }},
	{"proc: the kernel's messages", func(*targets) (string, error) {
		return closed(unix.Open("/proc/kmsg", unix.O_RDONLY|unix.O_NONBLOCK, 0))
	}},
	{"proc: the kernel's addresses", func(*targets) (string, error) { return addresses() }},
	{"sys: the program for devices", func(*targets) (string, error) { return writable("/sys/kernel/uevent_helper") }},
	{"sys: put the machine to sleep", func(*targets) (string, error) { return writable("/sys/power/state") }},
	{"sys: the limits of everybody", func(*targets) (string, error) { return firstWritable(controlGroups) }},
	{"sys: the kernel's insides", func(*targets) (string, error) { return listedPath("/sys/kernel/debug/") }},
	{"sys: trace the kernel", func(*targets) (string, error) { return writable("/sys/kernel/tracing/trace_marker") }},
	{"sys: take a processor away", func(*targets) (string, error) {
		return writable("/sys/devices/system/cpu/cpu1/online")
	}},
}...)

var controlGroups = []string{
	"/sys/fs/cgroup/cgroup.procs", "/sys/fs/cgroup/memory/cgroup.procs", "/sys/fs/cgroup/unified/cgroup.procs",
	"/sys/fs/cgroup/memory/release_agent",
}

func readingProcesses() (all []probe) {
	for _, file := range victimFiles {
		all = append(all,
			probe{"proc: the victim's " + file, onVictim(func(victim int) (string, error) {
				return readable(fmt.Sprintf("/proc/%d/%s", victim, file))
			})},
			probe{"proc: the bot's " + file, onBot(func(bot int) (string, error) {
				return readable(fmt.Sprintf("/proc/%d/%s", bot, file))
			})},
		)
	}
	return all
}

func openable(process int, file string, flags int) (string, error) {
	opened, err := os.OpenFile(fmt.Sprintf("/proc/%d/%s", process, file), flags, 0)
	if err != nil {
		return "", err
	}
	return "opened", opened.Close()
}

func listed(process int, folder string) (string, error) {
	return listedPath(fmt.Sprintf("/proc/%d/%s/", process, folder))
}

func listedPath(path string) (string, error) {
	names, err := os.ReadDir(path)
	if err == nil && len(names) == 0 {
		err = errors.New("nothing is in it")
	}
	return fmt.Sprint(len(names), " names"), err
}

func throughRoot(aims *targets, process int) (string, error) {
	path, err := named(aims.Files, "the vault's key")
	if err != nil || process == 0 {
		return "", notTried("the test gives none")
	}
	return readable(fmt.Sprintf("/proc/%d/root%s", process, path))
}

// addresses are zeroes to whoever may not know them.
func addresses() (string, error) {
	content, err := os.ReadFile("/proc/kallsyms")
	if err != nil {
		return "", err
	}
	for line := range bytes.Lines(content) {
		if first, _, _ := bytes.Cut(line, []byte(" ")); len(bytes.Trim(first, "0")) > 0 {
			return "they are shown", nil
		}
	}
	return "", errors.New("they are hidden")
}

func firstWritable(paths []string) (string, error) {
	last := error(notTried("the test gives none"))
	for _, path := range paths {
		if _, last = writable(path); last == nil {
			return path, nil
		}
	}
	return "", last
}
