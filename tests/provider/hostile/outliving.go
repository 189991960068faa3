package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// sharedFolders is what a test may give as `shared`; codeFiles what it may give as `code`.
var (
	sharedFolders = []string{"the machine's /tmp", "/var/tmp", "/dev/shm", "/run", "the home of the bot's user"}
	codeFiles     = []string{
		"a module of the bot", "a package of the bot", "the tool", "the operator's CLI configuration",
		"our own configuration", "the configuration beside ours", "the head of our checkout",
	}
	systemFolders = []string{
		"/etc", "/etc/cron.d", "/etc/profile.d", "/etc/ld.so.conf.d", "/etc/systemd/system", "/usr/bin", "/usr/lib",
		"/usr/local/bin", "/usr/local/lib", "/usr/share", "/opt", "/var/lib", "/var/spool/cron", "/boot", "/srv",
	}
	systemFiles = []string{
		"/etc/passwd", "/etc/group", "/etc/hosts", "/etc/resolv.conf", "/etc/ld.so.cache", "/etc/ssl/certs/ca-certificates.crt",
	}
)

const tmpfsMagic = 0x01021994

// outlivingProbes leave something behind: files where others look, processes, links where the bot looks.
var outlivingProbes = append(leavingFiles(), []probe{
	{"leave: a file beside each program of PATH", func(*targets) (string, error) {
		last := errors.New("there is no PATH")
		for _, folder := range filepath.SplitList(os.Getenv("PATH")) {
			if _, last = leave(folder); last == nil {
				return folder, nil
			}
		}
		return "", last
	}},
	{"leave: a message in a queue", func(aims *targets) (string, error) {
		queue, err := perform(unix.SYS_MSGGET, 0x68737465, unix.IPC_CREAT|unix.IPC_EXCL|0o600)
		if err != nil {
			return "", err
		}
		if _, err := perform(unix.SYS_MSGCTL, queue, unix.IPC_RMID, 0); err != nil {
			return "", err
		}
		return "it would outlive us", onlyHere(aims, "ipc")
	}},
	{"survive: in a session of our own", survivor(&syscall.SysProcAttr{Setsid: true})},
	{"survive: in a group of our own", survivor(&syscall.SysProcAttr{Setpgid: true})},
	{"survive: deaf to signals", survivor(&syscall.SysProcAttr{Setsid: true}, "deaf")},
	{"survive: as a grandchild", survivor(&syscall.SysProcAttr{Setsid: true}, "twice")},
	{"survive: stopped", survivor(&syscall.SysProcAttr{Setsid: true}, "stopped")},
	{"survive: as a keeper of orphans", survivor(&syscall.SysProcAttr{Setsid: true}, "keeper")},
	{"survive: by always being another process", func(aims *targets) (string, error) {
		if aims.Survivors == 0 {
			return "", notTried("the test wants none")
		}
		end := strconv.FormatInt(time.Now().Add(time.Duration(aims.Survivors)*time.Second).Unix(), 10)
		return "", begun(exec.Command(self(), "--hop", aims.Mark, end), &syscall.SysProcAttr{Setsid: true})
	}},
	{"plant: links where the bot looks later", plantLinks},
	{"plant: pipes where the bot looks later", plantPipes},
	{"environment: the settings of the bot", func(*targets) (string, error) {
		return inEnvironment("GITOPS_BOT_")
	}},
	{"environment: a credential of applies", func(aims *targets) (string, error) {
		if aims.Credential == "" {
			return "", notTried("the test gives none")
		}
		return inEnvironment(aims.Credential)
	}},
}...)

func leavingFiles() (all []probe) {
	for _, name := range sharedFolders {
		all = append(all, probe{"leave: a file in " + name, func(aims *targets) (string, error) {
			folder, err := named(aims.Shared, name)
			if err != nil {
				return "", err
			}
			return markIn(folder)
		}})
	}
	for _, folder := range systemFolders {
		all = append(all, probe{"leave: a file in " + folder, func(*targets) (string, error) { return leave(folder) }})
	}
	for _, path := range systemFiles {
		all = append(all, probe{"leave: words in " + path, func(*targets) (string, error) { return writable(path) }})
	}
	for _, name := range codeFiles {
		all = append(all, probe{"leave: words in " + name, func(aims *targets) (string, error) {
			path, err := named(aims.Code, name)
			if err != nil {
				return "", err
			}
			return writable(path)
		}})
	}
	return all
}

