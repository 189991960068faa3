package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// namespaces are all kinds that a process may ask for.
var namespaces = map[string]uintptr{
	"users": unix.CLONE_NEWUSER, "mounts": unix.CLONE_NEWNS, "processes": unix.CLONE_NEWPID,
	"network": unix.CLONE_NEWNET, "names": unix.CLONE_NEWUTS, "messages": unix.CLONE_NEWIPC,
	"limits": unix.CLONE_NEWCGROUP,
}

var privilegeProbes = append(makingNamespaces(), []probe{
	{"privilege: all namespaces by way of one of users", func(*targets) (string, error) {
		all := uintptr(unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET)
		return started(&syscall.SysProcAttr{Cloneflags: all})
	}},
	{"privilege: enter the victim's namespaces", onVictim(func(victim int) (string, error) {
		runtime.LockOSThread()
		handle, err := unix.Open(fmt.Sprintf("/proc/%d/ns/net", victim), unix.O_RDONLY, 0)
		if err != nil {
			return "", err
		}
		defer unix.Close(handle)
		return "entered", unix.Setns(handle, unix.CLONE_NEWNET)
	})},
	{"privilege: a set-user-id program of root", func(aims *targets) (string, error) {
		if aims.Setuid == "" {
			return "", notTried("the test gives none")
		}
		return gained(aims.Setuid)
	}},
	{"privilege: the machine's set-user-id programs", func(*targets) (string, error) { return machinesOwn() }},
	{"privilege: make a set-user-id program", func(*targets) (string, error) {
		path := filepath.Join(scratch(), "hostile-setuid")
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			return "", err
		}
		defer os.Remove(path)
		if err := os.Lchown(path, 0, 0); err != nil {
			return "", err
		}
		return "made", os.Chmod(path, os.ModeSetuid|0o755)
	}},
	{"privilege: become root", func(*targets) (string, error) { return become(0) }},
	{"privilege: become somebody else", func(*targets) (string, error) { return become(12345) }},
	{"privilege: capabilities", func(*targets) (string, error) {
		set, err := capabilities()
		if err == nil && set == 0 {
			err = errors.New("there are none")
		}
		return fmt.Sprintf("%x", set), err
	}},
	{"privilege: new ones by running a program", func(*targets) (string, error) {
		set, err := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)
		if err == nil && set != 0 {
			err = errors.New("no_new_privs is set")
		}
		return "no_new_privs is not set", err
	}},
	{"privilege: another root", func(*targets) (string, error) {
		return started(&syscall.SysProcAttr{Chroot: "/"})
	}},
	{"privilege: mount", func(*targets) (string, error) {
		path := filepath.Join(scratch(), "hostile-mount")
		if err := os.Mkdir(path, 0o700); err != nil {
			return "", err
		}
		defer os.Remove(path)
		err := unix.Mount("hostile", path, "tmpfs", 0, "size=4096")
		return "mounted", undone(err, func() error { return unix.Unmount(path, unix.MNT_DETACH) })
	}},
	{"privilege: a file system by the newer calls", func(*targets) (string, error) {
		return closed(unix.Fsopen("tmpfs", unix.FSOPEN_CLOEXEC))
	}},
	{"privilege: unmount", func(*targets) (string, error) {
		return allowed(unix.Unmount(scratch(), unix.UMOUNT_NOFOLLOW)) // nothing is mounted there
	}},
	{"privilege: exchange the root", func(*targets) (string, error) {
		return allowed(unix.PivotRoot("/nonexistent", "/nonexistent"))
	}},
}...)

func makingNamespaces() (all []probe) {
	for name, flag := range namespaces {
		all = append(all, probe{"privilege: a namespace of " + name, func(*targets) (string, error) {
			return started(&syscall.SysProcAttr{Cloneflags: flag})
		}})
	}
	return all
}

// started starts this program so, with nothing to do.
func started(attributes *syscall.SysProcAttr) (string, error) {
	command := exec.Command(self(), "--nothing")
	command.SysProcAttr = attributes
	err := command.Run()
	var ended *exec.ExitError
	if err == nil || errors.As(err, &ended) || errors.Is(err, unix.ENOENT) && attributes.Chroot == "" {
		return "started so", nil
	}
	return "", err
}

// capabilities are those in effect.
func capabilities() (uint64, error) {
	var sets [2]unix.CapUserData
	err := unix.Capget(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &sets[0])
	return uint64(sets[1].Effective)<<32 | uint64(sets[0].Effective), err
}

// gained runs a copy of id(1), which says who it is.
func gained(program string) (string, error) {
	text, err := exec.Command(program, "-u").Output()
	if err != nil {
		return "", err
	}
	if user := strings.TrimSpace(string(text)); user != fmt.Sprint(os.Geteuid()) {
		return "it is user " + user, nil
	}
	return "", errors.New("nothing is gained by it")
}

// machinesOwn starts programs that wait for a password, looks whose they are by then, and ends them.
func machinesOwn() (string, error) {
	last := errors.New("nothing is gained by them")
	if os.Geteuid() == 0 {
		return "", notTried("we are root already: nothing more could be gained")
	}
	for _, name := range []string{"su", "sudo", "passwd", "newgrp", "chsh", "pkexec"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		if got, err := waiting(path); err == nil {
			return got, nil
		}
	}
	return "", last
}

func waiting(path string) (string, error) {
	command := exec.Command(path)
	hold, err := command.StdinPipe()
	if err != nil {
		return "", err
	}
	defer hold.Close()
	if err := command.Start(); err != nil {
		return "", err
	}
	defer command.Wait()
	defer command.Process.Kill()
	for range 20 {
		uids := strings.Fields(field(fmt.Sprintf("/proc/%d/status", command.Process.Pid), "Uid"))
		if len(uids) > 1 && uids[1] == "0" {
			return path + " is root", nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return "", errors.New("nothing is gained by it")
}

// become changes this thread alone, and tells whether that gave it another user.
func become(user int) (string, error) {
	if os.Geteuid() == user {
		return "", notTried("that is who we are")
	}
	_, _, failure := syscall.RawSyscall(unix.SYS_SETRESUID, uintptr(user), uintptr(user), ^uintptr(0))
	if failure != 0 {
		return "", failure
	}
	return fmt.Sprint("user ", user), nil
}

func field(path, name string) string {
	content, _ := os.ReadFile(path)
	for line := range strings.Lines(string(content)) {
		if key, rest, found := strings.Cut(line, ":"); found && key == name {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}
