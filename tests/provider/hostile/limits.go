package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	manyProcesses = 5000
	muchMemory    = 6 << 30
	muchDisk      = 3 << 30
	step          = 64 << 20
	manyFiles     = 100_000
)

// limitProbes take a lot, of what they give back at once. They are only tried where a test asks for them.
var limitProbes = []probe{
	{"limits: 5,000 processes", whenHeavy(func() (string, error) { return inChild("--fork") })},
	{"limits: 6 GiB of memory", whenHeavy(func() (string, error) { return inChild("--eat") })},
	{"limits: 3 GiB of disk", whenHeavy(fillDisk)},
	{"limits: 100,000 open files", whenHeavy(openMany)},
}

func whenHeavy(try func() (string, error)) func(*targets) (string, error) {
	return func(aims *targets) (string, error) {
		if !aims.Heavy {
			return "", notTried("the test wants none")
		}
		return try()
	}
}

// inChild runs another face of this program, which says `done: …` or why not; it may be killed for what it does.
func inChild(face string) (string, error) {
	command := exec.Command(self(), face)
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: unix.SIGKILL}
	text, err := command.Output()
	if err != nil {
		return "", err
	}
	line := strings.TrimSpace(string(text))
	if !strings.HasPrefix(line, "done: ") {
		return "", errors.New(line)
	}
	return line, nil
}

// forkMany starts processes that wait, as many as it is let, and ends each of them.
func forkMany() string {
	var begun []int
	var refusal error
	for len(begun) < manyProcesses {
		child, failure := forkWaiting()
		if failure != 0 {
			refusal = failure
			break
		}
		begun = append(begun, child)
	}
	for _, child := range begun {
		_ = unix.Kill(child, unix.SIGKILL)
		_, _ = unix.Wait4(child, nil, 0, nil)
	}
	if refusal != nil {
		return fmt.Sprintf("after %d processes: %v", len(begun), refusal)
	}
	return fmt.Sprint("done: ", len(begun), " processes")
}

// forkWaiting forks without exec. The child makes system calls only: it ends with its parent, or after half a minute.
//
//go:norace
//go:nosplit
func forkWaiting() (int, syscall.Errno) {
	rest := unix.Timespec{Sec: 30}
	child, _, failure := syscall.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if failure != 0 || child != 0 {
		return int(child), failure
	}
	syscall.RawSyscall(unix.SYS_PRCTL, unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0)
	syscall.RawSyscall(unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&rest)), 0, 0)
	for {
		syscall.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
	}
}

// eatMemory takes memory and writes on every page of it.
func eatMemory() string {
	for taken := 0; taken < muchMemory; taken += step {
		memory, err := unix.Mmap(-1, 0, step, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
		if err != nil {
			return fmt.Sprintf("after %d MiB: %v", taken>>20, err)
		}
		for place := 0; place < step; place += 4096 {
			memory[place] = 1
		}
	}
	return fmt.Sprint("done: ", muchMemory>>30, " GiB")
}

func fillDisk() (string, error) {
	path := filepath.Join(scratch(), "hostile-filling")
	file, err := os.Create(path)
	if err != nil {
		return "", err
	}
	defer os.Remove(path)
	defer file.Close()
	for written := 0; written < muchDisk; written += step {
		if err := unix.Fallocate(int(file.Fd()), 0, int64(written), step); err != nil {
			return "", fmt.Errorf("after %d MiB: %w", written>>20, err)
		}
	}
	return fmt.Sprint(muchDisk>>30, " GiB"), nil
}

func openMany() (string, error) {
	var all []int
	defer func() {
		for _, descriptor := range all {
			_ = unix.Close(descriptor)
		}
	}()
	limit := unix.Rlimit{Cur: 1 << 20, Max: 1 << 20}
	_ = unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)
	for len(all) < manyFiles {
		descriptor, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			return "", fmt.Errorf("after %d: %w", len(all), err)
		}
		all = append(all, descriptor)
	}
	return fmt.Sprint(len(all), " at once"), nil
}
