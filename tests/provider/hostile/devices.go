package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// devices are opened and left alone: name of the probe, and paths or patterns of paths.
// Not among them is what does something by being opened, such as a watchdog.
var devices = map[string][]string{
	"the machine's memory":    {"/dev/mem", "/dev/port"},
	"the kernel's messages":   {"/dev/kmsg"},
	"the consoles":            {"/dev/console", "/dev/tty0", "/dev/tty1"},
	"the terminal of the bot": {"/dev/tty"},
	"terminals of others":     {"/dev/pts/[0-9]*"},
	"file systems of our own": {"/dev/fuse"},
	"network of our own":      {"/dev/net/tun"},
	"virtual machines":        {"/dev/kvm", "/dev/vhost-net", "/dev/vhost-vsock"},
	"the host beside":         {"/dev/vsock"},
	"loop devices":            {"/dev/loop-control", "/dev/loop0"},
	"the table of volumes":    {"/dev/mapper/control", "/dev/btrfs-control", "/dev/autofs"},
	"inputs":                  {"/dev/uinput", "/dev/input/event*", "/dev/uhid"},
	"the machine's registers": {"/dev/cpu/0/msr", "/dev/hwrng"},
	"memory that is shared":   {"/dev/shm/hostile-*", "/dev/mqueue/*"},
}

var deviceProbes = append(openingDevices(), []probe{
	{"device: disks", func(*targets) (string, error) { return disks() }},
	{"device: make one", func(*targets) (string, error) {
		path := filepath.Join(scratch(), "hostile-device")
		err := unix.Mknod(path, unix.S_IFBLK|0o600, int(unix.Mkdev(7, 0)))
		if err != nil {
			return "", err
		}
		defer os.Remove(path)
		return "made", nil
	}},
}...)

func openingDevices() (all []probe) {
	for name, patterns := range devices {
		all = append(all, probe{"device: " + name, func(*targets) (string, error) { return opened(patterns) }})
	}
	return all
}

func disks() (string, error) {
	blocks, _ := filepath.Glob("/sys/class/block/*")
	patterns := []string{"/dev/[shv]d[a-z]*", "/dev/nvme*", "/dev/root", "/dev/dm-*"}
	for _, block := range blocks {
		patterns = append(patterns, "/dev/"+strings.ReplaceAll(filepath.Base(block), "!", "/"))
	}
	return opened(patterns)
}

// opened opens the first that can be; neither reads nor writes.
func opened(patterns []string) (string, error) {
	last := error(unix.ENOENT)
	for _, pattern := range patterns {
		paths, _ := filepath.Glob(pattern)
		for _, path := range paths {
			for _, flags := range []int{unix.O_RDONLY, unix.O_WRONLY} {
				descriptor, err := unix.Open(path, flags|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
				if err == nil {
					return path, unix.Close(descriptor)
				}
				if !errors.Is(err, unix.ENOENT) {
					last = err
				}
			}
		}
	}
	return "", last
}
