package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// parts is what a test may give as `files`: what the bot keeps, and what is kept for others.
var parts = []string{
	"the vault's key", "the store", "the engine's store", "the claim on DATA_DIR", "the log of another run",
	"a sealed plan", "the state of another project", "the checkout of another run", "a mirror's configuration",
	"a mirror's hook", "an object of a mirror", "what is prepared for another pull", "the cache", "an apply's command",
	"the scratch of another run", "a plug-in of another run", "the operator's kubeconfig", "the home of the bot's user",
}

var fileProbes = append(forEachPart(), []probe{
	{"file: the size of the vault's key", onKey(func(path string) (string, error) {
		stat, err := os.Stat(path)
		if err != nil {
			return "", err
		}
		return fmt.Sprint(stat.Size(), " bytes"), nil
	})},
	{"file: the vault's key by way of the working directory", onKey(func(path string) (string, error) {
		directory, err := os.Getwd()
		if err != nil {
			return "", err
		}
		climb, err := filepath.Rel(directory, path)
		if err != nil {
			return "", err
		}
		return readable(climb)
	})},
	{"file: the vault's key by way of /proc/self/root", onKey(func(path string) (string, error) {
		return readable("/proc/self/root" + path)
	})},
	{"file: the vault's key by way of a symbolic link", onKey(func(path string) (string, error) {
		return throughLink(path)
	})},
	{"file: the vault's key by its handle", onKey(byHandle)},
	{"file: the root of the disk by its handle", func(*targets) (string, error) { return rootByHandle() }},
	{"file: what an inherited descriptor leads to", func(*targets) (string, error) { return inherited() }},
	{"file: watch who reads the vault's key", onKey(watched)},
	{"file: watch the whole machine", func(*targets) (string, error) {
		return closed(unix.FanotifyInit(unix.FAN_CLASS_NOTIF, unix.O_RDONLY))
	}},
	{"file: run the tool of another run", func(aims *targets) (string, error) {
		path, err := named(aims.Files, "a plug-in of another run")
		if err != nil {
			return "", err
		}
		err = exec.Command(path).Run()
		var ended *exec.ExitError
		if errors.As(err, &ended) || errors.Is(err, unix.ENOEXEC) { // there is nothing in it that could be run
			err = nil
		}
		return "it may be run", err
	}},
}...)

func forEachPart() (both []probe) {
	for _, part := range parts {
		both = append(both,
			probe{"file: read " + part, func(aims *targets) (string, error) {
				path, err := named(aims.Files, part)
				if err != nil {
					return "", err
				}
				return readable(path)
			}},
			probe{"file: write " + part, func(aims *targets) (string, error) {
				path, err := named(aims.Files, part)
				if err != nil {
					return "", err
				}
				return writable(path)
			}},
		)
	}
	return both
}

func onKey(try func(string) (string, error)) func(*targets) (string, error) {
	return func(aims *targets) (string, error) {
		path, err := named(aims.Files, "the vault's key")
		if err != nil {
			return "", err
		}
		return try(path)
	}
}

// readable reads the beginning of a file.
func readable(path string) (string, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return "", err
	}
	defer file.Close()
	chunk := make([]byte, 64)
	size, err := file.Read(chunk)
	if err != nil {
		return "", err
	}
	return fmt.Sprint(size, " bytes"), nil
}

// writable opens for writing and writes nothing. A program that runs just now cannot be opened so, and may be replaced.
func writable(path string) (string, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|unix.O_NONBLOCK, 0)
	if errors.Is(err, unix.ETXTBSY) {
		return "open to whoever waits until it has ended", unix.Access(path, unix.W_OK)
	}
	if err != nil {
		return "", err
	}
	return "opened for writing", file.Close()
}

func throughLink(path string) (string, error) {
	link := filepath.Join(scratch(), "hostile-link")
	if err := os.Symlink(path, link); err != nil {
		return "", err
	}
	defer os.Remove(link)
	return readable(link)
}

func byHandle(path string) (string, error) {
	handle, _, err := unix.NameToHandleAt(unix.AT_FDCWD, path, 0)
	if err != nil {
		return "", err
	}
	return openHandle(handle)
}

// rootByHandle makes the handle of inode 2, which is the root of an ext file system, as the best known escape does.
func rootByHandle() (string, error) {
	return openHandle(unix.NewFileHandle(1, []byte{2, 0, 0, 0, 0, 0, 0, 0}))
}

func openHandle(handle unix.FileHandle) (string, error) {
	place, err := unix.Open(".", unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return "", err
	}
	defer unix.Close(place)
	return closed(unix.OpenByHandleAt(place, handle, unix.O_RDONLY))
}

// inherited looks for descriptors that nobody meant to hand on: files and folders that are not of this run.
func inherited() (string, error) {
	folder, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return "", err
	}
	home := []byte(filepath.Dir(scratch()))
	for _, link := range folder {
		target, err := os.Readlink("/proc/self/fd/" + link.Name())
		if err != nil || !filepath.IsAbs(target) || bytes.HasPrefix([]byte(target), home) {
			continue
		}
		if !ours(target) {
			return target, nil
		}
	}
	return "", errors.New("there is none")
}

func ours(path string) bool {
	for _, usual := range []string{"/dev/", "/proc/", "/sys/", "/memfd:", "/usr/", "/etc/"} {
		if len(path) >= len(usual) && path[:len(usual)] == usual {
			return true
		}
	}
	directory, _ := os.Getwd()
	program, _ := os.Executable()
	return path == directory || filepath.Dir(path) == directory || path == program
}

func watched(path string) (string, error) {
	watch, err := unix.InotifyInit1(0)
	if err != nil {
		return "", err
	}
	defer unix.Close(watch)
	_, err = unix.InotifyAddWatch(watch, path, unix.IN_ALL_EVENTS)
	return "every access is told", err
}

// scratch is where this run may write.
func scratch() string {
	for _, name := range []string{"TMPDIR", "HOME"} {
		if path := os.Getenv(name); path != "" {
			return path
		}
	}
	return os.TempDir()
}
