package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// spellings are ways to write addresses that a proxy must not connect to; PORT is that of a service on loopback.
var spellings = []string{
	"127.0.0.1:PORT", "localhost:PORT", "LOCALHOST.:PORT", "[::1]:PORT", "[::ffff:127.0.0.1]:PORT",
	"[::ffff:7f00:1]:PORT", "0.0.0.0:PORT", "[::]:PORT", "127.1:PORT", "2130706433:PORT", "0x7f000001:PORT",
	"0177.0.0.1:PORT", "127.0.0.2:PORT", "127.0.0.1.:PORT", "user@127.0.0.1:PORT", "127.0.0.1%00.example.com:PORT",
	"[64:ff9b::7f00:1]:PORT", "[2002:7f00:1::]:PORT", "[fe80::1]:PORT", "169.254.169.254:80", "[fd00:ec2::254]:80",
	"2852039166:80", "10.0.0.1:443", "172.16.0.1:443", "192.168.0.1:443", "100.64.0.1:443", "[fc00::1]:443",
	"224.0.0.1:443", "255.255.255.255:443", "198.18.0.1:443", "HOST:PORT",
}

var proxyProbes = append(spellingAddresses(), []probe{
	{"proxy: fetch http://127.0.0.1:PORT/", func(aims *targets) (string, error) {
		return throughProxy(aims, "GET http://127.0.0.1:PORT/ HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n")
	}},
	{"proxy: fetch with another Host", func(aims *targets) (string, error) {
		return throughProxy(aims, "GET http://127.0.0.1:PORT/ HTTP/1.1\r\nHost: registry.example\r\n\r\n")
	}},
	{"proxy: connect with another Host", func(aims *targets) (string, error) {
		return throughProxy(aims, "CONNECT 127.0.0.1:PORT HTTP/1.1\r\nHost: registry.example:443\r\n\r\n")
	}},
	{"proxy: fetch a path with our Host", func(aims *targets) (string, error) {
		return throughProxy(aims, "GET / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n")
	}},
	{"proxy: connect with an old version", func(aims *targets) (string, error) {
		return throughProxy(aims, "CONNECT 127.0.0.1:PORT HTTP/1.0\r\n\r\n")
	}},
	{"proxy: hide a second request behind a body", func(aims *targets) (string, error) {
		hidden := "CONNECT 127.0.0.1:PORT HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n"
		return throughProxy(aims, fmt.Sprintf("GET http://127.0.0.1:PORT/ HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n"+
			"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n%s", len(hidden), hidden))
	}},
	{"proxy: the metadata of a cloud by name", func(aims *targets) (string, error) {
		return throughProxy(aims, "CONNECT metadata.google.internal:80 HTTP/1.1\r\nHost: metadata.google.internal\r\n\r\n")
	}},
}...)

func spellingAddresses() (all []probe) {
	for _, spelling := range spellings {
		all = append(all, probe{"proxy: connect to " + spelling, func(aims *targets) (string, error) {
			return throughProxy(aims, "CONNECT "+spelling+" HTTP/1.1\r\nHost: "+spelling+"\r\n\r\n")
		}})
	}
	return all
}

// throughProxy sends this request to the proxy that we were given. Whatever is not refused was at least tried by it.
func throughProxy(aims *targets, request string) (string, error) {
	given := os.Getenv("HTTPS_PROXY")
	if given == "" {
		given = os.Getenv("https_proxy")
	}
	proxy, err := url.Parse(given)
	if err != nil || given == "" {
		return "", notTried("there is no proxy")
	}
	host, _ := os.Hostname()
	port := "9"
	if address := aims.TCP["a service on loopback"]; address != "" {
		_, port, _ = net.SplitHostPort(address)
	}
	connection, err := net.DialTimeout("tcp", proxy.Host, callPatience)
	if err != nil {
		return "", notTried("the proxy is not there: " + err.Error())
	}
	defer connection.Close()
	_ = connection.SetDeadline(time.Now().Add(2 * callPatience))
	request = strings.NewReplacer("PORT", port, "HOST", host).Replace(request)
	if _, err := connection.Write([]byte(request)); err != nil {
		return "", err
	}
	answer, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	switch answer.StatusCode {
	case http.StatusForbidden, http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed,
		http.StatusProxyAuthRequired, http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return "", fmt.Errorf("the proxy says %s", answer.Status)
	}
	return "the proxy says " + answer.Status, nil
}
