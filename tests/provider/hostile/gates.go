package main

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"golang.org/x/sys/unix"
)

// gateProbes make system calls by other doors than the usual one: a filter that knows only that one lets them pass.
// Each is made by a process of its own, since it may be killed for it.
var gateProbes = []probe{
	{"gate: a datagram socket by the door for 32 bits", byGate("32")},
	{"gate: a datagram socket by the door for short pointers (x32)", byGate("x32")},
}

func byGate(door string) func(*targets) (string, error) {
	return func(aims *targets) (string, error) {
		text, err := exec.Command(self(), "--gate", door).Output()
		if err != nil {
			return "", err
		}
		if line := strings.TrimSpace(string(text)); line != "passed" {
			return "", errors.New(line)
		}
		return "a descriptor", onlyHere(aims, "net")
	}
}

// passGate tries one of the doors, and says `passed` or why not.
func passGate(words []string) string {
	var got int64
	if words[0] == "32" {
		got = call32(359, unix.AF_INET, unix.SOCK_DGRAM, 0)
	} else {
		descriptor, err := perform(0x40000000|unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_DGRAM, 0)
		if err != nil {
			return err.Error()
		}
		got = int64(descriptor)
	}
	if got < 0 {
		return fmt.Sprint("refused with ", -got)
	}
	return "passed"
}
