package main

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// kernelProbes make system calls that a tool needs none of: what they lead to is old with holes, or the machine's own.
// Those that could do harm are made with arguments that must fail, after the check of rights.
var kernelProbes = []probe{
	{"kernel: io_uring", func(*targets) (string, error) {
		var parameters [120]byte
		ring, err := perform(unix.SYS_IO_URING_SETUP, 4, uintptr(unsafe.Pointer(&parameters[0])))
		return closed(int(ring), err)
	}},
	{"kernel: programs of its own (bpf)", func(*targets) (string, error) {
		attributes := [8]uint32{2 /* array */, 4, 4, 1} // BPF_MAP_CREATE
		table, err := perform(unix.SYS_BPF, 0, uintptr(unsafe.Pointer(&attributes[0])), unsafe.Sizeof(attributes))
		return closed(int(table), err)
	}},
	{"kernel: measure ourselves (perf)", func(*targets) (string, error) { return closed(countEvents(0)) }},
	{"kernel: measure the machine (perf)", func(*targets) (string, error) {
		attributes := unix.PerfEventAttr{Type: unix.PERF_TYPE_SOFTWARE, Config: unix.PERF_COUNT_SW_CPU_CLOCK}
		attributes.Size = uint32(unsafe.Sizeof(attributes))
		return closed(unix.PerfEventOpen(&attributes, -1, 0, -1, unix.PERF_FLAG_FD_CLOEXEC))
	}},
	{"kernel: page faults in hand (userfaultfd)", func(*targets) (string, error) {
		faults, err := perform(unix.SYS_USERFAULTFD, unix.O_CLOEXEC|unix.O_NONBLOCK)
		return closed(int(faults), err)
	}},
	{"kernel: put a key into the user's ring", func(*targets) (string, error) {
		key, err := unix.AddKey("user", "hostile", []byte("x"), unix.KEY_SPEC_USER_KEYRING)
		if err != nil {
			return "", err
		}
		_, err = unix.KeyctlInt(unix.KEYCTL_UNLINK, key, unix.KEY_SPEC_USER_KEYRING, 0, 0)
		return "put there", err
	}},
	{"kernel: look into the session's ring", func(*targets) (string, error) {
		_, err := unix.KeyctlInt(unix.KEYCTL_GET_KEYRING_ID, unix.KEY_SPEC_SESSION_KEYRING, 0, 0, 0)
		return "there is one", err
	}},
	{"kernel: read its messages", func(*targets) (string, error) {
		_, err := unix.Klogctl(unix.SYSLOG_ACTION_READ_ALL, make([]byte, 64))
		return "read", err
	}},
	{"kernel: another kernel (kexec)", func(*targets) (string, error) {
		_, err := perform(unix.SYS_KEXEC_LOAD, 0, 1000, 0, ^uintptr(0))
		return allowed(err)
	}},
	{"kernel: load a module", func(*targets) (string, error) {
		_, err := perform(unix.SYS_INIT_MODULE, 0, 0, 0)
		return allowed(err)
	}},
	{"kernel: load a module from a file", func(*targets) (string, error) {
		return allowed(unix.FinitModule(-1, "", 0))
	}},
	{"kernel: take a module away", func(*targets) (string, error) {
		return allowed(unix.DeleteModule("hostile_nonexistent", unix.O_NONBLOCK))
	}},
	{"kernel: start the machine anew", func(*targets) (string, error) {
		_, err := perform(unix.SYS_REBOOT, 0, 0, 0) // the numbers that it wants first are wrong
		return allowed(err)
	}},
	{"kernel: ports of the machine", func(*targets) (string, error) { return allowed(unix.Iopl(3)) }},
	{"kernel: swap", func(*targets) (string, error) {
		path := []byte("/nonexistent\x00")
		_, err := perform(unix.SYS_SWAPON, uintptr(unsafe.Pointer(&path[0])), 0)
		return allowed(err)
	}},
	{"kernel: write down who runs what", func(*targets) (string, error) { return allowed(unix.Acct("/nonexistent")) }},
	{"kernel: the machine's name", func(*targets) (string, error) {
		name := []byte("hostile")
		_, err := perform(unix.SYS_SETHOSTNAME, uintptr(unsafe.Pointer(&name[0])), 1000) // longer than any may be
		return allowed(err)
	}},
	{"kernel: the clock", func(*targets) (string, error) {
		var steps [26]uint64 // a struct timex that asks for an offset of nothing
		steps[0] = 1
		_, err := perform(unix.SYS_ADJTIMEX, uintptr(unsafe.Pointer(&steps[0])))
		return allowed(err)
	}},
	{"kernel: memory that outlives us", func(aims *targets) (string, error) {
		_, err := unix.SysvShmGet(0x68737465, 4096, 0o600|unix.IPC_CREAT|unix.IPC_EXCL)
		if err != nil {
			return "", err
		}
		id, err := unix.SysvShmGet(0x68737465, 4096, 0)
		if err != nil {
			return "", err
		}
		if _, err = unix.SysvShmCtl(id, unix.IPC_RMID, nil); err != nil {
			return "", err
		}
		return "it would outlive us", onlyHere(aims, "ipc")
	}},
	{"kernel: real-time turns", func(*targets) (string, error) {
		attributes := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Priority: 1}
		return "they were given", unix.SchedSetAttr(0, &attributes, 0)
	}},
}
