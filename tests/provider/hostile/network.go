package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const callPatience = 2 * time.Second

// services is what a test may give as `tcp`: each answers whoever comes with the mark.
var services = []string{"a service on loopback", "the forge", "the bot", "a service on loopback by IPv6",
	"a service on the machine's address"}

var networkProbes = append(reachingServices(), []probe{
	{"network: metadata of a cloud", func(*targets) (string, error) { return connected("169.254.169.254:80") }},
	{"network: metadata of a cloud by IPv6", func(*targets) (string, error) { return connected("[fd00:ec2::254]:80") }},
	{"network: metadata of a container", func(*targets) (string, error) { return connected("169.254.170.2:80") }},
	{"network: the gateway", func(*targets) (string, error) { return connected(gateway() + ":80") }},
	{"network: a private address", func(*targets) (string, error) { return connected("10.0.0.1:443") }},
	{"network: the cluster's API server", func(*targets) (string, error) {
		return connected("kubernetes.default.svc:443")
	}},
	{"network: a service on loopback by multipath TCP", onLoopback(func(address unix.SockaddrInet4) error {
		return reach(unix.IPPROTO_MPTCP, func(socket int) error { return unix.Connect(socket, &address) })
	})},
	{"network: a service on loopback by a fast opening", onLoopback(func(address unix.SockaddrInet4) error {
		return reach(unix.IPPROTO_TCP, func(socket int) error {
			return unix.Sendto(socket, []byte("hello"), unix.MSG_FASTOPEN, &address)
		})
	})},
	{"network: a service on loopback by 0.0.0.0", onLoopback(func(address unix.SockaddrInet4) error {
		address.Addr = [4]byte{}
		return reach(unix.IPPROTO_TCP, func(socket int) error { return unix.Connect(socket, &address) })
	})},
	{"network: be called", called},
	{"network: ask for a name", func(*targets) (string, error) { return asked("127.0.0.53:53", "127.0.0.1:53") }},
	{"network: ask the machine's servers for a name", func(*targets) (string, error) { return asked(nameservers()...) }},
	{"network: the mark by UDP on loopback", func(aims *targets) (string, error) {
		return answered(aims, aims.UDP, "loopback")
	}},
	{"network: the mark by UDP at the machine's address", func(aims *targets) (string, error) {
		return answered(aims, aims.UDP, "the machine's address")
	}},
}...)

func reachingServices() (all []probe) {
	for _, service := range services {
		all = append(all, probe{"network: " + service, func(aims *targets) (string, error) {
			address, err := named(aims.TCP, service)
			if err != nil {
				return "", err
			}
			return connected(address)
		}})
	}
	return all
}

// connected opens a connection itself, without a proxy.
func connected(address string) (string, error) {
	connection, err := net.DialTimeout("tcp", address, callPatience)
	if err != nil {
		return "", err
	}
	return address, connection.Close()
}

// onLoopback is for ways to a service that lead past a rule for connections, where the rule knows the usual way only.
func onLoopback(try func(unix.SockaddrInet4) error) func(*targets) (string, error) {
	return func(aims *targets) (string, error) {
		text, err := named(aims.TCP, "a service on loopback")
		if err != nil {
			return "", err
		}
		address, err := netip.ParseAddrPort(text)
		if err != nil {
			return "", err
		}
		return text, try(unix.SockaddrInet4{Addr: address.Addr().As4(), Port: int(address.Port())})
	}
}

// reach opens a socket of a protocol, connects it somehow, and fails unless somebody is at the other end.
func reach(protocol int, connect func(int) error) error {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, protocol)
	if err != nil {
		return err
	}
	defer unix.Close(socket)
	if err := connect(socket); err != nil {
		return err
	}
	_, err = unix.Getpeername(socket)
	return err
}

// spoken gets the mark of who listens there.
func spoken(aims *targets, network, address string) (string, error) {
	connection, err := net.DialTimeout(network, address, callPatience)
	if err != nil {
		return "", err
	}
	defer connection.Close()
	if network == "unixgram" {
		_, err := connection.Write([]byte("from the hostile provider"))
		return "sent", err
	}
	return marked(aims, connection)
}

func answered(aims *targets, addresses map[string]string, name string) (string, error) {
	address, err := named(addresses, name)
	if err != nil {
		return "", err
	}
	connection, err := net.DialTimeout("udp", address, callPatience)
	if err != nil {
		return "", err
	}
	defer connection.Close()
	return marked(aims, connection)
}

func marked(aims *targets, connection net.Conn) (string, error) {
	_ = connection.SetDeadline(time.Now().Add(callPatience))
	_, _ = connection.Write([]byte("hello\n")) // who has answered already does not read it
	answer := make([]byte, 200)
	size, err := connection.Read(answer)
	if err != nil {
		return "", err
	}
	if !strings.Contains(string(answer[:size]), aims.Mark) {
		return "", errors.New("somebody else answered")
	}
	return "it answered", nil
}

// called listens where others of the machine could come.
func called(aims *targets) (string, error) {
	listener, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return listener.Addr().String(), onlyHere(aims, "net")
}

// asked sends a question for an address by UDP to each, until one answers.
func asked(servers ...string) (string, error) {
	question := []byte("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03com\x00\x00\x01\x00\x01")
	last := errors.New("there are no servers")
	for _, server := range servers {
		connection, err := net.DialTimeout("udp", server, callPatience)
		if err != nil {
			last = err
			continue
		}
		_ = connection.SetDeadline(time.Now().Add(callPatience / 2))
		_, err = connection.Write(question)
		if err == nil {
			_, err = connection.Read(make([]byte, 512))
		}
		_ = connection.Close()
		if err == nil {
			return server, nil
		}
		last = err
	}
	return "", last
}

func nameservers() (addresses []string) {
	content, _ := os.ReadFile("/etc/resolv.conf")
	for line := range strings.Lines(string(content)) {
		if words := strings.Fields(line); len(words) > 1 && words[0] == "nameserver" {
			addresses = append(addresses, net.JoinHostPort(words[1], "53"))
		}
	}
	return addresses
}

// gateway is where packets for elsewhere go.
func gateway() string {
	content, _ := os.ReadFile("/proc/net/route")
	for line := range strings.Lines(string(content)) {
		words := strings.Fields(line)
		var last [4]byte
		if len(words) > 2 && words[1] == "00000000" {
			if _, err := fmt.Sscanf(words[2], "%02X%02X%02X%02X", &last[3], &last[2], &last[1], &last[0]); err == nil {
				return net.IP(last[:]).String()
			}
		}
	}
	return "172.17.0.1"
}
