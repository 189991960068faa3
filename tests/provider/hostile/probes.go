package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const patience = 6 * time.Second

// probe tries one thing. What it got, if it succeeded; otherwise why not.
type probe struct {
	name string
	try  func(*targets) (string, error)
}

// notTried is why a probe was left out: it says nothing of whether it would have succeeded.
type notTried string

func (reason notTried) Error() string { return string(reason) }

var probes = slices.Concat(
	fileProbes, folderProbes, processProbes, procProbes, deviceProbes, privilegeProbes, kernelProbes,
	networkProbes, socketProbes, gateProbes, proxyProbes, outlivingProbes, limitProbes,
)

// try runs all probes, one after the other but for those that only wait for a proxy: by name `yes: …`, `no: …` or
// `not tried: …`.
func try(aims *targets) map[string]string {
	outcomes, waiting := map[string]string{}, map[string]chan string{}
	for _, probe := range probes {
		if !chosen(probe.name, aims.Only) {
			continue
		}
		outcome := make(chan string, 1)
		if strings.HasPrefix(probe.name, "proxy: ") {
			waiting[probe.name] = outcome
			go func() { outcome <- attempt(probe, aims) }()
		} else {
			outcomes[probe.name] = attempt(probe, aims)
		}
	}
	for name, outcome := range waiting {
		outcomes[name] = <-outcome
	}
	return outcomes
}

func chosen(name string, only []string) bool {
	begins := func(start string) bool { return strings.HasPrefix(name, start) }
	return len(only) == 0 || slices.ContainsFunc(only, begins)
}

// attempt gives a probe its own thread, which ends with it whatever was done to it, and a few seconds.
func attempt(probe probe, aims *targets) string {
	done := make(chan string, 1)
	go func() {
		runtime.LockOSThread()
		defer func() {
			if reason := recover(); reason != nil {
				done <- fmt.Sprintf("broken: %v", reason)
			}
		}()
		done <- outcome(probe.try(aims))
	}()
	limit := patience
	if strings.HasPrefix(probe.name, "limits: ") {
		limit *= 10
	}
	select {
	case text := <-done:
		return text
	case <-time.After(limit):
		return "no: it took too long"
	}
}

func outcome(got string, err error) string {
	var left notTried
	var number syscall.Errno
	switch {
	case err == nil:
		return "yes: " + oneLine(got)
	case errors.As(err, &left):
		return "not tried: " + string(left)
	case errors.As(err, &number):
		return fmt.Sprintf("no: %s %s", unix.ErrnoName(number), oneLine(err.Error()))
	default:
		return "no: " + oneLine(err.Error())
	}
}

func oneLine(text string) string {
	line := strings.Join(strings.Fields(strings.ToValidUTF8(text, "?")), " ")
	return line[:min(len(line), 90)]
}

// allowed is for system calls with arguments that can only fail: whether the failure came after the check of rights.
func allowed(err error) (string, error) {
	for _, refusal := range []syscall.Errno{unix.EPERM, unix.EACCES, unix.ENOSYS} {
		if errors.Is(err, refusal) {
			return "", err
		}
	}
	if err == nil {
		return "it was done", nil
	}
	return "the kernel would do it: " + err.Error(), nil
}

// perform makes a system call that takes up to six arguments, for what has no function.
func perform(number uintptr, words ...uintptr) (uintptr, error) {
	var six [6]uintptr
	copy(six[:], words)
	got, _, failure := unix.Syscall6(number, six[0], six[1], six[2], six[3], six[4], six[5])
	if failure != 0 {
		return 0, failure
	}
	return got, nil
}

// closed closes a descriptor that was had, which is all that was wanted.
func closed(descriptor int, err error) (string, error) {
	if err != nil {
		return "", err
	}
	_ = unix.Close(descriptor)
	return "a descriptor", nil
}

func named(paths map[string]string, name string) (string, error) {
	if path, given := paths[name]; given && path != "" {
		return path, nil
	}
	return "", notTried("the test gives none")
}

// self is this program, also when its file is gone.
func self() string {
	if _, err := os.Stat("/proc/self/exe"); err == nil {
		return "/proc/self/exe"
	}
	return os.Args[0]
}