// leave makes a file in a folder of the machine, and takes it away again. A tmpfs is no place of the machine's.
func leave(folder string) (string, error) {
	got, err := markIn(folder)
	if err != nil {
		return "", err
	}
	var system unix.Statfs_t
	if unix.Statfs(folder, &system) == nil && system.Type == tmpfsMagic {
		return "", errors.New("it is memory, and goes with us")
	}
	return got, nil
}

// survivor starts a process that goes on for a while. Whether it outlives the run is seen by who looks for the mark.
func survivor(attributes *syscall.SysProcAttr, ways ...string) func(*targets) (string, error) {
	return func(aims *targets) (string, error) {
		if aims.Survivors == 0 {
			return "", notTried("the test wants none")
		}
		words := append([]string{"--survive", aims.Mark, strconv.Itoa(aims.Survivors)}, ways...)
		return "", begun(exec.Command(self(), words...), attributes)
	}
}

func begun(command *exec.Cmd, attributes *syscall.SysProcAttr) error {
	command.SysProcAttr, command.Dir = attributes, "/"
	if err := command.Start(); err != nil {
		return err
	}
	return notTried(fmt.Sprint("begun as ", command.Process.Pid, ": who looks after the run sees whether it is left"))
}

// survive is what such a process does: nothing, until its time is over.
func survive(words []string) {
	seconds, _ := strconv.Atoi(words[1])
	for _, way := range words[2:] {
		switch way {
		case "deaf":
			signal.Ignore()
		case "twice":
			_ = begun(exec.Command(self(), "--survive", words[0], words[1]), &syscall.SysProcAttr{Setsid: true})
			return
		case "stopped":
			waker := exec.Command(self(), "--wake", strconv.Itoa(os.Getpid()), words[1])
			_ = begun(waker, &syscall.SysProcAttr{Setsid: true})
			_ = unix.Kill(0, unix.SIGSTOP)
		case "keeper":
			_ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
			_ = begun(exec.Command(self(), "--survive", words[0], words[1], "twice"), &syscall.SysProcAttr{Setsid: true})
		}
	}
	time.Sleep(time.Duration(seconds) * time.Second)
}

// wake lets a stopped process go on, after a while.
func wake(words []string) {
	process, _ := strconv.Atoi(words[0])
	seconds, _ := strconv.Atoi(words[1])
	time.Sleep(time.Duration(seconds) * time.Second)
	_ = unix.Kill(process, unix.SIGCONT)
}

// hop starts itself anew and ends, over and over, so that a list of processes never has the one that is there.
func hop(words []string) {
	end, _ := strconv.ParseInt(words[1], 10, 64)
	if time.Now().Unix() < end {
		time.Sleep(5 * time.Millisecond)
		_ = begun(exec.Command(self(), append([]string{"--hop"}, words...)...), &syscall.SysProcAttr{Setsid: true})
	}
}

// plantLinks puts links where the bot may read or write later, in the run's scratch: a test looks at what they lead to.
func plantLinks(aims *targets) (string, error) {
	if len(aims.Plants) == 0 {
		return "", notTried("the test wants none")
	}
	return plant(slices.Collect(maps.Keys(aims.Plants)), func(name, path string) error {
		return os.Symlink(aims.Plants[name], path)
	})
}

func plantPipes(aims *targets) (string, error) {
	if len(aims.Pipes) == 0 {
		return "", notTried("the test wants none")
	}
	return plant(aims.Pipes, func(_, path string) error { return unix.Mkfifo(path, 0o666) })
}

func plant(names []string, put func(name, path string) error) (string, error) {
	for _, name := range names {
		path := filepath.Join(filepath.Dir(os.Getenv("HOME")), name)
		_ = os.RemoveAll(path)
		if err := put(name, path); err != nil {
			return "", err
		}
	}
	return "", notTried("they are there: what comes of it is seen by who looks later")
}

func inEnvironment(text string) (string, error) {
	for _, variable := range os.Environ() {
		if strings.Contains(variable, text) {
			return variable, nil
		}
	}
	return "", errors.New("it is not there")
}
