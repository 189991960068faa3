package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// folderProbes act on what a test has put into somebody else's folder, to be harmed.
var folderProbes = []probe{
	{"folder: list it", inFolder(func(folder string) (string, error) {
		names, err := os.ReadDir(folder)
		return fmt.Sprint(len(names), " names"), err
	})},
	{"folder: make a file in it", inFolder(func(folder string) (string, error) {
		return markIn(folder)
	})},
	{"folder: make a folder in it", inFolder(func(folder string) (string, error) {
		path := filepath.Join(folder, "new-folder")
		return "made", undone(os.Mkdir(path, 0o700), func() error { return os.Remove(path) })
	})},
	{"folder: make a symbolic link in it", inFolder(func(folder string) (string, error) {
		path := filepath.Join(folder, "new-link")
		return "made", undone(os.Symlink("/etc/passwd", path), func() error { return os.Remove(path) })
	})},
	{"folder: make a pipe in it", inFolder(func(folder string) (string, error) {
		path := filepath.Join(folder, "new-pipe")
		return "made", undone(unix.Mkfifo(path, 0o600), func() error { return os.Remove(path) })
	})},
	{"folder: delete a file of it", inFolder(func(folder string) (string, error) {
		return "gone", os.Remove(filepath.Join(folder, "doomed"))
	})},
	{"folder: rename a file of it", inFolder(func(folder string) (string, error) {
		from, to := filepath.Join(folder, "moved"), filepath.Join(folder, "moved-away")
		return "renamed", undone(os.Rename(from, to), func() error { return os.Rename(to, from) })
	})},
	{"folder: move a file of it here", inFolder(func(folder string) (string, error) {
		from, to := filepath.Join(folder, "moved"), filepath.Join(scratch(), "hostile-booty")
		return "moved", undone(os.Rename(from, to), func() error { return os.Rename(to, from) })
	})},
	{"folder: exchange a file of it with one of ours", inFolder(func(folder string) (string, error) {
		from, to := filepath.Join(folder, "moved"), filepath.Join(scratch(), "hostile-exchanged")
		if err := os.WriteFile(to, []byte("x"), 0o600); err != nil {
			return "", err
		}
		defer os.Remove(to)
		exchange := func() error {
			return unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_EXCHANGE)
		}
		return "exchanged", undone(exchange(), exchange)
	})},
	{"folder: link a file of it here", inFolder(func(folder string) (string, error) {
		path := filepath.Join(scratch(), "hostile-hard-link")
		err := os.Link(filepath.Join(folder, "linked"), path)
		return "linked", undone(err, func() error { return os.Remove(path) })
	})},
	{"folder: change the mode of a file of it", onKept(func(path string) error { return os.Chmod(path, 0o644) })},
	{"folder: change the owner of a file of it", onKept(func(path string) error {
		return os.Lchown(path, os.Getuid(), os.Getgid())
	})},
	{"folder: change the times of a file of it", onKept(func(path string) error {
		return os.Chtimes(path, time.Unix(1, 0), time.Unix(1, 0))
	})},
	{"folder: set an attribute of a file of it", onKept(func(path string) error {
		return unix.Setxattr(path, "user.hostile", []byte("x"), 0)
	})},
	{"folder: cut a file of it short", onKept(func(path string) error { return os.Truncate(path, 1) })},
	{"folder: lock a file of it", onKept(func(path string) error {
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		return unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	})},
	{"folder: stand in it", inFolder(func(folder string) (string, error) {
		handle, err := unix.Open(folder, unix.O_PATH|unix.O_DIRECTORY, 0)
		if err != nil {
			return "", err
		}
		defer unix.Close(handle)
		inside, err := unix.Openat(handle, "kept", unix.O_RDONLY, 0)
		return closed(inside, err)
	})},
}

func inFolder(try func(string) (string, error)) func(*targets) (string, error) {
	return func(aims *targets) (string, error) {
		if aims.Folder == "" {
			return "", notTried("the test gives no folder")
		}
		return try(aims.Folder)
	}
}

func onKept(try func(string) error) func(*targets) (string, error) {
	return inFolder(func(folder string) (string, error) {
		return "changed", try(filepath.Join(folder, "kept"))
	})
}

// markIn makes a file and takes it away again.
func markIn(folder string) (string, error) {
	path := filepath.Join(folder, ".hostile-mark")
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", err
	}
	_ = file.Close()
	return "made", os.Remove(path)
}

func undone(err error, undo func() error) error {
	if err != nil {
		return err
	}
	return undo()
}
