package main

import (
	"errors"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// socketProbes make sockets of every kind. Those that only speak IP are harmless in a network that is the run's own.
var socketProbes = []probe{
	{"socket: datagrams", sharedSocket(unix.AF_INET, unix.SOCK_DGRAM, 0)},
	{"socket: datagrams by IPv6", sharedSocket(unix.AF_INET6, unix.SOCK_DGRAM, 0)},
	{"socket: raw", socketOf(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP)},
	{"socket: ping", sharedSocket(unix.AF_INET, unix.SOCK_DGRAM, unix.IPPROTO_ICMP)},
	{"socket: raw by IPv6", socketOf(unix.AF_INET6, unix.SOCK_RAW, unix.IPPROTO_ICMPV6)},
	{"socket: packets", socketOf(unix.AF_PACKET, unix.SOCK_RAW, 0x300)},
	{"socket: the host beside (vsock)", socketOf(unix.AF_VSOCK, unix.SOCK_STREAM, 0)},
	{"socket: the kernel's ciphers", socketOf(unix.AF_ALG, unix.SOCK_SEQPACKET, 0)},
	{"socket: SCTP", socketOf(unix.AF_INET, unix.SOCK_SEQPACKET, unix.IPPROTO_SCTP)},
	{"socket: multipath TCP", sharedSocket(unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_MPTCP)},
	{"socket: TIPC", socketOf(unix.AF_TIPC, unix.SOCK_STREAM, 0)},
	{"socket: RDS", socketOf(unix.AF_RDS, unix.SOCK_SEQPACKET, 0)},
	{"socket: SMC", socketOf(unix.AF_SMC, unix.SOCK_STREAM, 0)},
	{"socket: Bluetooth", socketOf(unix.AF_BLUETOOTH, unix.SOCK_RAW, 1)},
	{"socket: CAN", socketOf(unix.AF_CAN, unix.SOCK_RAW, 1)},
	{"socket: XDP", socketOf(unix.AF_XDP, unix.SOCK_RAW, 0)},
	{"socket: netlink of the firewall", socketOf(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_NETFILTER)},
	{"socket: netlink of devices", socketOf(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_KOBJECT_UEVENT)},
	{"socket: netlink of the audit", socketOf(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_AUDIT)},
	{"socket: netlink of everything else", socketOf(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_GENERIC)},
	{"socket: netlink of who is connected", socketOf(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_SOCK_DIAG)},
	{"socket: an abstract one", func(aims *targets) (string, error) {
		if aims.Abstract == "" {
			return "", notTried("the test gives none")
		}
		return spoken(aims, "unix", "@"+aims.Abstract)
	}},
	{"socket: a datagram to an abstract one", func(aims *targets) (string, error) {
		if aims.Abstract == "" {
			return "", notTried("the test gives none")
		}
		return spoken(aims, "unixgram", "@"+aims.Abstract+"-datagrams")
	}},
	{"socket: one in the machine's /tmp", pathSocket("the machine's /tmp")},
	{"socket: one in DATA_DIR", pathSocket("DATA_DIR")},
	{"socket: one as an engine of containers has", pathSocket("an engine of containers")},
	{"socket: the machine's own", func(*targets) (string, error) { return machineSockets() }},
}

func socketOf(family, kind, protocol int) func(*targets) (string, error) {
	return func(*targets) (string, error) { return closed(unix.Socket(family, kind|unix.SOCK_CLOEXEC, protocol)) }
}

func sharedSocket(family, kind, protocol int) func(*targets) (string, error) {
	return func(aims *targets) (string, error) {
		got, err := socketOf(family, kind, protocol)(aims)
		if err != nil {
			return "", err
		}
		return got, onlyHere(aims, "net")
	}
}

func pathSocket(name string) func(*targets) (string, error) {
	return func(aims *targets) (string, error) {
		path, err := named(aims.Sockets, name)
		if err != nil {
			return "", err
		}
		return spoken(aims, "unix", path)
	}
}

// machineSockets are those by which a machine is ruled.
func machineSockets() (string, error) {
	last := error(unix.ENOENT)
	for _, path := range []string{
		"/run/docker.sock", "/run/containerd/containerd.sock", "/run/podman/podman.sock", "/run/systemd/private",
		"/run/dbus/system_bus_socket", "/run/snapd.socket", "/run/crio/crio.sock", "/run/nscd/socket",
	} {
		connection, err := net.DialTimeout("unix", path, callPatience)
		if err == nil {
			return path, connection.Close()
		}
		if !errors.Is(err, unix.ENOENT) {
			last = err
		}
	}
	return "", last
}

// onlyHere fails where what was made is in a namespace of the run's own: then it is nobody else's.
func onlyHere(aims *targets, kind string) error {
	link, err := os.Readlink("/proc/self/ns/" + kind)
	if err != nil {
		return err
	}
	if known := aims.Namespaces[kind]; known != "" && known != link {
		return errors.New("it is in a namespace of our own")
	}
	return nil
}
